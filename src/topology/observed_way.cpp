// SPDX-License-Identifier: Apache-2.0
#include "topology/observed_way.h"

#include <algorithm>
#include <optional>

namespace lw::topology {
namespace {

bool contains(const std::vector<IpAddress>& addresses, const IpAddress& address) {
  return std::ranges::find(addresses, address) != addresses.end();
}

void note(ObservedWay& way, std::uint8_t ttl, const IpAddress& from) {
  if (way.hops.size() < ttl) way.hops.resize(ttl);
  auto& addresses = way.hops[ttl - 1U];
  if (!contains(addresses, from)) addresses.push_back(from);
}

/// What comes after the destination is the destination again.
void find_destination(ObservedWay& way) {
  for (const TraceProbe* probe : way.probes) {
    if (probe->reply.answer != HopAnswer::Destination || probe->ttl == 0) continue;
    if (way.reached_ttl == 0 || probe->ttl < way.reached_ttl) way.reached_ttl = probe->ttl;
  }
}

void note_routers(ObservedWay& way) {
  for (const TraceProbe* probe : way.probes) {
    if (probe->ttl == 0) continue;
    const bool is_router = probe->reply.answer == HopAnswer::TimeExceeded;
    const bool is_end =
        probe->reply.answer == HopAnswer::Destination && probe->ttl == way.reached_ttl;
    const bool is_before_end = way.reached_ttl == 0 || probe->ttl <= way.reached_ttl;
    if ((is_router && is_before_end) || is_end) note(way, probe->ttl, probe->reply.from);
  }
}

/// The first TTL before `ttl` at which `router` answered, or was spared since it is known to be
/// there.
std::optional<std::uint8_t> place_before(const ObservedWay& way, std::uint8_t ttl,
                                         const IpAddress& router) {
  std::optional<std::uint8_t> place;
  for (const TraceProbe* probe : way.probes) {
    const bool is_there = probe->reply.answer == HopAnswer::TimeExceeded ||
                          probe->reply.answer == HopAnswer::NotAsked;
    if (!is_there || probe->ttl == 0 || probe->ttl >= ttl || probe->reply.from != router) continue;
    place = std::min(place.value_or(probe->ttl), probe->ttl);
  }
  return place;
}

/// Whether somebody else answered at the TTL before.
bool has_other_before(const ObservedWay& way, std::uint8_t ttl) {
  return ttl <= 1 || (way.hops.size() >= ttl - 1U && !way.hops[ttl - 2U].empty());
}

/// A router that refuses to forward does so for every later TTL as well, and may have answered
/// before that the TTL ended at it. Its place is the first at which it is met. If the TTL before
/// has no answer, it may stand there just as well: then its place is not known from this trace.
void note_refusal(ObservedWay& way, const IpAddress& destination) {
  const TraceProbe* first = nullptr;
  for (const TraceProbe* probe : way.probes) {
    if (probe->reply.answer != HopAnswer::Unreachable || probe->ttl == 0) continue;
    if (first == nullptr || probe->ttl < first->ttl) first = probe;
  }
  if (first == nullptr || (way.reached_ttl != 0 && first->ttl > way.reached_ttl)) return;
  const auto before = place_before(way, first->ttl, first->reply.from);
  if (!before && !has_other_before(way, first->ttl)) return;
  const std::uint8_t ttl = before.value_or(first->ttl);
  note(way, ttl, first->reply.from);
  way.stop_ttl = ttl;
  way.stop_type = first->reply.icmp_type;
  way.stop_code = first->reply.icmp_code;
  way.stop_mtu = first->reply.mtu;
  if (first->reply.from == destination && way.reached_ttl == 0) way.reached_ttl = ttl;
}

/// Neighbours with one address are one router twice (RFC 1812 §5.3.1 leaves room for it), no loop.
void find_loop(ObservedWay& way) {
  if (way.reached_ttl != 0) return;
  for (std::size_t i = 2; i < way.hops.size(); ++i) {
    for (std::size_t j = 0; j + 1 < i; ++j) {
      if (way.hops[i].size() != 1 || way.hops[j] != way.hops[i]) continue;
      // Silence in between may hide that it is the same router all along.
      const bool others_between = std::any_of(
          way.hops.begin() + static_cast<std::ptrdiff_t>(j) + 1,
          way.hops.begin() + static_cast<std::ptrdiff_t>(i),
          [&](const auto& between) { return !between.empty() && between != way.hops[i]; });
      if (!others_between) continue;
      way.loop_ttl = static_cast<std::uint8_t>(i + 1);
      way.hops.resize(i + 1);  // Further rounds tell nothing and differ from trace to trace.
      return;
    }
  }
}

void look_into(ObservedWay& way, const IpAddress& destination) {
  find_destination(way);
  note_routers(way);
  note_refusal(way, destination);
  find_loop(way);
  while (!way.hops.empty() && way.hops.back().empty()) way.hops.pop_back();
  way.top_ttl = static_cast<std::uint8_t>(way.hops.size());
}

}  // namespace

bool ObservedWay::has_two_routers_at_one_ttl() const {
  return std::ranges::any_of(hops, [](const auto& addresses) { return addresses.size() > 1; });
}

std::vector<ObservedWay> ways_in(const Trace& trace) {
  std::vector<ObservedWay> ways;
  for (const TraceProbe& probe : trace.probes) {
    auto way = std::ranges::find(ways, probe.flow, &ObservedWay::flow);
    if (way == ways.end()) {
      ways.emplace_back().flow = probe.flow;
      way = ways.end() - 1;
    }
    way->probes.push_back(&probe);
    way->left_host = way->left_host || probe.reply.answer != HopAnswer::LocalError;
  }
  for (ObservedWay& way : ways) look_into(way, trace.destination);
  return ways;
}

}  // namespace lw::topology
