// SPDX-License-Identifier: Apache-2.0
#include "agent/path_schedule.h"

#include <algorithm>
#include <string>

#include "base/hash.h"

namespace lw::agent {

using std::chrono::nanoseconds;

nanoseconds PathSchedule::interval() const {
  const double needed = static_cast<double>(targets_.size()) / config_.traces_per_second_max;
  return std::max<nanoseconds>(config_.interval,
                               nanoseconds(static_cast<std::int64_t>(needed * 1e9)));
}

/// The first time after `now` that is its phase within the interval.
Instant PathSchedule::regular_after(const Target& target, Instant now) const {
  const std::int64_t every = interval().count();
  const auto phase = static_cast<std::int64_t>(target.phase % static_cast<std::uint64_t>(every));
  const std::int64_t at = now.time_since_epoch().count();
  const std::int64_t since = ((at - phase) % every + every) % every;
  return now + nanoseconds(every - since);
}

void PathSchedule::plan(std::uint64_t id, Target& target, Instant due) {
  queue_.erase({target.due, id});
  target.due = due;
  queue_.emplace(due, id);
}

nanoseconds PathSchedule::jitter(Target& target, nanoseconds interval) {
  const std::uint64_t dice = stable_hash({std::to_string(target.phase ^ ++target.traces)}) % 1'001;
  return interval / 10'000 * static_cast<std::int64_t>(dice);
}

void PathSchedule::add(std::uint64_t id, std::uint64_t phase, Instant now) {
  const auto [entry, is_new] = targets_.try_emplace(id);
  if (!is_new) return;
  entry->second.phase = phase;
  plan(id, entry->second, regular_after(entry->second, now));
}

void PathSchedule::remove(std::uint64_t id) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  queue_.erase({found->second.due, id});
  if (found->second.suspicious_until) --suspicious_;
  targets_.erase(found);
}

void PathSchedule::suspect(std::uint64_t id, Instant now) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  Target& target = found->second;
  const bool was_suspicious = target.suspicious_until.has_value();
  if (!was_suspicious && suspicious_ >= config_.suspicious_max) return;
  target.suspicious_until = now + config_.suspicion;
  if (was_suspicious) return;  // its next trace is due within about a second as it is
  ++suspicious_;
  const Instant soonest = target.traced ? *target.traced + config_.suspicious_interval : now;
  plan(id, target, std::min(target.due, std::max(now, soonest)));
}

void PathSchedule::trace_now(std::uint64_t id, Instant now) {
  const auto found = targets_.find(id);
  if (found != targets_.end()) plan(id, found->second, now);
}

std::optional<Instant> PathSchedule::next() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.begin()->first;
}

std::vector<std::uint64_t> PathSchedule::take_due(Instant now) {
  std::vector<std::uint64_t> due;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const std::uint64_t id = queue_.begin()->second;
    Target& target = targets_.at(id);
    target.traced = now;
    if (target.suspicious_until && *target.suspicious_until <= now) {
      target.suspicious_until.reset();
      --suspicious_;
    }
    const nanoseconds every = target.suspicious_until ? config_.suspicious_interval : interval();
    const Instant next = target.suspicious_until ? now + config_.suspicious_interval
                                                 : regular_after(target, now + every / 2);
    plan(id, target, next + jitter(target, every));
    due.push_back(id);
  }
  return due;
}

}  // namespace lw::agent
