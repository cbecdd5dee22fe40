// SPDX-License-Identifier: Apache-2.0
#include "trace/probe_table.h"

#include <gtest/gtest.h>

#include <set>

namespace lw::trace {
namespace {

constexpr Instant kStart{Seconds(1'000)};

SentProbe probe(std::uint64_t trace, Instant deadline) {
  SentProbe sent;
  sent.trace = trace;
  sent.deadline = deadline;
  return sent;
}

TEST(ProbeTable, finds_each_probe_by_its_line_and_number) {
  ProbeTable table(2);
  std::set<std::uint16_t> numbers;
  for (std::uint64_t i = 1; i <= 1'000; ++i) {
    const auto number = table.add(0, probe(i, kStart + Seconds(2)), kStart);
    ASSERT_TRUE(number);
    EXPECT_TRUE(numbers.insert(*number).second);
    EXPECT_EQ(table.find(0, *number)->trace, i);
    EXPECT_EQ(table.find(1, *number), nullptr);
  }
}

TEST(ProbeTable, gives_a_number_again_only_after_its_hold) {
  ProbeTable table(1);
  std::set<std::uint16_t> used;
  const Instant deadline = kStart + Seconds(2);
  while (const auto number = table.add(0, probe(1, deadline), kStart)) {
    ASSERT_TRUE(used.insert(*number).second);
  }
  EXPECT_EQ(used.size(), ProbeTable::kNumbers);
  EXPECT_FALSE(used.contains(0));
  EXPECT_FALSE(used.contains(65'535));
  const Instant held = deadline + ProbeTable::kHold;
  EXPECT_FALSE(table.add(0, probe(2, held), held - Milliseconds(1)));
  EXPECT_EQ(table.size(), ProbeTable::kNumbers);
  const auto again = table.add(0, probe(2, held + Seconds(2)), held);
  ASSERT_TRUE(again);
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.find(0, *again)->trace, 2U);
}

TEST(ProbeTable, knows_only_what_it_gave_out) {
  ProbeTable table(1);
  EXPECT_EQ(table.find(0, 5), nullptr);
  const auto number = table.add(0, probe(1, kStart), kStart);
  ASSERT_TRUE(number);
  for (std::uint32_t other = 0; other <= 0xffff; ++other) {
    const bool is_it = other == *number;
    EXPECT_EQ(table.find(0, static_cast<std::uint16_t>(other)) != nullptr, is_it);
  }
  EXPECT_EQ(table.find(7, *number), nullptr);
}

TEST(ProbeTable, begins_anywhere_so_that_another_process_answers_meet_nothing) {
  std::set<std::uint16_t> firsts;
  for (int i = 0; i < 20; ++i) {
    ProbeTable table(1);
    firsts.insert(*table.add(0, probe(1, kStart), kStart));
  }
  EXPECT_GT(firsts.size(), 10U);
}

}  // namespace
}  // namespace lw::trace
