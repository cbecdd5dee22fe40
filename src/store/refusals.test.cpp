// SPDX-License-Identifier: Apache-2.0
#include "store/refusals.h"

#include <gtest/gtest.h>

namespace lw::store {
namespace {

const Error kError{ErrorCode::InvalidInput, "as planned"};
const Instant kStart{Seconds(1000)};

TEST(Refusals, are_enough_after_their_time_and_not_before) {
  Refusals refusals(Seconds(600));
  for (int second = 0; second < 600; second += 5) {
    EXPECT_FALSE(refusals.add(kError, 27, kStart + Seconds(second)));
  }
  EXPECT_TRUE(refusals.add(kError, 27, kStart + Seconds(600)));
}

TEST(Refusals, only_of_the_data_count) {
  // Settings, syntax, tables, columns, rights, memory, threads, network, the unknown, none.
  for (const int number : {36, 62, 60, 16, 497, 241, 439, 210, 999, 1001, 1002, 10, 49, 0}) {
    Refusals refusals(Seconds(0));
    EXPECT_FALSE(refusals.add(kError, number, kStart)) << number;
  }
  for (const int number : {6, 26, 27, 33, 38, 41, 53, 69, 72, 117, 131, 349, 386}) {
    Refusals refusals(Seconds(0));
    EXPECT_TRUE(refusals.add(kError, number, kStart)) << number;
  }
}

TEST(Refusals, on_a_full_disk_say_nothing_about_the_data) {
  Refusals refusals(Seconds(0));
  EXPECT_FALSE(refusals.add({ErrorCode::NoSpace, "No space left on device"}, 33, kStart));
}

TEST(Refusals, do_not_last_while_there_are_other_troubles) {
  Refusals refusals(Seconds(10));
  EXPECT_FALSE(refusals.add(kError, 27, kStart));
  EXPECT_FALSE(refusals.add(kError, 27, kStart + Seconds(6)));
  EXPECT_FALSE(refusals.add(kError, 241, kStart + Seconds(7)));
  EXPECT_FALSE(refusals.add(kError, 27, kStart + Seconds(1000)));
  EXPECT_FALSE(refusals.add(kError, 27, kStart + Seconds(1003)));
  EXPECT_TRUE(refusals.add(kError, 27, kStart + Seconds(1004))) << "6 s before and 4 s after";
}

}  // namespace
}  // namespace lw::store
