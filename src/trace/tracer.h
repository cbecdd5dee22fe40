// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"
#include "model/trace.h"
#include "trace/hop_budget.h"
#include "trace/trace_round.h"

namespace lw::trace {

/// One trace to make.
struct TraceTask {
  TestId test{};
  IpAddress destination{};
  std::uint16_t port = 0;  ///< TCP, UDP; UDP 0: 33434
  TraceConfig config;
  TraceTrigger trigger = TraceTrigger::Schedule;
  std::vector<TraceHint> hints;
  std::optional<int> dscp;
  std::optional<IpAddress> source;
  std::optional<int> packet_bytes;  ///< IP packet size, DF set: for path MTU. Default: small.
  bool spare_routers = true;        ///< heed the budget
};

struct TracerStats {
  std::size_t running = 0;
  std::uint64_t finished = 0;
  std::uint64_t probes_sent = 0;
  std::uint64_t probes_spared = 0;
  std::uint64_t answers = 0;
  std::uint64_t late_answers = 0;       ///< after their time-out
  std::uint64_t duplicate_answers = 0;  ///< to a probe that had its answer
  std::uint64_t foreign_answers = 0;
  std::uint64_t socket_drops = 0;
};

struct TracerConfig {
  /// Packets a second over all traces of this tracer.
  int packets_per_second_max = 20'000;
  bool without_privilege = false;  ///< Do not try raw sockets. For tests.
};

/// Makes any number of traces at once over shared sockets. Belongs to its loop's thread.
class Tracer {
 public:
  static Result<std::unique_ptr<Tracer>> create(io::Loop& loop, const Clock& clock,
                                                const TracerConfig& config);
  ~Tracer();

  /// What cannot be done without privileges and the command that grants them; empty if all can.
  [[nodiscard]] std::string limitation() const;
  /// `done` is called once, later, on the loop; never after the tracer is gone. `progress`, if
  /// given, with each answer or time-out as it happens.
  void start(TraceTask task, std::function<void(Trace)> done,
             std::function<void(const TraceProbe&)> progress = {});
  [[nodiscard]] TracerStats stats() const;
  HopBudget& budget();

  struct Impl;
  explicit Tracer(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::trace
