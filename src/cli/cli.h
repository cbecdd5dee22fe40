// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace lw::cli {

/// Runs the verb that the arguments name. Returns the process's exit code: 0 success, 1 a negative
/// result or a failure, 2 misuse. Call on the main thread, signals blocked (base/signals.h).
int run(int argc, char** argv);

}  // namespace lw::cli
