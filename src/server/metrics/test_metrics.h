// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/metrics/dimensions.h"
#include "server/metrics_text.h"

namespace lw::server::metrics {

/// A value of one of a test's series.
struct TestSample {
  std::string_view name;  ///< the series', without labels
  MetricsText::Labels labels;
  double value = 0;
  std::optional<Timestamp> measured;  ///< nothing: it is of now
};

/// What is known of the test's newest round, and its result. `agent` runs the test; null if nobody
/// does. Pure.
std::vector<TestSample> samples_of(const LiveTest& live, const ConnectionMonitor& monitor,
                                   const Agent* agent);

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
  const std::size_t tests_max_;
  std::vector<TestSample> samples_;
  std::size_t tests_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace lw::server::metrics
