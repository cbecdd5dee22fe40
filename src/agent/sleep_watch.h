// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/time.h"

namespace lw::agent {

/// Tells that this host slept: nothing was measured meanwhile, and without this nobody would know
/// why. Pure; one thread at a time.
class SleepWatch {
 public:
  /// Shorter ones are no gap in anybody's data.
  static constexpr Milliseconds kNotedMin{1'000};
  /// So long a sleep is told of after its end.
  static constexpr Seconds kToldFor{600};

  explicit SleepWatch(Milliseconds suspended) : suspended_(suspended) {}
  /// To be called every few seconds. `suspended` is base's time_suspended(). What is to be told
  /// now; mostly nothing.
  std::string look(Milliseconds suspended, Timestamp now);

 private:
  Milliseconds suspended_;
  std::string told_;
  Timestamp until_{};
};

}  // namespace lw::agent
