// SPDX-License-Identifier: Apache-2.0
#include "probe/clock_reading.h"

namespace lw {

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

}  // namespace lw
