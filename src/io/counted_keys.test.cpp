// SPDX-License-Identifier: Apache-2.0
#include "io/counted_keys.h"

#include <gtest/gtest.h>

namespace lw::io {
namespace {

TEST(CountedKeys, gives_each_send_its_key_once) {
  CountedKeys keys;
  keys.add(70);
  keys.add(71);
  EXPECT_EQ(keys.take(1), 71U);
  EXPECT_EQ(keys.take(0), 70U);
  EXPECT_EQ(keys.take(0), std::nullopt);
  EXPECT_EQ(keys.take(2), std::nullopt);
}

TEST(CountedKeys, counts_from_zero_after_a_restart) {
  CountedKeys keys;
  keys.add(70);
  keys.add(71);
  keys.restart();
  EXPECT_EQ(keys.size(), 0U);
  keys.add(72);
  EXPECT_EQ(keys.take(0), 72U);
}

TEST(CountedKeys, forgets_sends_whose_stamp_never_came) {
  CountedKeys keys;
  constexpr std::uint32_t kSends = 3 * CountedKeys::kKept;
  for (std::uint32_t i = 0; i < kSends; ++i) keys.add(i + 7);
  EXPECT_EQ(keys.size(), CountedKeys::kKept);
  EXPECT_EQ(keys.take(kSends - CountedKeys::kKept - 1), std::nullopt);
  EXPECT_EQ(keys.take(kSends - CountedKeys::kKept), kSends - CountedKeys::kKept + 7);
  EXPECT_EQ(keys.take(kSends - 1), kSends + 6);
}

}  // namespace
}  // namespace lw::io
