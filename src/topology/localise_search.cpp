// SPDX-License-Identifier: Apache-2.0
#include "topology/localise_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <queue>
#include <utility>

namespace lw::topology {

namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();
constexpr double kBoundsDrop = 1.92;     // half the 95 % quantile of chi-squared with one degree
constexpr double kAlternativeMax = 4.0;  // e^-4: what is less likely than that is not named
constexpr std::size_t kRivalsMax = 16;
constexpr int kRounds = 3;
constexpr double kHopeless =
    3.0;                         // So many costs below the best effect, larger ones are not tried.
constexpr double kExact = 0.01;  // The relative error of an effect that matters to nobody.
constexpr double kDispersionMax = 5.0;
constexpr double kDeviationMax = 30.0;  // No single observation says that all of them scatter.
constexpr double kUneven = 1.0;         // What a mixture must explain more to be believed.
constexpr double kAffectedMin = 0.67;
constexpr int kMixtureRounds = 12;

/// What the best mixture of affected and healthy observations explains.
struct Mixture {
  double share = 1;
  double likelihood = kNone;
};

Mixture fit_mixture(std::span<const double> affected, std::span<const double> healthy) {
  Mixture mixture{.share = 0.5};
  for (int round = 0; round < kMixtureRounds; ++round) {
    double sum = 0;
    mixture.likelihood = 0;
    for (std::size_t i = 0; i < affected.size(); ++i) {
      const double top = std::max(affected[i], healthy[i]);
      const double with = mixture.share * std::exp(affected[i] - top);
      const double without = (1 - mixture.share) * std::exp(healthy[i] - top);
      sum += with / (with + without);
      mixture.likelihood += top + std::log(with + without);
    }
    mixture.share = std::clamp(sum / static_cast<double>(affected.size()), 1e-3, 1 - 1e-3);
  }
  return mixture;
}

}  // namespace

Search::Search(const Incidence& incidence, const Likelihood& likelihood, std::vector<double> costs,
               std::size_t blames_max)
    : incidence_(incidence),
      likelihood_(likelihood),
      costs_(std::move(costs)),
      blames_max_(blames_max),
      explained_(incidence.groups_of.size(), 0),
      known_(incidence.groups_of.size(), 0),
      excuses_(incidence.groups_of.size(), kNone) {
  background_.reserve(known_.size());
  for (std::uint32_t i = 0; i < known_.size(); ++i) {
    background_.push_back(likelihood_.background(i));
    known_[i] = likelihood_.at(i, background_[i]);
    if (!incidence_.gaps_of[i].empty()) gapped_.push_back(i);
  }
}

double Search::value(std::size_t observation, double effect) const {
  return std::max(likelihood_.at(observation, background_[observation] + effect),
                  excuses_[observation]);
}

double Search::surprise(std::size_t observation) const {
  if (excuses_[observation] > known_[observation] - 1e-9) return 0;
  return likelihood_.surprise(observation, background_[observation] + explained_[observation]);
}

double Search::dispersion() const {
  std::vector<double> explained = explained_;
  for (const Blame& blame : blames_) {
    if (blame.affected == 1) continue;
    for (const std::uint32_t i : incidence_.measured_of[blame.group]) explained[i] -= blame.effect;
  }
  double sum = 0;
  double square_sum = 0;
  double count = 0;
  for (std::size_t i = 0; i < explained_.size(); ++i) {
    if (incidence_.groups_of[i].empty()) continue;
    const double effect = background_[i] + std::max(0.0, explained[i]);
    const double deviation = std::min(kDeviationMax, likelihood_.deviation(i, effect));
    sum += deviation;
    square_sum += deviation * deviation;
    ++count;
  }
  if (count < 2) return 1;
  const double mean = sum / count;
  const double error = std::sqrt(std::max(0.0, square_sum / count - mean * mean) / count);
  return std::clamp(mean - error, 1.0, kDispersionMax);
}

double Search::rise(std::uint32_t group, double effect) const {
  double result = -costs_[group];
  for (const std::uint32_t i : incidence_.measured_of[group]) {
    result += value(i, explained_[i] + effect) - known_[i];
  }
  return result;
}

