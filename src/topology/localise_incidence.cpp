// SPDX-License-Identifier: Apache-2.0
#include "topology/localise_incidence.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace lw::topology {

namespace {

constexpr std::size_t kHiddenHopsMax = 4;  // More hide so much that known ways say nothing.
// Routers that answer at all leave a quarter of the questions open at most. What is clearly more
// often silent has a router in it that never answers, of which the known ways tell nothing.
constexpr double kSilentByChance = 0.25;
constexpr double kClearly = 3.0;  // standard deviations
constexpr double kTooFewToTell = 2;
constexpr std::size_t kGapWaysMax = 8;
constexpr std::size_t kStepsMax = 4'096;  // of one search between two places

struct LinkHash {
  std::size_t operator()(const PathLink& link) const {
    const std::uint64_t both = (std::uint64_t{link.from} << 32) ^ link.to;
    return (both + link.hidden) * 0x9e3779b97f4a7c15ULL >> 7;
  }
};

/// splitmix64's finaliser: sums of such numbers tell sets of observations apart.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

class Builder {
 public:
  explicit Builder(std::span<const PathObservation> observations) : observations_(observations) {}

  Incidence build() {
    learn_neighbours();
    count_stretches();
    for (const PathObservation& observation : observations_) add(observation);
    result_.observations_of = result_.links_of.transposed(result_.links.size());
    form_groups();
    fill_groups_of();
    express_gaps_in_groups();
    return std::move(result_);
  }

 private:
  using LinkNumbers = std::vector<std::uint32_t>;

  std::uint32_t number_of(const PathLink& link) {
    const auto next = static_cast<std::uint32_t>(result_.links.size());
    const auto [entry, is_new] = numbers_.try_emplace(link, next);
    if (is_new) result_.links.push_back(link);
    return entry->second;
  }

  void learn_neighbours() {
    for (const PathObservation& observation : observations_) {
      for (std::size_t i = 1; i < observation.way.size(); ++i) {
        const NodeKey from = observation.way[i - 1];
        const NodeKey to = observation.way[i];
        known_numbers_.push_back(0);
        if (from == kUnknownNode || to == kUnknownNode) continue;
        const std::size_t before = result_.links.size();
        known_numbers_.back() = number_of({.from = from, .to = to});
        if (result_.links.size() > before) neighbours_[from].push_back(to);
      }
    }
  }

  /// Calls `use` with each stretch from one known place to the next, and where on the way it ends.
  template <class Use>
  static void for_each_stretch(const PathObservation& observation, const Use& use) {
    std::size_t last_known = 0;
    for (std::size_t i = 1; i < observation.way.size(); ++i) {
      if (observation.way[i] == kUnknownNode) continue;
      use(PathLink{.from = observation.way[last_known],
                   .to = observation.way[i],
                   .hidden = static_cast<std::uint8_t>(i - last_known - 1)},
          i);
      last_known = i;
    }
  }

  /// How often each silent stretch was met, and how often one of that length between the same
  /// places without silence.
  void count_stretches() {
    std::unordered_set<NodeKey> starts;
    for (const PathObservation& observation : observations_) {
      for_each_stretch(observation, [&](const PathLink& stretch, std::size_t) {
        if (stretch.hidden == 0) return;
        ++counts_[stretch].silent;
        starts.insert(stretch.from);
      });
    }
    if (starts.empty()) return;
    for (const PathObservation& observation : observations_) {
      for (std::size_t i = 0; i + 1 < observation.way.size(); ++i) {
        if (starts.contains(observation.way[i])) count_known_from(observation.way, i);
      }
    }
  }

  void count_known_from(std::span<const NodeKey> way, std::size_t start) {
    const std::size_t end = std::min(way.size(), start + kHiddenHopsMax + 2);
    for (std::size_t i = start + 1; i < end && way[i] != kUnknownNode; ++i) {
      const auto entry = counts_.find(
          {.from = way[start], .to = way[i], .hidden = static_cast<std::uint8_t>(i - start - 1)});
      if (entry != counts_.end()) ++entry->second.known;
    }
  }

  [[nodiscard]] bool is_silent_by_chance(const PathLink& stretch) const {
    const Counts& counts = counts_.at(stretch);
    if (stretch.hidden > kHiddenHopsMax) return false;
    const double all_silent = std::pow(kSilentByChance, stretch.hidden);
    const double share = all_silent / (all_silent + std::pow(1 - kSilentByChance, stretch.hidden));
    const double all = counts.known + counts.silent;
    const double limit = all * share + kClearly * std::sqrt(all * share * (1 - share));
    return counts.silent <= std::max(kTooFewToTell, limit);
  }

  void search(NodeKey from, NodeKey to, std::size_t links_left, LinkNumbers& way,
              std::vector<LinkNumbers>& found, std::size_t& steps) {
    if (links_left == 0 || ++steps > kStepsMax || found.size() > kGapWaysMax) return;
    const auto neighbours = neighbours_.find(from);
    if (neighbours == neighbours_.end()) return;
    for (const NodeKey next : neighbours->second) {
      if ((next == to) != (links_left == 1)) continue;
      way.push_back(number_of({.from = from, .to = next}));
      if (next == to) found.push_back(way);
      search(next, to, links_left - 1, way, found, steps);
      way.pop_back();
    }
  }

  const std::vector<LinkNumbers>& ways_across(const PathLink& stretch) {
    const auto [entry, is_new] = ways_.try_emplace(stretch);
    if (is_new && is_silent_by_chance(stretch)) {
      LinkNumbers way;
      std::size_t steps = 0;
      search(stretch.from, stretch.to, stretch.hidden + std::size_t{1}, way, entry->second, steps);
    }
    return entry->second;
  }

