// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/guarded.h"
#include "base/thread.h"
#include "base/time.h"
#include "model/self_test.h"

namespace lw::agent {

/// One short self-test (probe/selftest.h) beside the running agent, on a thread, loop and sockets
/// of its own. Its rate is so low that the agent's own checks do not feel it.
class SelfTestRun {
 public:
  /// The clock must outlive it.
  explicit SelfTestRun(const Clock& clock) : clock_(clock) {}

  void start();
  /// Any thread; nothing until it is done.
  [[nodiscard]] std::optional<SelfTest> result() const;

 private:
  const Clock& clock_;
  Guarded<std::optional<SelfTest>> result_;
  Thread thread_;
};

}  // namespace lw::agent
