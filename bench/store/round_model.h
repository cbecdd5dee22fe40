// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "base/time.h"
#include "model/test.h"
#include "store/round_rows.h"

namespace lw::store_bench {

/// Rounds as a fleet of agents delivers them, out of a model of the network: what loads are made
/// of. The same seed gives the same rounds.
///
/// A path's RTT is log-normal around a centre that drifts (a random walk with a way back) and
/// breathes with the day; its centre (median 12 ms over paths) and its jitter (median 2 % of it)
/// are log-normal over paths. One check in 200 waits in a queue on top. 1 % of checks is lost,
/// partly in bursts. Starts and offsets are late as a probe loop's are: some hundred microseconds.
/// Verdicts and their sentences are those that the server makes of such rounds.
struct ModelOptions {
  int tests = 10'000;
  int tests_per_agent = 100;
  Seconds interval{60};
  Timestamp from{};
  std::uint16_t keep_days = 365;
  std::uint64_t seed = 1;
};

class RoundModel {
 public:
  explicit RoundModel(const ModelOptions& options);
  /// The rounds of the next interval, agent by agent in the order of their sequences.
  std::vector<store::StoredRound> next();

  [[nodiscard]] std::uint64_t checks() const { return checks_; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  struct Path {
    Test test;
    Microseconds phase{};
    double centre_us = 0, jitter = 0, day_phase = 0, drift = 0;
  };
  struct Made {
    store::StoredRound stored;
    Timestamp done{};
  };

  double normal() { return normal_(chance_); }
  double uniform() { return uniform_(chance_); }
  Microseconds lateness();
  Made make(Path& path, Timestamp planned);
  double centre_now(Path& path, Timestamp at);

  ModelOptions options_;
  std::mt19937_64 chance_;
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_;
  std::vector<Path> paths_;
  std::vector<std::uint64_t> sequences_;  ///< the last one of each agent
  std::int64_t interval_ = 0;
  std::uint64_t checks_ = 0, lost_ = 0;
};

}  // namespace lw::store_bench
