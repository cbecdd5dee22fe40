// SPDX-License-Identifier: Apache-2.0
#include "probe/token_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace lw {
namespace {

TEST(TokenTable, finds_what_was_put_in_and_nothing_else) {
  TokenTable<int> table;
  for (std::uint32_t token = 0xfffffff0; token != 0x10; ++token) {
    table.insert(token) = static_cast<int>(token & 0xff);
  }
  EXPECT_EQ(table.size(), 32U);
  EXPECT_EQ(*table.find(0xffffffff), 0xff);
  EXPECT_EQ(*table.find(0xf), 0xf);
  EXPECT_EQ(table.find(0x10), nullptr);
  table.erase(0x10);
  table.erase(0xf);
  EXPECT_EQ(table.find(0xf), nullptr);
  EXPECT_EQ(table.size(), 31U);
}

/// Against a map, with tokens that share homes and long-lived ones in between.
TEST(TokenTable, does_as_a_map_does) {
  std::minstd_rand number(7);
  TokenTable<std::string> table;
  std::map<std::uint32_t, std::string> model;
  for (std::uint32_t step = 0; step < 200'000; ++step) {
    const std::uint32_t token = static_cast<std::uint32_t>((number() % 1000) * 256 + number() % 3);
    if (const auto found = model.find(token); found != model.end()) {
      ASSERT_NE(table.find(token), nullptr);
      ASSERT_EQ(*table.find(token), found->second);
      table.erase(token);
      model.erase(found);
    } else {
      ASSERT_EQ(table.find(token), nullptr);
      model[token] = table.insert(token) = std::to_string(step);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  for (const auto& [token, value] : model) ASSERT_EQ(*table.find(token), value);
}

TEST(TokenTable, gives_room_back_after_a_burst) {
  TokenTable<int> table;
  const std::size_t at_first = table.capacity();
  for (std::uint32_t token = 0; token < 100'000; ++token) table.insert(token) = 1;
  EXPECT_GE(table.capacity(), 100'000U);
  EXPECT_LE(table.capacity(), 300'000U);
  for (std::uint32_t token = 0; token < 99'990; ++token) table.erase(token);
  EXPECT_EQ(table.capacity(), at_first);
  for (std::uint32_t token = 99'990; token < 100'000; ++token)
    EXPECT_NE(table.find(token), nullptr);
}

}  // namespace
}  // namespace lw
