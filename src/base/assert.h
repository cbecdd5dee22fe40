// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lw {
/// Logs where and what, then aborts. The supervisor restarts the process (STYLE, "Errors": a bug
/// aborts).
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);
}  // namespace lw

/// An invariant that only a bug can break; checked in every build.
#define LW_ASSERT(condition)                                                  \
  do {                                                                        \
    if (!(condition)) ::lw::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)
