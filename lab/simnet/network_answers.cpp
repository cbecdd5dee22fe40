// SPDX-License-Identifier: Apache-2.0
// What routers and hosts send back to the source, and how it gets there.
#include <algorithm>

#include "packet/bytes.h"
#include "simnet/network.h"
#include "simnet/reply.h"

namespace lw::lab {
namespace {

constexpr std::size_t kSourcesMax = 65'536;
// RFC 1812 §4.3.2.3 and RFC 4443 §2.4 (c).
constexpr std::size_t kErrorMaxV4 = 576;
constexpr std::size_t kErrorMaxV6 = 1'280;
constexpr std::chrono::nanoseconds kBetweenCopies = Microseconds(100);
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kFin = 0x01;
constexpr std::uint8_t kRst = 0x04;
constexpr std::uint8_t kAck = 0x10;

RateBudget bucket(double rate, double burst) {
  return RateBudget(rate, std::chrono::duration<double>(burst / rate));
}

PortAnswer answer_at(const PortConfig& config, std::uint16_t port) {
  for (const auto& [range, answer] : config.ports) {
    if (range.first <= port && port <= range.last) return answer;
  }
  return config.otherwise;
}

bool is_fresh_syn(Bytes segment) { return (segment[13] & (kSyn | kAck | kRst | kFin)) == kSyn; }

}  // namespace

void SimulatedNetwork::answer_as_host(std::size_t node) {
  const NodeConfig& config = config_of(node);
  const Bytes transport = packet_.transport();
  if (packet_.is_icmp()) {
    const bool asks = transport.size() >= 8 && transport[0] == (packet_.is_v6() ? 128 : 8);
    if (!asks || !config.echo || !may_answer(node, false)) return;
    const auto back = way_back(node);
    if (!back) return;
    write_echo_reply(original_, back->first, nodes_[node].identification++, reply_);
    return send(reply_, back->second);
  }
  if (packet_.protocol() == packet::kProtocolTcp && transport.size() >= 20) return answer_tcp(node);
  if (packet_.protocol() == packet::kProtocolUdp && packet_.has_ports()) {
    const PortAnswer answer = answer_at(config.udp, packet_.destination_port());
    if (answer == PortAnswer::Refuse) return refuse(node, Refusal::Port);
  }
  ++counters_.silent;
}

void SimulatedNetwork::answer_tcp(std::size_t node) {
  const Bytes segment = packet_.transport();
  const PortAnswer answer = answer_at(config_of(node).tcp, packet_.destination_port());
  const bool is_reset = (segment[13] & kRst) != 0;
  const bool accepts = answer == PortAnswer::Accept;
  // Hosts keep no connections: what follows a handshake is taken in silence, its end reset.
  const bool asks = is_fresh_syn(segment) || !accepts || (segment[13] & kFin) != 0;
  if (answer == PortAnswer::Silent || is_reset || !asks) {
    ++counters_.silent;
    return;
  }
  if (!may_answer(node, false)) return;
  const auto back = way_back(node);
  if (!back) return;
  const TcpAnswer kind = accepts && is_fresh_syn(segment) ? TcpAnswer::SynAck : TcpAnswer::Reset;
  write_tcp_reply(original_, kind, back->first, nodes_[node].identification++, reply_);
  send(reply_, back->second);
}

void SimulatedNetwork::refuse(std::size_t node, Refusal refusal) {
  const bool is_v6 = packet_.is_v6();
  switch (refusal) {
    case Refusal::Drop:
      ++counters_.silent;
      return;
    case Refusal::Net:
      return send_error(node, is_v6 ? Refused{1, 0} : Refused{3, 0});
    case Refusal::Host:
      return send_error(node, is_v6 ? Refused{1, 3} : Refused{3, 1});
    case Refusal::Port:
      return send_error(node, is_v6 ? Refused{1, 4} : Refused{3, 3});
    case Refusal::NetProhibited:
      return send_error(node, is_v6 ? Refused{1, 1} : Refused{3, 9});
    case Refusal::HostProhibited:
      return send_error(node, is_v6 ? Refused{1, 1} : Refused{3, 10});
    case Refusal::Prohibited:
      return send_error(node, is_v6 ? Refused{1, 1} : Refused{3, 13});
    case Refusal::Reset:
      break;
  }
  const Bytes segment = packet_.transport();
  if (packet_.protocol() != packet::kProtocolTcp || segment.size() < 20 ||
      (segment[13] & kRst) != 0 || !may_answer(node, false)) {
    ++counters_.silent;
    return;
  }
  const auto back = way_back(node);
  if (!back) return;
  write_tcp_reply(original_, TcpAnswer::Reset, back->first, nodes_[node].identification++, reply_);
  send(reply_, back->second);
}

void SimulatedNetwork::send_error(std::size_t node, const Refused& what) {
  const auto from = answering_address(node);
  // RFC 1122 §3.2.2: no error about later fragments, nor about errors.
  const Bytes transport = original_.transport();
  const bool is_about_error =
      original_.is_icmp() && !transport.empty() &&
      (original_.is_v6() ? transport[0] < 128 : transport[0] != 8 && transport[0] != 13);
  if (!from || transport.empty() || is_about_error) {
    ++counters_.silent;
    return;
  }
  if (!may_answer(node, true)) return;
  const auto back = way_back(node);
  if (!back) return;
  const NodeConfig& config = config_of(node);
  const bool is_v6 = packet_.is_v6();
  IcmpErrorParts parts{*from,
                       original_.source(),
                       what.type,
                       what.code,
                       what.word,
                       back->first,
                       nodes_[node].identification++,
                       quote_for(config),
                       0,
                       config.extensions,
                       config.answers.length_field};
  parts.quote_max = is_v6 ? kErrorMaxV6 - 48 : kErrorMaxV4 - 28;
  if (config.answers.quote_bytes) {
    parts.quote_max =
        original_.header_bytes() + static_cast<std::size_t>(*config.answers.quote_bytes);
  }
  write_icmp_error(parts, reply_);
  send(reply_, back->second);
}

Bytes SimulatedNetwork::quote_for(const NodeConfig& node) {
  const int ttl = node.answers.quoted_ttl.value_or(packet_.ttl());
  EditablePacket& quoted = is_translated_ && !quotes_show_translation_ ? original_ : packet_;
  quoted.set_traffic_class(packet_.traffic_class());
  quoted.set_ttl(ttl);
  return quoted.bytes();
}

std::optional<IpAddress> SimulatedNetwork::answering_address(std::size_t node) {
  const NodeConfig& config = config_of(node);
  const bool is_v6 = packet_.is_v6();
  const auto is_fit = [&](const IpAddress& address) { return address.is_v6 == is_v6; };
  const auto& lies = config.answers.from;
  const auto lie_count = static_cast<std::size_t>(std::ranges::count_if(lies, is_fit));
  if (lie_count > 0) {
    auto choice = static_cast<std::size_t>(roll() * static_cast<double>(lie_count));
    return *std::ranges::find_if(lies,
                                 [&](const IpAddress& a) { return is_fit(a) && choice-- == 0; });
  }
  if (owns_destination(config)) return packet_.destination();
  if (!steps_.empty() && steps_.back().node == node) {
    const auto& via = steps_.back().edge->via;
    const auto found = std::ranges::find_if(via, is_fit);
    if (found != via.end()) return *found;
  }
  const auto found = std::ranges::find_if(
      config.addresses, [&](const IpRange& range) { return is_fit(range.address); });
  return found == config.addresses.end() ? std::nullopt : std::optional(found->address);
}

bool SimulatedNetwork::may_answer(std::size_t node, bool is_error) {
  const AnswerConfig& answers = config_of(node).answers;
  if (answers.silent) {
    ++counters_.silent;
    return false;
  }
  if (is_error && !within_limits(node)) {
    ++counters_.refused;
    return false;
  }
  if (!happens(answers.loss)) return true;
  ++counters_.lost;
  return false;
}

bool SimulatedNetwork::within_limits(std::size_t node) {
  const LimitConfig& limit = config_of(node).limit;
  Node& state = nodes_[node];
  const auto spend = [&](Limiter& limiter) {
    limiter.latest = std::max(limiter.latest, at_);
    return limiter.budget.spend(limiter.latest);
  };
  if (limit.all_rate > 0) {
    if (!state.limit_all) state.limit_all = Limiter{bucket(limit.all_rate, limit.all_burst), {}};
    if (!spend(*state.limit_all)) return false;
  }
  if (limit.rate <= 0) return true;
  if (state.limits.size() >= kSourcesMax) state.limits.clear();
  const auto [found, is_new] = state.limits.try_emplace(original_.source());
  if (is_new) found->second.budget = bucket(limit.rate, limit.burst);
  return spend(found->second);
}

std::optional<std::pair<int, Instant>> SimulatedNetwork::way_back(std::size_t node) {
  const NodeConfig& config = config_of(node);
  Instant arrival = at_ + config.answers.delay + spread(config.answers.jitter);
  int hops = config.answers.hops;
  for (auto step = steps_.rbegin(); step != steps_.rend(); ++step) {
    const LinkConfig& link = *step->link;
    if (happens(link.return_loss)) {
      ++counters_.lost;
      return std::nullopt;
    }
    arrival += link.return_delay + spread(link.return_jitter);
    hops += link.return_hops;
  }
  const bool is_host = config.next.empty() && config.routes.empty();
  const int first = config.answers.ttl > 0 ? config.answers.ttl : is_host ? 64 : 255;
  // The router next to the source is one link away, but nobody between counts its answers down.
  const int ttl = first - std::max(0, hops - 1);
  if (ttl > 0) return std::pair(ttl, arrival);
  ++counters_.lost;
  return std::nullopt;
}

void SimulatedNetwork::send(const Packet& packet, Instant arrival) {
  for (int copy = 0; copy < copies_; ++copy) {
    departures_.hold(packet, arrival + kBetweenCopies * copy);
    ++counters_.answered;
  }
}

}  // namespace lw::lab
