// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "packet/icmp_extension.h"
#include "packet/ip_packet.h"
#include "packet/trace_probe.h"
#include "simnet/network.h"
#include "simnet/network_reader.h"

namespace lw::lab {

/// What came back, taken apart. `bytes` is what the other members point into.
struct Answer {
  Packet bytes;
  Microseconds after{0};
  packet::IpHeader ip;
  std::optional<packet::TraceMessage> icmp;
  std::optional<packet::TcpReply> tcp;

  [[nodiscard]] std::string from() const { return to_string(ip.source); }
  [[nodiscard]] const packet::TraceError* error() const {
    return icmp ? std::get_if<packet::TraceError>(&*icmp) : nullptr;
  }
  /// "11/0"; "echo"; "syn-ack"; "rst"
  [[nodiscard]] std::string kind() const {
    if (tcp) return tcp->is_rst ? "rst" : "syn-ack";
    if (const auto* e = error()) return std::to_string(e->type) + "/" + std::to_string(e->code);
    return icmp ? "echo" : "unknown";
  }
};

/// A host in front of a simulated network, for tests.
class TestSource {
 public:
  explicit TestSource(std::string_view yaml) : network_(load(yaml), kStart) {}

  packet::TraceFlow flow{packet::Transport::Udp,
                         *parse_ip_address("10.0.0.1"),
                         *parse_ip_address("198.51.100.7"),
                         40'000,
                         33'434,
                         0};
  std::size_t packet_bytes = 0;

  void use_v6() {
    flow.source = *parse_ip_address("2001:db8::1");
    flow.destination = *parse_ip_address("2001:db8:7::7");
  }
  void advance(Microseconds by) { now_ += by; }

  /// Sends one probe and takes all that comes back for it.
  std::vector<Answer> ask_all(int ttl) {
    const Packet probe =
        build_trace_probe(flow, static_cast<std::uint8_t>(ttl), number_++, {1, 2, 3}, packet_bytes);
    network_.deliver(probe, now_);
    std::vector<Answer> answers;
    while (const auto next = network_.next_departure()) {
      for (Packet& packet : network_.take_departed(*next)) {
        answers.push_back(take_apart(std::move(packet), *next));
      }
    }
    return answers;
  }
  std::optional<Answer> ask(int ttl) {
    std::vector<Answer> answers = ask_all(ttl);
    if (answers.empty()) return std::nullopt;
    return std::move(answers.front());
  }
  /// "10.0.1.1 11/0", "-" for silence
  std::string told(int ttl) {
    const auto answer = ask(ttl);
    return answer ? answer->from() + " " + answer->kind() : "-";
  }
  SimulatedNetwork& network() { return network_; }

 private:
  static constexpr Instant kStart{Seconds(1'000)};

  static NetworkConfig load(std::string_view yaml) {
    NetworkRead read = parse_network(yaml, "test.yaml");
    for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
    return std::move(read.config);
  }

  Answer take_apart(Packet packet, Instant at) {
    Answer answer;
    answer.bytes = std::move(packet);
    answer.after = std::chrono::duration_cast<Microseconds>(at - now_);
    const auto ip = packet::parse_ip_header(answer.bytes);
    EXPECT_TRUE(ip.has_value());
    if (!ip) return answer;
    answer.ip = *ip;
    EXPECT_EQ(ip->total_bytes, answer.bytes.size());
    const Bytes payload = Bytes(answer.bytes).subspan(ip->header_bytes);
    EXPECT_EQ(packet::transport_checksum(ip->source, ip->destination, ip->protocol, payload), 0);
    if (ip->protocol == packet::kProtocolTcp) {
      answer.tcp = packet::parse_tcp_reply(payload);
    } else {
      answer.icmp = packet::parse_trace_message(ip->is_v6, payload);
    }
    return answer;
  }

  Instant now_ = kStart;
  std::uint16_t number_ = 1;
  SimulatedNetwork network_;
};

}  // namespace lw::lab
