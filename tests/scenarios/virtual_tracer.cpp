// SPDX-License-Identifier: Apache-2.0
#include "scenarios/virtual_tracer.h"

#include <algorithm>

#include "base/assert.h"
#include "packet/checksum.h"
#include "trace/answer.h"

namespace lw::scenarios {
namespace {

constexpr packet::EchoSecret kSecret{0x6c696e65, 11, 13};
constexpr std::uint16_t kFirstPort = 33'000;

IpAddress address_of(const lab::NetworkConfig& network, std::string_view name, bool is_v6) {
  const auto node = std::ranges::find(network.nodes, name, &lab::NodeTimeline::name);
  LW_ASSERT(node != network.nodes.end());
  for (const IpRange& range : node->phases.front().config.addresses) {
    if (range.address.is_v6 == is_v6) return range.address;
  }
  return *parse_ip_address(is_v6 ? "2001:db8:ffff::1" : "10.255.255.1");
}

packet::Transport transport_of(TraceProtocol protocol) {
  switch (protocol) {
    case TraceProtocol::Icmp:
      return packet::Transport::Icmp;
    case TraceProtocol::Udp:
      return packet::Transport::Udp;
    case TraceProtocol::Tcp:
      break;
  }
  return packet::Transport::Tcp;
}

}  // namespace

Timestamp wall_at(Instant now) {
  const Timestamp start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1};
  return start + std::chrono::duration_cast<Microseconds>(now - kStart);
}

packet::TraceFlow way_to(const lab::NetworkConfig& network, std::string_view node, bool is_v6,
                         TraceProtocol protocol, std::uint16_t port) {
  return {transport_of(protocol),
          address_of(network, "source", is_v6),
          address_of(network, node, is_v6),
          kFirstPort,
          port,
          0};
}

VirtualTracer::TraceNumber VirtualTracer::start(const trace::TraceConfig& config,
                                                std::vector<trace::TraceHint> hints,
                                                trace::HopBudget* budget, Instant now) {
  auto round =
      std::make_unique<trace::TraceRound>(config, way_.destination, budget, std::move(hints), now);
  running_.emplace(next_trace_, Running{std::move(round), now});
  return next_trace_++;
}

packet::TraceFlow VirtualTracer::flow_of(std::uint16_t index) const {
  packet::TraceFlow flow = way_;
  flow.source_port = static_cast<std::uint16_t>(flow.source_port + index);
  return flow;
}

Instant VirtualTracer::next_event() const {
  Instant next = network_.next_departure().value_or(Instant::max());
  for (const auto& [id, running] : running_) {
    next = std::min(next, running.round->next_due().value_or(Instant::max()));
  }
  return next;
}

std::vector<VirtualTracer::Finished> VirtualTracer::step(Instant now) {
  for (const lab::Packet& packet : network_.take_departed(now)) take_answer(packet, now);
  std::vector<Finished> traces;
  for (auto entry = running_.begin(); entry != running_.end();) {
    send_due(entry->first, entry->second, now);
    const bool is_complete = entry->second.round->is_complete(now);
    if (is_complete) traces.push_back({entry->first, finished(entry->second)});
    entry = is_complete ? running_.erase(entry) : std::next(entry);
  }
  return traces;
}

void VirtualTracer::take_answer(packet::Bytes bytes, Instant now) {
  ++counters_.answers;
  const auto ip = packet::parse_ip_header(bytes);
  LW_ASSERT(ip.has_value());
  const trace::AnswerPacket answer{ip->source, ip->ttl, ip->protocol == packet::kProtocolTcp,
                                   bytes.subspan(ip->header_bytes)};
  const auto identified = trace::identify_answer(kSecret, answer);
  const auto sent = identified ? sent_.find(identified->probe.number) : sent_.end();
  if (sent == sent_.end()) {
    ++counters_.unknown_answers;
    return;
  }
  auto reply = trace::to_hop_reply(answer, *identified, flow_of(sent->second.order.flow));
  if (!reply) ++counters_.unknown_answers;
  const auto running = running_.find(sent->second.trace);
  if (!reply || running == running_.end()) return;
  reply->rtt = std::chrono::duration_cast<Microseconds>(now - sent->second.at);
  running->second.round->received(sent->second.order, *reply, now);
}

void VirtualTracer::send_due(TraceNumber trace, Running& running, Instant now) {
  for (const trace::ProbeOrder& order : running.round->take_due(now)) {
    const std::uint16_t number = next_number_++;
    sent_.insert_or_assign(number, Sent{trace, order, now});
    network_.deliver(
        packet::build_trace_probe(flow_of(order.flow), order.ttl, number, kSecret, packet_bytes_),
        now);
    running.round->sent(order, now);
    ++counters_.probes;
  }
}

Trace VirtualTracer::finished(const Running& running) const {
  Trace trace = running.round->outcome();
  trace.started = wall_at(running.started);
  trace.source = way_.source;
  trace.port = way_.transport == packet::Transport::Icmp ? std::uint16_t{0} : way_.destination_port;
  return trace;
}

}  // namespace lw::scenarios
