// SPDX-License-Identifier: Apache-2.0
#include "agent/path_neighbours.h"

#include <bit>
#include <iterator>
#include <vector>

namespace lw::agent {
namespace {

/// How many bits at their beginning are the same; of different families none.
std::size_t shared_bits(const IpAddress& a, const IpAddress& b) {
  if (a.is_v6 != b.is_v6) return 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto differing = static_cast<std::uint8_t>(a.bytes[i] ^ b.bytes[i]);
    if (differing != 0) return 8 * i + static_cast<std::size_t>(std::countl_zero(differing));
  }
  return 8 * a.size();
}

using Targets = std::map<TargetKey, std::uint64_t>;

/// At most `max`, the nearest first.
std::vector<std::uint64_t> neighbours(const Targets& targets, const TargetKey& key,
                                      std::size_t max) {
  std::vector<std::uint64_t> found;
  auto above = targets.upper_bound(key);
  auto below = std::make_reverse_iterator(targets.lower_bound(key));
  // The order of addresses is that of their bits: who shares the most stands next on either side.
  while (found.size() < max) {
    const bool has_above = above != targets.end();
    const bool has_below = below != targets.rend();
    if (!has_above && !has_below) break;
    const bool is_above =
        has_above && (!has_below || shared_bits(key.address, above->first.address) >
                                        shared_bits(key.address, below->first.address));
    found.push_back(is_above ? above->second : below->second);
    is_above ? static_cast<void>(++above) : static_cast<void>(++below);
  }
  return found;
}

}  // namespace

trace::Way supposed_way(const Targets& targets, const TargetKey& key,
                        const std::function<const PathTarget&(std::uint64_t)>& target_of,
                        std::size_t max) {
  trace::Way way;
  bool has_end = false;
  for (const std::uint64_t id : neighbours(targets, key, max)) {
    const PathTarget& neighbour = target_of(id);
    if (neighbour.key().address.is_v6 != key.address.is_v6) continue;
    trace::Way theirs = neighbour.way();
    if (neighbour.is_way_whole() && !has_end) {
      theirs.back() = key.address;
      has_end = true;
    } else if (neighbour.is_way_whole()) {
      theirs.pop_back();
    }
    if (way.size() < theirs.size()) way.resize(theirs.size());
    for (std::size_t i = 0; i < theirs.size(); ++i) {
      if (!way[i]) way[i] = theirs[i];
    }
  }
  return way;
}

}  // namespace lw::agent
