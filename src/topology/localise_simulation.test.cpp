// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "topology/localise.h"
#include "topology/localise_incidence.h"

// Sites with two agents each, every site at two of six providers, three transit networks, every
// destination at two of six providers, four flows for each pair; every link loses 2e-4 anyway.
namespace lw::topology {
namespace {

constexpr double kBackground = 2e-4;
constexpr unsigned kRuns = 30;
/// The constants were chosen on seeds below 1,000.
constexpr unsigned kFirstSeed = 1'001;
constexpr std::uint32_t kFlows = 4;

struct Regime {
  const char* name;
  std::uint32_t agents, destinations, checks, faults;
  double loss_low, loss_high;
};

constexpr Regime kRegimes[] = {
    {"12x16, 100 checks, 1 link, 2-10 %", 12, 16, 100, 1, 0.02, 0.10},
    {"12x16, 100 checks, 3 links, 1-10 %", 12, 16, 100, 3, 0.01, 0.10},
    {"4x16, 100 checks, 1 link, 2-10 %", 4, 16, 100, 1, 0.02, 0.10},
    {"12x16, 20 checks, 2 links, 5-30 %", 12, 16, 20, 2, 0.05, 0.30},
    {"12x16, 300 checks, 3 links, 0.5-5 %", 12, 16, 300, 3, 0.005, 0.05},
    {"12x16, 60 checks, 2 links, total", 12, 16, 60, 2, 1.0, 1.0},
};

constexpr unsigned kCalibrationRuns = 5;

struct Variant {
  double guess = 2.5e-4;
  double hops_unknown = 0;          ///< each hop of each flow, by chance
  double routers_silent = 0;        ///< some routers, always
  std::uint32_t return_faults = 0;  ///< links of the way back that lose 2 to 5 %
  bool without_faults = false;
};

class Simulation {
 public:
  Simulation(const Regime& regime, const Variant& variant, unsigned seed)
      : regime_(regime), variant_(variant), generator_(seed) {
    draw_ways();
    if (!variant.without_faults) draw_faults();
    draw_return_faults();
    measure();
    hide_hops();
  }

  [[nodiscard]] const std::vector<PathObservation>& observations() const { return observations_; }
  [[nodiscard]] const NodeTable& nodes() const { return nodes_; }
  [[nodiscard]] const std::vector<PathLink>& faults() const { return faults_; }
  [[nodiscard]] std::size_t class_size(std::size_t fault) const { return class_sizes_[fault]; }

  /// Whether the named link is the faulty one, or a silent stretch that has it inside.
  [[nodiscard]] bool covers(const PathLink& named, const PathLink& fault) const {
    if (named.from == kUnknownNode || named.to == kUnknownNode) return covers_silent(named, fault);
    if (named.hidden == 0) return named == fault;
    return std::ranges::any_of(full_ways_, [&](const std::vector<NodeKey>& way) {
      const auto from = std::ranges::find(way, named.from);
      const auto to = std::ranges::find(way, named.to);
      if (from == way.end() || to - from != named.hidden + 1) return false;
      const auto inside = std::search(from, to + 1, &fault.from, &fault.from + 1);
      return inside < to && *(inside + 1) == fault.to;
    });
  }

 private:
  /// Whether the fault lies in the silent hops before or behind the known end.
  [[nodiscard]] bool covers_silent(const PathLink& named, const PathLink& fault) const {
    const auto is_in = [&](auto begin, auto end, NodeKey known, NodeKey near, NodeKey far) {
      auto at = std::find(begin, end, known);
      if (at == end) return false;
      for (; at + 1 != end && (*at == known || silent_.contains(*at)); ++at) {
        const bool is_silent = silent_.contains(*at) || silent_.contains(*(at + 1));
        if (is_silent && *at == near && *(at + 1) == far) return true;
      }
      return false;
    };
    return std::ranges::any_of(full_ways_, [&](const std::vector<NodeKey>& way) {
      return named.from == kUnknownNode
                 ? is_in(way.rbegin(), way.rend(), named.to, fault.to, fault.from)
                 : is_in(way.begin(), way.end(), named.from, fault.from, fault.to);
    });
  }

  std::uint32_t below(std::uint32_t limit) {
    return std::uniform_int_distribution<std::uint32_t>(0, limit - 1)(generator_);
  }
  double between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(generator_);
  }
  NodeKey router(std::uint32_t kind, std::uint32_t number, std::uint32_t second = 0) {
    IpAddress address;
    address.bytes = {10, static_cast<std::uint8_t>(kind), static_cast<std::uint8_t>(number),
                     static_cast<std::uint8_t>(second)};
    return nodes_.router(address);
  }

  void draw_ways() {
    for (std::uint32_t agent = 0; agent < regime_.agents; ++agent) {
      for (std::uint32_t to = 0; to < regime_.destinations; ++to) {
        for (std::uint32_t flow = 0; flow < kFlows; ++flow) draw_way(agent, to);
      }
    }
  }

