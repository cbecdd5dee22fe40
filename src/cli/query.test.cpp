// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "cli/query_error.h"
#include "cli/query_output.h"

namespace lw::cli {
namespace {

TEST(CsvReader, ReadsRowsWhereverThePiecesEnd) {
  const std::string text = "a,\"b \"\"c\"\",\nd\",\r\n\"\",x,\r\n";
  const std::vector<CsvReader::Row> expected = {{"a", "b \"c\",\nd", ""}, {"", "x", ""}};
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    CsvReader reader;
    auto rows = reader.take(std::string_view(text).substr(0, cut));
    for (auto& row : reader.take(std::string_view(text).substr(cut))) rows.push_back(row);
    EXPECT_EQ(rows, expected) << cut;
  }
}

std::string answer(const std::string& line, const std::string& column, const std::string& token) {
  return R"({"error":{"code":"BadArgumentError","message":"m","details":[{"code":"SEM0100",)"
         R"("message":"Wrong.","line":)" +
         line + R"(,"pos":)" + column + R"(,"token":")" + token + R"("}]}})";
}

TEST(QueryError, MarksThePlace) {
  EXPECT_EQ(explain_query_error("T\n| where Nope > 1", answer("2", "9", "Nope")),
            "line 2, column 9: Wrong.\n  | where Nope > 1\n          ^^^^");
}

TEST(QueryError, CountsCharactersAndNotBytes) {
  EXPECT_EQ(explain_query_error("print 'üü' + x", answer("1", "14", "x")),
            "line 1, column 14: Wrong.\n  print 'üü' + x\n               ^");
}

TEST(QueryError, ShowsOfALongLineWhatIsNearThePlace) {
  const std::string query = std::string(200, 'a') + "BAD" + std::string(200, 'b');
  const std::string text = explain_query_error(query, answer("1", "201", "BAD"));
  EXPECT_EQ(text, "line 1, column 201: Wrong.\n  " + std::string(40, 'a') + "BAD" +
                      std::string(57, 'b') + "\n  " + std::string(40, ' ') + "^^^");
}

TEST(QueryError, APlaceBehindTheEndIsMarkedToo) {
  EXPECT_EQ(explain_query_error("T |", answer("1", "9", "")),
            "line 1, column 9: Wrong.\n  T |\n     ^");
}

TEST(QueryError, WithoutAPlaceTheInnerMessageSaysIt) {
  EXPECT_EQ(explain_query_error("x", R"({"error":{"message":"m","innererror":{"message":"why"}}})"),
            "why");
  EXPECT_EQ(explain_query_error("x", "no json"), "");
}

}  // namespace
}  // namespace lw::cli
