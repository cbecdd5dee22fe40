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

TEST(EqualsIgnoringCase, FoldsAsciiOnly) {
  EXPECT_TRUE(equals_ignoring_case("Content-LENGTH", "content-length"));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_EQ(to_lower("ÄB"), "Äb");
}

}  // namespace
}  // namespace lw
