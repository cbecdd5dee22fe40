// SPDX-License-Identifier: Apache-2.0
#include "base/signals.h"

#include <signal.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

namespace lw {
namespace {

sigset_t termination_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  return signals;
}

timespec to_timespec(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::floor<Seconds>(duration);
  return {seconds.count(), (duration - seconds).count()};
}

}  // namespace

void block_termination_signals() {
  const sigset_t signals = termination_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int wait_for_termination(std::optional<Milliseconds> timeout) {
  const sigset_t signals = termination_signals();
  const SystemClock clock;
  const Instant end = clock.now() + timeout.value_or(Milliseconds(0));
  while (true) {
    const timespec patience = to_timespec(std::max(end - clock.now(), std::chrono::nanoseconds(0)));
    const int signal =
        timeout ? ::sigtimedwait(&signals, nullptr, &patience) : ::sigwaitinfo(&signals, nullptr);
    if (signal > 0) return signal;
    // Other signals, such as a debugger's, interrupt the wait without ending it.
    if (errno != EINTR) return 0;
  }
}

}  // namespace lw
