// SPDX-License-Identifier: Apache-2.0
// For tests: when they begin, and how long they wait. Here once, since unit tests are compiled
// several at a time.
#pragma once

#include "base/time.h"

namespace lw {

/// Virtual time begins here.
inline constexpr Instant kStart{Seconds(1'000)};
inline const Timestamp kNow = from_unix_us(1'790'000'000'000'000);

/// The machine's time, for what really takes some.
inline const SystemClock kClock;
/// So long a test waits for what has to come; only one that fails does.
inline constexpr Seconds kPatience{60};

}  // namespace lw
