// SPDX-License-Identifier: Apache-2.0
// One packet's way from the source to where it ends.
#include <algorithm>

#include "simnet/network.h"

namespace lw::lab {
namespace {

// More links than any TTL lets a packet pass: nodes that do not count it down may form a loop.
constexpr int kLinksMax = 1'000;

const std::vector<Edge>& edges_toward(const NodeConfig& node, const IpAddress& destination) {
  for (const Route& route : node.routes) {
    if (route.range.contains(destination)) return route.edges;
  }
  return node.next;
}

const IpAddress* of_family(const std::vector<IpAddress>& addresses, bool is_v6) {
  const auto found = std::ranges::find(addresses, is_v6, &IpAddress::is_v6);
  return found == addresses.end() ? nullptr : &*found;
}

}  // namespace

void SimulatedNetwork::walk() {
  std::size_t node = 0;
  for (int links = 0; links < kLinksMax; ++links) {
    const Edge* const edge = choose_edge(node);
    if (edge == nullptr) return refuse(node, Refusal::Net);
    if (pass_link(node, *edge) == Fate::Ends) return;
    node = edge->to;
    if (arrive(node) == Fate::Ends) return;
  }
}

const Edge* SimulatedNetwork::choose_edge(std::size_t node) {
  const NodeConfig& config = config_of(node);
  const std::vector<Edge>& edges = edges_toward(config, packet_.destination());
  if (edges.size() < 2) return edges.empty() ? nullptr : edges.data();
  std::uint64_t total = 0;
  for (const Edge& edge : edges) total += edge.weight;
  std::uint64_t choice = 0;
  if (config.balance == Balance::PerPacket) {
    choice = static_cast<std::uint64_t>(roll() * static_cast<double>(total));
  } else if (config.balance == Balance::PerFlow) {
    choice = packet_.flow_hash(nodes_[node].salt) % total;
  } else {
    choice = (std::hash<IpAddress>{}(packet_.destination()) ^ nodes_[node].salt) % total;
  }
  for (const Edge& edge : edges) {
    if (choice < edge.weight) return &edge;
    choice -= edge.weight;
  }
  return &edges.back();
}

SimulatedNetwork::Fate SimulatedNetwork::pass_link(std::size_t from, const Edge& edge) {
  const LinkConfig& link = edge.link ? *edge.link : config_of(edge.to).link;
  if (link.mtu > 0 && packet_.size() > link.mtu && packet_.dont_fragment()) {
    if (link.mtu_silent) {
      ++counters_.silent;
      return Fate::Ends;
    }
    // RFC 1191 §4 and RFC 4443 §3.2.
    const Refused v4{3, 4, static_cast<std::uint32_t>(link.mtu)};
    const Refused v6{2, 0, static_cast<std::uint32_t>(link.mtu)};
    send_error(from, packet_.is_v6() ? v6 : v4);
    return Fate::Ends;
  }
  if (happens(link.loss)) {
    ++counters_.lost;
    return Fate::Ends;
  }
  at_ += link.delay + spread(link.jitter);
  if (happens(link.reorder)) at_ += link.reorder_by;
  if (happens(link.duplicate)) ++copies_;
  steps_.push_back({edge.to, &edge, &link});
  return Fate::Goes;
}

SimulatedNetwork::Fate SimulatedNetwork::arrive(std::size_t node) {
  Node& state = nodes_[node];
  // The way back from a router that the packet passes again does not go round the loop.
  if (state.visit == visit_ && state.visit_depth < steps_.size()) {
    steps_.erase(steps_.begin() + static_cast<std::ptrdiff_t>(state.visit_depth), steps_.end());
  }
  state.visit = visit_;
  state.visit_depth = steps_.size();
  if (owns_destination(config_of(node))) {
    answer_as_host(node);
    return Fate::Ends;
  }
  return count_down(node) == Fate::Goes ? leave(node) : Fate::Ends;
}

bool SimulatedNetwork::owns_destination(const NodeConfig& node) const {
  return std::ranges::any_of(
      node.addresses, [&](const IpRange& range) { return range.contains(packet_.destination()); });
}

SimulatedNetwork::Fate SimulatedNetwork::count_down(std::size_t node) {
  const NodeConfig& config = config_of(node);
  // RFC 3443 §3: the label's TTL is a copy of the IP TTL or begins anew, and comes back or not.
  if (config.tunnel == LabelSwitching::None && label_ttl_ >= 0) {
    if (label_shows_) packet_.set_ttl(std::min(packet_.ttl(), label_ttl_));
    label_ttl_ = -1;
  }
  if (config.transparent) return Fate::Goes;
  if (config.tunnel != LabelSwitching::None && label_ttl_ < 0) {
    label_shows_ = config.tunnel == LabelSwitching::Labelled;
    label_ttl_ = label_shows_ ? packet_.ttl() : 255;
  }
  const int ttl = label_ttl_ >= 0 ? label_ttl_ : packet_.ttl();
  if (ttl <= 1) {
    send_error(node, packet_.is_v6() ? Refused{3, 0} : Refused{11, 0});
    return Fate::Ends;
  }
  if (label_ttl_ >= 0) {
    --label_ttl_;
  } else {
    packet_.set_ttl(ttl - 1);
  }
  return Fate::Goes;
}

SimulatedNetwork::Fate SimulatedNetwork::leave(std::size_t node) {
  const NodeConfig& config = config_of(node);
  if (const FirewallRule* const rule = denying_rule(config)) {
    refuse(node, rule->answer);
    return Fate::Ends;
  }
  if (happens(config.forward_loss)) {
    ++counters_.lost;
    return Fate::Ends;
  }
  rewrite(config);
  return Fate::Goes;
}

const FirewallRule* SimulatedNetwork::denying_rule(const NodeConfig& node) const {
  const auto found = std::ranges::find_if(node.deny, [&](const FirewallRule& rule) {
    const bool is_protocol = !rule.protocol || *rule.protocol == packet_.protocol() ||
                             (*rule.protocol == packet::kProtocolIcmp4 && packet_.is_icmp());
    const std::uint16_t port = packet_.destination_port();
    return is_protocol &&
           (rule.ports.empty() || std::ranges::any_of(rule.ports, [&](const PortRange& range) {
              return packet_.has_ports() && range.first <= port && port <= range.last;
            }));
  });
  return found == node.deny.end() ? nullptr : &*found;
}

void SimulatedNetwork::rewrite(const NodeConfig& node) {
  if (node.dscp || node.ecn) {
    const int before = packet_.traffic_class();
    const int dscp = node.dscp.value_or(before >> 2);
    packet_.set_traffic_class(static_cast<std::uint8_t>(dscp << 2 | node.ecn.value_or(before & 3)));
  }
  if (!node.nat) return;
  const NatConfig& nat = *node.nat;
  if (const auto* source = of_family(nat.source, packet_.is_v6())) packet_.set_source(*source);
  if (const auto* to = of_family(nat.destination, packet_.is_v6())) packet_.set_destination(*to);
  const auto port = [](int number) { return static_cast<std::uint16_t>(number); };
  if (nat.source_port) packet_.set_source_port(port(*nat.source_port));
  if (nat.destination_port) packet_.set_destination_port(port(*nat.destination_port));
  is_translated_ = true;
  quotes_show_translation_ = quotes_show_translation_ || !nat.restores_quotes;
}

}  // namespace lw::lab
