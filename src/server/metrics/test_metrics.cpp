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

constexpr std::string_view kChecksFailed = "linewatch_checks_failed_percent";
constexpr std::string_view kRoundTripTime = "linewatch_round_trip_time_ms";
constexpr std::string_view kResult = "linewatch_test_result";

bool has_data(const LiveTest& live) {
  return live.last_round && live.verdict.state != TestState::Indeterminate &&
         live.verdict.state != TestState::NotRunning;
}

}  // namespace

std::vector<TestSample> samples_of(const LiveTest& live, const ConnectionMonitor& monitor,
                                   const Agent* agent) {
  const MetricsText::Labels labels = labels_of(live, dimensions_of(live, monitor, agent));
  std::vector<TestSample> samples;
  if (has_data(live)) {
    samples.push_back(
        {kChecksFailed, labels, live.summary.checks_failed_percent(), live.last_round});
    if (live.summary.rtt_avg) {
      const double ms = static_cast<double>(live.summary.rtt_avg->count()) / 1e3;
      samples.push_back({kRoundTripTime, labels, ms, live.last_round});
    }
  }
  samples.push_back({kResult, labels, static_cast<double>(live.verdict.state), std::nullopt});
  return samples;
}

void TestMetrics::add(const LiveTest& live, const ConnectionMonitor& monitor, const Agent* agent) {
  if (tests_ >= tests_max_) {
    ++left_out_;
    return;
  }
  ++tests_;
  for (TestSample& sample : samples_of(live, monitor, agent)) samples_.push_back(std::move(sample));
}

std::string TestMetrics::text() const {
  MetricsText page;
  const auto write = [&](std::string_view name, const char* help) {
    page.begin(name, "gauge", help);
    for (const TestSample& sample : samples_) {
      if (sample.name == name) page.sample(sample.value, sample.labels, sample.measured);
    }
  };
  write(kChecksFailed, "Failed checks of the test's newest round, percent.");
  write(kRoundTripTime,
        "Mean round-trip time of the newest round's successful checks, milliseconds.");
  write(kResult, "0 Indeterminate, 1 Pass, 2 Warning, 3 Fail, 4 Not Running.");
  page.single("linewatch_tests_left_out", "gauge", "Tests above those that a page shows.",
              static_cast<double>(left_out_));
  page.end();
  return page.text();
}

}  // namespace lw::server::metrics
