// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"

namespace lw {

/// What the kernel knows of its wall clock (adjtimex).
struct ClockError {
  bool is_synchronized = false;  ///< A time service keeps it in step.
  Microseconds error{0};  ///< It is off by no more, if synchronised; else a guess that grows.
};
ClockError wall_clock_error();

}  // namespace lw
