// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "model/connection_monitor.h"

namespace lw {

/// A broken rule of a monitor: the path from the monitor ("testGroups[1].sources[0]"), what is
/// wrong and what to do.
struct Fault {
  std::string path;
  std::string message;
  std::string code = {};  ///< Azure's for this fault, where it is known
  bool operator==(const Fault&) const = default;
};

/// Every rule that a monitor breaks beyond the form of its document: limits, names, references,
/// addresses, what fits together. Empty if it is valid. If a limit is exceeded, only the limits are
/// reported, since the rest may be enormous. Pure.
std::vector<Fault> validate(const ConnectionMonitor& monitor);

/// Why no further monitor may be created beside `existing` ones of the same subscription and
/// region; nothing if one may.
std::optional<std::string> check_monitor_count(std::size_t existing);

}  // namespace lw
