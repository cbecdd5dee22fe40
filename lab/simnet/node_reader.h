// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>

#include "model/object_reader.h"
#include "simnet/network_config.h"

/// The parts of a network file; each reports its faults and goes on.
namespace lw::lab {

/// A node's members. `names` are those of all nodes, in the order of their indexes.
NodeConfig read_node(const Place& place, std::span<const std::string> names, Diagnostics& faults);

/// Keys of a link; whichever are missing keep what `link` has.
void read_link(ObjectReader& reader, LinkConfig& link);
bool has_link_keys(const ObjectReader& reader);

/// `next` in its three forms: a name, an object with `to`, a list of both.
std::vector<Edge> read_edges(ObjectReader& reader, std::string_view key,
                             std::span<const std::string> names, Diagnostics& faults);

std::optional<IpRange> read_range(const Place& place, Diagnostics& faults);
/// One text or a list of texts; none if it is missing.
std::vector<Place> one_or_more(ObjectReader& reader, std::string_view key);
std::vector<IpAddress> read_addresses(ObjectReader& reader, std::string_view key,
                                      Diagnostics& faults);

AnswerConfig read_answers(const Place& place, Diagnostics& faults);
NatConfig read_nat(const Place& place, Diagnostics& faults);
FirewallRule read_firewall_rule(const Place& place, Diagnostics& faults);
PortConfig read_ports(const Place& place, Diagnostics& faults);

void read_percent(ObjectReader& reader, std::string_view key, double& percent);
/// A number of milliseconds, fractions included.
void read_milliseconds(ObjectReader& reader, std::string_view key, Microseconds& time);
void read_count(ObjectReader& reader, std::string_view key, int max, std::optional<int>& count);

}  // namespace lw::lab
