// SPDX-License-Identifier: Apache-2.0
#include "server/sign_in_limit.h"

#include <gtest/gtest.h>

#include "base/test_times.h"

namespace lw::server {
namespace {

TEST(SignInLimit, StopsAnAddressThatGuessesAndNoOther) {
  SignInLimit limit;
  for (int i = 0; i < static_cast<int>(SignInLimit::kBurst); ++i) {
    EXPECT_TRUE(limit.allows("a", kStart)) << i;
    limit.failed("a", kStart);
  }
  EXPECT_FALSE(limit.allows("a", kStart));
  EXPECT_TRUE(limit.allows("b", kStart));
}

TEST(SignInLimit, AllowsOneASecondAfterwards) {
  SignInLimit limit;
  for (int i = 0; i < static_cast<int>(SignInLimit::kBurst); ++i) limit.failed("a", kStart);
  EXPECT_FALSE(limit.allows("a", kStart + Milliseconds(900)));
  EXPECT_TRUE(limit.allows("a", kStart + Seconds(1)));
  limit.failed("a", kStart + Seconds(1));
  EXPECT_FALSE(limit.allows("a", kStart + Seconds(1)));
}

TEST(SignInLimit, RemembersABoundedNumberOfAddresses) {
  SignInLimit limit;
  for (std::size_t i = 0; i < 3 * SignInLimit::kAddressesMax; ++i) {
    limit.failed(std::to_string(i), kStart);
    ASSERT_LE(limit.size(), SignInLimit::kAddressesMax);
  }
}

}  // namespace
}  // namespace lw::server
