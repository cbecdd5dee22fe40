// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"

/// A network that does not exist: sites with agents, a backbone of four cities, and data centres
/// with destinations. Delays follow from the distances between real places. Pure, and the same for
/// ever.
namespace lw::simulate {

enum class LinkKind : std::uint8_t { Access = 0, Uplink = 1, Backbone = 2, Edge = 3, Last = 4 };

/// A link and the router at its far end.
struct Link {
  LinkKind kind = LinkKind::Access;
  std::uint64_t key = 0;  ///< The same link has the same key on all ways.
  Microseconds delay{0};  ///< there and back
  IpAddress to{};
  bool is_silent = false;  ///< The router never answers traces.
};

/// From an agent to a destination, whose address the last link leads to.
struct Way {
  IpAddress source{};
  std::vector<Link> links;
};

/// Where a destination is. `number` tells those of one data centre apart and decides what it is
/// like.
struct Place {
  std::size_t data_centre = 0;
  std::size_t number = 0;
  IpAddress address{};
};

[[nodiscard]] std::size_t data_centre_count();
[[nodiscard]] std::string data_centre_name(std::size_t data_centre);
/// How many sites so many agents are spread over: some 20 agents a site.
[[nodiscard]] std::size_t site_count(std::size_t agents);
/// "berlin", "berlin-2", …
[[nodiscard]] std::string site_name(std::size_t site);
[[nodiscard]] IpAddress agent_address(std::size_t agent, std::size_t agents);

/// The address and the name of destination number `index` of a data centre (index / data centres).
[[nodiscard]] std::string destination_address(std::size_t index);
[[nodiscard]] std::string destination_name(std::string_view service, std::size_t index);
/// Finds any destination a place: ours by their address or name, others by a hash of theirs.
[[nodiscard]] Place place_of(std::string_view destination);

[[nodiscard]] Way way_between(std::size_t agent, std::size_t agents, const Place& place);
/// The links between the cities of the backbone.
[[nodiscard]] std::vector<Link> backbone();

}  // namespace lw::simulate
