// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

namespace lw {

/// Gives up, for good, all of this process's Linux capabilities but CAP_NET_RAW, also for programs
/// that it may start (bounding and ambient set, no_new_privs). A root user keeps owning its files,
/// no more. If one of `folders` could then no longer be written (root in somebody's private home),
/// CAP_DAC_OVERRIDE stays as well. Capabilities belong to threads: call it while there is only one.
/// Returns the names of what is left, such as "CAP_NET_RAW"; empty: none.
std::string keep_only_raw_sockets(std::span<const std::string> folders);

}  // namespace lw
