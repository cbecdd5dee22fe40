// SPDX-License-Identifier: Apache-2.0
#include "topology/localise_likelihood.h"

#include <algorithm>
#include <cmath>

namespace lw::topology {

namespace {

constexpr double kEffectMax = 14;        // e^-14: as good as total loss
constexpr double kBackgroundMin = 1e-7;  // Below, one lost packet would prove anything.
constexpr double kBackgroundMax = 0.05;
constexpr double kDoubtInDelays = 3.0;  // Beyond so many spreads a shortfall counts linearly.

/// x ln y, where nothing times ln 0 is nothing.
double times_log(double x, double y) { return x == 0 ? 0 : x * std::log(y); }

std::vector<double> geometric(double from, double to, std::size_t count) {
  std::vector<double> result;
  const double ratio = std::pow(to / from, 1.0 / static_cast<double>(count - 1));
  for (double value = from; result.size() < count; value *= ratio) result.push_back(value);
  return result;
}

}  // namespace

LossLikelihood::LossLikelihood(std::span<const PathObservation> observations, double guess,
                               double own_cost)
    : trials_(geometric(5e-4, kEffectMax, 16)), guess_(guess), background_(guess) {
  counts_.reserve(observations.size());
  for (const PathObservation& observation : observations) {
    const double checks = observation.checks;
    const double lost = std::min(observation.lost, observation.checks);
    const double links = std::max<double>(1, static_cast<double>(observation.way.size()) - 1);
    const double share = checks > 0 ? lost / checks : 0;
    const double best = times_log(lost, share) + times_log(checks - lost, 1 - share);
    const double effect = share < 1 ? -std::log1p(-share) : kEffectMax;
    counts_.push_back({checks, lost, links, effect, best, best - own_cost});
  }
}

double LossLikelihood::without_floor(const Counts& counts, double effect) const {
  double result = -(counts.checks - counts.lost) * effect;
  if (counts.lost > 0) result += counts.lost * std::log(-std::expm1(-effect));
  return result;
}

double LossLikelihood::at(std::size_t observation, double effect) const {
  const Counts& counts = counts_[observation];
  const double plain = without_floor(counts, effect);
  if (counts.lost == 0) return plain;
  // A cause of its own can only add loss: more loss than was met stays unexplained.
  return effect < counts.own_effect ? std::max(plain, counts.floor) : plain;
}

double LossLikelihood::surprise(std::size_t observation, double effect) const {
  const Counts& counts = counts_[observation];
  return effect < counts.own_effect ? counts.best - without_floor(counts, effect) : 0;
}

double LossLikelihood::deviation(std::size_t observation, double effect) const {
  const Counts& counts = counts_[observation];
  const double share = -std::expm1(-effect);
  const double difference = counts.lost - counts.checks * share;
  return difference * difference / std::max(1e-12, counts.checks * share * (1 - share));
}

double LossLikelihood::fit(double background, std::span<const double> extra) const {
  // A gamma prior as heavy as one lost packet.
  double result = std::log(background) - background / guess_;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    result += at(i, background * counts_[i].links + extra[i]);
  }
  return result;
}

void LossLikelihood::learn_background(std::span<const double> extra) {
  const auto trials = geometric(kBackgroundMin, kBackgroundMax, 20);
  std::size_t best = 0;
  double best_fit = fit(trials[0], extra);
  for (std::size_t i = 1; i < trials.size(); ++i) {
    const double found = fit(trials[i], extra);
    if (found > best_fit) best_fit = found, best = i;
  }
  double low = std::log(trials[best == 0 ? 0 : best - 1]);
  double high = std::log(trials[std::min(best + 1, trials.size() - 1)]);
  while (high - low > 0.05) {
    const double third = (high - low) / 3;
    const bool is_left = fit(std::exp(low + third), extra) > fit(std::exp(high - third), extra);
    (is_left ? high : low) = is_left ? high - third : low + third;
  }
  background_ = std::exp((low + high) / 2);
}

DelayLikelihood::DelayLikelihood(std::span<const PathObservation> observations,
                                 Microseconds spread_min, double own_cost)
    : own_cost_(own_cost) {
  std::vector<double> scores;
  double largest = 1;
  for (const PathObservation& observation : observations) {
    const Microseconds spread = std::max(observation.delay_spread, spread_min);
    changes_.push_back({static_cast<double>(observation.delay_change.count()),
                        static_cast<double>(spread.count())});
    if (observation.checks == 0) continue;
    scores.push_back(std::abs(changes_.back().value) / changes_.back().spread);
    largest = std::max(largest, changes_.back().value);
  }
  trials_ = geometric(500, std::max(1'000.0, largest * 1.1), 24);
  add_observed_trials();
  if (scores.empty()) return;
  // If the healthier half scatters more than its spreads say, the spreads were too small. The lower
  // quarter of the absolute values of a normal variable lies below 0.3186.
  const auto quarter = scores.begin() + static_cast<std::ptrdiff_t>(scores.size() / 4);
  std::ranges::nth_element(scores, quarter);
  const double scale = std::clamp(*quarter / 0.3186, 1.0, 5.0);
  for (Change& change : changes_) change.spread *= scale;
}

/// The grid is coarse against the spread of a quiet path: what was seen itself is tried as well.
void DelayLikelihood::add_observed_trials() {
  constexpr std::size_t kMost = 32;
  std::vector<double> seen;
  for (const Change& change : changes_) {
    if (change.value > trials_.front()) seen.push_back(change.value);
  }
  std::ranges::sort(seen);
  const std::size_t step = std::max<std::size_t>(1, seen.size() / kMost);
  for (std::size_t i = step / 2; i < seen.size(); i += step) trials_.push_back(seen[i]);
  std::ranges::sort(trials_);
}

double DelayLikelihood::at(std::size_t observation, double effect) const {
  const Change& change = changes_[observation];
  const double score = (change.value - effect) / change.spread;
  if (score < -kDoubtInDelays) return kDoubtInDelays * (kDoubtInDelays / 2 + score);
  return score > 0 ? std::max(-score * score / 2, -own_cost_) : -score * score / 2;
}

double DelayLikelihood::deviation(std::size_t observation, double effect) const {
  const Change& change = changes_[observation];
  const double score = (change.value - effect) / change.spread;
  return score * score;
}

double DelayLikelihood::surprise(std::size_t observation, double effect) const {
  const Change& change = changes_[observation];
  const double score = (change.value - effect) / change.spread;
  return score > 0 ? score * score / 2 : 0;
}

}  // namespace lw::topology
