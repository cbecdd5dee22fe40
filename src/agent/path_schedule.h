// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/trace.h"

namespace lw::agent {

struct PathScheduleConfig {
  Seconds interval{2};             ///< between two traces of a target, if there are not too many
  Seconds suspicious_interval{1};  ///< while something seems wrong
  Seconds suspicion{120};          ///< how long that lasts after the last sign of it
  double traces_per_second_max = 200;  ///< of the regular ones: with more targets, they come rarer
  /// Between two traces of a target that a router refuses to pass on to. Its refusals are evidence
  /// that the test's own checks need, and routers send few of them (Linux: one a second to each
  /// address); a trace says nothing new until that changes.
  Seconds refused_interval{10};
  /// Traced each second at once; the others stay at the regular interval. When half of the world
  /// fails, these are enough to say where.
  std::size_t suspicious_max = 200;
};

/// When to trace which target. Pure: `now` never goes back. A target is a number of the caller's.
class PathSchedule {
 public:
  explicit PathSchedule(PathScheduleConfig config) : config_(config) {}

  /// Its traces begin at a time within the interval that depends on `phase` (a hash) alone, so that
  /// they are spread evenly. `interval`: another than that of the configuration.
  void add(std::uint64_t target, std::uint64_t phase, Instant now,
           std::optional<Seconds> interval = {});
  void remove(std::uint64_t target);
  /// Traces it at once, unless that was done within the last second, and often from now on.
  void suspect(std::uint64_t target, Instant now);
  /// Whether a router on the way refused its last trace: then it is traced rarely, however
  /// suspicious it is.
  void set_refused(std::uint64_t target, bool is_refused);
  /// Traces it at once (or at `now`, if that is later), and then as before. If it has been told
  /// already, `trigger` stays what it was. Changes of state count against traces_per_second_max:
  /// when all tests fail in the same second, those beyond wait for their turn.
  void trace_now(std::uint64_t target, Instant now, TraceTrigger trigger = TraceTrigger::Request);

  [[nodiscard]] std::optional<Instant> next() const;
  /// The targets to trace now; each is due again after about its interval. Not exactly, or the same
  /// targets would come just after others again and again, and find the routers that they share
  /// asked already (trace/hop_budget.h).
  struct Due {
    std::uint64_t target = 0;
    TraceTrigger trigger = TraceTrigger::Schedule;
    bool operator==(const Due&) const = default;
  };
  std::vector<Due> take_due(Instant now);
  [[nodiscard]] std::size_t suspicious_count() const { return suspicious_; }
  /// Between two regular traces of a target without an interval of its own, as things stand.
  [[nodiscard]] std::chrono::nanoseconds interval() const { return stretched(config_.interval); }

 private:
  struct Target {
    std::uint64_t phase = 0;
    Seconds interval{0};
    std::optional<TraceTrigger> wish;  ///< of trace_now(), until the trace is made
    std::uint32_t traces = 0;
    Instant due{};
    std::optional<Instant> traced;            ///< last
    std::optional<Instant> suspicious_until;  ///< counted in suspicious_ while set
    bool is_refused = false;
  };
  void plan(std::uint64_t id, Target& target, Instant due);
  /// Up to a tenth of `interval`, another each time. Never less than nothing: a router that is not
  /// free again yet would not be asked at all.
  static std::chrono::nanoseconds jitter(Target& target, std::chrono::nanoseconds interval);
  [[nodiscard]] Instant regular_after(const Target& target, Instant now) const;
  /// An interval, made longer by as much as all are while there are too many targets.
  [[nodiscard]] std::chrono::nanoseconds stretched(Seconds interval) const;

  PathScheduleConfig config_;
  std::unordered_map<std::uint64_t, Target> targets_;
  std::set<std::pair<Instant, std::uint64_t>> queue_;
  std::size_t suspicious_ = 0;
  Instant burst_began_{};  ///< of traces for changes of state; lasts a second
  double burst_ = 0;
  std::map<Seconds, std::size_t> intervals_;  ///< how many targets have each
};

}  // namespace lw::agent
