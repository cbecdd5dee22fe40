// SPDX-License-Identifier: Apache-2.0
#include "packet/stamp.h"

#include <gtest/gtest.h>

namespace lw::packet {
namespace {

StampReply some_reply() {
  return {.sequence = 0x01020304,
          .reflected = 0x1112131415161718,
          .error = 0x8801,
          .session = 0x2122,
          .received = 0x3132333435363738,
          .request = {0x41424344, 0x5152535455565758, 0x0102, 0x2122},
          .ttl = 254};
}

TEST(Stamp, a_request_is_laid_out_as_rfc_8762_4_2_1_has_it) {
  const auto bytes = build_stamp_request({0x01020304, 0x1112131415161718, 0x2122, 0x3132});
  const std::vector<std::uint8_t> begin(bytes.begin(), bytes.begin() + 16);
  EXPECT_EQ(begin, (std::vector<std::uint8_t>{1, 2, 3, 4, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17,
                                              0x18, 0x21, 0x22, 0x31, 0x32}));
  for (std::size_t i = 16; i < bytes.size(); ++i) EXPECT_EQ(bytes[i], 0) << "must be zero: " << i;
  const auto read = parse_stamp_request(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->sequence, 0x01020304U);
  EXPECT_EQ(read->sent, 0x1112131415161718U);
  EXPECT_EQ(read->error, 0x2122);
  EXPECT_EQ(read->session, 0x3132);
}

TEST(Stamp, a_reply_is_laid_out_as_rfc_8762_4_3_1_has_it) {
  const std::vector<std::uint8_t> request(kStampSize, 0xee);
  const auto bytes = build_stamp_reply(some_reply(), request);
  EXPECT_EQ(bytes, (std::vector<std::uint8_t>{1,    2,    3,    4,    0x11, 0x12, 0x13, 0x14, 0x15,
                                              0x16, 0x17, 0x18, 0x88, 0x01, 0x21, 0x22, 0x31, 0x32,
                                              0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x41, 0x42, 0x43,
                                              0x44, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58,
                                              0x01, 0x02, 0,    0,    254,  0,    0,    0}));
  const auto read = parse_stamp_reply(bytes);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(build_stamp_reply(*read, request), bytes);
}

TEST(Stamp, a_reply_is_as_long_as_its_request_and_gives_its_extensions_back) {
  std::vector<std::uint8_t> request(kStampSize + 5, 0);
  for (std::size_t i = kStampSize; i < request.size(); ++i) {
    request[i] = static_cast<std::uint8_t>(0x80 + i);
  }
  const auto reply = build_stamp_reply(some_reply(), request);
  ASSERT_EQ(reply.size(), request.size());
  EXPECT_TRUE(std::equal(reply.begin() + kStampSize, reply.end(), request.begin() + kStampSize));
}

TEST(Stamp, what_is_short_is_nothing_and_gets_nothing) {
  const std::vector<std::uint8_t> cut(kStampSize - 1, 0);
  EXPECT_FALSE(parse_stamp_request(cut).has_value());
  EXPECT_FALSE(parse_stamp_reply(cut).has_value());
  EXPECT_TRUE(build_stamp_reply({}, cut).empty()) << "a reply would be longer than its request";
}

TEST(Stamp, ntp_time_keeps_each_nanosecond_over_the_change_of_eras) {
  EXPECT_EQ(to_ntp_time(0), std::uint64_t{2'208'988'800} << 32);
  EXPECT_EQ(to_ntp_time(500'000'000) & 0xffff'ffffU, 0x8000'0000U);
  // 2036-02-07 06:28:16 UTC: the seconds are 0 again.
  EXPECT_EQ(to_ntp_time(2'085'978'496'000'000'000), 0U);
  for (const std::int64_t ns :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{999'999'999},
        std::int64_t{1'795'000'000'123'456'789}, std::int64_t{2'085'978'495'999'999'999},
        std::int64_t{2'085'978'496'000'000'001}, std::int64_t{4'000'000'000'000'000'007}}) {
    EXPECT_EQ(from_ntp_time(to_ntp_time(ns)), ns);
  }
}

TEST(Stamp, error_estimates_round_up_and_never_say_zero) {
  for (const std::int64_t ns : {0L, 1L, 60L, 999L, 1'000'000L, 16'000'000'000L}) {
    const StampError read = parse_stamp_error(build_stamp_error({true, false, ns}));
    EXPECT_TRUE(read.is_synchronized);
    EXPECT_GE(read.error_ns, ns);
    EXPECT_GE(read.error_ns, 1);
    EXPECT_LE(read.error_ns, ns + ns / 100 + 2) << "to about a hundredth";
  }
  EXPECT_TRUE(parse_stamp_error(0x4001).is_ptp);
  EXPECT_FALSE(parse_stamp_error(0x4001).is_synchronized);
  EXPECT_GT(parse_stamp_error(0xffff).error_ns, 0) << "more than 64 bits hold";
}

TEST(Stamp, ptp_times_are_seconds_and_nanoseconds) {
  const StampError ptp{.is_synchronized = false, .is_ptp = true, .error_ns = 1};
  EXPECT_EQ(stamp_time_ns((std::uint64_t{5} << 32) | 7, ptp), 5'000'000'007);
  EXPECT_EQ(stamp_time_ns(to_ntp_time(42), {}), 42);
}

}  // namespace
}  // namespace lw::packet
