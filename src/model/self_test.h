// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/document.h"
#include "base/time.h"
#include "model/round.h"

namespace lw {

/// What an agent found out about its own measuring, on its own machine (probe/selftest.h). A value
/// that travels to the server and is shown as it is.
struct SelfTest {
  std::uint32_t echoes = 0;
  std::uint32_t failed = 0;      ///< of the echoes; on loopback there is no network to blame
  Microseconds error_median{0};  ///< Half of the measured RTTs were off by no more than this,
  Microseconds error{0};         ///< 999 of 1,000 by no more than this.
  Microseconds error_max{0};
  /// Whether the error is the distance to a packet capture's own measure. If not, no capture was
  /// possible, and the RTTs on loopback themselves bound it: what is measured is true RTT + error.
  bool is_against_capture = false;
  StampSource stamps = StampSource::User;  ///< the worst of all echoes
  std::uint64_t socket_drops = 0;
  std::uint64_t late_replies = 0;
  std::optional<std::uint64_t> checks_per_second;  ///< one core, without loss; missing: not asked
  std::string kernel;
  std::uint32_t cpus = 0;
  bool has_raw_sockets = false;
  bool operator==(const SelfTest&) const = default;
};

/// As the API and the command line show it.
Value to_document(const SelfTest& test);
/// "User", "KernelReceive", "Kernel", "Hardware".
std::string stamp_source_name(StampSource source);

}  // namespace lw
