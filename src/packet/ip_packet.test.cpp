// SPDX-License-Identifier: Apache-2.0
#include "packet/ip_packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "packet/icmp_extension.h"

namespace lw::packet {
namespace {

using Buffer = std::vector<std::uint8_t>;

Buffer concatenated(std::initializer_list<Buffer> parts) {
  Buffer all;
  for (const Buffer& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Buffer from_hex(const std::string& hex) {
  Buffer bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(at, 2), nullptr, 16)));
  }
  return bytes;
}

Buffer padded(Buffer bytes, std::size_t size) {
  bytes.resize(std::max(size, bytes.size()));
  return bytes;
}

const Buffer kUdp = {0x9c, 0x40, 0x82, 0x9a, 0x00, 0x0b, 0x12, 0x34, 'a', 'b', 'c'};
const Buffer kTcp = {0x9c, 0x41, 0x00, 0x50, 0x11, 0x22, 0x33, 0x44, 0,    0,    0, 0,
                     0x60, 0x02, 0xfa, 0xf0, 0xab, 0xcd, 0,    0,    0x02, 0x04, 5, 0xb4};
const Buffer kEcho4 = {8, 0, 0x56, 0x78, 0x00, 0x03, 0x00, 0x04, 'x', 'y'};
const Buffer kEcho6 = {128, 0, 0x56, 0x78, 0x00, 0x03, 0x00, 0x04, 'x', 'y'};

/// From 192.0.2.1 to 192.0.2.18, identification 0x3c17, TTL 1, traffic class 0xb8.
Buffer ipv4(std::uint8_t protocol, const Buffer& payload, std::size_t options = 0) {
  Buffer header = {0x45, 0xb8, 0x00, 0x00, 0x3c, 0x17, 0x00, 0x00, 0x01, protocol,
                   0x00, 0x00, 192,  0,    2,    1,    192,  0,    2,    18};
  header.resize(20 + options, 1);
  header[0] = static_cast<std::uint8_t>(0x40 | (header.size() / 4));
  header[3] = static_cast<std::uint8_t>(header.size() + payload.size());
  return concatenated({header, payload});
}

/// From 2001:db8:1::1 to 2001:db8:2::2, hop limit 1, traffic class 0xb8, flow label 0x536f1.
Buffer ipv6(std::uint8_t next, const Buffer& payload) {
  Buffer header = from_hex("6b8536f100000001");
  header[5] = static_cast<std::uint8_t>(payload.size());
  header[6] = next;
  return concatenated({header, from_hex("20010db8000100000000000000000001"),
                       from_hex("20010db8000200000000000000000002"), payload});
}

Buffer packet_of(bool is_v6, std::uint8_t protocol, const Buffer& payload) {
  return is_v6 ? ipv6(protocol, payload) : ipv4(protocol, payload);
}

Buffer time_exceeded(bool is_v6, std::uint8_t length_words, const Buffer& quoted) {
  Buffer header(8);
  header[0] = is_v6 ? 3 : 11;
  header[is_v6 ? 4 : 5] = length_words;
  return concatenated({header, quoted});
}

const IcmpExtensions kLabels = {{{24001, 5, true, 1}}, {}};

TraceError error_in(bool is_v6, const Buffer& message) {
  const auto parsed = parse_trace_message(is_v6, message);
  EXPECT_TRUE(parsed);
  if (!parsed) return {};
  return std::get<TraceError>(*parsed);
}

TEST(IpPacket, reads_an_ipv4_header) {
  Buffer packet = ipv4(17, kUdp);
  packet[6] = 0x40;
  const auto header = parse_ip_header(packet);
  ASSERT_TRUE(header);
  EXPECT_FALSE(header->is_v6);
  EXPECT_EQ(to_string(header->source), "192.0.2.1");
  EXPECT_EQ(to_string(header->destination), "192.0.2.18");
  EXPECT_EQ(header->protocol, 17);
  EXPECT_EQ(header->ttl, 1);
  EXPECT_EQ(header->traffic_class, 0xb8);
  EXPECT_EQ(header->identification, 0x3c17);
  EXPECT_TRUE(header->dont_fragment);
  EXPECT_EQ(header->total_bytes, 31U);
  EXPECT_EQ(header->header_bytes, 20U);
}

