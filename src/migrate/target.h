// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/test_configuration.h"

namespace lw::migrate {

/// What other products call a target: a host, perhaps with a port, perhaps as a URL.
struct Target {
  std::string scheme;  ///< "http" or "https"; empty if it is no URL
  std::string host;    ///< IPv6 addresses without brackets
  std::optional<std::uint16_t> port;
  std::string path;  ///< with the query; empty if there is none
};

/// "host", "host:53", "[2001:db8::1]:53", "2001:db8::1", "https://host:8443/path?query". Fails with
/// a sentence about what is wrong; user and password in a URL are refused, a fragment is dropped.
Result<Target> parse_target(std::string_view text);

/// Scheme, port and path of the target as the configuration has them. Nothing, if linewatch cannot
/// say it: http on port 443 and https on port 80.
std::optional<HttpConfiguration> with_target(HttpConfiguration http, const Target& target);

}  // namespace lw::migrate
