// SPDX-License-Identifier: Apache-2.0
#include "model/test_configuration.h"

#include <algorithm>

#include "model/limits.h"

namespace lw {

bool HttpConfiguration::uses_tls() const {
  if (port == 443) return true;
  if (port == 80) return false;
  return prefer_https;
}

std::uint16_t HttpConfiguration::effective_port() const {
  if (port) return *port;
  return uses_tls() ? 443 : 80;
}

bool HttpConfiguration::is_valid_status(int status) const {
  if (valid_status_codes.empty()) return status >= 200 && status <= 399;
  return std::ranges::any_of(valid_status_codes, [status](const StatusCodeRange& range) {
    return status >= range.first && status <= range.last;
  });
}

std::string TestConfiguration::protocol_name() const {
  if (std::holds_alternative<TcpConfiguration>(protocol)) return "TCP";
  return is_http() ? "HTTP" : "ICMP";
}

int TestConfiguration::effective_checks_per_round() const {
  if (checks_per_round) return *checks_per_round;
  return is_http() ? limits::kChecksPerRoundDefaultHttp : limits::kChecksPerRoundDefaultNetwork;
}

Milliseconds TestConfiguration::check_timeout_max() const {
  // The last tenth is what the starts of a round's checks are spread over at the least.
  return std::min(limits::kCheckTimeoutMax, Milliseconds(frequency) * 9 / 10);
}

Milliseconds TestConfiguration::effective_check_timeout() const {
  if (check_timeout) return std::min(*check_timeout, check_timeout_max());
  const Milliseconds usual =
      is_http() ? limits::kCheckTimeoutDefaultHttp : limits::kCheckTimeoutDefaultNetwork;
  // Half of the interval at most, so that short intervals still spread their checks.
  return std::min(usual, Milliseconds(frequency) / 2);
}

Microseconds TestConfiguration::check_spacing() const {
  return Microseconds(frequency - effective_check_timeout()) / effective_checks_per_round();
}

std::optional<std::uint16_t> TestConfiguration::port() const {
  if (const auto* tcp = std::get_if<TcpConfiguration>(&protocol)) return tcp->port;
  if (const auto* http = std::get_if<HttpConfiguration>(&protocol)) return http->effective_port();
  return std::nullopt;
}

}  // namespace lw
