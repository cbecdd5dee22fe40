// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "base/timer_wheel.h"
#include "model/ids.h"

namespace lw {

/// When each check of each test is due. A test's rounds begin at phase + n × interval of the
/// monotonic clock, and the phase is a hash of the test's id: stable whatever else comes and goes,
/// spread over the interval from the first round on, and the same after a restart of the program on
/// one boot. What is random about a rhythm follows from the test and the round, so it is repeatable
/// too. Nothing waits for a check that is under way. Pure: time comes in as an argument.
class Schedule {
 public:
  struct Rhythm {
    std::chrono::nanoseconds interval{Seconds(60)};
    int checks = 1;
    /// Each check begins at some instant of its own `spacing`, another one in each round, instead
    /// of at its beginning. So two checks are 0 to 2 spacings apart.
    bool is_random = false;
    std::chrono::nanoseconds spacing{0};  ///< between the starts of two checks of a round
  };

  /// Names a test here, from add() to remove(). Small numbers, used again.
  using Handle = std::uint32_t;

  struct Due {
    Handle test = 0;
    int check = 0;  ///< 0 begins a round.
    Instant planned{};
  };

  /// The first round begins at the test's first phase instant from `now` on. The id gives the phase
  /// and nothing else: whoever adds it twice runs it twice.
  Handle add(TestId test, const Rhythm& rhythm, Instant now);
  void remove(Handle test);
  /// Makes room for so many tests at once.
  void reserve(std::size_t tests) { entries_.reserve(tests); }

  /// When to call take_due() next: up to a tick of 1 ms after a check's planned instant.
  [[nodiscard]] std::optional<Instant> next_due() const { return queue_.next(); }
  /// Takes at most `limit` due checks out, in the order of their planned milliseconds; to a caller
  /// who is late, some come a little out of order.
  std::vector<Due> take_due(Instant now, std::size_t limit);

  /// Rounds that never began because the caller was late by a whole interval or more.
  [[nodiscard]] std::uint64_t missed_intervals() const { return missed_; }
  [[nodiscard]] std::size_t size() const { return entries_.size() - free_.size(); }

  static std::chrono::nanoseconds phase_of(TestId test, std::chrono::nanoseconds interval);

 private:
  struct Entry {
    Rhythm rhythm;
    Instant round_start{};
    int next_check = 0;
    std::uint32_t generation = 0;  ///< Grows when the test is removed.
  };
  struct Item {
    Handle test = 0;
    std::uint32_t generation = 0;
    Instant planned{};
  };
  void push(Handle test);
  static Instant planned_start(const Entry& entry);
  void advance(Entry& entry, Instant now);

  std::vector<Entry> entries_;  ///< by handle
  std::vector<Handle> free_;
  TimerWheel<Item> queue_;  ///< One item per test: its next check.
  std::uint64_t missed_ = 0;
};

}  // namespace lw
