// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "kql/token.h"

namespace lw::kql {
namespace {

/// "Name where|Sign (|Long 5": the tokens of a text, without the end.
std::string shown(std::string_view text) {
  DiagnosticSink sink(text);
  std::string all;
  for (const Token& token : read_tokens(text, sink)) {
    if (token.kind == TokenKind::End) break;
    all += all.empty() ? "" : "|";
    switch (token.kind) {
      case TokenKind::Name:
        all += "Name " + token.text;
        break;
      case TokenKind::String:
        all += "String " + token.text;
        break;
      case TokenKind::Long:
        all += "Long " + std::to_string(token.number);
        break;
      case TokenKind::Real:
        all += "Real " + std::to_string(token.real);
        break;
      case TokenKind::TimeSpan:
        all += "TimeSpan " + std::to_string(token.number);
        break;
      case TokenKind::Typed:
        all += "Typed " + token.text + "(" + token.raw + ")";
        break;
      case TokenKind::Sign:
        all += token.text;
        break;
      case TokenKind::End:
        break;
    }
  }
  return all;
}

std::string faults(std::string_view text) {
  DiagnosticSink sink(text);
  read_tokens(text, sink);
  std::string all;
  for (const Diagnostic& fault : sink.all()) {
    all += std::to_string(fault.line) + ":" + std::to_string(fault.column) + " " + fault.message;
  }
  return all;
}

TEST(KqlLexer, tells_words_numbers_and_signs_apart) {
  EXPECT_EQ(shown("T | where x >= 1.5"), "Name T|||Name where|Name x|>=|Real 1.500000");
  EXPECT_EQ(shown("0xFF 12 1e3 1. 2xx"),
            "Long 255|Long 12|Real 1000.000000|Real 1.000000|Name 2xx");
  EXPECT_EQ(shown("(1..5)"), "(|Long 1|..|Long 5|)");
  EXPECT_EQ(shown("a !has b !in~ c in~ d =~ e !~ f"),
            "Name a|Name !has|Name b|Name !in~|Name c|Name in~|Name d|=~|Name e|!~|Name f");
}

TEST(KqlLexer, reads_timespans_with_their_units) {
  EXPECT_EQ(shown("5m 1.5h 100ms 1tick 2d"),
            "TimeSpan 3000000000|TimeSpan 54000000000|TimeSpan 1000000|TimeSpan 1|TimeSpan "
            "1728000000000");
}

TEST(KqlLexer, reads_every_kind_of_string) {
  EXPECT_EQ(shown(R"("a\tb\"c" 'd' @"e\f""g" h"i" ```j
k```)"),
            "String a\tb\"c|String d|String e\\f\"g|String i|String j\nk");
  EXPECT_EQ(shown(R"("\u00e9\x41\U0001F600")"),
            "String \xC3\xA9"
            "A\xF0\x9F\x98\x80");
  EXPECT_EQ(shown(R"("\ud83d\ude00")"), "String \xF0\x9F\x98\x80");
}

TEST(KqlLexer, keeps_what_stands_in_a_typed_literal) {
  EXPECT_EQ(shown("datetime(2024-05-06 07:00) long(null) time(\"1.02:03\")"),
            "Typed datetime(2024-05-06 07:00)|Typed long(null)|Typed timespan(\"1.02:03\")");
  EXPECT_EQ(shown("datatable(x:long)"), "Name datatable|(|Name x|:|Name long|)");
}

TEST(KqlLexer, passes_over_comments_and_strange_blanks) {
  EXPECT_EQ(shown("\xEF\xBB\xBF"
                  "a // b\r\n\xC2\xA0"
                  "c // the end"),
            "Name a|Name c");
}

TEST(KqlLexer, says_where_a_string_is_not_closed) {
  EXPECT_EQ(faults("T\n| where é == \"abc\n"),
            "2:9 The character '\xC3\xA9' has no meaning here."
            "2:14 The string is not closed.");
  EXPECT_EQ(faults("9223372036854775808"), "");
  EXPECT_EQ(faults("9223372036854775809"), "1:1 The number is too large for a long.");
}

}  // namespace
}  // namespace lw::kql
