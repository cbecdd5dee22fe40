// SPDX-License-Identifier: Apache-2.0
#include "base/slot_map.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace lw {
namespace {

TEST(SlotMap, gives_back_what_was_put_in_under_its_number) {
  SlotMap<std::unique_ptr<int>> map;
  std::vector<std::uint64_t> numbers;
  for (int i = 0; i < 1000; ++i) numbers.push_back(map.insert(std::make_unique<int>(i)));
  EXPECT_EQ(map.size(), 1000U);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    ASSERT_NE(numbers[i], 0U);
    ASSERT_EQ(**map.find(numbers[i]), static_cast<int>(i));
  }
}

TEST(SlotMap, a_number_that_was_taken_out_is_unknown_though_its_place_is_used_again) {
  SlotMap<int> map;
  const std::uint64_t first = map.insert(1);
  map.erase(first);
  EXPECT_EQ(map.find(first), nullptr);
  const std::uint64_t second = map.insert(2);
  EXPECT_NE(first, second);
  EXPECT_EQ(map.find(first), nullptr);
  map.erase(first);
  EXPECT_EQ(map.at(second), 2);
  EXPECT_EQ(map.size(), 1U);
}

TEST(SlotMap, knows_no_number_that_it_did_not_give) {
  SlotMap<int> map;
  map.insert(1);
  EXPECT_EQ(map.find(0), nullptr);
  EXPECT_EQ(map.find(std::uint64_t{1} << 32 | 7), nullptr);
}

TEST(SlotMap, values_stay_where_they_are) {
  SlotMap<int> map;
  const std::uint64_t number = map.insert(1);
  const int* const place = map.find(number);
  for (int i = 0; i < 10'000; ++i) map.insert(i);
  EXPECT_EQ(map.find(number), place);
}

}  // namespace
}  // namespace lw
