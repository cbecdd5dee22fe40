// SPDX-License-Identifier: Apache-2.0
#include "migrate/target.h"

#include <fmt/core.h>

#include "base/ip_address.h"
#include "base/number.h"
#include "base/text.h"
#include "migrate/report.h"

namespace lw::migrate {
namespace {

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::InvalidInput, std::move(message));
}

Result<void> split_host(std::string_view authority, Target& target) {
  if (parse_ip_address(authority) && !authority.starts_with('[')) {  // IPv6 without brackets
    target.host = authority;
    return {};
  }
  const auto bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  target.host = host;
  if (colon == std::string_view::npos) return {};
  const auto port = parse_number<std::uint16_t>(authority.substr(colon + 1));
  if (!port || *port == 0) {
    return refuse(fmt::format("{} is no port", quoted(authority.substr(colon + 1))));
  }
  target.port = port;
  return {};
}

}  // namespace

Result<Target> parse_target(std::string_view text) {
  Target target;
  std::string_view rest = trim(text);
  if (const auto end = rest.find("://"); end != std::string_view::npos) {
    target.scheme = to_lower(rest.substr(0, end));
    if (target.scheme != "http" && target.scheme != "https") {
      return refuse(fmt::format("{} is neither http nor https", quoted(target.scheme)));
    }
    rest.remove_prefix(end + 3);
  }
  rest = rest.substr(0, rest.find('#'));
  const auto end = rest.find_first_of("/?");
  if (end != std::string_view::npos) {
    target.path = rest.substr(end);
    if (target.path.starts_with('?')) target.path.insert(0, "/");
  }
  const std::string_view authority = rest.substr(0, end);
  if (authority.find('@') != std::string_view::npos) {
    return refuse("user and password in a URL are not carried over; add a requestHeaders entry");
  }
  TRY(split_host(authority, target));
  if (target.host.empty()) return refuse(fmt::format("{} names no host", quoted(text)));
  return target;
}

std::optional<HttpConfiguration> with_target(HttpConfiguration http, const Target& target) {
  const bool is_https = target.scheme == "https";
  http.port = target.port;
  if (!target.path.empty()) http.path = target.path;
  http.prefer_https = is_https;
  if (http.uses_tls() != is_https) return std::nullopt;
  return http;
}

}  // namespace lw::migrate
