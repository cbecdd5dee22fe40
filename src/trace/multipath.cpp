// SPDX-License-Identifier: Apache-2.0
#include "trace/multipath.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lw::trace {
namespace {

/// Chance that `flows`, dealt out evenly among `ways`, leave one of them out, by inclusion and
/// exclusion (Veitch et al., section III).
double chance_to_miss(std::size_t ways, std::size_t flows) {
  double chance = 0;
  double choices = 1;
  for (std::size_t i = 1; i < ways; ++i) {
    choices *= static_cast<double>(ways - i + 1) / static_cast<double>(i);
    const double share = 1.0 - static_cast<double>(i) / static_cast<double>(ways);
    const double term = choices * std::pow(share, static_cast<double>(flows));
    chance += i % 2 == 1 ? term : -term;
    if (term < 1e-12) break;
  }
  return chance;
}

/// Ways beyond that no balancer has; keeps the sums within what a double can add up.
constexpr std::size_t kWaysMax = 128;

}  // namespace

std::size_t flows_needed(std::size_t found, double failure_max) {
  const std::size_t ways = std::min(std::max<std::size_t>(found, 1) + 1, kWaysMax);
  const double k = static_cast<double>(ways);
  // The first term alone is an upper bound; a little before it the sum is still well-behaved.
  const double bound = std::log(k / failure_max) / -std::log1p(-1.0 / k);
  auto flows = static_cast<std::size_t>(std::ceil(bound)) + 1;
  while (flows > ways && chance_to_miss(ways, flows - 1) <= failure_max) --flows;
  return flows;
}

Multipath::Multipath(const MultipathConfig& config) : config_(config) {
  config_.failure_max = std::clamp(config_.failure_max, 1e-6, 0.5);
  config_.ttl_max = std::max<std::uint8_t>(config_.ttl_max, 1);
  config_.repeats = std::max(config_.repeats, 2);
  for (std::size_t found = 1; found < kWaysMax; ++found) {
    needed_.push_back(flows_needed(found, config_.failure_max));
  }
  config_.flows_max = std::max(config_.flows_max, static_cast<std::uint16_t>(needed_.front()));
  hops_.resize(1);
  MultipathStep first = at(1, fresh_flows(1, needed_.front()));
  first.ttl_max = config_.ttl_max;
  next_ = std::move(first);
}

std::optional<MultipathStep> Multipath::next() const { return next_; }

void Multipath::add(const Trace& trace) {
  if (!next_) return;
  for (const TraceProbe& probe : trace.probes) {
    if (probe.ttl >= 1 && probe.ttl <= config_.ttl_max) note(probe);
  }
  note_unanswered();
  plan();
}

void Multipath::note(const TraceProbe& probe) {
  const HopAnswer answer = probe.reply.answer;
  if (answer == HopAnswer::LocalError) return;
  if (hops_.size() <= probe.ttl) hops_.resize(probe.ttl + 1U);
  Hop& hop = hops_[probe.ttl];
  // Whom nobody asked has said nothing, not even by silence.
  if (answer == HopAnswer::NotAsked) {
    hop.flows.try_emplace(probe.flow, Seen{.is_spared = true});
    return;
  }
  Seen& seen = hop.flows[probe.flow];
  seen.is_spared = false;
  if (answer == HopAnswer::Silent) return;
  const IpAddress& from = probe.reply.from;
  const bool is_refusal = answer == HopAnswer::Unreachable;
  const bool was_refusal = seen.is_end && !seen.is_destination;
  if (seen.address && is_refusal) return;
  // A router that had no way for a moment is not the end if packets come through as well.
  if (seen.address && *seen.address != from && !was_refusal) {
    hop.is_per_packet = true;
    hop.others.insert(from);
    return;
  }
  seen.address = from;
  seen.is_destination = answer == HopAnswer::Destination;
  seen.is_end = answer != HopAnswer::TimeExceeded;
}

/// Without this, a probe that was not sent would be wanted for ever.
void Multipath::note_unanswered() {
  const bool is_whole = next_->first_ttl != next_->ttl_max;
  for (const std::uint16_t flow : next_->flows) {
    if (is_whole || config_.ttl_max == 1) traced_.insert(flow);
    if (is_whole) continue;
    if (hops_.size() <= next_->ttl_max) hops_.resize(next_->ttl_max + 1U);
    hops_[next_->ttl_max].flows.try_emplace(flow);
  }
}

void Multipath::plan() {
  next_.reset();
  for (int ttl = 1; ttl <= config_.ttl_max && !next_; ++ttl) {
    const auto here = static_cast<std::uint8_t>(ttl);
    if (is_silent_tail(here) || branches_before(here).empty()) break;
    next_ = plan_hop(here);
  }
  if (!next_) next_ = plan_whole_traces();
}

std::optional<MultipathStep> Multipath::plan_hop(std::uint8_t ttl) {
  if (hops_.size() <= ttl) hops_.resize(ttl + 1U);
  // Whoever goes there is met by chance: more flows would only list more of the same.
  if (hops_[ttl].is_per_packet) return plan_test_before(ttl);
  const Branches branches = branches_before(ttl);
  if (auto test = plan_test(ttl, branches)) return test;
  return plan_flows(ttl, branches);
}

/// Before a branching is explored: one flow, asked repeatedly, tells whether packets part or flows.
std::optional<MultipathStep> Multipath::plan_test(std::uint8_t ttl, const Branches& branches) {
  for (const auto& [router, branch] : branches) {
    if (branch.next.size() < 2 || !hops_[ttl].tested.insert(router).second) continue;
    MultipathStep step = at(ttl, {branch.answered.front()});
    step.probes_per_hop = config_.repeats - 1;
    return step;
  }
  return std::nullopt;
}

