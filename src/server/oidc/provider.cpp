// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/provider.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/base64.h"
#include "base/files.h"
#include "base/text.h"
#include "io/http_server.h"

namespace lw::server::oidc {
namespace {

constexpr auto kKeepFor = std::chrono::hours(1);
constexpr Milliseconds kTimeout{8'000};
/// How often keys are asked for before their hour is over: each time costs kEarlyFetchCost, and
/// that much may be owed. A provider that signs with what it does not show is not asked at each
/// sign-in.
constexpr auto kEarlyFetchCost = std::chrono::minutes(1);
constexpr auto kEarlyFetchDebtMax = 5 * kEarlyFetchCost;
constexpr std::size_t kAnswerBytesMax = std::size_t{1} << 20;

std::unexpected<Error> unfit(const std::string& url, const std::string& what) {
  return fail(ErrorCode::InvalidInput, fmt::format("{} answered with {}", url, what));
}

/// application/x-www-form-urlencoded.
std::string form_of(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string form;
  for (const auto& [name, value] : fields) {
    if (!form.empty()) form += '&';
    form += name + '=' + io::percent_encode(value);
  }
  return form;
}

}  // namespace

Result<io::HttpClientResponse> Provider::send(io::HttpClientRequest request) {
  if (!settings_.authority_file.empty()) request.ca_pem = TRY(read_file(settings_.authority_file));
  request.timeout = kTimeout;
  request.response_bytes_max = kAnswerBytesMax;
  request.give_up = give_up_;
  request.headers.emplace_back("Accept", "application/json");
  return client_.request(request);
}

Result<Value> Provider::fetch(const std::string& url) {
  io::HttpClientRequest request;
  request.url = url;
  const io::HttpClientResponse answer = TRY(send(std::move(request)));
  if (answer.status >= 500) {
    return fail(ErrorCode::Unavailable,
                fmt::format("{} answered with status {}", url, answer.status));
  }
  if (answer.status != 200) return unfit(url, fmt::format("status {}", answer.status));
  auto document = parse_json(answer.body);
  if (!document || !document->is_object()) return unfit(url, "something that is no JSON object");
  return std::move(*document);
}

Result<Endpoints> Provider::endpoints() {
  if (clock_.now() < endpoints_good_until_) return endpoints_;
  endpoints_ = TRY(read_discovery(TRY(fetch(discovery_url(settings_.issuer))), settings_.issuer));
  endpoints_good_until_ = clock_.now() + kKeepFor;
  return endpoints_;
}

Result<void> Provider::fetch_keys() {
  const Endpoints where = TRY(endpoints());
  auto keys = KeySet::parse(TRY(fetch(where.keys)));
  if (!keys) return unfit(where.keys, "no set of keys");
  keys_ = std::move(*keys);
  keys_good_until_ = clock_.now() + kKeepFor;
  return {};
}

bool Provider::may_fetch_keys_early() {
  const Instant paid_until = std::max(early_fetches_paid_until_, clock_.now());
  if (paid_until + kEarlyFetchCost > clock_.now() + kEarlyFetchDebtMax) return false;
  early_fetches_paid_until_ = paid_until + kEarlyFetchCost;
  return true;
}

Result<std::string> Provider::ask_for_token(const Endpoints& endpoints, const Answer& answer) {
  std::vector<std::pair<std::string, std::string>> fields{
      {"grant_type", "authorization_code"},
      {"code", answer.code},
      {"redirect_uri", settings_.redirect_uri()},
      {"code_verifier", answer.verifier}};
  io::HttpClientRequest request;
  request.method = "POST";
  request.url = endpoints.token;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  std::string secret;
  if (!settings_.client_secret_file.empty()) {
    secret = std::string(trim(TRY(read_file(settings_.client_secret_file))));
  }
  // RFC 6749 §2.3.1: both are encoded as in a form first. Some providers do not know that, so that
  // where it makes a difference the body is better.
  const std::string plain = settings_.client_id + ":" + secret;
  const std::string encoded =
      io::percent_encode(settings_.client_id) + ":" + io::percent_encode(secret);
  const bool is_clear = encoded == plain || !endpoints.takes_post;
  if (!secret.empty() && endpoints.takes_basic && is_clear) {
    request.headers.emplace_back("Authorization", "Basic " + to_base64(encoded));
  } else {
    fields.emplace_back("client_id", settings_.client_id);
    if (!secret.empty()) fields.emplace_back("client_secret", secret);
  }
  request.body = form_of(fields);
  const io::HttpClientResponse response = TRY(send(std::move(request)));
  if (response.status >= 500) {
    return fail(ErrorCode::Unavailable,
                fmt::format("{} answered with status {}", endpoints.token, response.status));
  }
  const Value document = parse_json(response.body).value_or(Value());
  if (response.status != 200) {
    return fail(ErrorCode::Unauthenticated,
                fmt::format("the provider gives no token (status {}): {} {}", response.status,
                            printable(document.text("error", "no reason"), 100),
                            printable(document.text("error_description"), 300)));
  }
  std::string token = document.text("id_token");
  if (token.empty()) return unfit(endpoints.token, "no ID token");
  return token;
}

Result<Value> Provider::claims_for(const Answer& answer) {
  const Endpoints where = TRY(endpoints());
  const std::string token = TRY(ask_for_token(where, answer));
  const Expectation expected{.issuer = settings_.issuer,
                             .client_id = settings_.client_id,
                             .nonce = answer.nonce,
                             .skew = settings_.clock_skew};
  const bool has_keys = clock_.now() < keys_good_until_;
  if (!has_keys) TRY(fetch_keys());
  auto claims = verify_id_token(token, keys_, expected, clock_.wall_now());
  const bool is_unknown_key = !claims && claims.error().code == ErrorCode::NotFound;
  if (is_unknown_key && has_keys && may_fetch_keys_early()) {
    // The provider may have changed its keys since.
    TRY(fetch_keys());
    claims = verify_id_token(token, keys_, expected, clock_.wall_now());
  }
  if (!claims) return fail(ErrorCode::Unauthenticated, claims.error().message);
  return claims;
}

}  // namespace lw::server::oidc
