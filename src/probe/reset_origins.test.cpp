// SPDX-License-Identifier: Apache-2.0
#include "probe/reset_origins.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(ForeignReset, within_a_connection_each_difference_counts) {
  EXPECT_EQ(note_of_foreign_reset({.reset = 57, .handshake = 57}), "");
  EXPECT_EQ(note_of_foreign_reset({.reset = 63, .handshake = 57}),
            "a device on the way sent the reset, not the host: it came with TTL 63, the answer to "
            "the SYN with 57");
  EXPECT_EQ(note_of_foreign_reset({.reset = 57, .handshake = 57, .elsewhere = 50}), "")
      << "the connection's own packets say more than others";
}

TEST(ForeignReset, between_packets_of_different_kinds_the_number_of_routers_counts) {
  EXPECT_EQ(note_of_foreign_reset({.reset = 63, .elsewhere = 57}),
            "a device on the way seems to have sent the reset, not the host: it came with TTL 63 "
            "(1 routers), what the host sends otherwise with 57 (7)");
  EXPECT_EQ(note_of_foreign_reset({.reset = 57, .elsewhere = 248}), "")
      << "the same host, which begins with 255 where it echoes";
}

TEST(ForeignReset, nothing_is_said_where_nothing_is_known) {
  EXPECT_EQ(note_of_foreign_reset({}), "");
  EXPECT_EQ(note_of_foreign_reset({.reset = 63}), "");
  EXPECT_EQ(note_of_foreign_reset({.handshake = 57, .elsewhere = 57}), "");
}

}  // namespace
}  // namespace lw
