// SPDX-License-Identifier: Apache-2.0
#include "trace/answer.h"

#include <utility>

#include "packet/icmp_extension.h"

namespace lw::trace {
namespace {

using packet::TraceError;

// RFC 792 and RFC 4443.
constexpr std::uint8_t kUnreachable4 = 3;
constexpr std::uint8_t kTimeExceeded4 = 11;
constexpr std::uint8_t kUnreachable6 = 1;
constexpr std::uint8_t kTimeExceeded6 = 3;
constexpr std::uint8_t kParameterProblem6 = 4;

/// The time to live ended on the way. Code 1 is another thing: fragments that did not come.
bool is_time_exceeded(bool is_v6, const TraceError& error) {
  return error.type == (is_v6 ? kTimeExceeded6 : kTimeExceeded4) && error.code == 0;
}

/// Nobody there takes packets of that protocol or port: the packet came to where it should.
bool is_refusal(bool is_v6, const TraceError& error) {
  constexpr std::uint8_t kProtocol4 = 2;
  constexpr std::uint8_t kPort4 = 3;
  constexpr std::uint8_t kPort6 = 4;
  constexpr std::uint8_t kNextHeader6 = 1;
  if (!is_v6) {
    return error.type == kUnreachable4 && (error.code == kProtocol4 || error.code == kPort4);
  }
  return (error.type == kUnreachable6 && error.code == kPort6) ||
         (error.type == kParameterProblem6 && error.code == kNextHeader6);
}

/// Without the scope, which only some ways of asking the kernel tell.
bool is_same_host(const IpAddress& a, const IpAddress& b) {
  return a.is_v6 == b.is_v6 && a.bytes == b.bytes;
}

std::optional<IdentifiedAnswer> identified(std::optional<packet::ProbeIdentity> probe,
                                           packet::Transport transport,
                                           decltype(IdentifiedAnswer::content) content) {
  if (!probe) return std::nullopt;
  return IdentifiedAnswer{*probe, transport, content};
}

QuoteFacts compare(const packet::QuotedPacket& quote, const packet::TraceFlow& flow,
                   bool is_expired) {
  QuoteFacts facts;
  // What is left of it elsewhere than at its end is no surprise.
  if (is_expired && quote.ip.ttl > 1) facts.ttl = quote.ip.ttl;
  if (!is_same_host(quote.ip.destination, flow.destination)) {
    facts.destination = quote.ip.destination;
  }
  if (!is_same_host(quote.ip.source, flow.source)) facts.source = quote.ip.source;
  const bool has_ports = quote.transport && *quote.transport != packet::Transport::Icmp;
  facts.ports_or_checksum_changed =
      (quote.transport && quote.source_port != flow.source_port) ||
      (has_ports && quote.destination_port != flow.destination_port) ||
      (quote.checksum && *quote.checksum != packet::trace_checksum(flow));
  const int changed = quote.ip.traffic_class ^ flow.traffic_class;
  if ((changed >> 2) != 0) facts.dscp = static_cast<std::uint8_t>(quote.ip.traffic_class >> 2);
  if ((changed & 3) != 0) facts.ecn = static_cast<std::uint8_t>(quote.ip.traffic_class & 3);
  return facts;
}

void read_extensions(packet::Bytes structure, HopReply& reply) {
  if (structure.empty()) return;
  auto extensions = packet::parse_icmp_extensions(structure);
  if (!extensions) return;
  for (const packet::MplsEntry& entry : extensions->labels) {
    reply.labels.push_back({entry.label, entry.traffic_class, entry.is_bottom, entry.ttl});
  }
  for (packet::InterfaceInformation& seen : extensions->interfaces) {
    reply.interfaces.push_back({static_cast<InterfaceRole>(seen.role & 3), seen.index, seen.address,
                                std::move(seen.name), seen.mtu});
  }
}

std::optional<HopReply> reply_of_error(const AnswerPacket& answer, const TraceError& error,
                                       bool is_proven, const packet::TraceFlow& flow) {
  const bool is_v6 = answer.from.is_v6;
  const IpAddress& quoted = error.quote.ip.destination;
  if (!is_proven && !is_same_host(quoted, flow.destination)) return std::nullopt;
  HopReply reply;
  reply.answer = HopAnswer::Unreachable;
  reply.icmp_type = error.type;
  reply.icmp_code = error.code;
  reply.mtu = error.mtu;
  const bool is_expired = is_time_exceeded(is_v6, error);
  // Behind a translation that keeps quotes as they are, the destination's address is the quoted.
  const bool is_destination =
      is_same_host(answer.from, flow.destination) || is_same_host(answer.from, quoted);
  if (is_expired) {
    reply.answer = HopAnswer::TimeExceeded;
  } else if (is_destination && is_refusal(is_v6, error)) {
    reply.answer = HopAnswer::Destination;
    reply.is_refusal = true;
  }
  if (answer.is_quote_genuine) reply.quote = compare(error.quote, flow, is_expired);
  read_extensions(error.extensions, reply);
  return reply;
}

/// Of an echo reply or TCP segment: it comes from the destination, or carries our proof.
std::optional<HopReply> reply_of_destination(const AnswerPacket& answer, bool is_proven,
                                             bool is_refusal, const packet::TraceFlow& flow) {
  if (!is_proven && !is_same_host(answer.from, flow.destination)) return std::nullopt;
  HopReply reply;
  reply.answer = HopAnswer::Destination;
  reply.is_refusal = is_refusal;
  return reply;
}

}  // namespace

std::optional<IdentifiedAnswer> identify_answer(const packet::EchoSecret& secret,
                                                const AnswerPacket& answer,
                                                std::span<const std::size_t> filled_bytes) {
  if (answer.is_tcp) {
    const auto segment = packet::parse_tcp_reply(answer.bytes);
    if (!segment) return std::nullopt;
    auto probe = packet::identify_tcp_reply(secret, *segment);
    for (std::size_t i = 0; !probe && i < filled_bytes.size(); ++i) {
      probe = packet::identify_tcp_reply(secret, *segment, filled_bytes[i]);
    }
    return identified(probe, packet::Transport::Tcp, *segment);
  }
  const auto message = packet::parse_trace_message(answer.from.is_v6, answer.bytes);
  if (!message) return std::nullopt;
  if (const auto* echo = std::get_if<packet::EchoReply>(&*message)) {
    return identified(packet::identify_echo_reply(secret, echo->id, echo->sequence, echo->payload),
                      packet::Transport::Icmp, *echo);
  }
  const auto& error = std::get<TraceError>(*message);
  if (!error.quote.transport) return std::nullopt;
  return identified(packet::identify_quote(secret, error.quote), *error.quote.transport, error);
}

std::optional<HopReply> to_hop_reply(const AnswerPacket& answer, const IdentifiedAnswer& identified,
                                     const packet::TraceFlow& flow) {
  const bool is_proven = identified.probe.is_proven;
  std::optional<HopReply> reply;
  if (const auto* error = std::get_if<TraceError>(&identified.content)) {
    reply = reply_of_error(answer, *error, is_proven, flow);
  } else {
    const auto* segment = std::get_if<packet::TcpReply>(&identified.content);
    reply = reply_of_destination(answer, is_proven, segment != nullptr && segment->is_rst, flow);
  }
  if (!reply) return std::nullopt;
  reply->from = answer.from;
  reply->reply_ttl = answer.ttl;
  return reply;
}

}  // namespace lw::trace
