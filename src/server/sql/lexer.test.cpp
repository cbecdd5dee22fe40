// SPDX-License-Identifier: Apache-2.0
#include "server/sql/lexer.h"

#include <gtest/gtest.h>

namespace lw::server::sql {
namespace {

/// What the engine is given for that text.
std::string plain(std::string_view sql) {
  const auto tokens = read_tokens(sql);
  return tokens ? write_tokens(*tokens) : "refused: " + tokens.error().message;
}

TEST(SqlLexer, WritesEverythingAnew) {
  EXPECT_EQ(plain("select a,`b c`,\"d\" from t where x='it''s' and y=1.5e-3"),
            "select a , `b c` , `d` from t where x = 'it\\'s' and y = 1.5e-3");
  EXPECT_EQ(plain("SELECT t.a.1, .5, f(x).2, m['k'], {n:UInt8}, {'a':1}, a->b, c::Int8, d<=>e"),
            "SELECT t.a.1 , .5 , f ( x ).2 , m [ 'k' ] , {n:UInt8} , { 'a' : 1 } , a -> b , "
            "c :: Int8 , d <=> e");
}

TEST(SqlLexer, CommentsGoAndNothingRunsTogether) {
  EXPECT_EQ(plain("SELECT 1--2\n+3/*x*/-/* ' */-4"), "SELECT 1 + 3 - - 4");
  EXPECT_EQ(plain("SELECT 2 / * 3"), "SELECT 2 / * 3");
}

TEST(SqlLexer, EscapesMeanWhatTheEngineReads) {
  EXPECT_EQ(read_tokens(R"('a\n\x41\\\'\d\%')").value().front().text, "a\nA\\'\\d\\%");
  EXPECT_EQ(plain(R"('a\'b; DROP')"), R"('a\'b; DROP')");
  EXPECT_EQ(plain("`a\\`b``c`"), "`a\\`b\\`c`");
  EXPECT_EQ(plain(std::string_view("'a\0b'", 5)), "'a\\0b'");
  // Twice through gives the same: nothing is read in another way the second time.
  for (const char* const sql : {"'\\\\'", "'a''b'", "'\\x27'", "`\\\\`", "'\\\\\\''", "'\\q'"}) {
    EXPECT_EQ(plain(plain(sql)), plain(sql)) << sql;
  }
}

TEST(SqlLexer, RefusesWhatItDoesNotKnowForCertain) {
  for (const char* const sql : {"'open",
                                "\"open",
                                "`open",
                                "/* open",
                                "/* a /* b */",
                                "SELECT $$x$$",
                                "SELECT 1 # c",
                                "SELECT \xC2\xA0 1",
                                "SELECT \xE2\x80\x98x\xE2\x80\x99",
                                "SELECT @@version",
                                "a\\b",
                                "x'41'",
                                "b'1'",
                                "1abc",
                                "0x",
                                "``",
                                "\"\"",
                                "{t:Identifier}",
                                "{t:Array(Identifier)}",
                                "{t:A;B}",
                                "{t:",
                                "'\\N'",
                                "'\\x4'",
                                "SELECT a ~ b",
                                "SELECT a & b",
                                "SELECT !a",
                                "$tag$x$tag$"}) {
    EXPECT_FALSE(read_tokens(sql)) << sql << " → " << plain(sql);
  }
  EXPECT_FALSE(read_tokens(std::string_view("SELECT \0 1", 10)));
}

}  // namespace
}  // namespace lw::server::sql
