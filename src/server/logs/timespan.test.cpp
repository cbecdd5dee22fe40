// SPDX-License-Identifier: Apache-2.0
#include "server/logs/timespan.h"

#include <gtest/gtest.h>

#include "kql/literal.h"

namespace lw::server::logs {
namespace {

std::int64_t at(const char* text) { return kql::datetime_of(text).value(); }

std::string span_text(std::string_view text) {
  const auto span = parse_timespan(text, at("2026-01-31T12:00:00Z"));
  if (!span) return "none";
  return kql::datetime_text(span->from).substr(0, 19) + " " +
         kql::datetime_text(span->to).substr(0, 19);
}

TEST(LogTimespan, DurationsEndNow) {
  EXPECT_EQ(span_text("PT1H"), "2026-01-31T11:00:00 2026-01-31T12:00:00");
  EXPECT_EQ(span_text("P1DT2H3M4.5S"), "2026-01-30T09:56:55 2026-01-31T12:00:00");
  EXPECT_EQ(span_text("P1W"), "2026-01-24T12:00:00 2026-01-31T12:00:00");
  EXPECT_EQ(span_text("P1M"), "2026-01-01T12:00:00 2026-01-31T12:00:00");
}

TEST(LogTimespan, IntervalsHaveTwoOfStartEndAndDuration) {
  EXPECT_EQ(span_text("2026-01-01/2026-01-02"), "2026-01-01T00:00:00 2026-01-02T00:00:00");
  EXPECT_EQ(span_text("2026-01-01T10:00:00.000Z/PT1H"), "2026-01-01T10:00:00 2026-01-01T11:00:00");
  EXPECT_EQ(span_text("PT1H/2026-01-01T10:00:00Z"), "2026-01-01T09:00:00 2026-01-01T10:00:00");
}

TEST(LogTimespan, NothingMeansAllOfTime) {
  const auto span = parse_timespan("", 0);
  ASSERT_TRUE(span);
  EXPECT_EQ(span->from, 0);
  EXPECT_EQ(span->to, kql::kTicksMax);
}

TEST(LogTimespan, WhatIsNoTimespanIsRefused) {
  for (const char* const text :
       {"P", "PT", "1H", "PT1", "P1H", "PT1D", "PTT1H", "P1D/", "/PT1H", "PT1H/PT1H", "x",
        "2026-01-02/2026-01-01", "P1e9D", "P99999999999Y", "-PT1H"}) {
    EXPECT_EQ(span_text(text), "none") << text;
  }
}

TEST(LogTimespan, TwoSpansMeetInWhatIsInBoth) {
  const TickSpan both = intersect({10, 30}, {20, 40});
  EXPECT_EQ(both.from, 20);
  EXPECT_EQ(both.to, 30);
}

}  // namespace
}  // namespace lw::server::logs
