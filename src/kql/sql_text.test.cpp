// SPDX-License-Identifier: Apache-2.0
#include "kql/sql_text.h"

#include <gtest/gtest.h>

namespace lw::kql {
namespace {

/// What the engine reads from a quoted text: the inverse of quoting. Nothing if it is not one
/// literal from end to end.
std::optional<std::string> read_quoted(std::string_view sql, char quote) {
  if (sql.size() < 2 || sql.front() != quote || sql.back() != quote) return std::nullopt;
  std::string text;
  for (std::size_t at = 1; at + 1 < sql.size(); ++at) {
    if (sql[at] == quote) return std::nullopt;
    if (sql[at] != '\\') {
      text += sql[at];
    } else if (sql[++at] == 'x') {
      text += static_cast<char>(std::stoi(std::string(sql.substr(at + 1, 2)), nullptr, 16));
      at += 2;
    } else {
      if (at + 1 >= sql.size()) return std::nullopt;
      text += sql[at];
    }
  }
  return text;
}

TEST(KqlSqlText, every_text_comes_back_from_its_quotes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  for (const std::string& text :
       {all, std::string("'; DROP TABLE x --"), std::string("\\'"), std::string("\\"),
        std::string(), std::string("a`b"), std::string(3, '\''), std::string("\\x41")}) {
    EXPECT_EQ(read_quoted(quote_string(text), '\''), text);
    EXPECT_EQ(read_quoted(quote_identifier(text), '`'), text);
  }
}

TEST(KqlSqlText, constants_carry_their_type) {
  EXPECT_EQ(sql_of({Type::Long, std::int64_t{5}}), "toInt64(5)");
  EXPECT_EQ(sql_of({Type::Int, std::int64_t{5}}), "toInt32(5)");
  EXPECT_EQ(sql_of({Type::Real, 1.0}), "toFloat64(1.0)");
  EXPECT_EQ(sql_of({Type::Long, std::monostate()}), "CAST(NULL AS Nullable(Int64))");
  EXPECT_EQ(sql_of({Type::String, std::monostate()}), "''");
  EXPECT_EQ(sql_long(INT64_MIN), "toInt64('-9223372036854775808')");
}

TEST(KqlSqlText, columns_are_found_outside_of_quotes_and_subqueries) {
  EXPECT_EQ(columns_in("f(c12, 'c13', `c14`, c15x, xc16, c7.1) + (SELECT c18 FROM (SELECT 1))"),
            (std::vector<int>{7, 12}));
  EXPECT_EQ(replace_columns("c1 + c12 || 'c1'", {{1, "a.1"}}), "a.1 + c12 || 'c1'");
}

TEST(KqlSqlText, a_quoted_text_is_a_pattern_of_itself) {
  EXPECT_EQ(regex_quote("a.b*c"), "a\\.b\\*c");
  EXPECT_EQ(regex_quote("\xC3\xA9_1"), "\xC3\xA9_1");
}

}  // namespace
}  // namespace lw::kql
