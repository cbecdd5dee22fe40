// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/test_configuration.h"

namespace lw::cli {

/// What the user asks for beyond target, count and time-out: the settings that monitor files have
/// in their `linewatch` block and in `httpConfiguration` (docs/settings.md), as flags.
struct CheckSettings {
  // HTTP
  std::string method = "get";        ///< get, head or post
  std::vector<std::string> headers;  ///< "Name: value"
  std::string http_version = "any";  ///< any, 1.1 or 2
  int max_redirects = 0;
  std::string body_matches;
  std::optional<std::int64_t> body_bytes_max;
  std::string revocation = "off";  ///< off, soft or strict
  // Packets
  std::optional<int> payload_bytes, dscp, ttl;
  bool dont_fragment = false;
  std::string source_address, source_interface;
};

/// Writes them into a configuration whose protocol is set already. Fails with what to write
/// instead.
Result<void> apply_settings(const CheckSettings& settings, TestConfiguration& configuration);

}  // namespace lw::cli
