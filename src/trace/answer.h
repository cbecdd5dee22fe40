// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "base/ip_address.h"
#include "model/trace.h"
#include "packet/ip_packet.h"
#include "packet/trace_probe.h"

/// What an answer to a probe says about the hop that it came from. Pure: first identify_answer()
/// says which probe it may be about, then to_hop_reply() compares it with what was sent.
namespace lw::trace {

/// A packet that came back, without its IP header. The span must outlive what is made of it.
struct AnswerPacket {
  IpAddress from;
  std::uint8_t ttl = 0;  ///< of its IP header; 0: unknown
  bool is_tcp = false;   ///< a TCP segment; else an ICMP message of the sender's family
  packet::Bytes bytes;
  /// The quote is as the network saw it. Otherwise this host put it together from what its kernel
  /// tells without privileges, and how it differs from what was sent means nothing.
  bool is_quote_genuine = true;
};

struct IdentifiedAnswer {
  packet::ProbeIdentity probe;
  packet::Transport transport = packet::Transport::Icmp;  ///< of the probe
  std::variant<packet::EchoReply, packet::TraceError, packet::TcpReply> content;
};
/// Nothing if it answers no probe that was made with that secret. `filled_bytes`: by how much SYNs
/// may have been filled up (identify_tcp_reply()), besides not at all.
std::optional<IdentifiedAnswer> identify_answer(const packet::EchoSecret& secret,
                                                const AnswerPacket& answer,
                                                std::span<const std::size_t> filled_bytes = {});

/// `flow` is that of the probe that `identified` names. Nothing if the answer is about another
/// destination and nothing proves that it means this probe. The RTT is the caller's to fill in.
std::optional<HopReply> to_hop_reply(const AnswerPacket& answer, const IdentifiedAnswer& identified,
                                     const packet::TraceFlow& flow);

}  // namespace lw::trace