TEST(IpPacket, skips_ipv4_options) {
  const Buffer packet = ipv4(17, kUdp, 40);
  const auto header = parse_ip_header(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->header_bytes, 60U);
  EXPECT_FALSE(header->dont_fragment);
  const auto quote = parse_quoted_packet(packet);
  EXPECT_EQ(quote->destination_port, 33434);
}

TEST(IpPacket, reads_an_ipv6_header) {
  const auto header = parse_ip_header(ipv6(17, kUdp));
  ASSERT_TRUE(header);
  EXPECT_TRUE(header->is_v6);
  EXPECT_EQ(to_string(header->source), "2001:db8:1::1");
  EXPECT_EQ(to_string(header->destination), "2001:db8:2::2");
  EXPECT_EQ(header->protocol, 17);
  EXPECT_EQ(header->ttl, 1);
  EXPECT_EQ(header->traffic_class, 0xb8);
  EXPECT_EQ(header->flow_label, 0x536f1U);
  EXPECT_EQ(header->total_bytes, 51U);
  EXPECT_EQ(header->header_bytes, 40U);
}

TEST(IpPacket, skips_ipv6_extension_headers) {
  const Buffer hop_by_hop = padded({43, 0}, 8);
  const Buffer routing = padded({60, 2}, 24);
  const Buffer options = padded({51, 1}, 16);
  const Buffer authentication = padded({44, 4}, 24);  // Its length counts fours, less two.
  const Buffer first_fragment = {17, 0xff, 0x00, 0x01, 0xaa, 0xbb, 0xcc, 0xdd};
  const Buffer packet =
      ipv6(0, concatenated({hop_by_hop, routing, options, authentication, first_fragment, kUdp}));
  const auto header = parse_ip_header(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->header_bytes, 40U + 8 + 24 + 16 + 24 + 8);
  EXPECT_EQ(header->protocol, 17);
  EXPECT_EQ(header->identification, 0xccdd);
  EXPECT_EQ(header->fragment_offset, 0U);
  EXPECT_EQ(parse_quoted_packet(packet)->destination_port, 33434);
}

TEST(IpPacket, does_not_look_behind_encryption_or_the_end_of_headers) {
  for (const std::uint8_t last : std::initializer_list<std::uint8_t>{50, 59}) {
    const Buffer packet = ipv6(0, concatenated({padded({last, 0}, 8), kUdp}));
    const auto quote = parse_quoted_packet(packet);
    ASSERT_TRUE(quote);
    EXPECT_EQ(quote->ip.protocol, last);
    EXPECT_EQ(quote->ip.header_bytes, 48U);
    EXPECT_FALSE(quote->transport);
  }
}

TEST(IpPacket, refuses_what_is_no_whole_ip_header) {
  EXPECT_FALSE(parse_ip_header(Buffer{}));
  Buffer packet = ipv4(17, {});
  packet[0] = 0x44;
  EXPECT_FALSE(parse_ip_header(packet));
  packet[0] = 0x46;
  EXPECT_FALSE(parse_ip_header(packet));
  packet[0] = 0x55;
  EXPECT_FALSE(parse_ip_header(packet));
  EXPECT_FALSE(parse_ip_header(ipv6(0, Buffer{17, 0, 0, 0, 0, 0, 0})));
  EXPECT_FALSE(parse_ip_header(ipv6(0, padded({17, 1}, 15))));
  EXPECT_FALSE(parse_ip_header(ipv6(51, padded({17, 255}, 1000))));
}

