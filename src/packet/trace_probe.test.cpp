// SPDX-License-Identifier: Apache-2.0
#include "packet/trace_probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace lw::packet {
namespace {

using Buffer = std::vector<std::uint8_t>;

const EchoSecret kSecret{0x11223344, 0x0123456789abcdef, 0xfedcba9876543210};
const EchoSecret kOtherSecret{0x11223344, 0x0123456789abcdef, 0xfedcba9876543211};
constexpr std::uint16_t kNumber = 0x1234;

TraceFlow flow_of(Transport transport, bool is_v6) {
  TraceFlow flow;
  flow.transport = transport;
  flow.source = *parse_ip_address(is_v6 ? "2001:db8:1::1" : "192.0.2.1");
  flow.destination = *parse_ip_address(is_v6 ? "2001:db8:2::2" : "192.0.2.18");
  flow.source_port = 40'000;
  flow.destination_port = transport == Transport::Icmp ? 0 : 33'434;
  flow.traffic_class = 0xb8;
  return flow;
}

std::vector<TraceFlow> all_flows() {
  std::vector<TraceFlow> flows;
  for (const Transport transport : {Transport::Icmp, Transport::Udp, Transport::Tcp}) {
    for (const bool is_v6 : {false, true}) flows.push_back(flow_of(transport, is_v6));
  }
  return flows;
}

std::string name_of(const TraceFlow& flow) {
  return std::to_string(static_cast<int>(flow.transport)) + " to " + to_string(flow.destination);
}

std::size_t header_bytes(const TraceFlow& flow) { return flow.destination.is_v6 ? 40 : 20; }

Buffer probe(const TraceFlow& flow, std::uint16_t number = kNumber) {
  return build_trace_probe(flow, 7, number, kSecret);
}

std::optional<ProbeIdentity> identify(const EchoSecret& secret, Bytes packet) {
  const auto quote = parse_quoted_packet(packet);
  EXPECT_TRUE(quote);
  return quote ? identify_quote(secret, *quote) : std::nullopt;
}

std::uint16_t checksum_remainder(const TraceFlow& flow, Bytes packet) {
  const auto header = parse_ip_header(packet);
  return transport_checksum(flow.source, flow.destination, header->protocol,
                            packet.subspan(header->header_bytes));
}

/// The packet with everything zeroed that may differ between probes of a flow, as far as balancers
/// look: all of the IP header but TTL, identification and its checksum, and the ports or the first
/// eight bytes of ICMP without the sequence.
Buffer what_balancers_see(const TraceFlow& flow, const Buffer& packet) {
  const bool is_v6 = flow.destination.is_v6;
  const std::size_t at = header_bytes(flow);
  Buffer seen(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(at) + 8);
  if (is_v6) seen[7] = 0;
  if (!is_v6) seen[4] = seen[5] = seen[8] = seen[10] = seen[11] = 0;
  if (flow.transport == Transport::Icmp) seen[at + 6] = seen[at + 7] = 0;
  if (flow.transport == Transport::Tcp) {
    std::fill(seen.begin() + static_cast<std::ptrdiff_t>(at) + 4, seen.end(), std::uint8_t{0});
  }
  return seen;
}

/// One TTL and number more of the flow looks like `first` and is right.
void check_looks(const TraceFlow& flow, const Buffer& packet, const Buffer& first) {
  ASSERT_EQ(parse_quoted_packet(packet)->checksum, trace_checksum(flow));
  ASSERT_EQ(checksum_remainder(flow, packet), 0);
  ASSERT_EQ(what_balancers_see(flow, packet), first);
}

/// It is named by its whole quote and, except over UDP on IPv6, by eight bytes of transport.
void check_names(const TraceFlow& flow, const Buffer& packet, std::uint16_t number) {
  const bool is_udp = flow.transport == Transport::Udp;
  ProbeIdentity ours{flow.source_port, number, true};
  ASSERT_EQ(identify(kSecret, packet), ours);
  const auto cut = identify(kSecret, Bytes(packet).first(header_bytes(flow) + 8));
  ours.is_proven = flow.transport == Transport::Tcp;
  if (is_udp && number == 0) ours.number = 0xffff;
  ASSERT_EQ(cut, is_udp && flow.destination.is_v6 ? std::nullopt : std::optional(ours));
}

TEST(TraceProbe, looks_the_same_to_balancers_and_is_named_for_every_number_and_ttl) {
  for (const TraceFlow& flow : all_flows()) {
    const Buffer first = what_balancers_see(flow, build_trace_probe(flow, 1, 0, kSecret));
    for (std::uint32_t i = 0; i <= 0xffff; ++i) {
      const auto number = static_cast<std::uint16_t>(i);
      const auto ttl = static_cast<std::uint8_t>(i % 256);
      SCOPED_TRACE(i);
      const Buffer packet = build_trace_probe(flow, ttl, number, kSecret);
      ASSERT_NO_FATAL_FAILURE(check_looks(flow, packet, first)) << name_of(flow);
      ASSERT_NO_FATAL_FAILURE(check_names(flow, packet, number)) << name_of(flow);
    }
  }
}

TEST(TraceProbe, number_0_shares_the_identification_of_65535) {
  const TraceFlow flow = flow_of(Transport::Udp, false);
  const Buffer packet = probe(flow, 0);
  EXPECT_EQ(parse_ip_header(packet)->identification, 0xffff);
  const ProbeIdentity shared{flow.source_port, 0xffff, false};
  EXPECT_EQ(identify(kSecret, Bytes(packet).first(28)), shared);
  const ProbeIdentity ours{flow.source_port, 0, true};
  EXPECT_EQ(identify(kSecret, packet), ours);
}

TEST(TraceProbe, has_a_right_ipv4_header) {
  TraceFlow flow = flow_of(Transport::Udp, false);
  const Buffer packet = probe(flow);
  // By hand: 45b8 + 0036 + 1234 + 0000 + 0711 + c000 + 0201 + c000 + 0212 = 1'e346 -> e347, 1cb8.
  const Buffer expected = {0x45, 0xb8, 0x00, 0x36, 0x12, 0x34, 0x00, 0x00, 0x07, 0x11,
                           0x1c, 0xb8, 192,  0,    2,    1,    192,  0,    2,    18};
  EXPECT_EQ(Buffer(packet.begin(), packet.begin() + 20), expected);
}

TEST(TraceProbe, has_a_right_ipv6_header) {
  const TraceFlow flow = flow_of(Transport::Icmp, true);
  const Buffer packet = probe(flow);
  const auto header = parse_ip_header(packet);
  EXPECT_EQ(header->source, flow.source);
  EXPECT_EQ(header->destination, flow.destination);
  EXPECT_EQ(header->traffic_class, 0xb8);
  EXPECT_EQ(header->ttl, 7);
  EXPECT_EQ(header->protocol, 58);
  EXPECT_EQ(header->total_bytes, packet.size());
  EXPECT_NE(header->flow_label, 0U);
}

TEST(TraceProbe, of_tcp_is_a_syn_that_hosts_accept) {
  const Buffer packet = probe(flow_of(Transport::Tcp, false));
  const Bytes segment = Bytes(packet).subspan(20);
  ASSERT_EQ(segment.size(), 36U);
  EXPECT_EQ(segment[12] >> 4, 9);
  EXPECT_EQ(segment[13], 0x02);
  EXPECT_EQ(read_u16(segment, 14), 64'240);
  EXPECT_EQ(read_u32(segment, 4) >> 16, kNumber);
  EXPECT_EQ(read_u32(segment, 8), 0U);
  const Buffer options = {2, 4, 0x05, 0xb4, 1, 1, 8, 10};
  EXPECT_TRUE(std::ranges::equal(segment.subspan(20, 8), options));
  EXPECT_EQ(segment[28], 1);
  EXPECT_EQ(read_u32(segment, 32), 0U);  // The echoed timestamp of a SYN.
}

TEST(TraceProbe, has_the_size_asked_for_and_then_must_not_be_fragmented) {
  for (const TraceFlow& flow : all_flows()) {
    const bool is_v6 = flow.destination.is_v6;
    const std::size_t smallest = trace_probe_bytes_min(flow.transport, is_v6);
    EXPECT_EQ(probe(flow).size(), smallest);
    EXPECT_FALSE(parse_ip_header(probe(flow))->dont_fragment);
    for (const std::size_t asked : {1UZ, 576UZ, 1281UZ, 1500UZ, 9000UZ, 65'535UZ, 70'000UZ}) {
      const Buffer packet = build_trace_probe(flow, 7, kNumber, kSecret, asked);
      EXPECT_EQ(packet.size(), std::clamp(asked, smallest, 65'535UZ)) << name_of(flow);
      const auto header = parse_ip_header(packet);
      EXPECT_EQ(header->total_bytes, packet.size());
      EXPECT_EQ(header->dont_fragment, !is_v6);
      EXPECT_EQ(parse_quoted_packet(packet)->checksum, trace_checksum(flow));
      EXPECT_EQ(checksum_remainder(flow, packet), 0) << name_of(flow) << " " << asked;
      EXPECT_EQ(identify(kSecret, packet)->number, kNumber);
    }
  }
}

TEST(TraceProbe, of_another_flow_looks_different) {
  std::set<std::uint16_t> checksums;
  std::set<std::uint32_t> labels;
  TraceFlow flow = flow_of(Transport::Icmp, true);
  for (std::uint16_t id = 0; id < 1000; ++id) {
    flow.source_port = id;
    checksums.insert(trace_checksum(flow));
    labels.insert(parse_ip_header(probe(flow))->flow_label);
  }
  // 1000 draws out of 65,534: 7.6 pairs are expected, 30 would be a fault.
  EXPECT_GT(checksums.size(), 970U);
  EXPECT_GT(labels.size(), 990U);
}

TEST(TraceProbe, keeps_its_way_with_another_secret_or_traffic_class) {
  for (const TraceFlow& flow : all_flows()) {
    TraceFlow marked = flow;
    marked.traffic_class = 0;
    const Buffer before = build_trace_probe(flow, 7, kNumber, kSecret);
    const Buffer after = build_trace_probe(marked, 7, kNumber, kOtherSecret);
    EXPECT_EQ(parse_ip_header(before)->flow_label, parse_ip_header(after)->flow_label);
    EXPECT_EQ(parse_quoted_packet(before)->checksum, parse_quoted_packet(after)->checksum);
  }
}

TEST(TraceProbe, never_has_a_udp_checksum_of_0) {
  TraceFlow flow = flow_of(Transport::Udp, true);
  for (std::uint32_t port = 0; port <= 0xffff; ++port) {
    flow.source_port = static_cast<std::uint16_t>(port);
    ASSERT_NE(trace_checksum(flow), 0) << port;
    ASSERT_NE(trace_checksum(flow), 0xffff) << port;
  }
}

TEST(ProbeIdentity, is_refused_if_made_with_another_key) {
  for (const TraceFlow& flow : all_flows()) {
    int taken = 0;
    for (std::uint16_t number = 1; number <= 1000; ++number) {
      if (identify(kOtherSecret, probe(flow, number))) ++taken;
    }
    // 16 keyed bits of TCP let one of 65,536 pass; payloads none.
    EXPECT_LE(taken, flow.transport == Transport::Tcp ? 2 : 0) << name_of(flow);
  }
}

TEST(ProbeIdentity, is_refused_if_any_keyed_bit_was_turned) {
  for (const TraceFlow& flow : all_flows()) {
    const bool is_tcp = flow.transport == Transport::Tcp;
    const std::size_t begin = header_bytes(flow) + (is_tcp ? 6 : 8);
    const std::size_t end = begin + (is_tcp ? 2 : kEchoPayloadSize);
    for (std::size_t bit = begin * 8; bit < end * 8; ++bit) {
      Buffer packet = probe(flow);
      packet[bit / 8] = static_cast<std::uint8_t>(packet[bit / 8] ^ (1U << (bit % 8)));
      EXPECT_FALSE(identify(kSecret, packet)) << name_of(flow) << " " << bit;
    }
  }
}

TEST(ProbeIdentity, is_what_the_payload_says_if_ports_or_identification_were_translated) {
  for (const Transport transport : {Transport::Icmp, Transport::Udp}) {
    for (const bool is_v6 : {false, true}) {
      const TraceFlow flow = flow_of(transport, is_v6);
      Buffer packet = probe(flow);
      const std::size_t at = header_bytes(flow);
      if (!is_v6) write_u16(packet, 4, 0);
      write_u16(packet, at + (transport == Transport::Icmp ? 4 : 0), 1);
      write_u16(packet, at + (transport == Transport::Icmp ? 6 : 2), 2);
      const ProbeIdentity ours{flow.source_port, kNumber, true};
      EXPECT_EQ(identify(kSecret, packet), ours) << name_of(flow);
    }
  }
}

TEST(ProbeIdentity, of_a_cut_payload_is_not_proven) {
  for (const TraceFlow& flow : all_flows()) {
    if (flow.transport == Transport::Tcp) continue;
    const bool is_udp_v6 = flow.transport == Transport::Udp && flow.destination.is_v6;
    const Buffer packet = probe(flow);
    const ProbeIdentity ours{flow.source_port, kNumber, false};
    for (std::size_t quoted = 0; quoted < kEchoPayloadSize; ++quoted) {
      const auto identity = identify(kSecret, Bytes(packet).first(header_bytes(flow) + 8 + quoted));
      const bool is_known = !is_udp_v6 || quoted >= 8;
      EXPECT_EQ(identity, is_known ? std::optional(ours) : std::nullopt) << quoted;
    }
  }
}

TEST(ProbeIdentity, is_refused_if_a_cut_payload_does_not_begin_with_the_mark) {
  Buffer packet = probe(flow_of(Transport::Udp, false));
  packet[28] = 0x12;
  for (const std::size_t quoted : {1UZ, 3UZ, 4UZ, 8UZ, 23UZ, 24UZ}) {
    EXPECT_FALSE(identify(kSecret, Bytes(packet).first(28 + quoted))) << quoted;
  }
}

TEST(ProbeIdentity, is_not_spoilt_by_the_zeros_that_routers_fill_short_quotes_up_with) {
  for (const Transport transport : {Transport::Icmp, Transport::Udp}) {
    const TraceFlow flow = flow_of(transport, false);
    Buffer packet = probe(flow);
    packet.resize(28);
    packet.resize(128);
    const ProbeIdentity ours{flow.source_port, kNumber, false};
    EXPECT_EQ(identify(kSecret, packet), ours);
  }
}

TEST(ProbeIdentity, is_not_found_in_what_is_not_ours) {
  // Never sent by us: a UDP packet with identification 0, whose payload was not quoted.
  Buffer packet = probe(flow_of(Transport::Udp, false));
  write_u16(packet, 4, 0);
  EXPECT_FALSE(identify(kSecret, Bytes(packet).first(28)));
  EXPECT_FALSE(identify(kSecret, Bytes(packet).first(27)));
}

TEST(ProbeIdentity, is_found_in_an_echo_reply) {
  const Buffer packet = probe(flow_of(Transport::Icmp, false));
  const Bytes payload = Bytes(packet).subspan(28);
  const ProbeIdentity ours{40'000, kNumber, true};
  EXPECT_EQ(identify_echo_reply(kSecret, 40'000, kNumber, payload), ours);
  EXPECT_EQ(identify_echo_reply(kSecret, 1, 2, payload), ours);
  EXPECT_FALSE(identify_echo_reply(kOtherSecret, 40'000, kNumber, payload));
  const ProbeIdentity cut{40'000, kNumber, false};
  EXPECT_EQ(identify_echo_reply(kSecret, 40'000, kNumber, payload.first(6)), cut);
}

TEST(ProbeIdentity, is_found_in_a_tcp_reply) {
  const TraceFlow flow = flow_of(Transport::Tcp, false);
  for (std::uint32_t number = 0; number <= 0xffff; ++number) {
    const Buffer packet = probe(flow, static_cast<std::uint16_t>(number));
    TcpReply reply;
    reply.destination_port = flow.source_port;
    reply.acknowledgement = read_u32(packet, 24) + 1;
    const ProbeIdentity ours{flow.source_port, static_cast<std::uint16_t>(number), true};
    ASSERT_EQ(identify_tcp_reply(kSecret, reply), ours);
    reply.acknowledgement += 3;
    ASSERT_NE(identify_tcp_reply(kSecret, reply), ours);
  }
}

TEST(ProbeIdentity, is_found_in_a_tcp_reply_that_acknowledges_the_filling_too) {
  const TraceFlow flow = flow_of(Transport::Tcp, false);
  const Buffer packet = build_trace_probe(flow, 64, 0xffff, kSecret, 1500);
  const std::size_t data_bytes = 1500 - trace_probe_bytes_min(Transport::Tcp, false);
  TcpReply reply;
  reply.destination_port = flow.source_port;
  const ProbeIdentity ours{flow.source_port, 0xffff, true};
  for (const std::size_t acknowledged : {0UZ, data_bytes}) {
    reply.acknowledgement = read_u32(packet, 24) + 1 + static_cast<std::uint32_t>(acknowledged);
    EXPECT_EQ(identify_tcp_reply(kSecret, reply, data_bytes), ours);
  }
  EXPECT_FALSE(identify_tcp_reply(kSecret, reply));
}

}  // namespace
}  // namespace lw::packet
