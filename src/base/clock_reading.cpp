// SPDX-License-Identifier: Apache-2.0
#include "base/clock_reading.h"

#include <algorithm>

namespace lw {
namespace {

using std::chrono::nanoseconds;

// Clock readings are not atomic and NTP slews by up to 0.05 %; more than this is a step.
constexpr nanoseconds kReadingSlack = Milliseconds(1);
constexpr int kSlewDivisor = 1000;

bool has_clock_stepped(const ClockReading& from, const ClockReading& to) {
  const nanoseconds elapsed = to.instant - from.instant;
  const nanoseconds difference = (to.wall - from.wall) - elapsed;
  return std::chrono::abs(difference) > kReadingSlack + elapsed / kSlewDivisor;
}

}  // namespace

ClockReading read_clocks(const Clock& clock) {
  constexpr Microseconds kTogether{50};
  constexpr int kTries = 4;
  ClockReading reading;
  for (int i = 0; i < kTries; ++i) {
    const Instant before = clock.now();
    reading.wall = clock.wall_now();
    reading.instant = clock.now();
    if (reading.instant - before <= kTogether) break;
  }
  return reading;
}

std::optional<nanoseconds> stamped_interval(const ClockReading& before, std::int64_t sent_stamp_ns,
                                            std::int64_t received_stamp_ns,
                                            const ClockReading& after) {
  if (has_clock_stepped(before, after)) return std::nullopt;
  const std::int64_t sent_ns =
      sent_stamp_ns != 0 ? sent_stamp_ns : nanoseconds(before.wall.time_since_epoch()).count();
  const nanoseconds interval(received_stamp_ns - sent_ns);
  // The kernel saw the packets between our two readings, so a longer time is a broken stamp.
  const nanoseconds elapsed = after.instant - before.instant;
  if (interval < nanoseconds(0) || interval > elapsed + kReadingSlack) return std::nullopt;
  return interval;
}

Microseconds to_measured(nanoseconds duration) {
  return std::max(Microseconds(1), std::chrono::round<Microseconds>(duration));
}

}  // namespace lw
