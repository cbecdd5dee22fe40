// SPDX-License-Identifier: Apache-2.0
#include "probe/first_check.h"

#include <gtest/gtest.h>

#include <vector>

namespace lw {
namespace {

/// A round of these round-trip times in microseconds; 0 stands for a failed check.
std::string note_of(const std::vector<int>& rtts) {
  Round round;
  for (const int rtt : rtts) {
    Check check;
    if (rtt > 0) {
      check.outcome = CheckOutcome::Success;
      check.rtt = Microseconds(rtt);
    }
    round.checks.push_back(check);
  }
  return note_of_slow_first_check(round);
}

TEST(SlowFirstCheck, IsNotedWithBothTimes) {
  EXPECT_EQ(
      note_of({12'300, 400, 380, 410}),
      "the first check took 12.3 ms, the others 410 µs at most: the next hop's address had to "
      "be found out, or caches were cold");
}

TEST(SlowFirstCheck, IsNoneAmongEquals) {
  EXPECT_EQ(note_of({1'300, 400, 380}), "") << "less than a millisecond above the others";
  EXPECT_EQ(note_of({19'000, 10'000, 9'000}), "") << "less than twice the others";
  EXPECT_EQ(note_of({400, 12'300, 380}), "") << "not the first";
}

TEST(SlowFirstCheck, NeedsOthersThatSucceeded) {
  EXPECT_EQ(note_of({12'300, 400}), "");
  EXPECT_EQ(note_of({12'300, 400, 0}), "");
  EXPECT_EQ(note_of({0, 400, 400}), "");
  EXPECT_EQ(note_of({}), "");
}

}  // namespace
}  // namespace lw
