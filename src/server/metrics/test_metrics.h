// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "server/metrics/dimensions.h"
#include "server/metrics_text.h"

namespace lw::server::metrics {

/// The newest round of each test as a page of OpenMetrics, with the time when it was measured. A
/// test whose rounds stay away has its result only: gaps stay gaps. Pure.
class TestMetrics {
 public:
  /// A page has so many tests at most; how many were left out is on it.
  static constexpr std::size_t kTestsMax = 50'000;
  explicit TestMetrics(std::size_t tests_max = kTestsMax) : tests_max_(tests_max) {}

  /// `agent` runs the test; null if nobody does.
  void add(const LiveTest& live, const ConnectionMonitor& monitor, const Agent* agent);
  [[nodiscard]] std::string text() const;

 private:
  struct Sample {
    MetricsText::Labels labels;
    double value;
    std::optional<Timestamp> measured;
  };
  const std::size_t tests_max_;
  std::vector<Sample> failed_, times_, results_;
  std::size_t left_out_ = 0;
};

}  // namespace lw::server::metrics