TEST(IpPacket, finds_no_transport_in_a_later_fragment) {
  Buffer packet4 = ipv4(17, kUdp);
  packet4[6] = 0x20;
  packet4[7] = 0x02;
  Buffer packet6 = ipv6(44, concatenated({{17, 0, 0x00, 0x11, 0, 0, 0, 9}, kUdp}));
  for (const Buffer& packet : {packet4, packet6}) {
    const auto quote = parse_quoted_packet(packet);
    ASSERT_TRUE(quote);
    EXPECT_EQ(quote->ip.fragment_offset, 16U);
    EXPECT_EQ(quote->ip.protocol, 17);
    EXPECT_FALSE(quote->transport);
    EXPECT_EQ(quote->destination_port, 0);
  }
}

TEST(IpPacket, takes_bytes_of_a_later_fragment_for_no_extension_header) {
  const Buffer packet = ipv6(44, concatenated({{60, 0, 0x00, 0x10, 0, 0, 0, 9}, kUdp}));
  const auto header = parse_ip_header(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->header_bytes, 48U);
}

TEST(IpPacket, finds_the_transport_in_a_first_fragment) {
  Buffer packet = ipv4(17, kUdp);
  packet[6] = 0x20;
  EXPECT_EQ(parse_quoted_packet(packet)->transport, Transport::Udp);
}

TEST(QuotedPacket, of_udp) {
  for (const bool is_v6 : {false, true}) {
    const Buffer packet = packet_of(is_v6, 17, kUdp);
    const auto quote = parse_quoted_packet(packet);
    ASSERT_TRUE(quote);
    EXPECT_EQ(quote->transport, Transport::Udp);
    EXPECT_EQ(quote->source_port, 40000);
    EXPECT_EQ(quote->destination_port, 33434);
    EXPECT_EQ(quote->checksum, 0x1234);
    EXPECT_TRUE(std::ranges::equal(quote->payload, std::string_view("abc")));
  }
}

TEST(QuotedPacket, of_an_echo_request) {
  for (const bool is_v6 : {false, true}) {
    const Buffer packet = packet_of(is_v6, is_v6 ? 58 : 1, is_v6 ? kEcho6 : kEcho4);
    const auto quote = parse_quoted_packet(packet);
    ASSERT_TRUE(quote);
    EXPECT_EQ(quote->transport, Transport::Icmp);
    EXPECT_EQ(quote->source_port, 3);
    EXPECT_EQ(quote->sequence, 4);
    EXPECT_EQ(quote->checksum, 0x5678);
    EXPECT_TRUE(std::ranges::equal(quote->payload, std::string_view("xy")));
  }
}

TEST(QuotedPacket, of_tcp) {
  Buffer segment = concatenated({kTcp, {'d'}});
  const Buffer packet = ipv4(6, segment);
  const auto quote = parse_quoted_packet(packet);
  ASSERT_TRUE(quote);
  EXPECT_EQ(quote->transport, Transport::Tcp);
  EXPECT_EQ(quote->source_port, 40001);
  EXPECT_EQ(quote->destination_port, 80);
  EXPECT_EQ(quote->tcp_sequence, 0x11223344U);
  EXPECT_EQ(quote->checksum, 0xabcd);
  EXPECT_TRUE(std::ranges::equal(quote->payload, std::string_view("d")));
}

TEST(QuotedPacket, of_tcp_with_a_header_length_that_cannot_be_has_no_payload) {
  for (const std::uint8_t words : std::initializer_list<std::uint8_t>{0, 4, 15}) {
    Buffer segment = kTcp;
    segment[12] = static_cast<std::uint8_t>(words << 4);
    const Buffer packet = ipv4(6, segment);
    const auto quote = parse_quoted_packet(packet);
    EXPECT_EQ(quote->tcp_sequence, 0x11223344U);
    EXPECT_TRUE(quote->payload.empty());
  }
}

TEST(QuotedPacket, of_eight_bytes_has_what_stands_in_them) {
  const Buffer eight_of_tcp(kTcp.begin(), kTcp.begin() + 8);
  const Buffer tcp_packet = ipv4(6, eight_of_tcp);
  const auto tcp = parse_quoted_packet(tcp_packet);
  EXPECT_EQ(tcp->transport, Transport::Tcp);
  EXPECT_EQ(tcp->tcp_sequence, 0x11223344U);
  EXPECT_FALSE(tcp->checksum);
  const Buffer udp_packet = ipv4(17, Buffer(kUdp.begin(), kUdp.begin() + 8));
  const auto udp = parse_quoted_packet(udp_packet);
  EXPECT_EQ(udp->checksum, 0x1234);
  EXPECT_TRUE(udp->payload.empty());
}

