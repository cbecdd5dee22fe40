// SPDX-License-Identifier: Apache-2.0
#include "base/ids.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace lw {
namespace {

using AppleId = Id<struct AppleTag>;
using PearId = Id<struct PearTag>;

static_assert(!std::is_convertible_v<AppleId, PearId>);
static_assert(!std::is_convertible_v<std::uint64_t, AppleId>);

TEST(Id, IsShownAsSixteenHexDigits) {
  EXPECT_EQ(to_string(AppleId{0}), "0000000000000000");
  EXPECT_EQ(to_string(AppleId{0xABCDEF}), "0000000000abcdef");
  EXPECT_EQ(to_string(AppleId{~std::uint64_t{0}}), "ffffffffffffffff");
}

TEST(Id, ComparesAndHashes) {
  const std::unordered_set<AppleId> ids{AppleId{1}, AppleId{2}, AppleId{1}};
  EXPECT_EQ(ids.size(), 2U);
  EXPECT_LT(AppleId{1}, AppleId{2});
}

TEST(ParseHex, ReadsOneToSixteenDigitsOfEitherCase) {
  EXPECT_EQ(parse_hex("0"), 0U);
  EXPECT_EQ(parse_hex("Ff"), 255U);
  EXPECT_EQ(parse_hex("ffffffffffffffff"), ~std::uint64_t{0});
  for (const char* text : {"", "00000000000000000", "g", "0x1", "-1", "+1", " 1", "1 "}) {
    EXPECT_FALSE(parse_hex(text)) << text;
  }
}

}  // namespace
}  // namespace lw
