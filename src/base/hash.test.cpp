// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace lw {
namespace {

TEST(StableHash, NeverChanges) {
  // Stored test ids and phases are made of these numbers: a change here orphans people's history.
  EXPECT_EQ(stable_hash({}), 0xEF46DB3751D8E999ULL);
  EXPECT_EQ(stable_hash({"monitor", "source", "destination"}), 0xA7F4DD605DA5C948ULL);
}

TEST(StableHash, KnowsWhereTextsEnd) {
  EXPECT_NE(stable_hash({"ab", "c"}), stable_hash({"a", "bc"}));
  EXPECT_NE(stable_hash({"", "a"}), stable_hash({"a", ""}));
  EXPECT_NE(stable_hash({"a"}), stable_hash({"a", ""}));
  EXPECT_NE(stable_hash({"1:a"}), stable_hash({"a"}));
}

TEST(Crc32, HasItsPublishedCheckValue) { EXPECT_EQ(crc32("123456789"), 0xCBF43926U); }

TEST(Crc32, GoesOnFromAnEarlierPart) {
  EXPECT_EQ(crc32("6789", crc32("12345")), crc32("123456789"));
  EXPECT_EQ(crc32(""), 0U);
  EXPECT_EQ(crc32("", 7), 7U);
}

}  // namespace
}  // namespace lw
