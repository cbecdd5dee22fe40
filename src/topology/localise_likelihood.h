// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "topology/localise.h"

namespace lw::topology {

/// How well an effect explains what one observation met. Effects of links add up along a way: for
/// loss they are -ln(1 - share), for delay microseconds. An observation that met more than its
/// links explain may have a cause of its own, at a cost: no single one can drag blame on a link.
class Likelihood {
 public:
  virtual ~Likelihood() = default;
  /// The logarithm of the likelihood, up to a constant.
  [[nodiscard]] virtual double at(std::size_t observation, double effect) const = 0;
  /// What the best effect would add over `effect` if that explains too little; else 0.
  [[nodiscard]] virtual double surprise(std::size_t observation, double effect) const = 0;
  /// The square of the deviation in units of its variance: 1 on average if the model is right.
  [[nodiscard]] virtual double deviation(std::size_t observation, double effect) const = 0;
  /// What healthy links do to the observation.
  [[nodiscard]] virtual double background(std::size_t observation) const = 0;
  /// Effects of one link to try, ascending, dense enough that the best lies near one of them.
  [[nodiscard]] virtual std::span<const double> trials() const = 0;
};

class LossLikelihood final : public Likelihood {
 public:
  LossLikelihood(std::span<const PathObservation> observations, double guess, double own_cost);

  [[nodiscard]] double at(std::size_t observation, double effect) const override;
  [[nodiscard]] double surprise(std::size_t observation, double effect) const override;
  [[nodiscard]] double deviation(std::size_t observation, double effect) const override;
  [[nodiscard]] double background(std::size_t i) const override {
    return background_ * counts_[i].links;
  }
  [[nodiscard]] std::span<const double> trials() const override { return trials_; }

  /// Learns what a healthy link loses, given what blamed links (`extra`, by observation) explain.
  void learn_background(std::span<const double> extra);
  [[nodiscard]] double background_loss() const { return background_; }

 private:
  struct Counts {
    double checks, lost;
    double links;
    double own_effect;  ///< the effect that fits best
    double best;        ///< the likelihood there
    double floor;       ///< that of a cause of its own
  };
  [[nodiscard]] double fit(double background, std::span<const double> extra) const;
  [[nodiscard]] double without_floor(const Counts& counts, double effect) const;

  std::vector<Counts> counts_;
  std::vector<double> trials_;
  double guess_;
  double background_;
};

class DelayLikelihood final : public Likelihood {
 public:
  DelayLikelihood(std::span<const PathObservation> observations, Microseconds spread_min,
                  double own_cost);

  [[nodiscard]] double at(std::size_t observation, double effect) const override;
  [[nodiscard]] double surprise(std::size_t observation, double effect) const override;
  [[nodiscard]] double deviation(std::size_t observation, double effect) const override;
  [[nodiscard]] double background(std::size_t) const override { return 0; }
  [[nodiscard]] std::span<const double> trials() const override { return trials_; }

 private:
  struct Change {
    double value, spread;
  };
  void add_observed_trials();

  std::vector<Change> changes_;
  std::vector<double> trials_;
  double own_cost_;
};

}  // namespace lw::topology
