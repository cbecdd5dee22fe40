// SPDX-License-Identifier: Apache-2.0
// The first rows of a snapshot, with what can be said of all.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "evaluate/evaluate.h"
#include "server/snapshot.h"

namespace lw::server {
namespace {

class Mean {
 public:
  void add(double value) {
    if (std::isnan(value)) return;
    sum_ += value;
    ++count_;
  }
  [[nodiscard]] double value() const {
    return count_ > 0 ? sum_ / static_cast<double>(count_)
                      : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  double sum_ = 0;
  std::size_t count_ = 0;
};

struct Sum {
  StateCounts states{};
  Mean rtt, checks_failed;
  AlertCode alert = 0;
  std::size_t state = 0;  ///< its number in kTestStates
  std::optional<std::size_t> worst;
};

std::size_t rolled_up(const StateCounts& counts) {
  std::vector<TestState> present;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts.at(i) > 0) present.push_back(kTestStates.at(i));
  }
  const auto* const found = std::ranges::find(kTestStates, roll_up(present));
  return static_cast<std::size_t>(found - kTestStates.begin());
}

/// By the monitor's number in the dictionary.
std::vector<Sum> sums_of(const Snapshot& snapshot) {
  const TextColumn& monitors = snapshot.names->monitor;
  std::vector<Sum> sums(monitors.dictionary.texts().size());
  for (std::size_t row = 0; row < snapshot.state.size(); ++row) {
    Sum& sum = sums.at(monitors.numbers[row]);
    ++sum.states.at(snapshot.state[row]);
    sum.rtt.add(snapshot.rtt[row]);
    sum.checks_failed.add(snapshot.checks_failed_percent[row]);
    sum.alert = worse(sum.alert, snapshot.alert[row]);
  }
  for (Sum& sum : sums) sum.state = rolled_up(sum.states);
  for (std::size_t row = 0; row < snapshot.state.size(); ++row) {
    Sum& sum = sums.at(monitors.numbers[row]);
    if (snapshot.state[row] != sum.state) continue;
    if (!sum.worst || snapshot.since[row] < snapshot.since[*sum.worst]) sum.worst = row;
  }
  return sums;
}

/// The first `rows`, and behind them those others that are the worst of a monitor; in order.
std::vector<std::size_t> picked_rows(const std::vector<Sum>& sums, std::size_t rows) {
  std::vector<std::size_t> picked(rows);
  for (std::size_t row = 0; row < rows; ++row) picked[row] = row;
  for (const Sum& sum : sums) {
    if (sum.worst && *sum.worst >= rows) picked.push_back(*sum.worst);
  }
  std::ranges::sort(picked);
  return picked;
}

}  // namespace

Snapshot first_rows(const Snapshot& snapshot, std::size_t rows) {
  const std::vector<Sum> sums = sums_of(snapshot);
  const std::vector<std::size_t> picked = picked_rows(sums, std::min(rows, snapshot.state.size()));
  Snapshot part = select(snapshot, picked);
  SnapshotWhole& whole = part.whole.emplace();
  whole.rows = snapshot.state.size();
  for (const AlertCode alert : snapshot.alert) {
    if (alert > 0) ++whole.alerts.at(alert - 1U);
  }
  const auto& names = snapshot.names->monitor.dictionary.texts();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const Sum& sum = sums[i];
    if (!sum.worst) continue;
    const auto place = std::ranges::lower_bound(picked, *sum.worst) - picked.begin();
    whole.monitors.push_back({.name = names[i],
                              .states = sum.states,
                              .worst = static_cast<std::size_t>(place),
                              .rtt_ms = sum.rtt.value(),
                              .checks_failed_percent = sum.checks_failed.value(),
                              .alert = sum.alert});
    for (std::size_t k = 0; k < sum.states.size(); ++k) whole.states.at(k) += sum.states.at(k);
  }
  return part;
}

}  // namespace lw::server
