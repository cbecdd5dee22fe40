// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lw {

using Microseconds = std::chrono::microseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

/// Wall-clock time, UTC, in microseconds: what is stored and shown.
using Timestamp = std::chrono::time_point<std::chrono::system_clock, Microseconds>;

/// Time on a clock that never steps (CLOCK_MONOTONIC), in nanoseconds: what schedules and waits.
using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// The only source of time. Modules take it by reference (it must outlive them) or take `now` as
/// data. Thread-safe in both implementations.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp wall_now() const = 0;
  [[nodiscard]] virtual Instant now() const = 0;
};

/// The machine's clocks.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp wall_now() const override;
  [[nodiscard]] Instant now() const override;
};

/// How long this machine has slept (suspended to memory or disk) since it was started, in which
/// Clock::now() stood still: CLOCK_BOOTTIME less CLOCK_MONOTONIC (clock_gettime(2)).
Milliseconds time_suspended();

/// A clock for tests: stands still until told to move. Not thread-safe.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Timestamp wall_now() const override {
    return std::chrono::floor<Microseconds>(wall_);
  }
  [[nodiscard]] Instant now() const override { return instant_; }
  void advance(std::chrono::nanoseconds by) {
    instant_ += by;
    wall_ += by;
  }
  /// Moves the wall clock only, as an NTP step or an operator would.
  void step_wall(Microseconds by) { wall_ += by; }

 private:
  // Finer than a Timestamp, so that many small steps add up.
  std::chrono::sys_time<std::chrono::nanoseconds> wall_{
      std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}};
  Instant instant_{Seconds(1000)};
};

/// "2026-01-02T03:04:05.678901Z"; outside the years 0 to 9999, their nearest end.
std::string to_iso8601(Timestamp time);

/// Reads what to_iso8601 writes, with 0 to 9 digits of fraction; nothing if it is not that.
std::optional<Timestamp> parse_iso8601(std::string_view text);

inline std::int64_t to_unix_us(Timestamp time) { return time.time_since_epoch().count(); }
inline Timestamp from_unix_us(std::int64_t us) { return Timestamp(Microseconds(us)); }

/// For people: "12 µs", "3.4 ms", "1.25 s", "4 min", "3 h", "2 days".
std::string to_human(Microseconds duration);

}  // namespace lw
