// SPDX-License-Identifier: Apache-2.0
#include "store/reason_text.h"

#include <gtest/gtest.h>

namespace lw::store {
namespace {

TEST(ReasonText, IsTheSameForAllRoundsThatPassAlike) {
  const auto packed = [](std::int64_t us) {
    const Microseconds average(us);
    return pack_reason("10 of 10 checks passed, average round-trip time " + to_human(average),
                       average);
  };
  EXPECT_EQ(packed(12'345), packed(700));
  EXPECT_EQ(packed(12'345), "10 of 10 checks passed, average round-trip time \x01");
}

TEST(ReasonText, ComesBackAsItWas) {
  const std::optional<Microseconds> average = Microseconds(3'400), none;
  for (const std::string text :
       {"", "3.4 ms", "average 3.4 ms; 1 failed: no answer within 3.4 ms", "nothing of it",
        "a \x01 of its own", "\x02", "\x02 and 3.4 ms", "\x01 3.4 ms"}) {
    EXPECT_EQ(unpack_reason(pack_reason(text, average), average), text);
    EXPECT_EQ(unpack_reason(pack_reason(text, none), none), text);
  }
  EXPECT_EQ(unpack_reason("12 of 12 checks passed", average), "12 of 12 checks passed")
      << "from before there were marks";
}

}  // namespace
}  // namespace lw::store
