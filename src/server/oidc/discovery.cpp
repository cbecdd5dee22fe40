// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/discovery.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace lw::server::oidc {
namespace {

/// Whether the list of that name has the word; `otherwise` if there is no list.
bool offers(const Value& document, const char* list, std::string_view word, bool otherwise) {
  const Value* const found = document.find(list);
  if (found == nullptr || !found->is_array()) return otherwise;
  return std::ranges::any_of(found->as_array(), [&](const Value& item) {
    return item.is_string() && item.as_string() == word;
  });
}

constexpr std::string_view kHttps = "https://";
constexpr std::string_view kHttp = "http://";

Result<std::string> endpoint(const Value& document, const char* name) {
  std::string url = document.text(name);
  // What is https stays https: no provider elsewhere sends the client's secret to a port here.
  const bool is_local = document.text("issuer").starts_with(kHttp);
  // A fragment would swallow what is appended (RFC 6749 §3.1).
  const bool is_fit = is_confidential(url) && (is_local || url.starts_with(kHttps)) &&
                      is_printable(url) && url.find_first_of("# \\") == std::string::npos;
  if (is_fit) return url;
  return fail(ErrorCode::InvalidInput, fmt::format("the provider's `{}` is no https address: `{}`",
                                                   name, printable(url, 200)));
}

/// Nothing, or ":" and digits.
bool is_port(std::string_view text) {
  return text.empty() || (text.starts_with(':') && text.size() > 1 &&
                          text.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

}  // namespace

std::string discovery_url(const std::string& issuer) {
  return issuer + (issuer.ends_with('/') ? "" : "/") + ".well-known/openid-configuration";
}

bool is_confidential(std::string_view url) {
  const bool is_https = url.starts_with(kHttps);
  if (!is_https && !url.starts_with(kHttp)) return false;
  url.remove_prefix(is_https ? kHttps.size() : kHttp.size());
  const std::string_view authority = url.substr(0, url.find_first_of("/?#\\"));
  if (authority.empty() || authority.find('@') != std::string_view::npos) return false;
  if (is_https) return true;
  // libcurl, like browsers, takes `localhost` for this host without asking anybody (RFC 6761 §6.3).
  static constexpr std::array<std::string_view, 3> kThisHost{"localhost", "127.0.0.1", "[::1]"};
  return std::ranges::any_of(kThisHost, [&](std::string_view host) {
    return authority.starts_with(host) && is_port(authority.substr(host.size()));
  });
}

Result<Endpoints> read_discovery(const Value& document, const std::string& issuer) {
  // Byte by byte (OpenID Connect Discovery 4.3).
  if (document.text("issuer") != issuer) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the provider calls itself `{}`, not `{}`: write `issuer` as it does",
                            printable(document.text("issuer"), 200), issuer));
  }
  Endpoints endpoints;
  endpoints.authorization = TRY(endpoint(document, "authorization_endpoint"));
  endpoints.token = TRY(endpoint(document, "token_endpoint"));
  endpoints.keys = TRY(endpoint(document, "jwks_uri"));
  if (document.find("end_session_endpoint") != nullptr) {
    endpoints.end_session = TRY(endpoint(document, "end_session_endpoint"));
  }
  // What is not listed: see OpenID Connect Discovery 3 for its defaults.
  if (!offers(document, "response_types_supported", "code", true)) {
    return fail(ErrorCode::InvalidInput, "the provider gives no authorization codes");
  }
  if (!offers(document, "code_challenge_methods_supported", "S256", true)) {
    return fail(ErrorCode::InvalidInput, "the provider does not know PKCE with S256");
  }
  constexpr const char* kMethods = "token_endpoint_auth_methods_supported";
  endpoints.takes_basic = offers(document, kMethods, "client_secret_basic", true);
  endpoints.takes_post = offers(document, kMethods, "client_secret_post", false);
  endpoints.names_issuer = document.flag("authorization_response_iss_parameter_supported");
  return endpoints;
}

}  // namespace lw::server::oidc
