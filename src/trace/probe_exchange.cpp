// SPDX-License-Identifier: Apache-2.0
#include "trace/probe_exchange.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/random.h"

namespace lw::trace {
namespace {

constexpr std::size_t kPortsMax = 256;
constexpr std::size_t kLines = 2UL * 3 * kPortsMax;  // families, transports, ports
// Sizes that are looked for at the same time; a SYN-ACK says only their sum with its number.
constexpr std::size_t kFillsMax = 16;

packet::EchoSecret random_secret() {
  return {static_cast<std::uint32_t>(random_u64() | 1U), random_u64(), random_u64()};
}

/// Where a destination's flows begin among the ports, so that all ports serve, and each destination
/// keeps its own. Not keyed: another process must find the same.
std::uint64_t spread(const IpAddress& destination) {
  return packet::sip_hash(0, 0, std::span(destination.bytes).first(destination.size()));
}

}  // namespace

ProbeExchange::ProbeExchange(const Clock& clock, Handlers handlers)
    : clock_(clock), handlers_(std::move(handlers)), secret_(random_secret()), table_(kLines) {}

Result<std::unique_ptr<ProbeExchange>> ProbeExchange::open(io::Loop& loop, const Clock& clock,
                                                           bool without_privilege,
                                                           Handlers handlers) {
  std::unique_ptr<ProbeExchange> exchange(new ProbeExchange(clock, std::move(handlers)));
  for (const bool is_v6 : {false, true}) exchange->open_family(loop, is_v6, without_privilege);
  const auto v4 = exchange->problem(false);
  if (v4 && exchange->problem(true)) return std::unexpected(*v4);
  return exchange;
}

void ProbeExchange::open_family(io::Loop& loop, bool is_v6, bool without_privilege) {
  io::TraceSocket::Handlers handlers{
      [this](const io::TraceSocket::Arrival& arrival) { on_arrival(arrival); },
      [this](std::uint32_t key, std::int64_t stamp_ns) {
        if (SentProbe* const probe = probe_of(key)) probe->sent_stamp_ns = stamp_ns;
      }};
  auto opened =
      io::TraceSocket::open(loop, {is_v6, secret_.mark, without_privilege}, std::move(handlers));
  Family& family = families_.at(is_v6 ? 1 : 0);
  if (opened) {
    family.socket = std::move(*opened);
  } else {
    family.failure = opened.error();
  }
}

std::optional<Error> ProbeExchange::problem(bool is_v6) const { return family(is_v6).failure; }

std::uint16_t ProbeExchange::port_of(const IpAddress& destination, std::uint16_t flow) const {
  const Family& speaks = family(destination.is_v6);
  if (!speaks.socket) return 0;
  const io::PortBlock ports = speaks.socket->ports();
  return static_cast<std::uint16_t>(ports.first + (spread(destination) + flow) % ports.count);
}

std::optional<std::size_t> ProbeExchange::line_of(bool is_v6, packet::Transport transport,
                                                  std::uint16_t port) const {
  const Family& speaks = family(is_v6);
  if (!speaks.socket) return std::nullopt;
  const io::PortBlock ports = speaks.socket->ports();
  if (port < ports.first || port > ports.last()) return std::nullopt;
  const std::size_t kind = (is_v6 ? 3U : 0U) + static_cast<std::size_t>(transport);
  return kind * kPortsMax + static_cast<std::size_t>(port - ports.first);
}

/// A key is the line and the number.
SentProbe* ProbeExchange::probe_of(std::uint32_t key) {
  return table_.find(key >> 16, static_cast<std::uint16_t>(key & 0xffff));
}

void ProbeExchange::send(std::span<Outgoing> probes) {
  for (const bool is_v6 : {false, true}) {
    const ClockReading now = read_clocks(clock_);
    for (Outgoing& probe : probes) {
      if (probe.flow.destination.is_v6 == is_v6) add_to_batch(probe, now);
    }
    send_batch(is_v6);
  }
}

void ProbeExchange::add_to_batch(Outgoing& probe, const ClockReading& now) {
  const packet::TraceFlow& flow = probe.flow;
  const bool is_v6 = flow.destination.is_v6;
  const auto line = line_of(is_v6, flow.transport, flow.source_port);
  SentProbe record{probe.trace, probe.order, false, now, 0, now.instant + probe.timeout};
  const auto number = line ? table_.add(*line, record, now.instant) : std::nullopt;
  probe.sent = now.instant;
  probe.error = number ? 0 : EAGAIN;
  if (!number) return;
  note_fill(probe);
  batch_.bytes.push_back(
      packet::build_trace_probe(flow, probe.order.ttl, *number, secret_, probe.packet_bytes));
  const auto key = static_cast<std::uint32_t>(*line << 16) | *number;
  batch_.packets.push_back({flow.destination, batch_.bytes.back(), key, probe.source});
  batch_.probes.push_back(&probe);
}

void ProbeExchange::send_batch(bool is_v6) {
  if (batch_.packets.empty()) return;
  Family& family = families_.at(is_v6 ? 1 : 0);
  family.is_used = true;
  family.socket->send(batch_.packets);
  for (std::size_t i = 0; i < batch_.packets.size(); ++i) {
    const io::TraceSocket::Packet& packet = batch_.packets[i];
    batch_.probes[i]->error = packet.error;
    if (packet.error == 0) {
      ++counters_.sent;
    } else if (SentProbe* const record = probe_of(packet.key)) {
      record->trace = 0;
    }
  }
  batch_.bytes.clear();
  batch_.packets.clear();
  batch_.probes.clear();
}

/// identify_answer() must know by how much the SYNs were filled up whose answers may come.
void ProbeExchange::note_fill(const Outgoing& probe) {
  if (probe.flow.transport != packet::Transport::Tcp || probe.packet_bytes == 0) return;
  const std::size_t least =
      packet::trace_probe_bytes_min(probe.flow.transport, probe.flow.destination.is_v6);
  if (probe.packet_bytes <= least) return;
  const std::size_t fill = probe.packet_bytes - least;
  if (std::ranges::find(fills_, fill) != fills_.end()) return;
  if (fills_.size() >= kFillsMax) fills_.erase(fills_.begin());
  fills_.push_back(fill);
}

void ProbeExchange::read_pending() {
  for (const Family& family : families_) {
    if (family.is_used) family.socket->read_pending();
  }
}

void ProbeExchange::set_polled(bool is_polled) {
  for (const Family& family : families_) {
    if (family.socket) family.socket->set_polled(is_polled);
  }
}

void ProbeExchange::on_arrival(const io::TraceSocket::Arrival& arrival) {
  const AnswerPacket packet{arrival.from, arrival.ttl, arrival.is_tcp, arrival.bytes,
                            arrival.is_genuine};
  const auto identified = identify_answer(secret_, packet, fills_);
  const auto line =
      identified ? line_of(arrival.from.is_v6, identified->transport, identified->probe.source_port)
                 : std::nullopt;
  SentProbe* const probe = line ? table_.find(*line, identified->probe.number) : nullptr;
  if (probe == nullptr || probe->trace == 0) {
    ++counters_.foreign;
    return;
  }
  on_answer(packet, *identified, *probe, arrival.stamp_ns);
}

void ProbeExchange::on_answer(const AnswerPacket& packet, const IdentifiedAnswer& identified,
                              SentProbe& probe, std::optional<std::int64_t> stamp_ns) {
  const ClockReading now = read_clocks(clock_);
  const auto flow = handlers_.flow_of(probe.trace, probe.order.flow);
  if (!flow) {
    // A trace that is over without this answer did not need it, or did not wait so long.
    if (now.instant > probe.deadline) ++counters_.late;
    return;
  }
  auto reply = to_hop_reply(packet, identified, *flow);
  if (!reply) {
    ++counters_.foreign;
    return;
  }
  if (probe.is_answered) {
    ++counters_.duplicates;
    return;
  }
  const std::chrono::nanoseconds elapsed = now.instant - probe.sent.instant;
  const auto stamped =
      stamp_ns ? stamped_interval(probe.sent, probe.sent_stamp_ns, *stamp_ns, now) : std::nullopt;
  reply->rtt = to_measured(stamped.value_or(elapsed));
  // What came in time may be read late, but not the other way round.
  if (*reply->rtt > probe.deadline - probe.sent.instant) {
    ++counters_.late;
    return;
  }
  probe.is_answered = true;
  ++counters_.answers;
  // A copy: the handler may send, and so move the records.
  const auto [trace, order] = std::pair(probe.trace, probe.order);
  handlers_.answered(trace, order, std::move(*reply), now.instant);
}

std::uint64_t ProbeExchange::drops() const {
  std::uint64_t drops = 0;
  for (const Family& family : families_) drops += family.socket ? family.socket->drops() : 0;
  return drops;
}

std::string ProbeExchange::limitation() const {
  // Of IPv4: a host without IPv6 is in order.
  const Family& v4 = family(false);
  if (v4.socket) return v4.socket->limitation();
  return v4.failure ? v4.failure->message : "";
}

}  // namespace lw::trace
