// SPDX-License-Identifier: Apache-2.0
#include "packet/checksum.h"

#include <gtest/gtest.h>

#include <vector>

namespace lw::packet {
namespace {

using Buffer = std::vector<std::uint8_t>;

TEST(Checksum, is_the_one_of_the_example_of_rfc_1071) {
  EXPECT_EQ(internet_checksum(Buffer{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}), 0x220d);
}

TEST(Checksum, counts_an_odd_last_byte_as_the_upper_half_of_a_word) {
  EXPECT_EQ(internet_checksum(Buffer{0x01}), 0xfeff);
  EXPECT_EQ(internet_checksum(Buffer{}), 0xffff);
}

TEST(Checksum, covers_the_pseudo_header_of_udp) {
  // By hand: c000 + 0201 + c000 + 0202 + 0011 + 0009 + 1000 + 2000 + 0009 + 6100 = 2'1526,
  // folded 1528, complemented ead7.
  const IpAddress source = *parse_ip_address("192.0.2.1");
  const IpAddress destination = *parse_ip_address("192.0.2.2");
  Buffer segment = {0x10, 0x00, 0x20, 0x00, 0x00, 0x09, 0x00, 0x00, 'a'};
  EXPECT_EQ(transport_checksum(source, destination, kProtocolUdp, segment), 0xead7);
  write_u16(segment, 6, 0xead7);
  EXPECT_EQ(transport_checksum(source, destination, kProtocolUdp, segment), 0);
}

TEST(Checksum, covers_the_pseudo_header_of_icmpv6_but_icmp_has_none) {
  // By hand: 2001 + 0db8 + 0001 + 2001 + 0db8 + 0002 + 003a + 0008 + 8000 + 0001 + 0002 = dbba.
  const IpAddress source = *parse_ip_address("2001:db8::1");
  const IpAddress destination = *parse_ip_address("2001:db8::2");
  const Buffer segment = {0x80, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x02};
  EXPECT_EQ(transport_checksum(source, destination, kProtocolIcmp6, segment), 0xffff - 0xdbba);
  const IpAddress source4 = *parse_ip_address("192.0.2.1");
  EXPECT_EQ(transport_checksum(source4, source4, kProtocolIcmp4, segment), 0xffff - 0x8003);
}

TEST(Checksum, of_a_reset_that_a_kernel_sent_is_right) {
  // Captured: the answer of 192.0.2.18:81 to a SYN from 192.0.2.1:40001.
  const Buffer reset = {0x00, 0x51, 0x9c, 0x41, 0x00, 0x00, 0x00, 0x00, 0x31, 0x1f,
                        0xef, 0x60, 0x50, 0x14, 0x00, 0x00, 0x6e, 0xaa, 0x00, 0x00};
  EXPECT_EQ(transport_checksum(*parse_ip_address("192.0.2.18"), *parse_ip_address("192.0.2.1"),
                               kProtocolTcp, reset),
            0);
}

}  // namespace
}  // namespace lw::packet