TEST(QuotedPacket, of_less_than_eight_bytes_or_of_something_else_has_no_transport) {
  for (const Buffer& packet : {
           ipv4(17, Buffer(kUdp.begin(), kUdp.begin() + 7)), ipv4(6, {}), ipv4(47, kUdp),
           ipv4(58, kEcho6), ipv6(1, kEcho4),
           ipv4(1, padded({0, 0, 0, 0, 0, 3, 0, 4}, 20)),  // an echo reply
           ipv6(58, padded({135, 0}, 24)),                 // a neighbour solicitation
       }) {
    const auto quote = parse_quoted_packet(packet);
    ASSERT_TRUE(quote);
    EXPECT_FALSE(quote->transport);
    EXPECT_EQ(quote->source_port, 0);
    EXPECT_FALSE(quote->checksum);
  }
}

TEST(TraceMessage, is_an_echo_reply) {
  for (const bool is_v6 : {false, true}) {
    Buffer message = is_v6 ? kEcho6 : kEcho4;
    message[0] = is_v6 ? 129 : 0;
    const auto parsed = parse_trace_message(is_v6, message);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(std::get<EchoReply>(*parsed).id, 3);
    EXPECT_FALSE(parse_trace_message(!is_v6, message));
  }
}

TEST(TraceMessage, captured_from_a_linux_router) {
  const Buffer message = from_hex(
      "0b00234900000000450000253c1740000111b99dc0000201c00002129c40829a001184366c696e657761746368");
  const TraceError error = error_in(false, message);
  EXPECT_EQ(error.type, 11);
  EXPECT_EQ(to_string(error.quote.ip.destination), "192.0.2.18");
  EXPECT_EQ(error.quote.ip.ttl, 1);
  EXPECT_EQ(error.quote.source_port, 40000);
  EXPECT_EQ(error.quote.destination_port, 33434);
  EXPECT_TRUE(std::ranges::equal(error.quote.payload, std::string_view("linewatch")));
  EXPECT_TRUE(error.extensions.empty());
}

TEST(TraceMessage, captured_from_a_linux_destination_over_ipv6) {
  const Buffer message = from_hex(
      "0104f66900000000600536f10011110420010db800010000000000000000000120010db8000200000000000000"
      "0000029c40829a00115b9a6c696e657761746368");
  const TraceError error = error_in(true, message);
  EXPECT_EQ(error.type, 1);
  EXPECT_EQ(error.code, 4);
  EXPECT_EQ(error.quote.ip.flow_label, 0x536f1U);
  EXPECT_EQ(error.quote.ip.ttl, 4);
  EXPECT_EQ(error.quote.source_port, 40000);
  EXPECT_TRUE(std::ranges::equal(error.quote.payload, std::string_view("linewatch")));
}

TEST(TraceMessage, separates_extensions_by_the_length_field) {
  const Buffer extensions = build_icmp_extensions(kLabels);
  for (const bool is_v6 : {false, true}) {
    // Words are four bytes long in ICMP and eight in ICMPv6: both quotes are 128 bytes.
    const Buffer quoted = padded(packet_of(is_v6, 17, kUdp), 128);
    const Buffer message =
        concatenated({time_exceeded(is_v6, is_v6 ? 16 : 32, quoted), extensions});
    const TraceError error = error_in(is_v6, message);
    EXPECT_EQ(parse_icmp_extensions(error.extensions), kLabels);
    EXPECT_EQ(error.quote.payload.size(), 128U - (is_v6 ? 40 : 20) - 8);
    EXPECT_EQ(error.quote.destination_port, 33434);
  }
}

