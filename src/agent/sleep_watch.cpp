// SPDX-License-Identifier: Apache-2.0
#include "agent/sleep_watch.h"

#include <fmt/core.h>

namespace lw::agent {

std::string SleepWatch::look(Milliseconds suspended, Timestamp now) {
  const Milliseconds slept = suspended - suspended_;
  suspended_ = suspended;
  if (slept >= kNotedMin) {
    told_ = fmt::format("this host slept for {} until about {}; nothing was measured meanwhile",
                        to_human(slept), to_iso8601(now));
    until_ = now + kToldFor;
  }
  if (now >= until_) told_.clear();
  return told_;
}

}  // namespace lw::agent
