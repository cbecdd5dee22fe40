// SPDX-License-Identifier: Apache-2.0
#include "kql/aggregate_states.h"

#include <gtest/gtest.h>

#include "kql/aggregates.h"

namespace lw::kql {
namespace {

TEST(KqlAggregateStates, CallsAreFoundWithTheirParts) {
  const auto calls = aggregates_in(
      "if(count(c1) < 2, 'sum(c2)', quantileExactWeighted(0.95)(toNullable((c3)), 1)) + "
      "sumIf(c4, c5 IN (SELECT max(c6) FROM t))");
  ASSERT_EQ(calls.size(), 3U);
  EXPECT_EQ(calls[0].name + calls[0].parameters + calls[0].arguments, "count(c1)");
  EXPECT_EQ(calls[1].parameters, "(0.95)");
  EXPECT_EQ(sql_of_state(calls[1]), "quantileExactWeightedState(0.95)(toNullable((c3)), 1)");
  EXPECT_EQ(sql_of_merge(calls[1], 9), "quantileExactWeightedMerge(0.95)(c9)");
  EXPECT_EQ(sql_of_state(calls[2]), "sumIfState(c4, c5 IN (SELECT max(c6) FROM t))");
}

TEST(KqlAggregateStates, OnlySomeIgnoreRepeats) {
  EXPECT_TRUE(aggregates_in("uniqExact(c1)")[0].ignores_repeats);
  EXPECT_TRUE(aggregates_in("maxIf(c1, c2)")[0].ignores_repeats);
  EXPECT_TRUE(aggregates_in("arrayDistinct(groupArray(c1))")[0].ignores_repeats);
  EXPECT_FALSE(aggregates_in("groupArray(c1)")[0].ignores_repeats);
  EXPECT_FALSE(aggregates_in("sum(c1)")[0].ignores_repeats);
}

TEST(KqlAggregateStates, EveryAggregateOfTheTableIsKnown) {
  for (const std::string& name : aggregate_names()) {
    const AggregateRow* const row = find_aggregate(name);
    if (row == nullptr || row->sql.empty()) continue;
    std::string sql(row->sql);
    for (auto at = sql.find("$f"); at != std::string::npos; at = sql.find("$f")) sql.erase(at, 2);
    EXPECT_FALSE(aggregates_in(sql).empty()) << name << ": " << sql;
  }
}

}  // namespace
}  // namespace lw::kql
