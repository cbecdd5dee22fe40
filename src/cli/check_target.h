// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "cli/check_settings.h"
#include "model/test.h"

namespace lw::cli {

/// What the user wrote after `linewatch check`.
struct CheckTarget {
  std::string protocol;  ///< icmp, tcp or http
  std::string target;    ///< HOST, HOST:PORT, [v6]:PORT or a URL
  bool https = false;
  int count = 0;  ///< 0: the protocol's default
  Milliseconds timeout{0};
  std::optional<IpVersion> version;
  CheckSettings settings = {};
};

/// A test that checks it. Fails with what to write instead.
Result<Test> to_test(const CheckTarget& wish);

/// A host as the user wrote it: HOST[:PORT].
struct HostTarget {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostTarget> to_host_target(const std::string& text, std::uint16_t default_port);

}  // namespace lw::cli
