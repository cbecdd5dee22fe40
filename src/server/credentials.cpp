// SPDX-License-Identifier: Apache-2.0
#include "server/credentials.h"

#include "base/files.h"
#include "base/random.h"
#include "base/text.h"
#include "io/pki.h"

namespace lw::server {
namespace {

/// Shorter ones can be guessed. An empty file would let everybody in.
constexpr std::size_t kTokenLengthMin = 16;

std::shared_ptr<const TokenScope> scope_of(const registry::ApiToken& token) {
  if (!token.scopes) return unlimited_scope();
  return std::make_shared<const TokenScope>(TokenScope::of_texts(*token.scopes));
}

}  // namespace

Caller caller_with(const registry::ApiToken& token) {
  return {token.name, token.role, scope_of(token)};
}

void Credentials::replace(const std::vector<registry::ApiToken>& tokens) {
  auto by_hash = std::make_shared<Tokens>();
  for (const registry::ApiToken& token : tokens) {
    by_hash->emplace(token.sha256, Known{token, scope_of(token)});
  }
  tokens_.with([&](auto& current) { current = std::move(by_hash); });
}

std::optional<Caller> Credentials::caller_of(const std::string& authorization,
                                             Timestamp now) const {
  constexpr std::string_view kScheme = "bearer ";
  if (!to_lower(std::string_view(authorization).substr(0, kScheme.size())).starts_with(kScheme)) {
    return std::nullopt;
  }
  const auto token = trim(std::string_view(authorization).substr(kScheme.size()));
  return caller_with_hash(io::sha256(token), now);
}

std::optional<Caller> Credentials::caller_with_hash(const std::string& sha256,
                                                    Timestamp now) const {
  const auto known = find(sha256, now);
  if (!known) return std::nullopt;
  return Caller{known->token.name, known->token.role, known->scope};
}

std::optional<registry::ApiToken> Credentials::token_of(std::string_view text,
                                                        Timestamp now) const {
  auto known = find(io::sha256(text), now);
  return known ? std::optional(std::move(known->token)) : std::nullopt;
}

std::optional<Credentials::Known> Credentials::find(const std::string& sha256,
                                                    Timestamp now) const {
  const auto tokens = tokens_.with([](const auto& current) { return current; });
  const auto found = tokens->find(sha256);
  if (found == tokens->end()) return std::nullopt;
  const auto& expires = found->second.token.expires;
  if (expires && now >= *expires) return std::nullopt;
  return found->second;
}

std::string make_token() { return "lwt-" + hex_of(random_bytes(24)); }

Result<std::string> ensure_admin_token(const std::string& directory, registry::Registry& registry,
                                       Timestamp now) {
  const std::string path = directory + "/admin.token";
  std::string token;
  if (file_exists(path)) {
    token = std::string(trim(TRY(read_file(path))));
    if (token.size() < kTokenLengthMin) {
      return fail(ErrorCode::InvalidInput,
                  path +
                      " holds no token of 16 characters or more; remove it, and the next start "
                      "makes a new one");
    }
  } else {
    token = make_token();
    TRY(write_file_atomically(path, token + "\n", 0600));
  }
  // Always registered: the file is what the operator holds on to.
  TRY(registry.put_api_token({.name = std::string(kAdminTokenName),
                              .role = registry::Role::Administrator,
                              .sha256 = io::sha256(token),
                              .created = now,
                              .expires = std::nullopt}));
  return token;
}

}  // namespace lw::server
