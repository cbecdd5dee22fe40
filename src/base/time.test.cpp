// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(Iso8601, WritesMicroseconds) {
  EXPECT_EQ(to_iso8601(from_unix_us(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_iso8601(from_unix_us(1)), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(to_iso8601(from_unix_us(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Iso8601, ReadsBackWhatItWrites) {
  for (const std::int64_t us :
       {std::int64_t{0}, std::int64_t{-1}, std::int64_t{951'782'400'000'000},
        std::int64_t{1'767'323'045'678'901}, std::int64_t{253'402'300'799'999'999}}) {
    const Timestamp time = from_unix_us(us);
    EXPECT_EQ(parse_iso8601(to_iso8601(time)), time) << to_iso8601(time);
    EXPECT_EQ(to_unix_us(time), us);
  }
}

TEST(Iso8601, ReadsZeroToNineDigitsOfFraction) {
  const auto base = parse_iso8601("2026-01-02T03:04:05Z").value();
  EXPECT_EQ(parse_iso8601("2026-01-02T03:04:05.6Z"), base + Microseconds(600'000));
  EXPECT_EQ(parse_iso8601("2026-01-02T03:04:05.678901Z"), base + Microseconds(678'901));
  EXPECT_EQ(parse_iso8601("2026-01-02T03:04:05.678901999Z"), base + Microseconds(678'901));
  EXPECT_FALSE(parse_iso8601("2026-01-02T03:04:05.6789019999Z"));
  EXPECT_FALSE(parse_iso8601("2026-01-02T03:04:05.Z"));
}

TEST(Iso8601, KnowsLeapYears) {
  EXPECT_TRUE(parse_iso8601("2024-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_iso8601("2000-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_iso8601("2025-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_iso8601("1900-02-29T00:00:00Z"));
  EXPECT_EQ(*parse_iso8601("2024-03-01T00:00:00Z") - *parse_iso8601("2024-02-28T00:00:00Z"),
            std::chrono::days(2));
}

TEST(Iso8601, RefusesAnythingElse) {
  for (const char* text :
       {"", "Z", "2026-01-02", "2026-01-02T03:04Z", "2026-01-02T03:04:05", "2026-01-02 03:04:05Z",
        "2026-13-02T03:04:05Z", "2026-00-02T03:04:05Z", "2026-01-32T03:04:05Z",
        "2026-01-02T24:00:00Z", "2026-01-02T03:60:05Z", "2026-01-02T03:04:60Z",
        "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Zx", "-026-01-02T03:04:05Z",
        "26-01-02T03:04:05Z", "2026-1-2T03:04:05Z", "2026-01-02T03:04:05.-1Z"}) {
    EXPECT_FALSE(parse_iso8601(text)) << text;
  }
}

TEST(ToHuman, PicksTheUnitThatReads) {
  EXPECT_EQ(to_human(Microseconds(0)), "0 µs");
  EXPECT_EQ(to_human(Microseconds(999)), "999 µs");
  EXPECT_EQ(to_human(Microseconds(3'400)), "3.4 ms");
  EXPECT_EQ(to_human(Microseconds(123'456)), "123 ms");
  EXPECT_EQ(to_human(Microseconds(999'999)), "1 s");
  EXPECT_EQ(to_human(Microseconds(1'250'000)), "1.25 s");
  EXPECT_EQ(to_human(Seconds(119)), "119 s");
  EXPECT_EQ(to_human(std::chrono::minutes(4)), "4 min");
  EXPECT_EQ(to_human(std::chrono::hours(3)), "3 h");
  EXPECT_EQ(to_human(std::chrono::hours(50)), "2 days");
  EXPECT_EQ(to_human(Microseconds(-3'400)), "-3.4 ms");
}

TEST(ManualClock, MovesOnlyWhenTold) {
  ManualClock clock;
  const Instant before = clock.now();
  const Timestamp wall_before = clock.wall_now();
  clock.advance(Seconds(3));
  clock.step_wall(Seconds(-10));
  EXPECT_EQ(clock.now() - before, Seconds(3));
  EXPECT_EQ(clock.wall_now() - wall_before, Seconds(-7));
}

TEST(ManualClock, LosesNothingInManySmallSteps) {
  ManualClock clock;
  const Timestamp before = clock.wall_now();
  for (int i = 0; i < 1000; ++i) clock.advance(std::chrono::nanoseconds(500));
  EXPECT_EQ(clock.wall_now() - before, Microseconds(500));
}

TEST(Iso8601, ShowsMomentsBeyondItsYearsAsTheFirstOrLastOfThem) {
  EXPECT_EQ(to_iso8601(from_unix_us(INT64_MIN)), "0000-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_iso8601(from_unix_us(INT64_MAX)), "9999-12-31T23:59:59.999999Z");
}

}  // namespace
}  // namespace lw
