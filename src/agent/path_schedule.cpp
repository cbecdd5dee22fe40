// SPDX-License-Identifier: Apache-2.0
#include "agent/path_schedule.h"

#include <algorithm>
#include <string>

#include "base/hash.h"

namespace lw::agent {

using std::chrono::nanoseconds;

nanoseconds PathSchedule::stretched(Seconds interval) const {
  double per_second = 0;
  for (const auto& [each, count] : intervals_) {
    per_second += static_cast<double>(count) / static_cast<double>(each.count());
  }
  const double factor = std::max(1.0, per_second / config_.traces_per_second_max);
  return nanoseconds(
      static_cast<std::int64_t>(static_cast<double>(interval.count()) * 1e9 * factor));
}

/// The first time after `now` that is its phase within the interval.
Instant PathSchedule::regular_after(const Target& target, Instant now) const {
  const std::int64_t every = stretched(target.interval).count();
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

void PathSchedule::add(std::uint64_t id, std::uint64_t phase, Instant now,
                       std::optional<Seconds> interval) {
  const auto [entry, is_new] = targets_.try_emplace(id);
  if (!is_new) return;
  entry->second.phase = phase;
  entry->second.interval = std::max(interval.value_or(config_.interval), Seconds(1));
  ++intervals_[entry->second.interval];
  plan(id, entry->second, regular_after(entry->second, now));
}

void PathSchedule::remove(std::uint64_t id) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  queue_.erase({found->second.due, id});
  if (found->second.suspicious_until) --suspicious_;
  const auto alike = intervals_.find(found->second.interval);
  if (--alike->second == 0) intervals_.erase(alike);
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
  if (target.is_refused) return;
  const Instant soonest = target.traced ? *target.traced + config_.suspicious_interval : now;
  plan(id, target, std::min(target.due, std::max(now, soonest)));
}

void PathSchedule::set_refused(std::uint64_t id, bool is_refused) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  Target& target = found->second;
  target.is_refused = is_refused;
  if (!is_refused || !target.traced || target.wish) return;
  plan(id, target, std::max(target.due, *target.traced + config_.refused_interval));
}

void PathSchedule::trace_now(std::uint64_t id, Instant now, TraceTrigger trigger) {
  const auto found = targets_.find(id);
  if (found == targets_.end()) return;
  if (trigger == TraceTrigger::StateChange) {
    if (now - burst_began_ >= Seconds(1)) {
      burst_began_ = now;
      burst_ = 0;
    }
    if (++burst_ > config_.traces_per_second_max) return;
  }
  if (!found->second.wish) found->second.wish = trigger;
  plan(id, found->second, std::min(found->second.due, now));
}

std::optional<Instant> PathSchedule::next() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.begin()->first;
}

std::vector<PathSchedule::Due> PathSchedule::take_due(Instant now) {
  std::vector<Due> due;
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const std::uint64_t id = queue_.begin()->second;
    Target& target = targets_.at(id);
    target.traced = now;
    if (target.suspicious_until && *target.suspicious_until <= now) {
      target.suspicious_until.reset();
      --suspicious_;
    }
    const nanoseconds every =
        target.suspicious_until ? config_.suspicious_interval : stretched(target.interval);
    Instant next =
        target.suspicious_until ? now + config_.suspicious_interval : regular_after(target, now);
    if (target.is_refused) next = std::max(next, now + config_.refused_interval);
    plan(id, target, next + jitter(target, every));
    const auto usual = target.suspicious_until ? TraceTrigger::Suspicion : TraceTrigger::Schedule;
    due.push_back({id, target.wish.value_or(usual)});
    target.wish.reset();
  }
  return due;
}

}  // namespace lw::agent
