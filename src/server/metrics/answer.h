// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/document.h"
#include "server/metrics/query.h"
#include "store/metric_reader.h"

namespace lw::server::metrics {

/// A test that a query may count.
struct Candidate {
  TestId test;
  Dimensions dimensions;
};

/// What a query asks of the store: the tests that pass its filter, put into series by the
/// dimensions that the filter names. Pure.
struct Plan {
  store::MetricQuestion question;
  /// For each series the value of each condition's dimension; TestResultCriterion's is empty, since
  /// it comes with the rounds.
  std::vector<std::vector<std::string>> series;
};
Plan plan_query(const Query& query, const std::vector<Candidate>& candidates);

/// The list of metrics of an answer, each with its series (Metrics REST API, "Metric"). A step
/// without samples has a time and nothing else. `resource_id` goes into the metrics' ids. Pure.
Value metric_list(const Query& query, const Plan& plan, const std::vector<store::MetricStep>& steps,
                  const std::string& resource_id);

/// "2026-01-31T00:00:00Z/2026-01-31T01:00:00Z".
std::string timespan_text(const Query& query);
/// "PT1M", …, or "FULL".
std::string interval_text(const Query& query);

/// What there is to ask: the metrics of a resource, for metricDefinitions.
Value definition_list(MonitorForm form, const std::string& resource_id, int keep_days);

}  // namespace lw::server::metrics