TEST(TraceMessage, believes_a_length_below_128) {
  const Buffer extensions = build_icmp_extensions(kLabels);
  const Buffer quoted = padded(ipv4(17, kUdp), 32);
  const Buffer message = concatenated({time_exceeded(false, 8, quoted), extensions});
  EXPECT_EQ(parse_icmp_extensions(error_in(false, message).extensions), kLabels);
}

TEST(TraceMessage, finds_extensions_at_byte_128_without_a_length) {
  Buffer unsummed = build_icmp_extensions(kLabels);
  unsummed[2] = unsummed[3] = 0;
  for (const Buffer& extensions : {build_icmp_extensions(kLabels), unsummed}) {
    for (const bool is_v6 : {false, true}) {
      const Buffer quoted = padded(packet_of(is_v6, 17, kUdp), 128);
      const Buffer message = concatenated({time_exceeded(is_v6, 0, quoted), extensions});
      const TraceError error = error_in(is_v6, message);
      EXPECT_EQ(parse_icmp_extensions(error.extensions), kLabels);
      EXPECT_EQ(error.quote.payload.size(), 128U - (is_v6 ? 40 : 20) - 8);
    }
  }
}

TEST(TraceMessage, finds_extensions_at_byte_128_when_the_length_counts_other_words) {
  const Buffer quoted = padded(ipv6(17, kUdp), 128);
  const Buffer message =
      concatenated({time_exceeded(true, 32, quoted), build_icmp_extensions(kLabels)});
  EXPECT_EQ(parse_icmp_extensions(error_in(true, message).extensions), kLabels);
}

TEST(TraceMessage, takes_the_rest_of_a_long_quote_for_no_extensions) {
  Buffer bad_sum = build_icmp_extensions(kLabels);
  bad_sum[3] = static_cast<std::uint8_t>(bad_sum[3] ^ 1);
  Buffer bad_version = build_icmp_extensions(kLabels);
  bad_version[0] = 0x10;
  const Buffer no_objects = {0x20, 0, 0, 0, 0, 0, 0, 0};
  const Buffer long_object = {0x20, 0, 0, 0, 0, 9, 1, 1};
  for (const Buffer& rest : {bad_sum, bad_version, no_objects, long_object, Buffer(100)}) {
    const Buffer quoted = concatenated({padded(ipv4(17, kUdp), 128), rest});
    const Buffer message = time_exceeded(false, 0, quoted);
    const TraceError error = error_in(false, message);
    EXPECT_TRUE(error.extensions.empty());
    EXPECT_EQ(error.quote.payload.size(), 100 + rest.size());
  }
}

TEST(TraceMessage, takes_a_length_that_leads_nowhere_for_none) {
  const Buffer quoted = padded(ipv4(17, kUdp), 64);
  for (const std::uint8_t words : std::initializer_list<std::uint8_t>{1, 5, 15, 16, 17, 255}) {
    const Buffer message = time_exceeded(false, words, quoted);
    const TraceError error = error_in(false, message);
    EXPECT_TRUE(error.extensions.empty()) << int{words};
    EXPECT_EQ(error.quote.payload.size(), 36U) << int{words};
  }
}

TEST(TraceMessage, reads_no_length_where_ipv6_has_another_field) {
  // The MTU 0x10000000 would be a length of 16 words in another message.
  Buffer message = concatenated(
      {time_exceeded(true, 16, padded(ipv6(17, kUdp), 128)), {0x20, 0x00, 0x00, 0x00, 0, 0, 0, 0}});
  EXPECT_EQ(error_in(true, message).extensions.size(), 8U);
  message[0] = 2;
  const TraceError error = error_in(true, message);
  EXPECT_EQ(error.mtu, 0x10000000U);
  EXPECT_TRUE(error.extensions.empty());
}

TEST(TraceMessage, reads_the_mtu_beside_a_length) {
  Buffer message = concatenated(
      {time_exceeded(false, 8, padded(ipv4(17, kUdp), 32)), build_icmp_extensions(kLabels)});
  message[0] = 3;
  message[1] = 4;
  message[6] = 0x05;
  message[7] = 0x14;
  const TraceError error = error_in(false, message);
  EXPECT_EQ(error.mtu, 1300U);
  EXPECT_FALSE(error.extensions.empty());
}

