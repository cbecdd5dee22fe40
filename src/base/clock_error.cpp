// SPDX-License-Identifier: Apache-2.0
#include "base/clock_error.h"

#include <sys/timex.h>

namespace lw {

ClockError wall_clock_error() {
  timex state{};
  const int status = ::adjtimex(&state);  // No mode is set: it only reads.
  return {status != -1 && status != TIME_ERROR, Microseconds(state.maxerror)};
}

}  // namespace lw
