// SPDX-License-Identifier: Apache-2.0
#include "server/fault_finder.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace lw::server {
namespace {

using topology::LocalisedFault;
using topology::NodeKey;
using topology::NodeTable;
using topology::PathObservation;

/// Rounds before a test's usual round trip counts as known.
constexpr std::uint16_t kLearnedMin = 10;
/// How many rounds a baseline remembers: slow drift is no fault.
constexpr std::uint16_t kLearnedMax = 100;
/// A round this far from the usual is not learned from, or an outage would become usual.
constexpr float kOutlierSpreads = 6;
/// Less than this is not worth looking for (LocaliseConfig::added_min).
constexpr float kSlowerMinUs = 5'000;

template <class Number, std::size_t kSize>
float average_of_measured(const std::array<Number, kSize>& values) {
  float sum = 0;
  int count = 0;
  for (const Number value : values) {
    if (value <= 0) continue;
    sum += static_cast<float>(value);
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<float>(count);
}

/// The places that all paths of a test have in common, in order; where they differ, unknown. Which
/// of them a check took is not known.
std::vector<NodeKey> common_way(const LivePath& path, NodeTable& nodes) {
  std::vector<NodeKey> way;
  const auto& main = path.paths.front();
  const bool are_alike = std::ranges::all_of(
      path.paths, [&](const auto& other) { return other.size() == main.size(); });
  for (std::size_t i = 0; i + 1 < main.size(); ++i) {
    const bool is_common =
        main[i] && std::ranges::all_of(path.paths, [&](const auto& other) {
          return (are_alike || i == 0) && i < other.size() && other[i] == main[i];
        });
    way.push_back(is_common ? nodes.router(*main[i]) : topology::kUnknownNode);
  }
  return way;
}

}  // namespace

void FaultFinder::on_round(TestId test, const RoundSummary& summary) {
  Recent& recent = tests_[test];
  const std::size_t at = recent.next % Recent::kRounds;
  recent.next = static_cast<std::uint8_t>((at + 1) % Recent::kRounds);
  recent.total[at] = static_cast<std::uint16_t>(std::clamp(summary.total, 0, 65'535));
  recent.failed[at] = static_cast<std::uint16_t>(std::clamp(summary.failed, 0, 65'535));
  const float rtt = summary.rtt_avg ? static_cast<float>(summary.rtt_avg->count()) : 0;
  recent.rtt_us[at] = rtt;
  if (rtt <= 0) return;
  const float off = std::abs(rtt - recent.usual_us);
  const bool is_known = recent.learned >= kLearnedMin;
  // 500 µs: on a quiet path the spread may be next to nothing.
  if (is_known && off > kOutlierSpreads * std::max(recent.spread_us, 500.0F)) return;
  recent.learned = std::min<std::uint16_t>(kLearnedMax, recent.learned + 1);
  const float weight = 1.0F / static_cast<float>(recent.learned);
  recent.usual_us += weight * (rtt - recent.usual_us);
  if (recent.learned > 1) recent.spread_us += weight * (off - recent.spread_us);
}

void FaultFinder::keep_only(const std::function<bool(TestId)>& is_kept) {
  std::erase_if(tests_, [&](const auto& entry) { return !is_kept(entry.first); });
}

bool FaultFinder::is_anything_wrong() const {
  return std::ranges::any_of(tests_, [](const auto& entry) {
    const Recent& recent = entry.second;
    const bool has_lost =
        std::ranges::any_of(recent.failed, [](std::uint16_t failed) { return failed > 0; });
    const float now = average_of_measured(recent.rtt_us);
    return has_lost || (recent.learned >= kLearnedMin && now > recent.usual_us + kSlowerMinUs);
  });
}

std::optional<PathObservation> FaultFinder::observe(const LiveTest& live, const LivePath& path,
                                                    const std::string& source,
                                                    NodeTable& nodes) const {
  const auto found = tests_.find(live.test.id);
  if (found == tests_.end() || path.paths.empty() || live.test.disabled) return std::nullopt;
  const Recent& recent = found->second;
  PathObservation observation;
  observation.test = live.test.id;
  observation.way = {nodes.source(source)};
  std::ranges::copy(common_way(path, nodes), std::back_inserter(observation.way));
  observation.way.push_back(nodes.destination(live.address));
  observation.checks = std::accumulate(recent.total.begin(), recent.total.end(), 0U);
  observation.lost = std::accumulate(recent.failed.begin(), recent.failed.end(), 0U);
  const float now = average_of_measured(recent.rtt_us);
  if (recent.learned >= kLearnedMin && now > 0) {
    observation.delay_change = Microseconds(std::llround(now - recent.usual_us));
    observation.delay_spread = Microseconds(std::llround(recent.spread_us));
  }
  return observation;
}

std::vector<LocalisedFault> FaultFinder::find(
    const LiveState& live, const LivePaths& paths,
    const std::function<std::string(AgentId)>& agent_name,
    const std::function<bool(const Test&)>& is_seen) const {
  if (!is_anything_wrong()) return {};
  NodeTable nodes;
  std::vector<PathObservation> observations;
  for (const TestId id : live.order()) {
    const LiveTest& test = *live.find(id);
    const LivePath* const path = paths.find(id);
    if (path == nullptr || (is_seen && !is_seen(test.test))) continue;
    if (auto observation = observe(test, *path, agent_name(test.test.agent), nodes)) {
      observations.push_back(std::move(*observation));
    }
  }
  const bool is_lossy =
      std::ranges::any_of(observations, [](const PathObservation& one) { return one.lost > 0; });
  std::vector<LocalisedFault> faults;
  if (is_lossy) faults = topology::localise_loss(observations, nodes).faults;
  std::ranges::move(topology::localise_delay(observations, nodes).faults,
                    std::back_inserter(faults));
  return faults;
}

}  // namespace lw::server
