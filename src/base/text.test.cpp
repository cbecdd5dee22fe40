// SPDX-License-Identifier: Apache-2.0
#include "base/text.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(Nearest, FindsWhatTheWriterMeant) {
  const std::vector<std::string> keys{"protocol", "preferHTTPS", "testFrequencySec", "port"};
  EXPECT_EQ(nearest("protocl", keys), "protocol");
  EXPECT_EQ(nearest("testFrequencySecs", keys), "testFrequencySec");
  EXPECT_EQ(nearest("prot", keys), "port") << "neighbours swapped are one edit";
  EXPECT_EQ(nearest("PREFERHTTPS", keys), "preferHTTPS") << "case is no difference";
}

TEST(Nearest, StaysSilentRatherThanGuess) {
  const std::vector<std::string> keys{"protocol", "port"};
  EXPECT_FALSE(nearest("endpoints", keys));
  EXPECT_FALSE(nearest("xyz", keys));
  EXPECT_FALSE(nearest(std::string(65, 'p'), keys));
  EXPECT_FALSE(nearest("port", {}));
}

TEST(Nearest, PrefersTheClosestAndThenTheFirst) {
  EXPECT_EQ(nearest("ab", std::vector<std::string>{"abc", "ab"}), "ab");
  EXPECT_EQ(nearest("ax", std::vector<std::string>{"ab", "ac"}), "ab");
}

TEST(Nearest, SaysNothingForAWordOfNothing) {
  EXPECT_FALSE(nearest("", std::vector<std::string>{"abc"}));
}

TEST(Split, KeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
}

TEST(Join, UndoesSplit) {
  for (const char* text : {"", "a", "a,b", ",a", "a,", ",,", ",a,,b"}) {
    EXPECT_EQ(join(split(text, ','), ","), text);
  }
  EXPECT_EQ(join({}, ","), "");
}

TEST(Trim, TakesSpaceOffBothEnds) {
  EXPECT_EQ(trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Counted, KnowsSingularAndPlural) {
  EXPECT_EQ(counted(0, "check"), "0 checks");
  EXPECT_EQ(counted(1, "check"), "1 check");
  EXPECT_EQ(counted(2, "check"), "2 checks");
  EXPECT_EQ(counted(2, "entry", "entries"), "2 entries");
}

TEST(Hex, IsReadBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  EXPECT_EQ(bytes_of_hex(hex_of(bytes)), bytes);
  EXPECT_EQ(hex_of(std::string_view("\x00\xff", 2)), "00ff");
  EXPECT_EQ(bytes_of_hex("AbCd"), "\xab\xcd");
  EXPECT_EQ(bytes_of_hex(""), "");
}

TEST(Hex, RefusesWhatIsNone) {
  for (const char* text : {"a", "0g", "0x", " 1", "-1", "+1"})
    EXPECT_FALSE(bytes_of_hex(text)) << text;
}

TEST(Utf8, KnowsWhatIsACharacterAndWhatIsNot) {
  for (const char* text : {"", "a", "\u007f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000",
                           "\uffff", "\U00010000", "\U0010ffff", "Zürich – 東京 🙂"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_EQ(valid_utf8(text), text);
  }
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3(", "\xe0\x9f\xbf", "\xe2\x82", "\xe2\x82(",
        "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x99", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
        "\xff", "a\xff"}) {
    EXPECT_FALSE(is_utf8(text)) << hex_of(text);
    EXPECT_TRUE(is_utf8(valid_utf8(text))) << hex_of(text);
  }
}

TEST(Utf8, PutsAMarkInPlaceOfEachByteThatIsNone) {
  EXPECT_EQ(valid_utf8("M\xfcller, \u00fc"), "M\ufffdller, \u00fc");
  EXPECT_EQ(valid_utf8("\xe2\x82"), "\ufffd\ufffd");
  EXPECT_EQ(valid_utf8("\xe2\x82\u00fc"), "\ufffd\ufffd\u00fc");
}

TEST(Utf8, IsCutBetweenCharacters) {
  EXPECT_EQ(cut_utf8("a€b", 5), "a€b");
  EXPECT_EQ(cut_utf8("a€b", 4), "a€");
  EXPECT_EQ(cut_utf8("a€b", 3), "a");
  EXPECT_EQ(cut_utf8("a€b", 2), "a");
  EXPECT_EQ(cut_utf8("€", 2), "");
  EXPECT_EQ(cut_utf8("€", 0), "");
}

TEST(EqualsIgnoringCase, FoldsAsciiOnly) {
  EXPECT_TRUE(equals_ignoring_case("Content-LENGTH", "content-length"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_EQ(to_lower("ÄB"), "Äb");
}

TEST(Printable, keeps_text_and_escapes_what_could_write_lines_of_its_own) {
  EXPECT_EQ(printable("ä b", 10), "ä b");
  EXPECT_EQ(printable("a\nb\x1b[2J\x7f", 20), "a\\x0ab\\x1b[2J\\x7f");
  EXPECT_EQ(printable("\xc2\x9b", 20), "\xc2\\x9b") << "a C1 control";
  EXPECT_EQ(printable("abcdef", 3), "abc…");
  EXPECT_EQ(printable("abc", 3), "abc");
}

TEST(Printable, text_without_control_characters_is) {
  EXPECT_TRUE(is_printable("web 1 ä\xc2\xa0"));
  for (const std::string& text :
       {std::string("a\nb"), std::string("\0", 1), std::string("\x7f"), std::string("\xc2\x85")}) {
    EXPECT_FALSE(is_printable(text));
  }
}

}  // namespace
}  // namespace lw