  void add_stretch(const PathLink& stretch, LinkNumbers& links, LinkNumbers& gaps) {
    const auto& ways = ways_across(stretch);
    if (ways.size() == 1) {
      links.insert(links.end(), ways.front().begin(), ways.front().end());
      return;
    }
    const std::uint32_t number = number_of(stretch);
    links.push_back(number);
    if (ways.empty()) {
      // The silent routers next to a place are taken for one.
      links.push_back(number_of({.from = stretch.from, .to = kUnknownNode}));
      links.push_back(number_of({.from = kUnknownNode, .to = stretch.to}));
      return;
    }
    for (const std::uint32_t link : ways.front()) {
      const auto has_link = [&](const LinkNumbers& way) {
        return std::ranges::count(way, link) > 0;
      };
      if (std::ranges::all_of(ways, has_link)) links.push_back(link);  // Crossed in any case.
    }
    const auto next = static_cast<std::uint32_t>(result_.gaps.size());
    const auto [entry, is_new] = gap_numbers_.try_emplace(number, next);
    if (is_new) result_.gaps.push_back({.ways = ways});
    gaps.push_back(entry->second);
  }

  void add(const PathObservation& observation) {
    LinkNumbers links;
    LinkNumbers gaps;
    const auto numbers = std::span(known_numbers_).subspan(numbers_read_);
    for_each_stretch(observation, [&](const PathLink& stretch, std::size_t end) {
      if (stretch.hidden == 0) {
        links.push_back(numbers[end - 1]);
      } else {
        add_stretch(stretch, links, gaps);
      }
    });
    numbers_read_ += observation.way.empty() ? 0 : observation.way.size() - 1;
    sort_unique(links);
    result_.links_of.add(links);
    result_.gaps_of.add(gaps);
  }

  static void sort_unique(LinkNumbers& numbers) {
    std::ranges::sort(numbers);
    numbers.erase(std::ranges::unique(numbers).begin(), numbers.end());
  }

  void form_groups() {
    std::map<std::tuple<std::uint64_t, std::uint64_t, std::size_t>, std::uint32_t> groups;
    result_.group_of_link.assign(result_.links.size(), Incidence::kNoGroup);
    for (std::uint32_t link = 0; link < result_.links.size(); ++link) {
      std::uint64_t sum = 0;
      std::uint64_t other_sum = 0;
      std::size_t count = 0;
      for (const std::uint32_t observation : result_.observations_of[link]) {
        if (observations_[observation].checks == 0) continue;
        sum += mixed(observation);
        other_sum += mixed(~std::uint64_t{observation});
        ++count;
      }
      if (count == 0) continue;
      const auto next = static_cast<std::uint32_t>(result_.groups.size());
      const auto [entry, is_new] = groups.try_emplace({sum, other_sum, count}, next);
      if (is_new) result_.groups.emplace_back();
      result_.groups[entry->second].push_back(link);
      result_.group_of_link[link] = entry->second;
    }
  }

  void fill_groups_of() {
    for (std::size_t i = 0; i < observations_.size(); ++i) {
      LinkNumbers row;
      if (observations_[i].checks > 0) {
        for (const std::uint32_t link : result_.links_of[i]) {
          row.push_back(result_.group_of_link[link]);
        }
      }
      sort_unique(row);
      result_.groups_of.add(row);
    }
    result_.measured_of = result_.groups_of.transposed(result_.groups.size());
  }

  void express_gaps_in_groups() {
    for (Gap& gap : result_.gaps) {
      for (auto& way : gap.ways) {
        for (auto& number : way) number = result_.group_of_link[number];
        sort_unique(way);
      }
    }
  }

  struct Counts {
    double silent = 0;
    double known = 0;
  };

  std::span<const PathObservation> observations_;
  Incidence result_;
  std::vector<std::uint32_t>
      known_numbers_;  ///< of each link of each way; 0 for those with silence
  std::size_t numbers_read_ = 0;
  std::unordered_map<PathLink, Counts, LinkHash> counts_;
  std::unordered_map<PathLink, std::uint32_t, LinkHash> numbers_;
  std::unordered_map<NodeKey, std::vector<NodeKey>> neighbours_;
  std::unordered_map<PathLink, std::vector<LinkNumbers>, LinkHash> ways_;
  std::unordered_map<std::uint32_t, std::uint32_t> gap_numbers_;
};

}  // namespace

void Rows::add(std::span<const std::uint32_t> row) {
  values_.insert(values_.end(), row.begin(), row.end());
  begins_.push_back(static_cast<std::uint32_t>(values_.size()));
}

std::span<const std::uint32_t> Rows::operator[](std::size_t index) const {
  return std::span(values_).subspan(begins_[index], begins_[index + 1] - begins_[index]);
}

Rows Rows::transposed(std::size_t count) const {
  Rows result;
  result.begins_.assign(count + 1, 0);
  for (const std::uint32_t value : values_) ++result.begins_[value + 1];
  for (std::size_t i = 0; i < count; ++i) result.begins_[i + 1] += result.begins_[i];
  result.values_.resize(values_.size());
  std::vector<std::uint32_t> next(result.begins_.begin(), result.begins_.end() - 1);
  for (std::uint32_t row = 0; row < size(); ++row) {
    for (const std::uint32_t value : (*this)[row]) result.values_[next[value]++] = row;
  }
  return result;
}

Incidence build_incidence(std::span<const PathObservation> observations) {
  return Builder(observations).build();
}

}  // namespace lw::topology
