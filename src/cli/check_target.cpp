// SPDX-License-Identifier: Apache-2.0
#include "cli/check_target.h"

#include <fmt/core.h>

#include "base/ip_address.h"
#include "base/number.h"
#include "base/text.h"

namespace lw::cli {
namespace {

struct HostAndPort {
  std::string host;
  std::optional<std::uint16_t> port;
};

Result<std::uint16_t> parse_port(std::string_view text) {
  const auto port = parse_number<std::uint16_t>(text);
  if (!port || *port == 0) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` is no port; write a number from 1 to 65535", text));
  }
  return *port;
}

Result<HostAndPort> split_host(const std::string& text) {
  if (parse_ip_address(text)) {
    const bool has_brackets = text.starts_with('[');
    return HostAndPort{has_brackets ? text.substr(1, text.size() - 2) : text, std::nullopt};
  }
  if (text.empty()) return fail(ErrorCode::InvalidInput, "name a host to check");
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return HostAndPort{text, std::nullopt};
  HostAndPort both{text.substr(0, colon),
                   TRY(parse_port(std::string_view(text).substr(colon + 1)))};
  if (both.host.starts_with('[') && both.host.ends_with(']')) {
    both.host = both.host.substr(1, both.host.size() - 2);
  }
  if (both.host.empty()) return fail(ErrorCode::InvalidInput, "name a host before the port");
  return both;
}

Result<HttpConfiguration> read_http(const CheckTarget& wish, std::string& host) {
  std::string rest = wish.target;
  HttpConfiguration http;
  http.prefer_https = wish.https;
  bool has_scheme = wish.https;
  if (const auto scheme = rest.find("://"); scheme != std::string::npos) {
    const std::string name = to_lower(rest.substr(0, scheme));
    if (name != "http" && name != "https") {
      return fail(ErrorCode::InvalidInput, fmt::format("`{}` is neither http nor https", name));
    }
    http.prefer_https = name == "https";
    has_scheme = true;
    rest = rest.substr(scheme + 3);
  }
  rest = rest.substr(0, rest.find('#'));  // browsers do not send it either
  const auto host_end = rest.find_first_of("/?");
  if (host_end != std::string::npos) http.path = rest.substr(host_end);
  if (http.path.starts_with('?')) http.path.insert(0, "/");
  const HostAndPort both = TRY(split_host(rest.substr(0, host_end)));
  http.port = both.port;
  host = both.host;
  if (has_scheme && http.prefer_https != http.uses_tls()) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("port {} is always {} here, as in Azure's connection monitors; write "
                            "{}://, or use another port",
                            http.effective_port(), http.uses_tls() ? "https" : "http",
                            http.uses_tls() ? "https" : "http"));
  }
  return http;
}

}  // namespace

Result<HostTarget> to_host_target(const std::string& text, std::uint16_t default_port) {
  HostAndPort both = TRY(split_host(text));
  return HostTarget{std::move(both.host), both.port.value_or(default_port)};
}

Result<Test> to_test(const CheckTarget& wish) {
  auto configuration = std::make_shared<TestConfiguration>();
  Test test;
  if (wish.protocol == "http") {
    configuration->protocol = TRY(read_http(wish, test.destination_address));
  } else if (wish.protocol == "tcp") {
    const HostAndPort both = TRY(split_host(wish.target));
    if (!both.port) {
      const auto address = parse_ip_address(both.host);
      return fail(ErrorCode::InvalidInput,
                  fmt::format("a TCP check needs a port: linewatch check tcp {}:443",
                              address ? to_url_host(*address) : both.host));
    }
    test.destination_address = both.host;
    configuration->protocol = TcpConfiguration{.port = *both.port};
  } else {
    const HostAndPort both = TRY(split_host(wish.target));
    if (both.port) return fail(ErrorCode::InvalidInput, "an ICMP check has no port; leave it out");
    test.destination_address = both.host;
  }
  TRY(apply_settings(wish.settings, *configuration));
  configuration->name = wish.protocol;
  configuration->preferred_ip_version = wish.version;
  if (wish.count > 0) configuration->checks_per_round = wish.count;
  if (wish.timeout.count() > 0) configuration->check_timeout = wish.timeout;
  // Long enough that the interval never shortens the time-out.
  configuration->frequency = Seconds(1800);
  test.destination = wish.target;
  test.configuration = std::move(configuration);
  return test;
}

}  // namespace lw::cli
