// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/loop.h"
#include "io/network_names.h"
#include "io/reverse_names.h"
#include "model/path.h"
#include "model/trace.h"

namespace lw::trace {

struct HopNamesConfig {
  bool ask_name_servers = true;
  io::ReverseNamesOptions name_servers;
  std::string networks_file;  ///< in MaxMind's format (io/network_names.h); empty: none
};

/// Puts `name` and `network` into the hops of path reports, for people. Both may change from one
/// report to the next, so fill reports last: after they have been compared and before they are
/// handed out. Nothing here waits. Belongs to the loop's thread.
class HopNames {
 public:
  /// Loop and clock must outlive it.
  HopNames(io::Loop& loop, const Clock& clock, const HopNamesConfig& config);

  /// Has the names of those who answered looked up, so that they are known when a report is made.
  void look_up(const Trace& trace);
  /// What is known now.
  void fill(PathReport& report);
  /// Calls `done` once all names of the report's hops are known that can be: from inside or later,
  /// after a few seconds at most for each silent name server. Not if this object goes before.
  void when_known(const PathReport& report, std::function<void()> done);

  /// What is wrong with the networks file, and what to do about it.
  [[nodiscard]] std::optional<Error> problem() const;

 private:
  std::optional<io::ReverseNames> names_;
  std::optional<io::NetworkNames> networks_;
};

}  // namespace lw::trace