Search::Fit Search::best_fit(std::uint32_t group) const {
  const auto trials = likelihood_.trials();
  std::size_t best = 0;
  double best_gain = kNone;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const double gain = rise(group, trials[i]);
    if (gain > best_gain) best_gain = gain, best = i;
    // What the healthy speak against only gets worse.
    if (gain < best_gain - kHopeless * costs_[group]) break;
  }
  Fit fit{.effect = trials[best], .gain = best_gain};
  if (fit.gain < -costs_[group] / 2) return fit;  // Far from worth it: no need to be exact.
  double low = best == 0 ? 0 : trials[best - 1];
  double high = trials[std::min(best + 1, trials.size() - 1)];
  while (high - low > kExact * high) {
    const double third = (high - low) / 3;
    const double left = rise(group, low + third);
    const double right = rise(group, high - third);
    if (left > fit.gain) fit = {.effect = low + third, .gain = left};
    if (right > fit.gain) fit = {.effect = high - third, .gain = right};
    (left > right ? high : low) = left > right ? high - third : low + third;
  }
  return fit;
}

bool Search::is_blamed(std::uint32_t group) const {
  return std::ranges::any_of(blames_, [&](const Blame& blame) { return blame.group == group; });
}

std::vector<std::uint32_t> Search::groups_with_something_to_explain() const {
  std::vector<double> surprises(explained_.size());
  for (std::size_t i = 0; i < surprises.size(); ++i) surprises[i] = surprise(i);
  std::vector<std::uint32_t> result;
  for (std::uint32_t group = 0; group < incidence_.groups.size(); ++group) {
    double sum = 0;
    for (const std::uint32_t i : incidence_.measured_of[group]) sum += surprises[i];
    if (sum > costs_[group]) result.push_back(group);
  }
  return result;
}

void Search::apply(std::uint32_t group, double effect) {
  for (const std::uint32_t i : incidence_.measured_of[group]) {
    explained_[i] = std::max(0.0, explained_[i] + effect);
    known_[i] = value(i, explained_[i]);
  }
}

/// A way that may or may not lead over a blamed group explains its trouble by that, at the price of
/// the choice.
void Search::excuse_gaps() {
  std::vector<double> effects(incidence_.groups.size(), 0);
  for (const Blame& blame : blames_) effects[blame.group] = blame.effect;
  for (const std::uint32_t i : gapped_) {
    excuses_[i] = kNone;
    for (const std::uint32_t number : incidence_.gaps_of[i]) {
      const Gap& gap = incidence_.gaps[number];
      for (const auto& way : gap.ways) {
        double sum = 0;
        for (const std::uint32_t group : way) sum += group < effects.size() ? effects[group] : 0;
        if (sum == 0) continue;
        const double effect = background_[i] + explained_[i] + sum;
        const double price = std::log(static_cast<double>(gap.ways.size()));
        excuses_[i] = std::max(excuses_[i], likelihood_.at(i, effect) - price);
      }
    }
    known_[i] = value(i, explained_[i]);
  }
}

void Search::refit() {
  for (std::size_t i = blames_.size(); i-- > 0;) {
    Blame& blame = blames_[i];
    apply(blame.group, -blame.effect);
    const Fit fit = best_fit(blame.group);
    if (fit.gain <= 0) {
      blames_.erase(blames_.begin() + static_cast<std::ptrdiff_t>(i));
      continue;
    }
    blame.effect = fit.effect;
    blame.gain = fit.gain;
    apply(blame.group, blame.effect);
  }
  excuse_gaps();
}

/// Gains shrink as others explain more, so an old one is a bound: only the top of the heap is worth
/// calculating anew (Minoux's lazy greedy).
bool Search::add_greedily() {
  struct Candidate {
    double gain;
    std::uint32_t group;
    std::size_t round;
    bool operator<(const Candidate& other) const { return gain < other.gain; }
  };
  std::priority_queue<Candidate> candidates;
  for (const std::uint32_t group : groups_with_something_to_explain()) {
    const double gain = best_fit(group).gain;
    if (gain > 0) candidates.push({.gain = gain, .group = group, .round = 0});
  }
  bool has_added = false;
  std::size_t round = 0;
  while (!candidates.empty() && blames_.size() < blames_max_) {
    const Candidate top = candidates.top();
    candidates.pop();
    if (is_blamed(top.group)) continue;
    const Fit fit = best_fit(top.group);
    if (fit.gain <= 0) continue;
    if (top.round < round && !candidates.empty() && fit.gain < candidates.top().gain) {
      candidates.push({.gain = fit.gain, .group = top.group, .round = round});
      continue;
    }
    blames_.emplace_back();
    blames_.back().group = top.group;
    blames_.back().effect = fit.effect;
    apply(top.group, fit.effect);
    refit();
    has_added = true;
    ++round;
  }
  return has_added;
}

