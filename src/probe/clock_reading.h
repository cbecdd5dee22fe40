// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"
#include "probe/echo_tracker.h"

namespace lw {

/// Reads both clocks as one moment: if the thread lost the processor in between, reads again, since
/// the gap would look like a clock step.
ClockReading read_clocks(const Clock& clock);

}  // namespace lw
