// SPDX-License-Identifier: Apache-2.0
#include "kql/names.h"

#include <gtest/gtest.h>

namespace lw::kql {
namespace {

TEST(KqlNames, a_second_name_gets_the_next_free_number) {
  NameMaker names;
  EXPECT_EQ(names.made("count_"), "count_");
  EXPECT_EQ(names.made("count_"), "count_1");
  EXPECT_EQ(names.made(""), "Column1");
  EXPECT_EQ(names.made(""), "Column2");
}

TEST(KqlNames, a_join_numbers_as_kusto_does) {
  NameMaker names;
  for (const char* left : {"a", "a1"}) names.given(left);
  EXPECT_EQ(names.unique("a"), "a2");
  EXPECT_EQ(names.unique("a1"), "a11");
}

TEST(KqlNames, stars_stand_for_any_text) {
  EXPECT_TRUE(matches_pattern("SourceName", "Source*"));
  EXPECT_TRUE(matches_pattern("SourceName", "*ce*me"));
  EXPECT_TRUE(matches_pattern("", "*"));
  EXPECT_FALSE(matches_pattern("SourceName", "source*"));
  EXPECT_FALSE(matches_pattern("SourceName", "*ce"));
}

}  // namespace
}  // namespace lw::kql
