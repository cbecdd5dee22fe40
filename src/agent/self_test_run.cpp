// SPDX-License-Identifier: Apache-2.0
#include "agent/self_test_run.h"

#include <fmt/core.h>

#include "base/log.h"
#include "probe/selftest.h"

namespace lw::agent {

void SelfTestRun::start() {
  thread_ = Thread("self-test", [this] {
    const SelfTest test = measure_self(clock_, {.seconds = 1, .with_capacity = false});
    log::info("agent", "self-test: " + describe(test));
    result_.with([&](std::optional<SelfTest>& result) { result = test; });
  });
}

std::optional<SelfTest> SelfTestRun::result() const {
  return result_.with([](const std::optional<SelfTest>& result) { return result; });
}

}  // namespace lw::agent
