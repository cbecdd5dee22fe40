// SPDX-License-Identifier: Apache-2.0
#include "simnet/network.h"

#include <algorithm>

#include "base/assert.h"
#include "base/hash.h"

namespace lw::lab {

// SplitMix64 (Steele, Lea, Flood 2014), as in link/impairment.cpp: a seed must mean the same
// everywhere, and the distributions of <random> differ between libraries.
double SimulatedNetwork::Dice::next() {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  z ^= z >> 31U;
  return static_cast<double>(z >> 11U) * 0x1.0p-53;
}

SimulatedNetwork::SimulatedNetwork(NetworkConfig config, Instant start)
    : config_(std::move(config)), start_(start), next_change_(start), dice_{config_.seed} {
  LW_ASSERT(!config_.nodes.empty());
  nodes_.resize(config_.nodes.size());
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    nodes_[i].salt = stable_hash({config_.nodes[i].name, std::to_string(config_.seed)});
  }
  advance_phases(start);
}

std::chrono::nanoseconds SimulatedNetwork::spread(Microseconds jitter) {
  if (jitter.count() == 0) return {};
  return std::chrono::duration_cast<std::chrono::nanoseconds>(jitter * roll());
}

const NodeConfig& SimulatedNetwork::config_of(std::size_t node) const {
  return config_.nodes[node].phases[nodes_[node].phase].config;
}

std::optional<std::size_t> SimulatedNetwork::find_node(std::string_view name) const {
  const auto found = std::ranges::find(config_.nodes, name, &NodeTimeline::name);
  if (found == config_.nodes.end()) return std::nullopt;
  return static_cast<std::size_t>(found - config_.nodes.begin());
}

void SimulatedNetwork::advance_phases(Instant now) {
  if (now < next_change_) return;
  next_change_ = Instant::max();
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    const auto& phases = config_.nodes[i].phases;
    std::size_t& phase = nodes_[i].phase;
    const LimitConfig before = phases[phase].config.limit;
    while (phase + 1 < phases.size() && start_ + phases[phase + 1].at <= now) ++phase;
    if (phases[phase].config.limit != before) {
      nodes_[i].limits.clear();
      nodes_[i].limit_all.reset();
    }
    if (phase + 1 < phases.size()) {
      next_change_ = std::min<Instant>(next_change_, start_ + phases[phase + 1].at);
    }
  }
}

void SimulatedNetwork::deliver(Bytes packet, Instant now) {
  advance_phases(now);
  ++counters_.received;
  if (!original_.assign(packet) || !packet_.assign(packet)) {
    ++counters_.malformed;
    return;
  }
  ++visit_;
  at_ = now;
  copies_ = 1;
  label_ttl_ = -1;
  is_translated_ = quotes_show_translation_ = false;
  steps_.clear();
  walk();
}

std::vector<Packet> SimulatedNetwork::take_departed(Instant now) {
  std::vector<Packet> departed;
  departures_.take_due(now, [&](const Packet& packet) { departed.push_back(packet); });
  return departed;
}

void SimulatedNetwork::hand_out_departed(Instant now, const std::function<void(Bytes)>& take) {
  departures_.take_due(now, [&](const Packet& packet) { take(packet); });
}

}  // namespace lw::lab
