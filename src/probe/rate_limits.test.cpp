// SPDX-License-Identifier: Apache-2.0
#include "probe/rate_limits.h"

#include <gtest/gtest.h>

#include "base/test_times.h"

namespace lw {
namespace {

const IpAddress kHere = *parse_ip_address("192.0.2.1");
const IpAddress kThere = *parse_ip_address("2001:db8::1");

int admitted(RateLimits& limits, const IpAddress& to, Instant now, int wanted) {
  int count = 0;
  for (int i = 0; i < wanted; ++i) count += limits.refuse(to, now) ? 0 : 1;
  return count;
}

TEST(RateLimits, without_any_nothing_is_refused) {
  RateLimits limits({});
  EXPECT_EQ(admitted(limits, kHere, kStart, 100'000), 100'000);
}

TEST(RateLimits, each_destination_has_a_budget_of_its_own) {
  RateLimits limits({.checks_per_second = 0, .checks_per_second_per_destination = 10});
  EXPECT_EQ(admitted(limits, kHere, kStart, 30), 10);
  EXPECT_EQ(admitted(limits, kThere, kStart, 30), 10);
  EXPECT_EQ(limits.refuse(kHere, kStart),
            "this agent's limit of 10 checks/s to 192.0.2.1 is used up");
  EXPECT_EQ(admitted(limits, kHere, kStart + Milliseconds(501), 30), 5);
}

TEST(RateLimits, the_agent_has_one_for_all_destinations) {
  RateLimits limits({.checks_per_second = 15});
  EXPECT_EQ(admitted(limits, kHere, kStart, 10), 10);
  EXPECT_EQ(admitted(limits, kThere, kStart, 10), 5);
  EXPECT_EQ(limits.refuse(kHere, kStart), "this agent's limit of 15 checks/s is used up");
}

TEST(RateLimits, destinations_of_the_past_are_forgotten) {
  RateLimits limits({.checks_per_second = 0, .checks_per_second_per_destination = 1});
  IpAddress to = kHere;
  for (int i = 0; i < 100'000; ++i) {
    to.bytes[1] = static_cast<std::uint8_t>(i >> 16);
    to.bytes[2] = static_cast<std::uint8_t>(i >> 8);
    to.bytes[3] = static_cast<std::uint8_t>(i);
    EXPECT_FALSE(limits.refuse(to, kStart + Milliseconds(i)));
  }
  EXPECT_LT(limits.destinations(), 30'000U);
}

TEST(RateLimits, confirmations_are_made_whole_or_not_at_all) {
  RateLimits limits({.confirmations_per_second = 12});
  EXPECT_TRUE(limits.may_confirm(5, kStart));
  EXPECT_TRUE(limits.may_confirm(5, kStart));
  EXPECT_FALSE(limits.may_confirm(5, kStart));
  EXPECT_TRUE(limits.may_confirm(5, kStart + Seconds(1)));
}

}  // namespace
}  // namespace lw
