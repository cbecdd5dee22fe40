// SPDX-License-Identifier: Apache-2.0
#include "trace/answer.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "packet/icmp_extension.h"

namespace lw::trace {
namespace {

using packet::TraceFlow;
using packet::Transport;

constexpr packet::EchoSecret kSecret{0xabcd1234, 5, 6};
constexpr std::uint16_t kNumber = 777;
using Message = std::vector<std::uint8_t>;

IpAddress address(bool is_v6, int last) {
  const std::string text = std::to_string(last);
  return *parse_ip_address(is_v6 ? "fd00::" + text : "10.0.0." + text);
}

TraceFlow flow_of(Transport transport, bool is_v6) {
  TraceFlow flow;
  flow.transport = transport;
  flow.source = address(is_v6, 1);
  flow.destination = address(is_v6, 99);
  flow.source_port = 65'000;
  flow.destination_port = transport == Transport::Icmp ? 0 : 443;
  return flow;
}

/// As a router would see it: the time to live down to 1.
Message probe_of(const TraceFlow& flow) {
  return packet::build_trace_probe(flow, 1, kNumber, kSecret);
}

Message error(std::uint8_t type, std::uint8_t code, const Message& quoted,
              const Message& extensions = {}) {
  const bool is_v6 = (quoted[0] >> 4) == 6;
  Message message(8);
  message[0] = type;
  message[1] = code;
  message.insert(message.end(), quoted.begin(), quoted.end());
  if (extensions.empty()) return message;
  message.resize(8 + 128);  // RFC 4884 §3
  message[is_v6 ? 4 : 5] = is_v6 ? 16 : 32;
  message.insert(message.end(), extensions.begin(), extensions.end());
  return message;
}

std::optional<HopReply> reply_to(const TraceFlow& flow, const Message& message, int from,
                                 bool is_tcp = false) {
  AnswerPacket answer{address(flow.source.is_v6, from), 61, is_tcp, message};
  const auto identified = identify_answer(kSecret, answer);
  if (!identified) return std::nullopt;
  EXPECT_EQ(identified->probe.number, kNumber);
  EXPECT_EQ(identified->probe.source_port, flow.source_port);
  EXPECT_EQ(identified->transport, flow.transport);
  return to_hop_reply(answer, *identified, flow);
}

struct Case {
  Transport transport;
  bool is_v6;
};
class EachProbe : public testing::TestWithParam<Case> {
 protected:
  TraceFlow flow_ = flow_of(GetParam().transport, GetParam().is_v6);
  bool is_v6_ = GetParam().is_v6;
};

TEST_P(EachProbe, whose_time_ended_names_the_router) {
  const auto reply = reply_to(flow_, error(is_v6_ ? 3 : 11, 0, probe_of(flow_)), 7);
  HopReply expected;
  expected.answer = HopAnswer::TimeExceeded;
  expected.from = address(is_v6_, 7);
  expected.icmp_type = is_v6_ ? 3 : 11;
  expected.reply_ttl = 61;
  EXPECT_EQ(reply, expected);
}

TEST_P(EachProbe, is_at_its_destination_when_that_refuses_it) {
  const Message message = error(is_v6_ ? 1 : 3, is_v6_ ? 4 : 3, probe_of(flow_));
  const auto by_destination = reply_to(flow_, message, 99);
  ASSERT_TRUE(by_destination);
  EXPECT_EQ(by_destination->answer, HopAnswer::Destination);
  EXPECT_TRUE(by_destination->is_refusal);
  // A firewall on the way says it in the same words.
  const auto by_router = reply_to(flow_, message, 7);
  ASSERT_TRUE(by_router);
  EXPECT_EQ(by_router->answer, HopAnswer::Unreachable);
  EXPECT_FALSE(by_router->is_refusal);
}

TEST_P(EachProbe, is_not_at_its_destination_when_that_prohibits_it) {
  const auto reply = reply_to(flow_, error(is_v6_ ? 1 : 3, is_v6_ ? 1 : 13, probe_of(flow_)), 99);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->answer, HopAnswer::Unreachable);
  EXPECT_EQ(reply->icmp_code, is_v6_ ? 1 : 13);
}

TEST_P(EachProbe, tells_what_was_changed_on_the_way) {
  TraceFlow changed = flow_;
  changed.destination = address(is_v6_, 42);
  changed.source = address(is_v6_, 43);
  changed.traffic_class = (46 << 2) | 3;
  Message quoted = packet::build_trace_probe(changed, 1, kNumber, kSecret);
  quoted[is_v6_ ? 7 : 8] = 4;
  const auto reply = reply_to(flow_, error(is_v6_ ? 3 : 11, 0, quoted), 7);
  // Ports and number alone prove nothing if the destination is another; only payloads do.
  if (!reply) {
    EXPECT_EQ(flow_.transport, Transport::Tcp);
    return;
  }
  EXPECT_EQ(reply->quote.destination, changed.destination);
  EXPECT_EQ(reply->quote.source, changed.source);
  EXPECT_EQ(reply->quote.dscp, 46);
  EXPECT_EQ(reply->quote.ecn, 3);
  EXPECT_EQ(reply->quote.ttl, 4);
  EXPECT_TRUE(reply->quote.ports_or_checksum_changed);
}

TEST_P(EachProbe, tells_nothing_of_changes_that_this_host_made_up) {
  Message quoted = probe_of(flow_);
  quoted[is_v6_ ? 7 : 8] = 9;
  const Message message = error(is_v6_ ? 3 : 11, 0, quoted);
  const AnswerPacket answer{address(is_v6_, 7), 0, false, message, false};
  const auto identified = identify_answer(kSecret, answer);
  ASSERT_TRUE(identified);
  EXPECT_EQ(to_hop_reply(answer, *identified, flow_)->quote, QuoteFacts{});
}

TEST_P(EachProbe, brings_labels_and_interfaces_along) {
  packet::IcmpExtensions extensions;
  extensions.labels = {{70'000, 1, true, 2}};
  packet::InterfaceInformation incoming;
  incoming.index = 5;
  incoming.name = "eth5";
  extensions.interfaces = {incoming};
  const auto reply = reply_to(
      flow_, error(is_v6_ ? 3 : 11, 0, probe_of(flow_), packet::build_icmp_extensions(extensions)),
      7);
  ASSERT_TRUE(reply);
  ASSERT_EQ(reply->labels.size(), 1U);
  EXPECT_EQ(reply->labels[0], (MplsLabel{70'000, 1, true, 2}));
  ASSERT_EQ(reply->interfaces.size(), 1U);
  EXPECT_EQ(reply->interfaces[0].name, "eth5");
  EXPECT_EQ(reply->interfaces[0].index, 5U);
}

TEST_P(EachProbe, is_not_credited_with_what_answers_another_destination) {
  TraceFlow other = flow_;
  other.destination = address(is_v6_, 98);
  // Eight bytes behind the IP header prove nothing but for the keyed half of a TCP sequence.
  Message quoted = packet::build_trace_probe(other, 1, kNumber, kSecret);
  quoted.resize((is_v6_ ? 40U : 20U) + 8U);
  const Message message = error(is_v6_ ? 3 : 11, 0, quoted);
  const AnswerPacket answer{address(is_v6_, 7), 0, false, message};
  const auto identified = identify_answer(kSecret, answer);
  if (!identified || identified->probe.is_proven) return;
  EXPECT_EQ(to_hop_reply(answer, *identified, flow_), std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(All, EachProbe,
                         testing::Values(Case{Transport::Icmp, false}, Case{Transport::Icmp, true},
                                         Case{Transport::Udp, false}, Case{Transport::Udp, true},
                                         Case{Transport::Tcp, false}, Case{Transport::Tcp, true}));

TEST(Answer, of_an_echo_is_the_destination) {
  for (const bool is_v6 : {false, true}) {
    const TraceFlow flow = flow_of(Transport::Icmp, is_v6);
    const Message probe = probe_of(flow);
    Message reply(probe.begin() + (is_v6 ? 40 : 20), probe.end());
    reply[0] = is_v6 ? 129 : 0;
    const auto found = reply_to(flow, reply, 99);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->answer, HopAnswer::Destination);
    EXPECT_FALSE(found->is_refusal);
    EXPECT_EQ(found->icmp_type, 0);
    // Somebody else's ping, with the same id and sequence.
    for (std::size_t i = 8; i < reply.size(); ++i) reply[i] ^= 0x55;
    EXPECT_EQ(reply_to(flow, reply, 99), std::nullopt);
  }
}

/// A SYN-ACK (0x12) or RST (0x14) to the probe, as far as its flags and acknowledgement go.
Message segment_to(const Message& probe, std::uint8_t flags, std::uint32_t taken) {
  const std::size_t header = (probe[0] >> 4) == 6 ? 40 : 20;
  Message segment(20);
  for (const std::size_t i : {0U, 1U}) segment[i] = probe[header + 2 + i];
  for (const std::size_t i : {0U, 1U}) segment[2 + i] = probe[header + i];
  std::uint32_t sequence = 0;
  for (std::size_t i = 4; i < 8; ++i) sequence = sequence << 8 | probe[header + i];
  sequence += 1 + taken;
  for (std::size_t i = 0; i < 4; ++i) {
    segment[8 + i] = static_cast<std::uint8_t>(sequence >> (24 - 8 * i));
  }
  segment[12] = 5 << 4;
  segment[13] = flags;
  return segment;
}

TEST(Answer, of_tcp_is_the_destination_and_a_reset_a_refusal) {
  const TraceFlow flow = flow_of(Transport::Tcp, false);
  const Message probe = probe_of(flow);
  const auto open = reply_to(flow, segment_to(probe, 0x12, 0), 99, true);
  ASSERT_TRUE(open);
  EXPECT_EQ(open->answer, HopAnswer::Destination);
  EXPECT_FALSE(open->is_refusal);
  EXPECT_TRUE(reply_to(flow, segment_to(probe, 0x14, 0), 99, true)->is_refusal);
  EXPECT_EQ(reply_to(flow, segment_to(probe, 0x14, 1), 99, true), std::nullopt);
}

TEST(Answer, to_a_filled_syn_is_known_if_the_fill_is) {
  const TraceFlow flow = flow_of(Transport::Tcp, false);
  const Message reset = segment_to(probe_of(flow), 0x14, 1'000);
  const AnswerPacket answer{flow.destination, 60, true, reset};
  EXPECT_FALSE(identify_answer(kSecret, answer));
  const std::array<std::size_t, 2> fills = {500, 1'000};
  const auto identified = identify_answer(kSecret, answer, fills);
  ASSERT_TRUE(identified);
  EXPECT_EQ(identified->probe.number, kNumber);
}

}  // namespace
}  // namespace lw::trace
