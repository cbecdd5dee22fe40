// SPDX-License-Identifier: Apache-2.0
#include "model/state.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(TestState, ReadsBackWhatItShows) {
  for (const TestState state : {TestState::Indeterminate, TestState::Pass, TestState::Warning,
                                TestState::Fail, TestState::NotRunning}) {
    EXPECT_EQ(parse_test_state(to_string(state)), state);
  }
}

TEST(TestState, IsReadInAnyCaseAndWithoutTheBlank) {
  EXPECT_EQ(parse_test_state("fail"), TestState::Fail);
  EXPECT_EQ(parse_test_state("notrunning"), TestState::NotRunning);
  EXPECT_EQ(parse_test_state("down"), std::nullopt);
  EXPECT_EQ(parse_test_state(""), std::nullopt);
}

TEST(TestState, KeepsTheNumbersOfAzuresMetric) {
  EXPECT_EQ(static_cast<int>(TestState::Indeterminate), 0);
  EXPECT_EQ(static_cast<int>(TestState::Pass), 1);
  EXPECT_EQ(static_cast<int>(TestState::Warning), 2);
  EXPECT_EQ(static_cast<int>(TestState::Fail), 3);
}

}  // namespace
}  // namespace lw
