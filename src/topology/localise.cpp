// SPDX-License-Identifier: Apache-2.0
#include "topology/localise.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

#include "topology/localise_incidence.h"
#include "topology/localise_likelihood.h"
#include "topology/localise_search.h"

namespace lw::topology {

namespace {

constexpr double kFailingSurprise = 3.0;  // Chance alone does this to one healthy flow in seventy.
constexpr int kLearningRounds = 5;
constexpr double kLearned = 1.1;  // The background no longer moves by more than this factor.
// Real losses come in bursts; likelihoods of independent ones promise too much.
constexpr double kTemper = 0.5;
constexpr double kScatterMax = 1.1;  // More scatter than this makes evidence dearer.
// Of simulated findings, one of 40 that are uneven was right, and one of 300 that seemed certain
// was wrong.
constexpr double kUnevenConfidenceMax = 0.05;
constexpr double kConfidenceMax = 0.995;

std::vector<double> costs_of(const Incidence& incidence, std::span<const PathLink> fresh,
                             const LocaliseConfig& config) {
  const std::set<PathLink> is_fresh(fresh.begin(), fresh.end());
  const auto count = static_cast<double>(std::max<std::size_t>(1, incidence.groups.size()));
  const double cost = config.link_cost + std::log(count);
  std::vector<double> result(incidence.groups.size(), cost);
  if (is_fresh.empty()) return result;
  for (std::size_t link = 0; link < incidence.links.size(); ++link) {
    const std::uint32_t group = incidence.group_of_link[link];
    if (group == Incidence::kNoGroup || !is_fresh.contains(incidence.links[link])) continue;
    result[group] = cost - config.fresh_link_bonus;
  }
  return result;
}

double own_cost_of(const Incidence& incidence, const LocaliseConfig& config) {
  const auto count = static_cast<double>(std::max<std::size_t>(1, incidence.groups.size()));
  return config.link_cost + std::log(count) + config.own_cost;
}

/// Turns blamed groups into what people can read.
class Report {
 public:
  Report(std::span<const PathObservation> observations, const NodeTable& nodes,
         const Incidence& incidence, const Likelihood& likelihood)
      : observations_(observations),
        nodes_(nodes),
        incidence_(incidence),
        fails_(observations.size()) {
    for (std::uint32_t i = 0; i < observations_.size(); ++i) {
      if (observations_[i].checks == 0) continue;
      const bool fails = likelihood.surprise(i, likelihood.background(i)) > kFailingSurprise;
      fails_[i] = fails;
      auto& test_fails = tests_[observations_[i].test.value];
      test_fails = test_fails || fails;
    }
    for (const auto& [test, fails] : tests_) ++(fails ? failing_ : healthy_);
  }

  LocalisedFault describe(const Blame& blame) const {
    LocalisedFault fault;
    const auto groups = named_groups(blame);
    for (const std::uint32_t group : groups) {
      for (const std::uint32_t link : incidence_.groups[group]) {
        fault.links.push_back(incidence_.links[link]);
      }
    }
    if (!may_be_several(blame.group)) fault.affected_share = blame.affected;
    fault.confidence = confidence_of(blame);
    if (fault.affected_share < 1) {
      fault.confidence = std::min(fault.confidence, kUnevenConfidenceMax);
    }
    count_tests(groups, fault);
    fault.place = place_of(blame.group);
    fault.next_probe = propose(groups);
    return fault;
  }

  /// "one of these links: a1 to 10.0.0.1, 10.0.0.1 to 10.0.0.2"; "all tests from agent a1".
  [[nodiscard]] std::string text_of(const LocalisedFault& fault, const std::string& what) const {
    std::string links;
    for (const PathLink& link : fault.links) {
      links += (links.empty() ? "" : ", ") + words_for(link);
    }
    std::string text = fmt::format(
        "{}{} {}: {}; {} of {} failing tests cross it, {} of {} healthy ones do",
        place_words(fault), fault.links.size() == 1 ? "this link" : "one of these links", what,
        links, fault.crossing.failing, fault.crossing.failing_of, fault.crossing.healthy,
        fault.crossing.healthy_of);
    if (fault.affected_share == 1) return text;
    return text + fmt::format(
                      "; only about {:.0f} % of the flows over it suffer: one member of a bundle, "
                      "or their way back",
                      100 * fault.affected_share);
  }

 private:
  [[nodiscard]] std::string words_for(const PathLink& link) const {
    if (link.from == kUnknownNode) return "the silent hops before " + nodes_.name(link.to);
    if (link.to == kUnknownNode) return "the silent hops behind " + nodes_.name(link.from);
    std::string ends = nodes_.name(link.from) + " to " + nodes_.name(link.to);
    if (link.hidden == 0) return ends;
    return fmt::format("{} ({} silent between)", ends, link.hidden);
  }