/// The groups that share most with the troubled observations of `group`, which is left out.
std::vector<std::uint32_t> Search::rivals(std::uint32_t group) const {
  std::vector<double> shared(incidence_.groups.size(), 0);
  std::vector<std::uint32_t> result;
  for (const std::uint32_t i : incidence_.measured_of[group]) {
    const double surprise_here = surprise(i);
    if (surprise_here <= 0) continue;
    for (const std::uint32_t other : incidence_.groups_of[i]) {
      if (other == group) continue;
      if (shared[other] == 0) result.push_back(other);
      shared[other] += surprise_here;
    }
  }
  std::erase_if(result, [&](std::uint32_t other) { return is_blamed(other); });
  std::ranges::stable_sort(result, std::greater{},
                           [&](std::uint32_t other) { return shared[other]; });
  if (result.size() > kRivalsMax) result.resize(kRivalsMax);
  return result;
}

/// Whether some blame was better put on another group.
bool Search::exchange() {
  bool has_changed = false;
  for (std::size_t i = 0; i < blames_.size(); ++i) {
    Blame& blame = blames_[i];
    apply(blame.group, -blame.effect);
    Fit best{.effect = blame.effect, .gain = rise(blame.group, blame.effect)};
    std::uint32_t best_group = blame.group;
    for (const std::uint32_t rival : rivals(blame.group)) {
      const Fit fit = best_fit(rival);
      if (fit.gain > best.gain + 1e-6) best = fit, best_group = rival;
    }
    has_changed = has_changed || best_group != blame.group;
    blame.group = best_group;
    blame.effect = best.effect;
    blame.gain = best.gain;
    apply(blame.group, blame.effect);
  }
  if (has_changed) refit();
  return has_changed;
}

/// Where the likelihood has fallen by so much that the truth is hardly beyond.
double Search::bound(const Blame& blame, bool is_upper) const {
  const double target = blame.gain - kBoundsDrop;
  double inside = blame.effect;
  double outside = is_upper ? likelihood_.trials().back() : 0;
  if (rise(blame.group, outside) > target) return outside;
  for (int i = 0; i < 20; ++i) {
    const double middle = (inside + outside) / 2;
    (rise(blame.group, middle) > target ? inside : outside) = middle;
  }
  return inside;
}

double Search::affected_share(const Blame& blame) const {
  const auto crossing = incidence_.measured_of[blame.group];
  std::vector<double> healthy;
  double alike = 0;
  for (const std::uint32_t i : crossing) {
    healthy.push_back(known_[i]);
    alike += value(i, explained_[i] + blame.effect);
  }
  Mixture best;
  std::vector<double> affected(crossing.size());
  for (const double effect : likelihood_.trials()) {
    for (std::size_t i = 0; i < crossing.size(); ++i) {
      affected[i] = value(crossing[i], explained_[crossing[i]] + effect);
    }
    const Mixture mixture = fit_mixture(affected, healthy);
    if (mixture.likelihood > best.likelihood) best = mixture;
  }
  const bool is_uneven = best.share < kAffectedMin && best.likelihood > alike + kUneven;
  return is_uneven ? best.share : 1;
}

void Search::judge(Blame& blame) {
  apply(blame.group, -blame.effect);
  blame.affected = affected_share(blame);
  blame.gain = rise(blame.group, blame.effect);
  blame.low = bound(blame, false);
  blame.high = bound(blame, true);
  for (const std::uint32_t rival : rivals(blame.group)) {
    const double behind = blame.gain - best_fit(rival).gain;
    if (behind < kAlternativeMax) {
      blame.alternatives.push_back({.group = rival, .behind = std::max(0.0, behind)});
    }
  }
  std::ranges::stable_sort(blame.alternatives, {}, &Blame::Alternative::behind);
  apply(blame.group, blame.effect);
}

std::vector<Blame> Search::run() {
  for (int round = 0; round < kRounds; ++round) {
    const bool has_added = add_greedily();
    if (!exchange() && !has_added) break;
  }
  refit();
  for (Blame& blame : blames_) judge(blame);
  std::ranges::stable_sort(blames_, std::greater{}, &Blame::gain);
  return blames_;
}

}  // namespace lw::topology
