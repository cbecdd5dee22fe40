// SPDX-License-Identifier: Apache-2.0
#include "server/sql/refusal.h"

#include <gtest/gtest.h>

namespace lw::server::sql {
namespace {

std::string told(int number, const std::string& words) {
  return text_of(from_store(fail(ErrorCode::InvalidInput, words).error(), number));
}

TEST(SqlRefusal, TellsWhatIsWrongWithTheText) {
  EXPECT_EQ(told(47,
                 "Code: 47. DB::Exception: Unknown expression identifier `a` in scope WITH T AS "
                 "(SELECT * FROM linewatch.rounds) SELECT a FROM T. (UNKNOWN_IDENTIFIER)"),
            "Code: 47. DB::Exception: Unknown expression identifier `a`. (UNKNOWN_IDENTIFIER)\n");
  EXPECT_EQ(told(215,
                 "Code: 215. DB::Exception: Column 'a' is not under aggregate function and not in "
                 "GROUP BY keys. In query WITH T AS (SELECT 1) SELECT a. (NOT_AN_AGGREGATE)"),
            "Code: 215. DB::Exception: Column 'a' is not under aggregate function and not in GROUP "
            "BY keys. (NOT_AN_AGGREGATE)\n");
  EXPECT_EQ(told(43,
                 "Code: 43. DB::Exception: Illegal type String of argument for aggregate function "
                 "sum. (ILLEGAL_TYPE_OF_ARGUMENT) (version 26.7.2.1)"),
            "Code: 43. DB::Exception: Illegal type String of argument for aggregate function sum. "
            "(ILLEGAL_TYPE_OF_ARGUMENT)\n");
}

TEST(SqlRefusal, CountsNoPositionsInOurText) {
  EXPECT_EQ(told(62,
                 "Code: 62. DB::Exception: Syntax error: failed at position 494 (ORDER): ORDER BY "
                 "x) FORMAT CSV. Expected one of: UNION, EXCEPT. (SYNTAX_ERROR)"),
            "Code: 62. DB::Exception: Syntax error at `ORDER`. Expected one of: UNION, EXCEPT. "
            "(SYNTAX_ERROR)\n");
  EXPECT_EQ(told(62,
                 "Code: 62. DB::Exception: Syntax error: failed at position 9 (TabSeparated): "
                 "TabSeparated. Expected one of: token, Dot. (SYNTAX_ERROR)"),
            "Code: 62. DB::Exception: Syntax error at the end. Expected one of: token, Dot. "
            "(SYNTAX_ERROR)\n");
}

TEST(SqlRefusal, TellsNoValuesAndNoNamesOfOthers) {
  EXPECT_EQ(told(6,
                 "Code: 6. DB::Exception: Cannot parse string 'secret' as Int32. "
                 "(CANNOT_PARSE_TEXT)"),
            "Code: 6. DB::Exception: The query failed while it ran; on which value is not told. "
            "(CANNOT_PARSE_TEXT)\n");
  // A sentence that was cut: what stands in its last parentheses is no name of an error.
  EXPECT_EQ(told(6, "Code: 6. DB::Exception: Cannot parse (SECRET) as Int32"),
            "Code: 6. DB::Exception: The query failed while it ran; on which value is not told. "
            "(UNKNOWN_EXCEPTION)\n");
  const auto unknown = from_store(
      fail(ErrorCode::InvalidInput,
           "Code: 60. DB::Exception: Unknown table. Maybe you meant secret?. (UNKNOWN_TABLE)")
          .error(),
      60);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_FALSE(text_of(unknown).contains("secret"));
  EXPECT_EQ(from_store(fail(ErrorCode::Unavailable, "gone").error(), 0).status, 503);
}

}  // namespace
}  // namespace lw::server::sql