  static std::vector<std::uint32_t> named_groups(const Blame& blame) {
    std::vector<std::uint32_t> groups{blame.group};
    for (const auto& alternative : blame.alternatives) groups.push_back(alternative.group);
    return groups;
  }

  static double confidence_of(const Blame& blame) {
    return std::min(kConfidenceMax, 1 / (1 + std::exp(-kTemper * blame.gain)));
  }

  /// Silent hops next to a place may be several routers, of which only one need be faulty.
  [[nodiscard]] bool may_be_several(std::uint32_t group) const {
    return std::ranges::all_of(incidence_.groups[group], [&](std::uint32_t link) {
      const PathLink& ends = incidence_.links[link];
      return ends.from == kUnknownNode || ends.to == kUnknownNode;
    });
  }

  void count_tests(std::span<const std::uint32_t> groups, LocalisedFault& fault) const {
    std::map<std::uint64_t, bool> crossing;  // whether a failing flow of it crosses
    for (const std::uint32_t group : groups) {
      for (const std::uint32_t i : incidence_.measured_of[group]) {
        bool& fails = crossing[observations_[i].test.value];
        fails = fails || fails_[i];
      }
    }
    for (const auto& [test, fails] : crossing) {
      if (fails) fault.tests.push_back({test});
      if (!fails && !tests_.at(test)) ++fault.crossing.healthy;
    }
    fault.crossing.failing = fault.tests.size();
    fault.crossing.failing_of = failing_;
    fault.crossing.healthy_of = healthy_;
  }

  [[nodiscard]] FaultPlace place_of(std::uint32_t group) const {
    const auto crossing = incidence_.measured_of[group];
    const auto is_same_test = [&](std::uint32_t i) {
      return observations_[i].test == observations_[crossing.front()].test;
    };
    if (std::ranges::all_of(crossing, is_same_test)) return FaultPlace::OneTest;
    const auto& links = incidence_.groups[group];
    const auto is_kind = [&](NodeKey node, NodeKind kind) { return nodes_.kind(node) == kind; };
    for (const std::uint32_t link : links) {
      if (is_kind(incidence_.links[link].from, NodeKind::Source)) return FaultPlace::Source;
      if (is_kind(incidence_.links[link].to, NodeKind::Destination)) return FaultPlace::Destination;
    }
    return FaultPlace::OnTheWay;
  }

  [[nodiscard]] std::string place_words(const LocalisedFault& fault) const {
    for (const PathLink& link : fault.links) {
      if (fault.place == FaultPlace::Source && nodes_.kind(link.from) == NodeKind::Source) {
        return fmt::format("all tests from agent {}: ", nodes_.name(link.from));
      }
      if (fault.place == FaultPlace::Destination && nodes_.kind(link.to) == NodeKind::Destination) {
        return fmt::format("all tests to {}: ", nodes_.name(link.to));
      }
    }
    return fault.place == FaultPlace::OneTest ? "one test alone: " : "";
  }

  /// The known way that halves the links best; else the first part of one that crosses several.
  [[nodiscard]] std::optional<ProbeProposal> propose(std::span<const std::uint32_t> groups) const {
    std::vector<std::uint32_t> links;
    for (const std::uint32_t group : groups) {
      links.insert(links.end(), incidence_.groups[group].begin(), incidence_.groups[group].end());
    }
    if (links.size() < 2) return std::nullopt;
    std::map<std::uint32_t, std::size_t> crossed;
    for (const std::uint32_t link : links) {
      for (const std::uint32_t i : incidence_.observations_of[link]) ++crossed[i];
    }
    std::optional<ProbeProposal> whole;
    std::size_t smaller_side = 0;
    std::pair<std::size_t, std::uint32_t> most{0, 0};
    for (const auto& [observation, count] : crossed) {
      if (count > most.first) most = {count, observation};
      const std::size_t side = std::min(count, links.size() - count);
      if (side <= smaller_side) continue;
      smaller_side = side;
      whole = ProbeProposal{.observation = observation};
    }
    return whole ? whole : part_of_way(most.second, links);
  }

