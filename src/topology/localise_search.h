// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "topology/localise_incidence.h"
#include "topology/localise_likelihood.h"

namespace lw::topology {

/// A blamed group of links and how sure that is.
struct Blame {
  std::uint32_t group = 0;
  double effect = 0;
  double low = 0;  ///< 95 % bounds of the effect
  double high = 0;
  double gain = 0;  ///< in likelihood, its cost taken off
  /// The share of the observations that cross it which it explains, if leaving out the others
  /// explains clearly more; else 1. A link treats all flows alike; one of several parallel ones
  /// does not.
  double affected = 1;
  struct Alternative {
    std::uint32_t group = 0;
    double behind = 0;  ///< by how much it would explain less
  };
  std::vector<Alternative> alternatives;  ///< that would explain nearly as much in its place
};

/// Looks for the fewest groups whose effects explain the observations: greedily by gain, with what
/// is blamed already fitted anew each time, dropped if it became needless, and at the end exchanged
/// for what explains more. `likelihood` and `incidence` must outlive it.
class Search {
 public:
  Search(const Incidence& incidence, const Likelihood& likelihood, std::vector<double> costs,
         std::size_t blames_max);

  std::vector<Blame> run();
  /// What the blamed groups explain, by observation.
  [[nodiscard]] std::vector<double> explained() const { return explained_; }
  /// By how much observations scatter more than links that treat all flows alike explain: 1 if the
  /// model holds, more if trouble comes together in a way that the known paths do not tell.
  [[nodiscard]] double dispersion() const;
  /// What an observation has left to be explained.
  [[nodiscard]] double surprise(std::size_t observation) const;

 private:
  struct Fit {
    double effect = 0;
    double gain = 0;  ///< cost taken off
  };
  [[nodiscard]] double value(std::size_t observation, double effect) const;
  [[nodiscard]] double rise(std::uint32_t group, double effect) const;
  [[nodiscard]] Fit best_fit(std::uint32_t group) const;
  [[nodiscard]] bool is_blamed(std::uint32_t group) const;
  [[nodiscard]] std::vector<std::uint32_t> groups_with_something_to_explain() const;
  void apply(std::uint32_t group, double effect);
  void excuse_gaps();
  void refit();
  bool add_greedily();
  bool exchange();
  [[nodiscard]] std::vector<std::uint32_t> rivals(std::uint32_t group) const;
  [[nodiscard]] double bound(const Blame& blame, bool is_upper) const;
  [[nodiscard]] double affected_share(const Blame& blame) const;
  void judge(Blame& blame);

  const Incidence& incidence_;
  const Likelihood& likelihood_;
  std::vector<double> costs_;
  std::size_t blames_max_;
  std::vector<double> background_;  ///< the effect of healthy links, by observation
  std::vector<double> explained_;   ///< that of blamed ones
  std::vector<double> known_;       ///< the likelihood of each observation as it is explained now
  std::vector<double> excuses_;     ///< the likelihood if a silent stretch hides a blamed group
  std::vector<std::uint32_t> gapped_;
  std::vector<Blame> blames_;
};

}  // namespace lw::topology
