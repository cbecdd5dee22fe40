// SPDX-License-Identifier: Apache-2.0
#include "packet/icmp.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lw::packet {
namespace {

using Buffer = std::vector<std::uint8_t>;

const Buffer kPayload = {1, 2, 3, 4, 5};

Buffer concatenated(const Buffer& a, const Buffer& b) {
  Buffer all(a);
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

Buffer ipv4_header(std::uint8_t protocol, std::size_t options = 0) {
  Buffer header(20 + options);
  header[0] = static_cast<std::uint8_t>(0x40 | (header.size() / 4));
  header[9] = protocol;
  header[16] = 10;
  header[19] = 7;
  return header;
}

Buffer ipv6_header(std::uint8_t next) {
  Buffer header(40);
  header[0] = 0x60;
  header[6] = next;
  header[24] = 0x20;
  header[25] = 0x01;
  header[39] = 7;
  return header;
}

Buffer error4(std::uint8_t type, std::uint8_t code, const Buffer& quoted) {
  return concatenated({type, code, 0, 0, 0, 0, 0x05, 0xdc}, quoted);
}

TEST(Icmp, checksum_of_a_built_request_verifies) {
  const Buffer request = build_echo_request(false, 0x1234, 0xfffe, kPayload);
  EXPECT_EQ(internet_checksum(request), 0);
  EXPECT_EQ(request[0], 8);
}

TEST(Icmp, checksum_matches_the_example_of_rfc_1071) {
  EXPECT_EQ(internet_checksum(Buffer{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7}), 0x220d);
}

TEST(Icmp, reads_an_echo_reply_of_either_family) {
  for (const bool is_v6 : {false, true}) {
    Buffer message = build_echo_request(is_v6, 0x1234, 0xabcd, kPayload);
    message[0] = is_v6 ? 129 : 0;
    const auto parsed = parse_icmp(is_v6, message);
    ASSERT_TRUE(parsed);
    const auto& reply = std::get<EchoReply>(*parsed);
    EXPECT_EQ(reply.id, 0x1234);
    EXPECT_EQ(reply.sequence, 0xabcd);
    EXPECT_TRUE(std::ranges::equal(reply.payload, kPayload));
  }
}

TEST(Icmp, finds_our_request_in_the_quote_of_an_error) {
  const Buffer request = build_echo_request(false, 3, 4, kPayload);
  const auto parsed = parse_icmp(false, error4(3, 13, concatenated(ipv4_header(1, 8), request)));
  ASSERT_TRUE(parsed);
  const auto& error = std::get<IcmpError>(*parsed);
  EXPECT_EQ(error.type, 3);
  EXPECT_EQ(error.code, 13);
  EXPECT_EQ(error.mtu, 0U);
  EXPECT_EQ(to_string(error.quote.destination), "10.0.0.7");
  EXPECT_EQ(error.quote.id, 3);
  EXPECT_EQ(error.quote.sequence, 4);
}

TEST(Icmp, finds_our_request_in_the_quote_of_a_v6_error) {
  const Buffer request = build_echo_request(true, 3, 4, kPayload);
  const Buffer quoted = concatenated(ipv6_header(58), request);
  const auto parsed = parse_icmp(true, concatenated({2, 0, 0, 0, 0, 0, 0x05, 0x00}, quoted));
  ASSERT_TRUE(parsed);
  const auto& error = std::get<IcmpError>(*parsed);
  EXPECT_EQ(error.mtu, 1280U);
  EXPECT_EQ(to_string(error.quote.destination), "2001::7");
  EXPECT_EQ(error.quote.id, 3);
}

TEST(Icmp, reads_the_mtu_of_fragmentation_needed) {
  const Buffer request = build_echo_request(false, 3, 4, {});
  const auto parsed = parse_icmp(false, error4(3, 4, concatenated(ipv4_header(1), request)));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(std::get<IcmpError>(*parsed).mtu, 1500U);
}

TEST(Icmp, ignores_what_is_not_about_an_echo_request) {
  const Buffer request = build_echo_request(false, 3, 4, {});
  Buffer reply = request;
  reply[0] = 0;
  Buffer fragment = ipv4_header(1);
  fragment[7] = 1;
  EXPECT_FALSE(parse_icmp(false, request));
  EXPECT_FALSE(parse_icmp(false, error4(3, 1, concatenated(ipv4_header(17), request))));
  EXPECT_FALSE(parse_icmp(false, error4(3, 1, concatenated(ipv4_header(1), reply))));
  EXPECT_FALSE(parse_icmp(false, error4(3, 1, concatenated(fragment, request))));
}

TEST(Icmp, survives_every_cut_of_every_message) {
  const Buffer request4 = build_echo_request(false, 3, 4, {});
  const Buffer request6 = build_echo_request(true, 3, 4, {});
  const Buffer error_4 = error4(3, 1, concatenated(ipv4_header(1, 40), request4));
  const Buffer error_6 =
      concatenated({1, 0, 0, 0, 0, 0, 0, 0}, concatenated(ipv6_header(58), request6));
  for (const bool is_v6 : {false, true}) {
    const Buffer& whole = is_v6 ? error_6 : error_4;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy of exact size, so that asan sees a read behind the end.
      const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(parse_icmp(is_v6, cut)) << size;
    }
    EXPECT_TRUE(parse_icmp(is_v6, whole));
  }
}

TEST(Icmp, refuses_an_ip_header_longer_than_the_packet) {
  Buffer header = ipv4_header(1);
  header[0] = 0x4f;
  EXPECT_TRUE(skip_ipv4_header(header).empty());
  header[0] = 0x41;
  EXPECT_TRUE(skip_ipv4_header(header).empty());
}

TEST(Icmp, names_errors_and_knows_what_they_mean) {
  struct Case {
    bool is_v6;
    std::uint8_t type, code;
    IcmpErrorKind kind;
    const char* text;
  };
  for (const Case& example : {
           Case{false, 3, 1, IcmpErrorKind::Unreachable, "ICMP host-unreachable (3/1)"},
           Case{false, 3, 3, IcmpErrorKind::Unreachable, "ICMP port-unreachable (3/3)"},
           Case{false, 3, 4, IcmpErrorKind::TooBig, "ICMP fragmentation-needed (3/4)"},
           Case{false, 3, 9, IcmpErrorKind::Prohibited, "ICMP net-prohibited (3/9)"},
           Case{false, 3, 13, IcmpErrorKind::Prohibited, "ICMP admin-prohibited (3/13)"},
           Case{false, 3, 200, IcmpErrorKind::Unreachable, "ICMP unreachable (3/200)"},
           Case{false, 11, 0, IcmpErrorKind::TtlExceeded, "ICMP ttl-exceeded (11/0)"},
           Case{false, 12, 0, IcmpErrorKind::Other, "ICMP parameter-problem (12/0)"},
           Case{true, 1, 1, IcmpErrorKind::Prohibited, "ICMPv6 admin-prohibited (1/1)"},
           Case{true, 1, 3, IcmpErrorKind::Unreachable, "ICMPv6 address-unreachable (1/3)"},
           Case{true, 2, 0, IcmpErrorKind::TooBig, "ICMPv6 packet-too-big (2/0)"},
           Case{true, 3, 0, IcmpErrorKind::TtlExceeded, "ICMPv6 hop-limit-exceeded (3/0)"},
       }) {
    EXPECT_EQ(kind_of_icmp_error(example.is_v6, example.type, example.code), example.kind)
        << example.text;
    EXPECT_EQ(icmp_error_text(example.is_v6, example.type, example.code), example.text);
  }
}

}  // namespace
}  // namespace lw::packet
