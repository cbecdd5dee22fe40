// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "base/time.h"
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
};

/// A test that checks it. Fails with what to write instead.
Result<Test> to_test(const CheckTarget& wish);

}  // namespace lw::cli
