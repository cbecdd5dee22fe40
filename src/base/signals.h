// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/time.h"

namespace lw {

/// Makes SIGINT and SIGTERM wait for wait_for_termination() instead of ending the process, and
/// writes to closed connections fail instead of raising SIGPIPE. Call it in main before any thread
/// starts: threads inherit it. Child processes of ChildProcess do not.
void block_termination_signals();

/// Waits until SIGINT or SIGTERM comes and returns it; 0 if `timeout` passes before.
int wait_for_termination(std::optional<Milliseconds> timeout = std::nullopt);

}  // namespace lw