  [[nodiscard]] std::optional<ProbeProposal> part_of_way(
      std::uint32_t observation, std::span<const std::uint32_t> links) const {
    const auto& way = observations_[observation].way;
    std::vector<NodeKey> ends;
    for (const NodeKey node : way) {
      const bool is_end = std::ranges::any_of(
          links, [&](std::uint32_t link) { return incidence_.links[link].to == node; });
      if (is_end && nodes_.kind(node) == NodeKind::Router) ends.push_back(node);
    }
    const bool reaches_destination = std::ranges::any_of(links, [&](std::uint32_t link) {
      return nodes_.kind(incidence_.links[link].to) == NodeKind::Destination;
    });
    if (!reaches_destination && !ends.empty()) ends.pop_back();  // Behind all of them.
    if (ends.empty()) return std::nullopt;
    return ProbeProposal{.observation = observation, .until = ends[(ends.size() - 1) / 2]};
  }

  std::span<const PathObservation> observations_;
  const NodeTable& nodes_;
  const Incidence& incidence_;
  std::vector<bool> fails_;
  std::unordered_map<std::uint64_t, bool> tests_;
  std::size_t failing_ = 0;
  std::size_t healthy_ = 0;
};

std::vector<TestId> unexplained_tests(std::span<const PathObservation> observations,
                                      const Search& search) {
  std::set<TestId> tests;
  for (std::size_t i = 0; i < observations.size(); ++i) {
    if (observations[i].checks > 0 && search.surprise(i) > 2 * kFailingSurprise) {
      tests.insert(observations[i].test);
    }
  }
  return {tests.begin(), tests.end()};
}

Share share_of(const Blame& blame) {
  const auto percent = [](double effect) { return -100 * std::expm1(-effect); };
  return {.low = percent(blame.low), .value = percent(blame.effect), .high = percent(blame.high)};
}

LocalisedFault::Delay delay_of(const Blame& blame) {
  const auto time = [](double effect) { return Microseconds(std::llround(effect)); };
  return {.low = time(blame.low), .value = time(blame.effect), .high = time(blame.high)};
}

}  // namespace

Localisation localise_loss(std::span<const PathObservation> observations, const NodeTable& nodes,
                           std::span<const PathLink> fresh, const LocaliseConfig& config) {
  const Incidence incidence = build_incidence(observations);
  LossLikelihood likelihood(observations, config.background_loss_guess,
                            own_cost_of(incidence, config));
  auto costs = costs_of(incidence, fresh, config);
  likelihood.learn_background(std::vector<double>(observations.size(), 0));
  std::optional<Search> search;
  std::vector<Blame> blames;
  for (int round = 0; round < kLearningRounds; ++round) {
    search.emplace(incidence, likelihood, costs, config.findings_max);
    blames = search->run();
    if (round + 1 == kLearningRounds) break;
    const double before = likelihood.background_loss();
    LossLikelihood learned = likelihood;
    learned.learn_background(search->explained());
    const double factor = learned.background_loss() / before;
    if (factor < kLearned && factor > 1 / kLearned) break;
    likelihood = learned;
  }
  const double dispersion = search->dispersion();
  if (dispersion > kScatterMax) {
    for (double& cost : costs) cost *= dispersion;
    search.emplace(incidence, likelihood, costs, config.findings_max);
    blames = search->run();
  }
  Localisation result;
  result.background_loss = likelihood.background_loss();
  const Report report(observations, nodes, incidence, likelihood);
  for (const Blame& blame : blames) {
    const Share loss = share_of(blame);
    if (loss.value < config.loss_min * 100) continue;
    result.faults.push_back(report.describe(blame));
    result.faults.back().loss = loss;
    result.faults.back().text = report.text_of(
        result.faults.back(),
        fmt::format("loses {:.2g} % ({:.2g}–{:.2g} %)", loss.value, loss.low, loss.high));
  }
  result.unexplained = unexplained_tests(observations, *search);
  return result;
}

Localisation localise_delay(std::span<const PathObservation> observations, const NodeTable& nodes,
                            std::span<const PathLink> fresh, const LocaliseConfig& config) {
  const Incidence incidence = build_incidence(observations);
  const DelayLikelihood likelihood(observations, config.spread_min, own_cost_of(incidence, config));
  Search search(incidence, likelihood, costs_of(incidence, fresh, config), config.findings_max);
  Localisation result;
  const Report report(observations, nodes, incidence, likelihood);
  for (const Blame& blame : search.run()) {
    const auto added = delay_of(blame);
    if (added.value < config.added_min) continue;
    result.faults.push_back(report.describe(blame));
    result.faults.back().added = added;
    const auto ms = [](Microseconds time) { return static_cast<double>(time.count()) / 1e3; };
    result.faults.back().text = report.text_of(
        result.faults.back(), fmt::format("adds {:.1f} ms ({:.1f}–{:.1f} ms)", ms(added.value),
                                          ms(added.low), ms(added.high)));
  }
  result.unexplained = unexplained_tests(observations, search);
  return result;
}

}  // namespace lw::topology
