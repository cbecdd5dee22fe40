// SPDX-License-Identifier: Apache-2.0
#include "probe/schedule.h"

#include <algorithm>
#include <array>
#include <span>

namespace lw {
namespace {

constexpr std::size_t kDuesAtOnce = 16;

/// The finalizer of SplitMix64. Ids are hashes already, but tests and tools make up small ones.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

Instant first_start(TestId test, std::chrono::nanoseconds interval, Instant now) {
  const auto phase = Schedule::phase_of(test, interval);
  const auto since_phase = now.time_since_epoch() - phase;
  auto rounds = since_phase / interval;
  if (since_phase % interval > std::chrono::nanoseconds(0)) ++rounds;
  return Instant(phase + rounds * interval);
}

}  // namespace

std::chrono::nanoseconds Schedule::phase_of(TestId test, std::chrono::nanoseconds interval) {
  const auto width = static_cast<std::uint64_t>(interval.count());
  return std::chrono::nanoseconds(static_cast<std::int64_t>(mixed(test.value) % width));
}

Schedule::Handle Schedule::add(TestId test, const Rhythm& rhythm, Instant now) {
  Handle handle = 0;
  if (free_.empty()) {
    handle = static_cast<Handle>(entries_.size());
    entries_.emplace_back();
  } else {
    handle = free_.back();
    free_.pop_back();
  }
  Entry& entry = entries_[handle];
  entry = {rhythm, first_start(test, rhythm.interval, now), 0, entry.generation};
  push(handle);
  return handle;
}

Instant Schedule::planned_start(const Entry& entry) {
  const Rhythm& rhythm = entry.rhythm;
  const Instant even = entry.round_start + entry.next_check * rhythm.spacing;
  const auto width = static_cast<std::uint64_t>(rhythm.spacing.count());
  if (!rhythm.is_random || width == 0) return even;
  // Nanoseconds since the boot: no other test and no other round has the same, near enough.
  const auto round = static_cast<std::uint64_t>(entry.round_start.time_since_epoch().count());
  const std::uint64_t chance = mixed(mixed(round) + static_cast<std::uint64_t>(entry.next_check));
  return even + std::chrono::nanoseconds(static_cast<std::int64_t>(chance % width));
}

void Schedule::push(Handle test) {
  const Entry& entry = entries_[test];
  const Instant planned = planned_start(entry);
  queue_.push(planned, {test, entry.generation, planned});
}

void Schedule::remove(Handle test) {
  ++entries_[test].generation;
  free_.push_back(test);
  // Tombstones go by themselves within an interval; sweep early only if most of the queue is dead.
  if (queue_.size() < 1024 || queue_.size() < 2 * size()) return;
  queue_.remove_if(
      [this](const Item& item) { return entries_[item.test].generation != item.generation; });
}

std::vector<Schedule::Due> Schedule::take_due(Instant now, std::size_t limit) {
  std::vector<Due> due;
  due.reserve(std::min(limit, queue_.size()));
  std::array<Item, kDuesAtOnce> items;
  while (due.size() < limit) {
    std::size_t count = 0;
    const std::size_t most = std::min(limit - due.size(), items.size());
    while (count < most) {
      const auto item = queue_.pop_due(now);
      if (!item) break;
      // There are too many entries for the processor's caches: they come while others are popped.
      __builtin_prefetch(&entries_[item->test]);
      items[count++] = *item;
    }
    if (count == 0) break;
    for (const Item& item : std::span(items).first(count)) {
      Entry& entry = entries_[item.test];
      if (entry.generation != item.generation) continue;
      due.push_back({item.test, entry.next_check, item.planned});
      advance(entry, now);
      push(item.test);
    }
  }
  return due;
}

void Schedule::advance(Entry& entry, Instant now) {
  if (++entry.next_check < entry.rhythm.checks) return;
  entry.next_check = 0;
  entry.round_start += entry.rhythm.interval;
  // A round that should have been over by now is not made up for: that would be a burst, and its
  // results would stand for a time that is past.
  if (now - entry.round_start >= entry.rhythm.interval) {
    const auto skipped = (now - entry.round_start) / entry.rhythm.interval;
    missed_ += static_cast<std::uint64_t>(skipped);
    entry.round_start += skipped * entry.rhythm.interval;
  }
}

}  // namespace lw
