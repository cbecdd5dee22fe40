// SPDX-License-Identifier: Apache-2.0
#include "server/plan.h"

#include <algorithm>
#include <iterator>

#include "base/hash.h"
#include "model/expand.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"

namespace lw::server {

std::vector<Test> plan_tests(const std::vector<ConnectionMonitor>& monitors,
                             const std::vector<Agent>& agents) {
  std::vector<Test> tests;
  for (const ConnectionMonitor& monitor : monitors) {
    std::ranges::move(expand(monitor, agents), std::back_inserter(tests));
  }
  return tests;
}

bool is_runnable(const Test& test) {
  return test.agent != AgentId{} && !test.disabled && test.missing.empty();
}

std::uint64_t assignment_version(const std::vector<Test>& tests) {
  std::string all;
  for (const auto& part : wire::encode_assignment(0, tests)) all += part.SerializeAsString();
  return std::max<std::uint64_t>(1, stable_hash({all}));
}

}  // namespace lw::server
