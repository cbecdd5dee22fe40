// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <utility>

#include "trace/multipath.h"

/// What a discovery has found, and which flows stand for it.
namespace lw::trace {

/// Flows were asked where they were of use. Now some are traced as a whole, so that every link is
/// part of a way that one flow is known to take: those first that bring the most links.
std::optional<MultipathStep> Multipath::plan_whole_traces() {
  std::set<MultipathLink> covered;
  std::map<std::uint16_t, std::vector<MultipathLink>> others;
  for (const std::uint16_t flow : flows()) {
    auto links = links_of(flow);
    // Over a TTL where others answered, an answer got lost rather than a router is hidden.
    std::erase_if(links, [this](const MultipathLink& link) {
      return link.to_ttl > link.from_ttl + 1 &&
             !routers_at(static_cast<std::uint8_t>(link.to_ttl - 1)).empty();
    });
    if (traced_.contains(flow) || is_whole(flow)) {
      covered.insert(links.begin(), links.end());
    } else {
      others.emplace(flow, links);
    }
  }
  MultipathStep step{.first_ttl = 1, .ttl_max = config_.ttl_max, .flows = {}};
  while (!others.empty()) {
    auto best = others.end();
    std::size_t most = 0;
    for (auto it = others.begin(); it != others.end();) {
      // What is covered stays covered.
      std::erase_if(it->second, [&](const MultipathLink& link) { return covered.contains(link); });
      if (it->second.size() > most) best = it, most = it->second.size();
      it = it->second.empty() ? others.erase(it) : std::next(it);
    }
    if (best == others.end()) break;
    covered.insert(best->second.begin(), best->second.end());
    step.flows.push_back(best->first);
    others.erase(best);
  }
  if (step.flows.empty()) return std::nullopt;
  return step;
}

std::set<std::uint16_t> Multipath::flows() const {
  std::set<std::uint16_t> found;
  for (const Hop& hop : hops_) {
    for (const auto& [flow, seen] : hop.flows) found.insert(flow);
  }
  return found;
}

/// It was asked at every TTL up to its end.
bool Multipath::is_whole(std::uint16_t flow) const {
  for (std::size_t ttl = 1; ttl < hops_.size(); ++ttl) {
    const auto seen = hops_[ttl].flows.find(flow);
    if (seen == hops_[ttl].flows.end()) return false;
    if (seen->second.is_end) return true;
  }
  return hops_.size() > 1;
}

std::vector<MultipathLink> Multipath::links_of(std::uint16_t flow) const {
  std::vector<MultipathLink> links;
  std::optional<MultipathLink> open;  // Its far end is still to be found.
  for (std::size_t i = 1; i < hops_.size(); ++i) {
    const auto ttl = static_cast<std::uint8_t>(i);
    const auto seen = hops_[i].flows.find(flow);
    if (seen == hops_[i].flows.end()) {
      open.reset();
      continue;
    }
    if (const auto& address = seen->second.address) {
      if (open && open->from != *address) {
        open->to_ttl = ttl;
        open->to = *address;
        links.push_back(*open);
      }
      open = MultipathLink{ttl, 0, *address, {}};
    }
    // Here the flow's next packet may go another way.
    if (hops_[i].is_per_packet) open.reset();
    if (seen->second.is_end) break;
  }
  return links;
}

std::set<MultipathLink> Multipath::links() const {
  std::set<MultipathLink> all;
  for (const std::uint16_t flow : flows()) {
    const auto links = links_of(flow);
    all.insert(links.begin(), links.end());
  }
  return all;
}

MultipathPath Multipath::path_of(std::uint16_t flow) const {
  MultipathPath path{.flow = flow, .hops = {}};
  for (std::size_t ttl = 1; ttl < hops_.size(); ++ttl) {
    const auto seen = hops_[ttl].flows.find(flow);
    if (seen == hops_[ttl].flows.end()) break;
    path.hops.push_back(hops_[ttl].is_per_packet ? std::nullopt : seen->second.address);
    path.is_reached = seen->second.is_destination;
    if (seen->second.is_end) return path;
  }
  while (!path.hops.empty() && !path.hops.back()) path.hops.pop_back();
  return path;
}

bool Multipath::is_spared(std::uint16_t flow, std::size_t ttl) const {
  if (ttl >= hops_.size()) return false;
  const auto seen = hops_[ttl].flows.find(flow);
  return seen != hops_[ttl].flows.end() && seen->second.is_spared;
}

/// Whether they differ only where one of them was not asked.
bool Multipath::may_be_one(const MultipathPath& a, const MultipathPath& b) const {
  if (a.is_reached != b.is_reached) return false;
  const std::size_t length = std::max(a.hops.size(), b.hops.size());
  for (std::size_t i = 0; i < length; ++i) {
    if (is_spared(a.flow, i + 1) || is_spared(b.flow, i + 1)) continue;
    if (i >= a.hops.size() || i >= b.hops.size() || a.hops[i] != b.hops[i]) return false;
  }
  return true;
}

std::vector<MultipathPath> Multipath::paths() const {
  std::vector<std::pair<std::size_t, std::uint16_t>> whole;
  for (const std::uint16_t flow : flows()) {
    if (!traced_.contains(flow) && !is_whole(flow)) continue;
    std::size_t spared = 0;
    for (std::size_t ttl = 1; ttl < hops_.size(); ++ttl) spared += is_spared(flow, ttl) ? 1U : 0U;
    whole.emplace_back(spared, flow);
  }
  // Those first of which most is known: the others may be the same.
  std::ranges::sort(whole);
  std::vector<MultipathPath> paths;
  for (const auto& [spared, flow] : whole) {
    MultipathPath path = path_of(flow);
    const bool is_known = std::any_of(paths.begin(), paths.end(), [&](const MultipathPath& other) {
      return may_be_one(other, path);
    });
    if (!is_known) paths.push_back(std::move(path));
  }
  return paths;
}

std::vector<std::uint8_t> Multipath::per_packet_ttls() const {
  std::vector<std::uint8_t> found;
  for (std::size_t ttl = 1; ttl < hops_.size(); ++ttl) {
    if (hops_[ttl].is_per_packet) found.push_back(static_cast<std::uint8_t>(ttl));
  }
  return found;
}

std::set<IpAddress> Multipath::routers_at(std::uint8_t ttl) const {
  std::set<IpAddress> found;
  if (ttl >= hops_.size()) return found;
  for (const auto& [flow, seen] : hops_[ttl].flows) {
    if (seen.address) found.insert(*seen.address);
  }
  found.insert(hops_[ttl].others.begin(), hops_[ttl].others.end());
  return found;
}

std::optional<std::optional<IpAddress>> Multipath::met_by(std::uint16_t flow,
                                                          std::uint8_t ttl) const {
  if (ttl >= hops_.size() || hops_[ttl].is_per_packet) return std::nullopt;
  const auto seen = hops_[ttl].flows.find(flow);
  if (seen == hops_[ttl].flows.end() || seen->second.is_spared) return std::nullopt;
  return seen->second.address;
}

}  // namespace lw::trace
