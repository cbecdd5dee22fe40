// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace lw::cli {

/// Ctrl-C and SIGTERM end the command at once, as people expect of one that only measures. Call
/// before it starts threads.
inline void end_on_interrupt() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

}  // namespace lw::cli
