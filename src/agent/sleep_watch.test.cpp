// SPDX-License-Identifier: Apache-2.0
#include "agent/sleep_watch.h"

#include <gtest/gtest.h>

namespace lw::agent {
namespace {

const Timestamp kMorning = *parse_iso8601("2026-11-22T10:00:00Z");

TEST(SleepWatch, TellsOfASleepForAWhile) {
  SleepWatch watch(Milliseconds(5'000));
  EXPECT_EQ(watch.look(Milliseconds(5'000), kMorning), "") << "what was before does not count";
  const std::string told = watch.look(Milliseconds(2'105'000), kMorning + Seconds(10));
  EXPECT_EQ(
      told,
      "this host slept for 35 min until about 2026-11-22T10:00:10.000000Z; nothing was measured "
      "meanwhile");
  EXPECT_EQ(watch.look(Milliseconds(2'105'000), kMorning + Seconds(300)), told);
  EXPECT_EQ(watch.look(Milliseconds(2'105'000), kMorning + Seconds(611)), "");
}

TEST(SleepWatch, PassesOverWhatIsNoGap) {
  SleepWatch watch(Milliseconds(0));
  for (int i = 1; i <= 100; ++i) {
    EXPECT_EQ(watch.look(Milliseconds(i * 10), kMorning + Seconds(i)), "");
  }
}

TEST(SleepWatch, ReadsTheMachinesClocks) {
  const Milliseconds before = time_suspended();
  EXPECT_GE(before, Milliseconds(0));
  EXPECT_LT(time_suspended() - before, Milliseconds(100)) << "being awake is no sleep";
}

}  // namespace
}  // namespace lw::agent
