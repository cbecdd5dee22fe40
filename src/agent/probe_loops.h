// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/uplink.h"
#include "probe/prober.h"

namespace lw::agent {

/// How many probe loops a host of so many cores gets if nobody says: one for small ones, and never
/// the last core.
std::size_t default_probe_loops(std::size_t cores);

/// The agent's probe loops, each a prober on a thread of its own, sharing nothing. All tests of one
/// destination belong to the same one, by hash of its address or name, so that what holds per
/// destination (rate limit, questions to name servers) holds. Sockets are opened at construction.
class ProbeLoops {
 public:
  /// `on_round` is called on the loops' threads. Rate limits are of all loops together.
  ProbeLoops(std::size_t count, const ProberConfig& config, const Clock& clock,
             const std::function<void(Round&&)>& on_round);
  ~ProbeLoops();

  /// Roots to trust besides those of the configuration. Before start().
  void trust(const std::string& ca_pem);
  void start();
  /// Ends the loops; no round is handed out any more.
  void stop();
  /// Replaces the set of tests. Any thread, after start().
  void assign(std::vector<Test> tests);
  /// Any thread. Some tenths of a second old.
  [[nodiscard]] ProbeReport report() const;

 private:
  class OneLoop;
  std::vector<std::unique_ptr<OneLoop>> loops_;
};

}  // namespace lw::agent