/// Packets may have parted earlier already, while by chance all met the same router there; links
/// from it would be false.
std::optional<MultipathStep> Multipath::plan_test_before(std::uint8_t ttl) {
  if (ttl == 1 || hops_[ttl - 1U].is_per_packet || hops_[ttl].is_before_tested) return std::nullopt;
  hops_[ttl].is_before_tested = true;
  const auto before = static_cast<std::uint8_t>(ttl - 1);
  for (const auto& [flow, seen] : hops_[before].flows) {
    if (!seen.address || seen.is_end) continue;
    MultipathStep step = at(before, {flow});
    step.probes_per_hop = config_.repeats - 1;
    return step;
  }
  return std::nullopt;
}

std::optional<MultipathStep> Multipath::plan_flows(std::uint8_t ttl, const Branches& branches) {
  std::vector<std::uint16_t> ask;
  std::size_t scarce = 0;
  for (const auto& [router, branch] : branches) {
    const std::size_t wanted = missing(branch, branches);
    const std::size_t known = std::min(wanted, branch.unasked.size());
    ask.insert(ask.end(), branch.unasked.begin(),
               branch.unasked.begin() + static_cast<std::ptrdiff_t>(known));
    // Silence where others answer is mostly loss; to look for more of it would cost much.
    const bool is_silence = router == IpAddress{} && branches.size() > 1;
    if (!is_silence) scarce = std::max(scarce, wanted - known);
  }
  if (!ask.empty()) return at(ttl, std::move(ask));
  if (scarce == 0) return std::nullopt;
  // No known flow is left that goes where more are wanted: find out where others go.
  const auto before = static_cast<std::uint8_t>(ttl == 1 ? 1 : ttl - 1);
  auto fresh = fresh_flows(before, scarce * (ttl == 1 ? 1 : branches.size()));
  if (!fresh.empty()) return at(before, std::move(fresh));
  is_exhausted_ = true;
  return std::nullopt;
}

/// How many more flows through a router must be asked for what comes next.
std::size_t Multipath::missing(const Branch& branch, const Branches& all) const {
  const auto needed = [this](std::size_t found) {
    return needed_[std::min(std::max<std::size_t>(found, 1), needed_.size()) - 1];
  };
  const auto less = [](std::size_t a, std::size_t b) { return a > b ? a - b : 0; };
  if (!config_.is_lite || all.size() == 1 || !is_even(all)) {
    return less(needed(branch.next.size()), branch.asked());
  }
  std::size_t asked = 0;
  std::set<IpAddress> found;
  for (const auto& [router, other] : all) {
    asked += other.asked();
    found.insert(other.next.begin(), other.next.end());
  }
  const std::size_t share = (less(needed(found.size()), asked) + all.size() - 1) / all.size();
  return std::max(share, less(2, branch.asked()));
}

/// Each router has as many next hops as any other, and either they have none in common or just one.
bool Multipath::is_even(const Branches& branches) {
  std::set<IpAddress> found;
  std::size_t sum = 0;
  for (const auto& [router, branch] : branches) {
    if (branch.asked() >= 2 && branch.next.size() != branches.begin()->second.next.size()) {
      return false;
    }
    found.insert(branch.next.begin(), branch.next.end());
    sum += branch.next.size();
  }
  return found.size() <= 1 || found.size() == sum;
}

MultipathStep Multipath::at(std::uint8_t ttl, std::vector<std::uint16_t> flows) const {
  return {.first_ttl = ttl, .ttl_max = ttl, .flows = std::move(flows)};
}

std::vector<std::uint16_t> Multipath::fresh_flows(std::uint8_t ttl, std::size_t count) const {
  std::vector<std::uint16_t> fresh;
  for (std::uint16_t flow = 0; flow < config_.flows_max && fresh.size() < count; ++flow) {
    if (ttl < hops_.size() && hops_[ttl].flows.contains(flow)) continue;
    fresh.push_back(flow);
  }
  return fresh;
}

/// Silent routers, and those where packets part, cannot be told from one another.
IpAddress Multipath::key_of(std::uint8_t ttl, const Seen& seen) const {
  return hops_[ttl].is_per_packet ? IpAddress{} : seen.address.value_or(IpAddress{});
}

Multipath::Branches Multipath::branches_before(std::uint8_t ttl) const {
  Branches branches;
  const std::map<std::uint16_t, Seen> none;
  const auto& here = ttl < hops_.size() ? hops_[ttl].flows : none;
  const auto put = [&](const IpAddress& router, std::uint16_t flow) {
    Branch& branch = branches[router];
    const auto seen = here.find(flow);
    if (seen == here.end()) {
      branch.unasked.push_back(flow);
    } else if (seen->second.is_spared) {
      ++branch.spared;
    } else if (!seen->second.address) {
      ++branch.silent;
    } else {
      branch.answered.push_back(flow);
      branch.next.insert(*seen->second.address);
    }
  };
  if (ttl == 1) {
    branches[IpAddress{}];
    for (const auto& [flow, seen] : here) put(IpAddress{}, flow);
    return branches;
  }
  if (ttl > hops_.size()) return branches;
  for (const auto& [flow, seen] : hops_[ttl - 1U].flows) {
    if (!seen.is_end) put(key_of(static_cast<std::uint8_t>(ttl - 1), seen), flow);
  }
  return branches;
}

bool Multipath::is_silent_tail(std::uint8_t ttl) const {
  if (ttl <= config_.silent_tail_max) return false;
  for (int back = 1; back <= config_.silent_tail_max; ++back) {
    const auto before = static_cast<std::uint8_t>(ttl - back);
    if (before < hops_.size() && !routers_at(before).empty()) return false;
  }
  return true;
}

}  // namespace lw::trace
