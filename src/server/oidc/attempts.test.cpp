// SPDX-License-Identifier: Apache-2.0
#include "server/oidc/attempts.h"

#include <gtest/gtest.h>

namespace lw::server::oidc {
namespace {

const Instant kStart{std::chrono::hours(1)};

Attempt attempt(const std::string& target, Instant begun = kStart,
                const std::string& address = "192.0.2.1") {
  return {.browser_sha256 = "b",
          .nonce = "n",
          .verifier = "v",
          .target = target,
          .address = address,
          .begun = begun};
}

TEST(Attempts, are_good_once) {
  Attempts attempts;
  attempts.add("s1", attempt("/a"));
  attempts.add("s2", attempt("/b"));
  EXPECT_FALSE(attempts.take("s3", kStart));
  EXPECT_FALSE(attempts.take("", kStart));
  const auto taken = attempts.take("s1", kStart);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->target, "/a");
  EXPECT_FALSE(attempts.take("s1", kStart)) << "a code that is stolen comes second";
  EXPECT_TRUE(attempts.take("s2", kStart));
}

TEST(Attempts, are_good_for_ten_minutes) {
  Attempts attempts;
  attempts.add("s1", attempt("/a"));
  attempts.add("s2", attempt("/b"));
  EXPECT_TRUE(attempts.take("s1", kStart + Attempts::kLife - Milliseconds(1)));
  EXPECT_FALSE(attempts.take("s2", kStart + Attempts::kLife));
  attempts.add("s3", attempt("/a"));
  attempts.add("s4", attempt("/b", kStart + Attempts::kLife));
  EXPECT_EQ(attempts.size(), 1U) << "old ones make room";
}

TEST(Attempts, have_a_limit_that_the_oldest_pays) {
  Attempts attempts;
  attempts.add("first", attempt("/first"));
  for (std::size_t i = 0; i < Attempts::kCountMax; ++i) {
    const std::string address = "192.0.2." + std::to_string(i % 20);
    attempts.add("s" + std::to_string(i), attempt("/", kStart + Milliseconds(1), address));
  }
  EXPECT_EQ(attempts.size(), Attempts::kCountMax);
  EXPECT_FALSE(attempts.take("first", kStart + Milliseconds(2)));
  EXPECT_TRUE(attempts.take("s0", kStart + Milliseconds(2)));
}

TEST(Attempts, of_one_address_push_out_only_its_own) {
  Attempts attempts;
  attempts.add("other", attempt("/other", kStart, "198.51.100.1"));
  for (std::size_t i = 0; i <= Attempts::kCountPerAddressMax; ++i) {
    const Instant begun = kStart + Milliseconds(static_cast<std::int64_t>(i) + 1);
    attempts.add("s" + std::to_string(i), attempt("/", begun));
  }
  EXPECT_EQ(attempts.size(), Attempts::kCountPerAddressMax + 1);
  const Instant now = kStart + Seconds(2);
  EXPECT_TRUE(attempts.take("other", now));
  EXPECT_FALSE(attempts.take("s0", now)) << "the oldest of its address";
  EXPECT_TRUE(attempts.take("s1", now));
}

}  // namespace
}  // namespace lw::server::oidc
