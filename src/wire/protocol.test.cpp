// SPDX-License-Identifier: Apache-2.0
#include "wire/protocol.h"

#include <gtest/gtest.h>

namespace lw::wire {
namespace {

TEST(Protocol, TheNewestThatBothSpeakIsTaken) {
  EXPECT_EQ(agree_on_protocol(kProtocol, kProtocolOldest, "x").value(), kProtocol);
  // Older agents say nothing of their oldest.
  EXPECT_EQ(agree_on_protocol(1, 0, "x").value(), 1U);
  // A newer one that still understands ours.
  EXPECT_EQ(agree_on_protocol(kProtocol + 5, kProtocol, "x").value(), kProtocol);
}

TEST(Protocol, WithNoneInCommonTheRefusalSaysWhomToUpdate) {
  const auto too_old = agree_on_protocol(0, 0, "0.0.9");
  ASSERT_FALSE(too_old.has_value());
  EXPECT_NE(too_old.error().message.find("0.0.9"), std::string::npos);
  EXPECT_NE(too_old.error().message.find("update the other side"), std::string::npos);
  const auto too_new = agree_on_protocol(kProtocol + 5, kProtocol + 1, "9.0.0");
  ASSERT_FALSE(too_new.has_value());
  EXPECT_NE(too_new.error().message.find("9.0.0"), std::string::npos);
  EXPECT_NE(too_new.error().message.find("update this side"), std::string::npos);
}

}  // namespace
}  // namespace lw::wire
