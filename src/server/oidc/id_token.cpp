// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/id_token.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/base64.h"
#include "base/text.h"

namespace lw::server::oidc {
namespace {

constexpr std::size_t kTokenBytesMax = std::size_t{64} << 10;
constexpr std::size_t kKeysMax = 100;
constexpr std::size_t kSubjectBytesMax = 255;  // OpenID Connect Core 2, sub

std::unexpected<Error> wrong(const std::string& what) {
  return fail(ErrorCode::Unauthenticated, "the ID token " + what);
}

/// What the key is for: nothing said is anything (RFC 7517 §4.2 to 4.4).
bool may_verify(const Value& key, std::string_view algorithm) {
  if (key.text("use", "sig") != "sig") return false;
  if (key.text("alg", std::string(algorithm)) != algorithm) return false;
  const Value* const operations = key.find("key_ops");
  if (operations == nullptr) return true;
  return operations->is_array() && std::ranges::any_of(operations->as_array(), [](const Value& v) {
           return v.is_string() && v.as_string() == "verify";
         });
}

/// The two numbers of a key.
struct Numbers {
  std::string first, second;
};

std::optional<Numbers> numbers_of(const Value& key, const char* first, const char* second) {
  auto a = bytes_of_base64url(key.text(first));
  auto b = bytes_of_base64url(key.text(second));
  if (!a || !b) return std::nullopt;
  return Numbers{std::move(*a), std::move(*b)};
}

std::optional<io::VerifyingKey> read_key(const Value& key) {
  const std::string type = key.text("kty");
  const auto keep = [](Result<io::VerifyingKey> made) -> std::optional<io::VerifyingKey> {
    if (!made) return std::nullopt;
    return std::move(*made);
  };
  if (type == "RSA" && may_verify(key, "RS256")) {
    const auto numbers = numbers_of(key, "n", "e");
    return numbers ? keep(io::VerifyingKey::rsa(numbers->first, numbers->second)) : std::nullopt;
  }
  if (type == "EC" && key.text("crv") == "P-256" && may_verify(key, "ES256")) {
    const auto numbers = numbers_of(key, "x", "y");
    return numbers ? keep(io::VerifyingKey::p256(numbers->first, numbers->second)) : std::nullopt;
  }
  return std::nullopt;
}

Result<Value> read_part(std::string_view part, const char* name) {
  const auto bytes = bytes_of_base64url(part);
  if (!bytes) return wrong(fmt::format("has a {} that is no base64url", name));
  auto value = parse_json(*bytes);
  if (!value || !value->is_object()) return wrong(fmt::format("has a {} that is no JSON", name));
  return std::move(*value);
}

Result<io::SignatureAlgorithm> algorithm_of(const Value& header) {
  const std::string name = header.text("alg");
  if (name == "RS256") return io::SignatureAlgorithm::Rs256;
  if (name == "ES256") return io::SignatureAlgorithm::Es256;
  return wrong(fmt::format("is signed by `{}`; RS256 and ES256 are taken", printable(name, 40)));
}

Result<void> check_signature(const Value& header, std::string_view data,
                             std::string_view signature_part, const KeySet& keys) {
  const io::SignatureAlgorithm algorithm = TRY(algorithm_of(header));
  // Whatever must be understood (RFC 7515 §4.1.11) is not.
  if (header.find("crit") != nullptr) return wrong("asks for extensions that are not known here");
  const Value* const id = header.find("kid");
  if (id != nullptr && !id->is_string()) return wrong("has a `kid` that is no text");
  const auto wanted = id == nullptr ? std::nullopt : std::optional(id->as_string());
  const io::VerifyingKey* const key = keys.find(wanted, algorithm);
  if (key == nullptr) {
    return fail(ErrorCode::NotFound,
                fmt::format("the ID token is signed with a key that the provider does not show{}",
                            wanted ? " (kid " + printable(*wanted, 80) + ")" : ""));
  }
  const auto signature = bytes_of_base64url(signature_part);
  if (!signature || !key->verifies(data, *signature)) return wrong("has a wrong signature");
  return {};
}

/// Whether it is for this client, and for it alone if others are named (OpenID Connect Core
/// 3.1.3.7, 3 to 5).
Result<void> check_audience(const Value& claims, const std::string& client_id) {
  std::vector<std::string> audience;
  const Value* const found = claims.find("aud");
  if (found != nullptr && found->is_string()) audience.push_back(found->as_string());
  if (found != nullptr && found->is_array()) {
    for (const Value& item : found->as_array()) {
      if (!item.is_string()) return wrong("has an `aud` that is no list of texts");
      audience.push_back(item.as_string());
    }
  }
  if (std::ranges::find(audience, client_id) == audience.end()) {
    return wrong("is for another client than " + client_id);
  }
  const Value* const party = claims.find("azp");
  if (audience.size() > 1 && party == nullptr) {
    return wrong("is for several clients and does not say which asked for it");
  }
  if (party != nullptr && (!party->is_string() || party->as_string() != client_id)) {
    return wrong("was given to another client than " + client_id);
  }
  return {};
}

/// Seconds since 1970, of what may be no number at all.
Result<double> time_claim(const Value& claims, const char* name) {
  const Value* const found = claims.find(name);
  if (found == nullptr || !found->is_number() || !std::isfinite(found->as_number())) {
    return wrong(fmt::format("has no time `{}`", name));
  }
  return found->as_number();
}

Result<void> check_times(const Value& claims, Seconds skew, Timestamp now) {
  const double at = static_cast<double>(to_unix_us(now)) / 1e6;
  const auto slack = static_cast<double>(skew.count());
  if (at >= TRY(time_claim(claims, "exp")) + slack) return wrong("has expired");
  if (TRY(time_claim(claims, "iat")) > at + slack) {
    return wrong("is from the future: do the clocks of provider and server agree?");
  }
  if (claims.find("nbf") != nullptr && TRY(time_claim(claims, "nbf")) > at + slack) {
    return wrong("is not in force yet");
  }
  return {};
}

Result<void> check_claims(const Value& claims, const Expectation& expected, Timestamp now) {
  if (claims.text("iss") != expected.issuer) return wrong("is another issuer's");
  TRY(check_audience(claims, expected.client_id));
  TRY(check_times(claims, expected.skew, now));
  if (expected.nonce.empty() || claims.text("nonce") != expected.nonce) {
    return wrong("answers another sign-in");
  }
  const Value* const subject = claims.find("sub");
  if (subject == nullptr || !subject->is_string() || subject->as_string().empty() ||
      subject->as_string().size() > kSubjectBytesMax) {
    return wrong("does not say whom it tells of");
  }
  return {};
}

}  // namespace

Result<KeySet> KeySet::parse(const Value& document) {
  const Value* const list = document.find("keys");
  if (list == nullptr || !list->is_array() || list->as_array().size() > kKeysMax) {
    return fail(ErrorCode::InvalidInput, "this is no set of keys");
  }
  KeySet set;
  for (const Value& item : list->as_array()) {
    auto key = read_key(item);
    if (!key) continue;
    const Value* const id = item.find("kid");
    const bool has_id = id != nullptr && id->is_string();
    set.keys_.push_back({has_id ? std::optional(id->as_string()) : std::nullopt, std::move(*key)});
  }
  return set;
}

const io::VerifyingKey* KeySet::find(const std::optional<std::string>& id,
                                     io::SignatureAlgorithm algorithm) const {
  const io::VerifyingKey* found = nullptr;
  for (const Entry& entry : keys_) {
    const bool fits = entry.key.algorithm() == algorithm && (!id || entry.id == id);
    if (fits && found != nullptr) return nullptr;
    if (fits) found = &entry.key;
  }
  return found;
}

Result<Value> verify_id_token(std::string_view token, const KeySet& keys,
                              const Expectation& expected, Timestamp now) {
  if (token.size() > kTokenBytesMax) return wrong("is too long");
  const auto first = token.find('.');
  const auto second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return wrong("is no signed token of three parts");
  }
  const Value header = TRY(read_part(token.substr(0, first), "header"));
  TRY(check_signature(header, token.substr(0, second), token.substr(second + 1), keys));
  Value claims = TRY(read_part(token.substr(first + 1, second - first - 1), "body"));
  TRY(check_claims(claims, expected, now));
  return claims;
}

}  // namespace lw::server::oidc
