// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/time.h"

namespace lw {

/// Both clocks at (nearly) one moment.
struct ClockReading {
  Instant instant{};
  Timestamp wall{};
};

/// Reads both clocks as one moment: if the thread lost the processor in between, reads again, since
/// the gap would look like a clock step.
ClockReading read_clocks(const Clock& clock);

/// How long an exchange took by the kernel's stamps of the wall clock, in nanoseconds; without one
/// of the sending (0), by our reading before it. Nothing if the wall clock stepped between the two
/// readings, or a stamp is broken: then only the monotonic clock tells.
std::optional<std::chrono::nanoseconds> stamped_interval(const ClockReading& before,
                                                         std::int64_t sent_stamp_ns,
                                                         std::int64_t received_stamp_ns,
                                                         const ClockReading& after);

/// For measurements: rounded to the nearest microsecond and never 0, since 0 looks like a missing
/// one wherever numbers are stored.
Microseconds to_measured(std::chrono::nanoseconds duration);

}  // namespace lw
