// SPDX-License-Identifier: Apache-2.0
#include "server/logs/sheet.h"

#include <gtest/gtest.h>

#include <cmath>

#include "kql/literal.h"
#include "store/native.h"

namespace lw::server::logs {
namespace {

using kql::Type;
using store::native::put_number;
using store::native::put_text;

template <class Number>
std::string cell(Type type, Number value) {
  std::string bytes(1, '\0'), out;
  put_number(bytes, value);
  store::RowReader row(bytes);
  append_sheet_cell(out, row, type);
  return out;
}

std::string text_cell(std::string_view text) {
  std::string bytes, out;
  put_text(bytes, text);
  store::RowReader row(bytes);
  append_sheet_cell(out, row, Type::String);
  const std::string_view head = "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">",
                         tail = "</t></is></c>";
  EXPECT_TRUE(out.starts_with(head) && out.ends_with(tail)) << out;
  return out.substr(head.size(), out.size() - head.size() - tail.size());
}

std::string time_cell(const char* time) { return cell(Type::DateTime, *kql::datetime_of(time)); }

TEST(LogSheet, NumbersAndTimesAreThoseOfExcel) {
  EXPECT_EQ(cell(Type::Long, std::int64_t{-7}), "<c><v>-7</v></c>");
  EXPECT_EQ(cell(Type::Real, 0.1), "<c><v>0.1</v></c>");
  EXPECT_EQ(cell(Type::Bool, std::uint8_t{1}), "<c t=\"b\"><v>1</v></c>");
  EXPECT_EQ(time_cell("1900-03-01"), "<c s=\"2\"><v>61</v></c>");
  EXPECT_EQ(time_cell("2026-01-31T12:00:00"), "<c s=\"2\"><v>46053.5</v></c>");
  EXPECT_EQ(cell(Type::TimeSpan, std::int64_t{36 * 3600} * kql::kTicksPerSecond),
            "<c s=\"3\"><v>1.5</v></c>");
}

TEST(LogSheet, WhatExcelHasNoNumberForIsText) {
  const auto is_text = [](const std::string& out, const std::string& text) {
    return out.find(">" + text + "</t>") != std::string::npos;
  };
  EXPECT_TRUE(is_text(cell(Type::Long, (std::int64_t{1} << 53) + 1), "9007199254740993"));
  EXPECT_TRUE(is_text(cell(Type::Real, std::nan("")), "NaN"));
  EXPECT_TRUE(is_text(cell(Type::Real, -HUGE_VAL), "-Infinity"));
  EXPECT_TRUE(is_text(time_cell("1900-02-28"), "1900-02-28T00:00:00.0000000Z"));
  EXPECT_TRUE(is_text(cell(Type::TimeSpan, -kql::kTicksPerSecond), "-00:00:01"));
}

TEST(LogSheet, NullIsAnEmptyCell) {
  const std::string bytes(1, '\1');
  store::RowReader row(bytes);
  std::string out;
  append_sheet_cell(out, row, Type::Real);
  EXPECT_EQ(out, "<c/>");
}

TEST(LogSheet, TextIsWhatItWas) {
  EXPECT_EQ(text_cell("=1+1 <a> & \"ü\"\n"), "=1+1 &lt;a&gt; &amp; \"ü\"\n");
  EXPECT_EQ(text_cell("\x07 _x0007_ _x000_"), "_x0007_ _x005F_x0007_ _x000_");
  EXPECT_EQ(text_cell("\xEF\xBF\xBF\xFF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(text_cell(std::string(32'767, 'a')), std::string(32'767, 'a'));
  EXPECT_EQ(text_cell(std::string(32'768, 'a')), std::string(32'766, 'a') + "…");
}

TEST(LogSheet, AFullSheetIsFollowedByTheNext) {
  std::string rows;
  for (const char* const text : {"a", "b", "c"}) put_text(rows, text);
  RowSheet sheet({{"s", Type::String}}, 2);
  std::string file = sheet.head();
  for (const char c : rows) file += sheet.take(std::string_view(&c, 1));
  const auto tail = sheet.tail();
  ASSERT_TRUE(tail);
  file += *tail;
  EXPECT_TRUE(file.starts_with("PK\3\4"));
  EXPECT_NE(file.find("xl/worksheets/sheet2.xml"), std::string::npos);
  EXPECT_EQ(file.find("xl/worksheets/sheet3.xml"), std::string::npos);
  EXPECT_NE(file.find("[Content_Types].xml"), std::string::npos);
}

TEST(LogSheet, RowsMayComeBeforeTheHeadIsAskedFor) {
  std::string rows;
  put_text(rows, "a");
  RowSheet early({{"s", Type::String}}), late({{"s", Type::String}});
  std::string first = early.take(rows);
  first = first + early.head() + *early.tail();
  std::string second = late.head();
  second += late.take(rows);
  EXPECT_EQ(first, second + *late.tail());
}

TEST(LogSheet, ACutRowMakesNoFile) {
  RowSheet sheet({{"n", Type::Long}});
  EXPECT_FALSE(sheet.head().empty());
  EXPECT_EQ(sheet.take(std::string(3, '\0')), "");
  EXPECT_FALSE(sheet.tail());
}

}  // namespace
}  // namespace lw::server::logs
