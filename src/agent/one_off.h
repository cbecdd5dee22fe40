// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "base/time.h"
#include "io/route.h"
#include "model/path.h"
#include "model/round.h"
#include "model/test.h"
#include "probe/prober.h"

namespace lw::agent {

/// A check that the server wants made once, now.
struct OneOffOrder {
  std::uint64_t number = 0;  ///< of the answer
  Test test;
  bool next_hop_only = false;
};

struct OneOffAnswer {
  std::uint64_t number = 0;
  std::string problem = {};             ///< why nothing was checked; else empty
  std::optional<Round> round = {};      ///< Missing if only the next hop was wanted.
  std::optional<PathReport> path = {};  ///< Missing if this host cannot trace.
  std::optional<io::Route> route = {};  ///< Missing if it is not known where to.
};

/// One round, a few traces and the next hop of connections that are no tests of this agent. Each on
/// a thread, a loop and sockets of its own, a few at once: further ones are answered with a
/// problem.
class OneOffRuns {
 public:
  /// `done` is called on the runs' threads. The clock must outlive this.
  OneOffRuns(ProberConfig config, const Clock& clock, std::function<void(OneOffAnswer)> done);
  ~OneOffRuns();
  /// Any thread. After stop() nothing is started.
  void start(OneOffOrder order);
  /// Ends what runs, without answers.
  void stop();
  /// Roots to trust besides. Before the first start().
  void trust(const std::string& ca_pem) { config_.extra_ca_pem += "\n" + ca_pem; }

 private:
  class Run;
  ProberConfig config_;
  const Clock& clock_;
  const std::function<void(OneOffAnswer)> done_;
  struct State {
    std::vector<std::unique_ptr<Run>> runs;
    bool is_stopped = false;
  };
  Guarded<State> state_;
};

}  // namespace lw::agent
