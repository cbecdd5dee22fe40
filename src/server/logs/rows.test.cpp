// SPDX-License-Identifier: Apache-2.0
#include "server/logs/rows.h"

#include <gtest/gtest.h>

#include <limits>

#include "kql/literal.h"
#include "store/native.h"

namespace lw::server::logs {
namespace {

using kql::Type;
using store::native::put_number;
using store::native::put_text;

/// RowBinary of one row of every type, and of the same without values.
class LogRows : public ::testing::Test {
 protected:
  void SetUp() override {
    add(Type::String, "s", [](std::string& out) { put_text(out, "a,\"ü\"\n"); });
    add(Type::Bool, "b", [](std::string& out) { put_number<std::uint8_t>(out, 1); });
    add(Type::Int, "i", [](std::string& out) { put_number<std::int32_t>(out, -7); });
    add(Type::Long, "l", [](std::string& out) {
      put_number<std::int64_t>(out, std::numeric_limits<std::int64_t>::min());
    });
    add(Type::Real, "r", [](std::string& out) { put_number(out, 0.1); });
    add(Type::DateTime, "t", [](std::string& out) {
      put_number<std::int64_t>(out, kql::datetime_of("2026-01-31T12:00:00.1234567Z").value());
    });
    add(Type::TimeSpan, "d", [](std::string& out) {
      put_number<std::int64_t>(out, kql::timespan_of("1.02:03:04").value());
    });
    add(Type::Dynamic, "y", [](std::string& out) { put_text(out, R"({"a":[1,null]})"); });
    for (const kql::ResultColumn& column : columns_) {
      if (column.type == Type::String) {
        put_text(bytes_, "");
      } else {
        put_number<std::uint8_t>(bytes_, 1);
      }
    }
  }

  template <class Put>
  void add(Type type, const char* name, const Put& put) {
    columns_.push_back({name, type});
    if (type != Type::String) put_number<std::uint8_t>(bytes_, 0);
    put(bytes_);
  }

  std::vector<kql::ResultColumn> columns_;
  std::string bytes_;
};

TEST_F(LogRows, JsonHasTheFormsOfLogAnalytics) {
  std::string text;
  const WrittenRows written = write_json_rows(text, bytes_, columns_, 10, 1000);
  EXPECT_EQ(
      text,
      "[[\"a,\\\"ü\\\"\\n\",true,-7,-9223372036854775808,0.1,\"2026-01-31T12:00:00.1234567Z\","
      "\"1.02:03:04\",\"{\\\"a\\\":[1,null]}\"],[\"\",null,null,null,null,null,null,null]]");
  EXPECT_EQ(written.rows, 2U);
  EXPECT_FALSE(written.is_cut);
  EXPECT_FALSE(written.is_broken);
}

TEST_F(LogRows, CsvQuotesWhatItMustAndLeavesNullsEmpty) {
  RowText rows(columns_, TextForm::Csv);
  EXPECT_EQ(rows.head() + rows.take(bytes_),
            "s,b,i,l,r,t,d,y\r\n\"a,\"\"ü\"\"\n\",true,-7,-9223372036854775808,0.1,"
            "2026-01-31T12:00:00.1234567Z,1.02:03:04,\"{\"\"a\"\":[1,null]}\"\r\n,,,,,,,\r\n");
}

TEST_F(LogRows, LinesOfJsonHaveDynamicsAsTheyAre) {
  RowText rows(columns_, TextForm::Json);
  EXPECT_EQ(rows.head() + rows.take(bytes_),
            "{\"s\":\"a,\\\"ü\\\"\\n\",\"b\":true,\"i\":-7,\"l\":-9223372036854775808,\"r\":0.1,"
            "\"t\":\"2026-01-31T12:00:00.1234567Z\",\"d\":\"1.02:03:04\",\"y\":{\"a\":[1,null]}}\n"
            "{\"s\":\"\",\"b\":null,\"i\":null,\"l\":null,\"r\":null,\"t\":null,\"d\":null,"
            "\"y\":null}\n");
}

TEST_F(LogRows, PiecesMayEndAnywhere) {
  for (const TextForm form : {TextForm::Csv, TextForm::Json}) {
    RowText whole(columns_, form);
    const std::string expected = whole.take(bytes_);
    for (std::size_t cut = 0; cut <= bytes_.size(); ++cut) {
      RowText rows(columns_, form);
      std::string text = rows.take(std::string_view(bytes_).substr(0, cut));
      text += rows.take(std::string_view(bytes_).substr(cut));
      EXPECT_EQ(text, expected) << cut;
      EXPECT_TRUE(rows.tail().has_value());
    }
    RowText torn(columns_, form);
    torn.take(std::string_view(bytes_).substr(0, bytes_.size() - 1));
    EXPECT_FALSE(torn.tail().has_value());
  }
}

TEST_F(LogRows, RowsBeyondTheLimitsAreCutAndThatIsSaid) {
  std::string text;
  WrittenRows written = write_json_rows(text, bytes_, columns_, 1, 1000);
  EXPECT_TRUE(written.is_cut);
  EXPECT_EQ(written.rows, 1U);
  text.clear();
  written = write_json_rows(text, bytes_, columns_, 10, 20);
  EXPECT_TRUE(written.is_cut);
  EXPECT_EQ(written.rows, 1U);
}

TEST_F(LogRows, AnAnswerThatIsCutOffIsNoticed) {
  for (std::size_t size = 1; size < bytes_.size(); ++size) {
    std::string text;
    const WrittenRows written =
        write_json_rows(text, std::string_view(bytes_).substr(0, size), columns_, 10, 1000);
    EXPECT_TRUE(written.is_broken || written.rows == 1) << size;
  }
}

TEST(LogCell, NumbersThatJsonHasNotAreText) {
  std::string bytes, text;
  for (const double value :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
        -std::numeric_limits<double>::infinity()}) {
    put_number<std::uint8_t>(bytes, 0);
    put_number(bytes, value);
  }
  write_json_rows(text, bytes, {{"r", Type::Real}}, 10, 1000);
  EXPECT_EQ(text, R"([["NaN"],["Infinity"],["-Infinity"]])");
}

}  // namespace
}  // namespace lw::server::logs
