// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/test_metrics.h"

#include "model/state.h"

namespace lw::server::metrics {
namespace {

/// "SourceResourceId" → "source_resource_id"; runs of capitals are one word: "SourceIP" →
/// source_ip.
std::string label_name(std::string_view dimension) {
  std::string name;
  for (std::size_t i = 0; i < dimension.size(); ++i) {
    const char c = dimension[i];
    const bool is_capital = c >= 'A' && c <= 'Z';
    const bool after_capital = i > 0 && dimension[i - 1] >= 'A' && dimension[i - 1] <= 'Z';
    if (is_capital && i > 0 && !after_capital) name += '_';
    name += is_capital ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return name;
}

MetricsText::Labels labels_of(const LiveTest& live, const Dimensions& dimensions) {
  MetricsText::Labels labels{{"connection_monitor", live.test.connection_monitor}};
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    // An empty label is the same as none.
    if (dimensions.at(i).empty()) continue;
    labels.emplace_back(label_name(to_text(static_cast<Dimension>(i))), dimensions.at(i));
  }
  return labels;
}

bool has_data(const LiveTest& live) {
  return live.last_round && live.verdict.state != TestState::Indeterminate &&
         live.verdict.state != TestState::NotRunning;
}

}  // namespace

void TestMetrics::add(const LiveTest& live, const ConnectionMonitor& monitor, const Agent* agent) {
  if (results_.size() >= tests_max_) {
    ++left_out_;
    return;
  }
  const MetricsText::Labels labels = labels_of(live, dimensions_of(live, monitor, agent));
  if (has_data(live)) {
    failed_.push_back({labels, live.summary.checks_failed_percent(), live.last_round});
    if (live.summary.rtt_avg) {
      const double ms = static_cast<double>(live.summary.rtt_avg->count()) / 1e3;
      times_.push_back({labels, ms, live.last_round});
    }
  }
  results_.push_back({labels, static_cast<double>(live.verdict.state), std::nullopt});
}

std::string TestMetrics::text() const {
  MetricsText page;
  const auto write = [&](const char* name, const char* help, const std::vector<Sample>& samples) {
    page.begin(name, "gauge", help);
    for (const Sample& sample : samples) page.sample(sample.value, sample.labels, sample.measured);
  };
  write("linewatch_checks_failed_percent", "Failed checks of the test's newest round, percent.",
        failed_);
  write("linewatch_round_trip_time_ms",
        "Mean round-trip time of the newest round's successful checks, milliseconds.", times_);
  write("linewatch_test_result", "0 Indeterminate, 1 Pass, 2 Warning, 3 Fail, 4 Not Running.",
        results_);
  page.single("linewatch_tests_left_out", "gauge", "Tests above those that a page shows.",
              static_cast<double>(left_out_));
  page.end();
  return page.text();
}

}  // namespace lw::server::metrics