  void draw_way(std::uint32_t agent, std::uint32_t to) {
    const std::uint32_t site = agent / 2;
    const std::uint32_t provider_in = (site + 3 * below(2)) % 6;
    const std::uint32_t transit = below(3);
    const std::uint32_t provider_out = (to + 2 * below(2)) % 6;
    PathObservation observation;
    observation.test = TestId{agent * 1'000ULL + to};
    observation.checks = regime_.checks;
    observation.way = {nodes_.source("a" + std::to_string(agent)),
                       router(1, site),
                       router(2, site, provider_in),
                       router(3, provider_in),
                       router(4, transit),
                       router(5, provider_out),
                       router(6, to, provider_out),
                       nodes_.destination("d" + std::to_string(to))};
    full_ways_.push_back(observation.way);
    observations_.push_back(std::move(observation));
    // Answers come back another way: one of as many links between transits and providers.
    return_links_.push_back(below(3) * 12 + (below(2) == 0 ? provider_in : 6 + provider_out));
  }

  void draw_faults() {
    const Incidence truth = build_incidence(observations_);
    std::set<std::uint32_t> groups;
    while (faults_.size() < regime_.faults) {
      const auto link = below(static_cast<std::uint32_t>(truth.links.size()));
      if (!groups.insert(truth.group_of_link[link]).second) continue;
      faults_.push_back(truth.links[link]);
      class_sizes_.push_back(truth.groups[truth.group_of_link[link]].size());
      losses_.push_back(between(regime_.loss_low, std::nextafter(regime_.loss_high, 2)));
    }
  }

  void draw_return_faults() {
    for (std::uint32_t i = 0; i < variant_.return_faults; ++i) {
      return_losses_[below(36)] = between(0.02, 0.05);
    }
  }

  void measure() {
    for (std::size_t i = 0; i < observations_.size(); ++i) {
      const auto& way = full_ways_[i];
      double passes = std::pow(1 - kBackground, static_cast<double>(way.size() - 1));
      for (std::size_t fault = 0; fault < faults_.size(); ++fault) {
        const auto from = std::ranges::find(way, faults_[fault].from);
        if (from != way.end() && *(from + 1) == faults_[fault].to) passes *= 1 - losses_[fault];
      }
      const auto back = return_losses_.find(return_links_[i]);
      if (back != return_losses_.end()) passes *= 1 - back->second;
      observations_[i].lost = std::binomial_distribution<std::uint32_t>(
          regime_.checks, std::min(1.0, 1 - passes))(generator_);
    }
  }

  void hide_hops() {
    for (NodeKey node = 1; node < nodes_.size(); ++node) {
      if (between(0, 1) < variant_.routers_silent) silent_.insert(node);
    }
    for (PathObservation& observation : observations_) {
      for (std::size_t i = 1; i + 1 < observation.way.size(); ++i) {
        if (silent_.contains(observation.way[i]) || between(0, 1) < variant_.hops_unknown) {
          observation.way[i] = kUnknownNode;
        }
      }
    }
  }

  Regime regime_;
  Variant variant_;
  std::mt19937 generator_;
  NodeTable nodes_;
  std::vector<PathObservation> observations_;
  std::vector<std::vector<NodeKey>> full_ways_;
  std::set<NodeKey> silent_;
  std::vector<PathLink> faults_;
  std::vector<double> losses_;
  std::vector<std::size_t> class_sizes_;
  std::vector<std::uint32_t> return_links_;
  std::map<std::uint32_t, double> return_losses_;
};

struct Score {
  double found = 0, true_findings = 0, faults = 0, findings = 0;
  double links_named = 0, links_in_class = 0, background = 0;
  [[nodiscard]] double precision() const { return findings > 0 ? true_findings / findings : 1; }
  [[nodiscard]] double recall() const { return faults > 0 ? found / faults : 1; }
};

/// Whether the finding names some fault, and which.
std::set<std::size_t> faults_named(const Simulation& simulation, const LocalisedFault& finding) {
  std::set<std::size_t> named;
  for (std::size_t fault = 0; fault < simulation.faults().size(); ++fault) {
    const bool covers = std::ranges::any_of(finding.links, [&](const PathLink& link) {
      return simulation.covers(link, simulation.faults()[fault]);
    });
    if (covers) named.insert(fault);
  }
  return named;
}

void add_run(const Simulation& simulation, const Localisation& result, Score& score) {
  std::set<std::size_t> found;
  for (const LocalisedFault& finding : result.faults) {
    if (finding.affected_share < 1) continue;  // It does not say that the link is faulty.
    ++score.findings;
    const auto named = faults_named(simulation, finding);
    for (const std::size_t fault : named) {
      found.insert(fault);
      score.links_named += static_cast<double>(finding.links.size());
      score.links_in_class += static_cast<double>(simulation.class_size(fault));
    }
    score.true_findings += named.empty() ? 0 : 1;
  }
  score.found += static_cast<double>(found.size());
  score.faults += static_cast<double>(simulation.faults().size());
  score.background += result.background_loss / kRuns;
}

Score run(const Regime& regime, const Variant& variant) {
  Score score;
  LocaliseConfig config;
  config.background_loss_guess = variant.guess;
  for (unsigned seed = 0; seed < kRuns; ++seed) {
    const Simulation simulation(regime, variant, kFirstSeed + seed);
    add_run(simulation, localise_loss(simulation.observations(), simulation.nodes(), {}, config),
            score);
  }
  return score;
}

void hold_the_bars(const char* title, const Variant& variant) {
  std::printf("%s\n", title);
  for (const Regime& regime : kRegimes) {
    const Score score = run(regime, variant);
    std::printf("  %-38s precision %.3f recall %.3f  links named %.2f of a class of %.2f  g %.1e\n",
                regime.name, score.precision(), score.recall(),
                score.links_named / std::max(1.0, score.true_findings),
                score.links_in_class / std::max(1.0, score.true_findings), score.background);
    EXPECT_GE(score.precision(), 0.95) << title << ": " << regime.name;
    EXPECT_GE(score.recall(), 0.95) << title << ": " << regime.name;
  }
}

TEST(LocaliseSimulation, finds_the_faulty_links_of_every_regime) { hold_the_bars("all known", {}); }

TEST(LocaliseSimulation, bears_a_guess_of_the_background_that_is_ten_times_too_small) {
  hold_the_bars("guess / 10", {.guess = kBackground / 10});
}

TEST(LocaliseSimulation, bears_a_guess_of_the_background_that_is_ten_times_too_large) {
  hold_the_bars("guess x 10", {.guess = kBackground * 10});
}

TEST(LocaliseSimulation, bears_a_fifth_of_the_hops_missing_by_chance) {
  hold_the_bars("20 % of hops unknown", {.hops_unknown = 0.2});
}

TEST(LocaliseSimulation, bears_a_fifth_of_the_routers_silent) {
  hold_the_bars("20 % of routers silent", {.routers_silent = 0.2});
}

TEST(LocaliseSimulation, does_not_blame_links_for_what_gets_lost_on_the_way_back) {
  hold_the_bars("correlated loss on the way back", {.return_faults = 2});
}

/// Findings by what they say of themselves.
struct Bin {
  double low, high;
  double findings = 0, right = 0, said = 0;
};

/// What a finding says of itself is how often such findings are right: over all kinds of trouble,
/// with and without silent hops and loss on the way back.
TEST(LocaliseSimulation, a_finding_is_right_as_often_as_it_says) {
  Bin bins[] = {{0, 0.4}, {0.4, 0.9}, {0.9, 0.97}, {0.97, 1.01}};
  const Variant variants[] = {{},
                              {.guess = kBackground * 10},
                              {.hops_unknown = 0.2},
                              {.routers_silent = 0.2},
                              {.return_faults = 2},
                              {.return_faults = 4}};
  for (const Variant& variant : variants) {
    for (const Regime& regime : kRegimes) {
      for (unsigned seed = 0; seed < kCalibrationRuns; ++seed) {
        const Simulation simulation(regime, variant, kFirstSeed + 500 + seed);
        const auto result = localise_loss(simulation.observations(), simulation.nodes(), {},
                                          {.background_loss_guess = variant.guess});
        for (const LocalisedFault& finding : result.faults) {
          const auto bin = std::ranges::find_if(
              bins, [&](const Bin& each) { return finding.confidence < each.high; });
          ++bin->findings;
          bin->said += finding.confidence;
          bin->right += faults_named(simulation, finding).empty() ? 0 : 1;
        }
      }
    }
  }
  for (const Bin& bin : bins) {
    const double n = std::max(1.0, bin.findings);
    const double said = bin.said / n;
    const double right = bin.right / n;
    std::printf("said %.2f-%.2f: %4.0f findings, on average %.3f, right %.3f\n", bin.low,
                std::min(1.0, bin.high), bin.findings, said, right);
    if (bin.findings < 20) continue;
    // Three standard errors, and what no bin of a width can do without.
    const double tolerance = 3 * std::sqrt(std::max(0.01, said * (1 - said)) / n) + 0.03;
    EXPECT_NEAR(right, said, tolerance);
  }
}

TEST(LocaliseSimulation, finds_nothing_where_nothing_is_wrong) {
  for (const double guess : {kBackground / 10, kBackground * 10}) {
    for (const Regime& regime : kRegimes) {
      const Score score = run(regime, {.guess = guess, .without_faults = true});
      std::printf("no fault, guess %.0e, %-38s findings %.0f in %d runs\n", guess, regime.name,
                  score.findings, kRuns);
      EXPECT_EQ(score.findings, 0) << regime.name;
    }
  }
}

}  // namespace
}  // namespace lw::topology
