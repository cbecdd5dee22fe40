// SPDX-License-Identifier: Apache-2.0
#include "kql/literal.h"

#include <gtest/gtest.h>

#include <cmath>

namespace lw::kql {
namespace {

std::string datetime(std::string_view text) {
  const auto ticks = datetime_of(text);
  return ticks ? datetime_text(*ticks) : "none";
}
std::string timespan(std::string_view text) {
  const auto ticks = timespan_of(text);
  return ticks ? timespan_text(*ticks) : "none";
}

TEST(KqlLiteral, datetimes_have_many_forms) {
  EXPECT_EQ(datetime("2024-05-06"), "2024-05-06T00:00:00.0000000Z");
  EXPECT_EQ(datetime("2024-05"), "2024-05-01T00:00:00.0000000Z");
  EXPECT_EQ(datetime("2015-12-31 23:59:59.9"), "2015-12-31T23:59:59.9000000Z");
  EXPECT_EQ(datetime("2024-05-06T07:00Z"), "2024-05-06T07:00:00.0000000Z");
  EXPECT_EQ(datetime("2024-05-06T01:00:00+02:00"), "2024-05-05T23:00:00.0000000Z");
  EXPECT_EQ(datetime("05/06/2024"), "2024-05-06T00:00:00.0000000Z");
  EXPECT_EQ(datetime("0001-01-01"), "0001-01-01T00:00:00.0000000Z");
  EXPECT_EQ(datetime("9999-12-31 23:59:59.9999999"), "9999-12-31T23:59:59.9999999Z");
}

TEST(KqlLiteral, days_that_do_not_exist_are_none) {
  for (const char* text : {"2020-02-30", "2021-02-29", "2020-13-01", "2020-01-01 25:00", "x", ""}) {
    EXPECT_EQ(datetime(text), "none") << text;
  }
  EXPECT_EQ(datetime("2020-02-29"), "2020-02-29T00:00:00.0000000Z");
}

TEST(KqlLiteral, timespans_have_many_forms) {
  EXPECT_EQ(timespan("1.02:03:04.5"), "1.02:03:04.5000000");
  EXPECT_EQ(timespan("-00:01:00"), "-00:01:00");
  EXPECT_EQ(timespan("29.09:00:05.12345"), "29.09:00:05.1234500");
  EXPECT_EQ(timespan("2d"), "2.00:00:00");
  EXPECT_EQ(timespan("5"), "5.00:00:00");
  EXPECT_EQ(timespan("1:02"), "01:02:00");
  EXPECT_EQ(timespan("1 hour"), "01:00:00");
  EXPECT_EQ(timespan("25:00:00"), "none");
}

TEST(KqlLiteral, reals_are_written_so_that_they_read_back) {
  EXPECT_EQ(real_text(1), "1.0");
  EXPECT_EQ(real_text(0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(real_text(1e21), "1e+21");
  EXPECT_EQ(real_text(-INFINITY), "-inf");
  EXPECT_EQ(real_text(NAN), "nan");
}

TEST(KqlLiteral, longs_have_a_range) {
  EXPECT_EQ(long_of("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(long_of("9223372036854775808"), std::nullopt);
  EXPECT_EQ(long_of("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(long_of("0xFFFFFFFFFFFFFFFF"), -1);
  EXPECT_EQ(long_of("1x"), std::nullopt);
}

}  // namespace
}  // namespace lw::kql
