// SPDX-License-Identifier: Apache-2.0
#include "kql/regex.h"

#include <gtest/gtest.h>

namespace lw::kql {
namespace {

TEST(KqlRegex, counts_what_captures) {
  EXPECT_EQ(read_regex(R"((a)(?:b)(?P<n>c)\(d\)[(]e)").groups, 2);
  EXPECT_EQ(read_regex("a|b*?").groups, 0);
  EXPECT_TRUE(read_regex(R"(^\d{4}-\d{2}[^]x]+$)").is_valid);
  EXPECT_TRUE(read_regex("(?i)x").is_valid);
}

TEST(KqlRegex, says_what_the_engine_would_refuse) {
  for (const char* wrong : {"(a", "a)", "[a", "*a", "a\\", R"((a)\1)", "(?=a)", "(?<!a)b"}) {
    EXPECT_FALSE(read_regex(wrong).is_valid) << wrong;
  }
}

}  // namespace
}  // namespace lw::kql
