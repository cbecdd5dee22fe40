// SPDX-License-Identifier: Apache-2.0
#include "base/pattern.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(Pattern, finds_a_part_of_the_text) {
  const Pattern pattern("status\": *\"(ok|fine)\"");
  EXPECT_TRUE(pattern.is_in(R"({"status":  "fine"})"));
  EXPECT_FALSE(pattern.is_in(R"({"status":"down"})"));
}

TEST(Pattern, takes_bytes_that_are_no_utf8) {
  EXPECT_TRUE(
      Pattern("a.b").is_in("xa\xff"
                           "b"));
  EXPECT_TRUE(Pattern("ü").is_in("für"));
}

TEST(Pattern, an_expression_that_is_none_says_why_and_finds_nothing) {
  EXPECT_EQ(pattern_fault("a(b|c)"), "");
  EXPECT_NE(pattern_fault("a(b"), "");
  EXPECT_FALSE(Pattern("a(b").is_in("ab"));
}

}  // namespace
}  // namespace lw
