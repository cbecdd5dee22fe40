// SPDX-License-Identifier: Apache-2.0
#include "simnet/node_reader.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "packet/icmp_extension.h"

namespace lw::lab {
namespace {

std::optional<std::size_t> find_node(const Place& place, std::span<const std::string> names,
                                     Diagnostics& faults) {
  const std::string name = item_text(place, faults);
  if (name.empty()) return std::nullopt;
  const auto found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const auto close = nearest(name, names);
  faults.add(place.value->location(), place.path,
             fmt::format("there is no node `{}`; {}", printable(name, 100),
                         close ? fmt::format("did you mean `{}`?", *close)
                               : fmt::format("known are: {}", join(names, ", "))));
  return std::nullopt;
}

std::optional<Edge> read_edge(const Place& place, std::span<const std::string> names,
                              Diagnostics& faults) {
  if (place.value->is_string()) {
    const auto to = find_node(place, names, faults);
    return to ? std::optional(Edge{*to, 1, {}, {}}) : std::nullopt;
  }
  ObjectReader reader(place, faults);
  Edge edge;
  if (const Value* const to = place.value->find("to"); to != nullptr && !to->is_null()) {
    reader.ignore("to");
    edge.to = find_node(place.member("to", *to), names, faults).value_or(0);
  } else {
    (void)reader.required_text("to", "name the node");
  }
  edge.weight = static_cast<unsigned>(reader.integer("weight", 1, 1'000).value_or(1));
  edge.via = read_addresses(reader, "via", faults);
  if (has_link_keys(reader)) read_link(reader, edge.link.emplace());
  reader.finish();
  return edge;
}

Route read_route(const Place& place, std::span<const std::string> names, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  Route route;
  if (const Value* const range = place.value->find("prefix")) {
    reader.ignore("prefix");
    route.range = read_range(place.member("prefix", *range), faults).value_or(IpRange{});
  } else {
    (void)reader.required_text("prefix", "write 198.51.100.0/24");
  }
  route.edges = read_edges(reader, "next", names, faults);
  reader.finish();
  return route;
}

packet::MplsEntry read_label(const Place& place, Diagnostics& faults) {
  packet::MplsEntry entry;
  entry.ttl = 1;
  if (place.value->is_int() && place.value->as_int() >= 0 && place.value->as_int() < (1 << 20)) {
    entry.label = static_cast<std::uint32_t>(place.value->as_int());
    return entry;
  }
  ObjectReader reader(place, faults);
  entry.label = static_cast<std::uint32_t>(reader.integer("label", 0, (1 << 20) - 1).value_or(0));
  entry.traffic_class = static_cast<std::uint8_t>(reader.integer("class", 0, 7).value_or(0));
  entry.ttl = static_cast<std::uint8_t>(reader.integer("ttl", 0, 255).value_or(1));
  reader.finish();
  return entry;
}

packet::InterfaceInformation read_interface(const Place& place, Diagnostics& faults) {
  static const std::vector<std::string> kRoles{"incoming", "sub_ip", "outgoing", "next_hop"};
  ObjectReader reader(place, faults);
  packet::InterfaceInformation interface;
  interface.role = static_cast<std::uint8_t>(reader.choice("role", kRoles).value_or(0));
  if (const auto index = reader.integer("index", 0, UINT32_MAX)) {
    interface.index = static_cast<std::uint32_t>(*index);
  }
  const auto addresses = read_addresses(reader, "address", faults);
  if (!addresses.empty()) interface.address = addresses.front();
  interface.name = reader.text("name");
  if (const auto mtu = reader.integer("mtu", 0, UINT32_MAX)) {
    interface.mtu = static_cast<std::uint32_t>(*mtu);
  }
  reader.finish();
  return interface;
}

std::vector<std::uint8_t> read_extensions(ObjectReader& reader, Diagnostics& faults) {
  packet::IcmpExtensions extensions;
  for (const Place& item : one_or_more(reader, "labels")) {
    extensions.labels.push_back(read_label(item, faults));
  }
  if (!extensions.labels.empty()) extensions.labels.back().is_bottom = true;
  for (const Place& item : one_or_more(reader, "interfaces")) {
    extensions.interfaces.push_back(read_interface(item, faults));
  }
  const bool has_any = !extensions.labels.empty() || !extensions.interfaces.empty();
  return has_any ? packet::build_icmp_extensions(extensions) : std::vector<std::uint8_t>{};
}

LimitConfig read_limit(ObjectReader& reader, Diagnostics& faults) {
  const Value* const value = reader.place().value->find("limit");
  reader.ignore("limit");
  if (value == nullptr || value->is_null()) return {};
  if (value->is_string()) {
    static const std::vector<std::string> kNames{"none", "linux"};
    const auto choice = reader.choice("limit", kNames);
    // net.ipv4.icmp_ratelimit and XRLIM_BURST_FACTOR; icmp_msgs_per_sec and icmp_msgs_burst.
    return choice == 1 ? LimitConfig{1, 6, 1'000, 50} : LimitConfig{};
  }
  ObjectReader members(reader.place().member("limit", *value), faults);
  LimitConfig limit;
  limit.rate = members.number("rate", 0).value_or(limit.rate);
  limit.burst = members.number("burst", 1).value_or(limit.burst);
  limit.all_rate = members.number("all_rate", 0).value_or(limit.all_rate);
  limit.all_burst = members.number("all_burst", 1).value_or(limit.all_burst);
  members.finish();
  return limit;
}

void read_forwarding(ObjectReader& reader, NodeConfig& node, Diagnostics& faults) {
  static const std::vector<std::string> kTunnels{"none", "labelled", "hidden"};
  read_percent(reader, "forward_loss", node.forward_loss);
  node.transparent = reader.flag("transparent").value_or(false);
  if (const auto index = reader.choice("tunnel", kTunnels)) {
    node.tunnel = static_cast<LabelSwitching>(*index);
  }
  // Answers pass unseen through what the packets passed unseen.
  if (node.transparent || node.tunnel == LabelSwitching::Hidden) node.link.return_hops = 0;
  read_count(reader, "dscp", 63, node.dscp);
  read_count(reader, "ecn", 3, node.ecn);
  if (const auto place = reader.object("nat")) node.nat = read_nat(*place, faults);
  for (const Place& item : one_or_more(reader, "deny")) {
    node.deny.push_back(read_firewall_rule(item, faults));
  }
}

void read_routing(ObjectReader& reader, std::span<const std::string> names, NodeConfig& node,
                  Diagnostics& faults) {
  static const std::vector<std::string> kBalances{"flow", "packet", "destination"};
  node.next = read_edges(reader, "next", names, faults);
  for (const Place& item : reader.list("routes")) {
    node.routes.push_back(read_route(item, names, faults));
  }
  if (const auto index = reader.choice("balance", kBalances)) {
    node.balance = static_cast<Balance>(*index);
  }
}

}  // namespace

std::vector<Edge> read_edges(ObjectReader& reader, std::string_view key,
                             std::span<const std::string> names, Diagnostics& faults) {
  std::vector<Edge> edges;
  for (const Place& item : one_or_more(reader, key)) {
    if (auto edge = read_edge(item, names, faults)) edges.push_back(std::move(*edge));
  }
  return edges;
}

NodeConfig read_node(const Place& place, std::span<const std::string> names, Diagnostics& faults) {
  ObjectReader reader(place, faults);
  NodeConfig node;
  for (const Place& item : one_or_more(reader, "addresses")) {
    if (const auto range = read_range(item, faults)) node.addresses.push_back(*range);
  }
  read_forwarding(reader, node, faults);
  read_link(reader, node.link);
  read_routing(reader, names, node, faults);
  if (const auto answers = reader.object("answers")) node.answers = read_answers(*answers, faults);
  node.limit = read_limit(reader, faults);
  node.extensions = read_extensions(reader, faults);
  node.echo = reader.flag("echo").value_or(true);
  if (const auto tcp = reader.object("tcp")) node.tcp = read_ports(*tcp, faults);
  if (const auto udp = reader.object("udp")) node.udp = read_ports(*udp, faults);
  reader.finish();
  return node;
}

}  // namespace lw::lab