TEST(TraceMessage, refuses_requests_other_types_and_quotes_of_the_other_family) {
  EXPECT_FALSE(parse_trace_message(false, kEcho4));
  EXPECT_FALSE(parse_trace_message(false, time_exceeded(false, 0, ipv6(17, kUdp))));
  EXPECT_FALSE(parse_trace_message(true, time_exceeded(true, 0, ipv4(17, kUdp))));
  Buffer redirect = time_exceeded(false, 0, ipv4(17, kUdp));
  redirect[0] = 5;
  EXPECT_FALSE(parse_trace_message(false, redirect));
}

TEST(TraceMessage, survives_every_cut) {
  const Buffer extensions = build_icmp_extensions(kLabels);
  for (const bool is_v6 : {false, true}) {
    const Buffer inner = is_v6 ? ipv6(60, concatenated({padded({6, 1}, 16), kTcp})) : ipv4(6, kTcp);
    const std::size_t headers = 8 + (is_v6 ? 56 : 20);
    const Buffer whole =
        concatenated({time_exceeded(is_v6, is_v6 ? 16 : 32, padded(inner, 128)), extensions});
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A copy of exact size, so that asan sees a read behind the end.
      const Buffer cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto parsed = parse_trace_message(is_v6, cut);
      ASSERT_EQ(parsed.has_value(), size >= headers) << size;
      if (!parsed) continue;
      const auto& error = std::get<TraceError>(*parsed);
      EXPECT_EQ(error.quote.transport.has_value(), size >= headers + 8) << size;
      EXPECT_EQ(error.quote.checksum.has_value(), size >= headers + 20) << size;
    }
  }
}

TEST(TcpReply, captured_from_a_closed_port) {
  const Buffer segment = from_hex("00519c4100000000311fef60501400006eaa0000");
  const auto reply = parse_tcp_reply(segment);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->source_port, 81);
  EXPECT_EQ(reply->destination_port, 40001);
  EXPECT_EQ(reply->sequence, 0U);
  EXPECT_EQ(reply->acknowledgement, 0x311fef60U);
  EXPECT_TRUE(reply->is_rst);
  EXPECT_FALSE(reply->is_syn_ack);
}

TEST(TcpReply, is_a_syn_ack_or_a_reset_that_acknowledges) {
  struct Case {
    std::uint8_t flags;
    bool is_reply, is_syn_ack;
  };
  for (const Case& example : {
           Case{0x12, true, true},    // SYN, ACK
           Case{0x52, true, true},    // with ECN-Echo
           Case{0x14, true, false},   // RST, ACK
           Case{0x16, true, false},   // RST wins over SYN
           Case{0x02, false, false},  // SYN: somebody's own
           Case{0x04, false, false},  // RST alone: of no SYN
           Case{0x10, false, false},  // ACK
           Case{0x11, false, false},  // FIN
       }) {
    Buffer segment = kTcp;
    segment[13] = example.flags;
    const auto reply = parse_tcp_reply(segment);
    ASSERT_EQ(reply.has_value(), example.is_reply) << int{example.flags};
    if (!reply) continue;
    EXPECT_EQ(reply->is_syn_ack, example.is_syn_ack) << int{example.flags};
    EXPECT_EQ(reply->is_rst, !example.is_syn_ack) << int{example.flags};
  }
}

TEST(TcpReply, refuses_a_cut_header) {
  Buffer segment = kTcp;
  segment[13] = 0x12;
  EXPECT_FALSE(parse_tcp_reply(Bytes(segment).first(19)));
  EXPECT_TRUE(parse_tcp_reply(Bytes(segment).first(20)));
  segment[12] = 0x40;
  EXPECT_FALSE(parse_tcp_reply(segment));
}

}  // namespace
}  // namespace lw::packet
