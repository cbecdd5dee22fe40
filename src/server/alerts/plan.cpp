// SPDX-License-Identifier: Apache-2.0
#include "server/alerts/plan.h"

#include <algorithm>

#include "base/text.h"
#include "evaluate/alerts.h"
#include "server/metrics/query.h"

namespace lw::server::alerts {
namespace {

using metrics::Dimension;

store::MetricKind kind_of(AlertMetric metric) {
  switch (metric) {
    case AlertMetric::ChecksFailedPercent:
    case AlertMetric::ProbesFailedPercent:
      return store::MetricKind::ChecksFailedPercent;
    case AlertMetric::RoundTripTimeMs:
    case AlertMetric::AverageRoundtripMs:
      return store::MetricKind::RoundTripTimeMs;
    case AlertMetric::TestResult:
      return store::MetricKind::TestState;
  }
  return store::MetricKind::TestState;
}

metrics::Aggregation aggregation_of(AlertAggregation aggregation) {
  switch (aggregation) {
    case AlertAggregation::Average:
      return metrics::Aggregation::Average;
    case AlertAggregation::Minimum:
      return metrics::Aggregation::Minimum;
    case AlertAggregation::Maximum:
      return metrics::Aggregation::Maximum;
    case AlertAggregation::Total:
      return metrics::Aggregation::Total;
    case AlertAggregation::Count:
      return metrics::Aggregation::Count;
  }
  return metrics::Aggregation::Average;
}

bool lets_in(const AlertDimension& condition, const std::string& value) {
  if (condition.values.empty()) return true;
  const bool is_listed = std::ranges::any_of(
      condition.values, [&](const std::string& each) { return equals_ignoring_case(each, value); });
  return is_listed != condition.is_excluding;
}

const std::string& value_at(const metrics::Dimensions& dimensions, Dimension dimension) {
  return dimensions.at(static_cast<std::size_t>(dimension));
}

}  // namespace

std::string Combination::key() const {
  // Names hold no control characters.
  std::string key = monitor;
  for (const auto& [name, value] : dimensions) key += '\n' + name + '\t' + value;
  return key;
}

bool asks_for_silence(const AlertCriterion& criterion) {
  const bool is_state = criterion.metric == AlertMetric::TestResult &&
                        criterion.aggregation != AlertAggregation::Count &&
                        criterion.aggregation != AlertAggregation::Total;
  return is_state && breaches(criterion, static_cast<double>(TestState::Indeterminate));
}

bool asks_for_silence(const AlertRule& rule) {
  return std::ranges::any_of(rule.criteria,
                             [](const AlertCriterion& each) { return asks_for_silence(each); });
}

bool has_passing_dimensions(const AlertRule& rule) {
  const std::vector<std::string> names = dimensions_of(rule);
  return std::ranges::any_of(names, [](const std::string& name) {
    const auto dimension = metrics::parse_dimension(name);
    return dimension == Dimension::SourceIP || dimension == Dimension::SourceAddress ||
           dimension == Dimension::SourceSubnet || dimension == Dimension::DestinationIP ||
           dimension == Dimension::DestinationSubnet;
  });
}

PlanMaker::PlanMaker(const AlertRule& rule) : rule_(rule) {
  plan_.question.wanted.fill(false);
  for (const AlertCriterion& criterion : rule_.criteria) {
    plan_.question.wanted.at(static_cast<std::size_t>(kind_of(criterion.metric))) = true;
    std::vector<Filter>& filters = filters_.emplace_back();
    for (const AlertDimension& condition : criterion.dimensions) {
      // Names were checked when the rule was read.
      if (const auto dimension = metrics::parse_dimension(condition.name)) {
        filters.push_back({*dimension, &condition});
      }
    }
  }
  for (const std::string& name : dimensions_of(rule_)) {
    if (const auto dimension = metrics::parse_dimension(name)) named_.push_back(*dimension);
  }
}

std::uint32_t PlanMaker::criteria_of(const metrics::Dimensions& dimensions) const {
  std::uint32_t criteria = 0;
  for (std::size_t i = 0; i < filters_.size(); ++i) {
    const bool passes = std::ranges::all_of(filters_[i], [&](const Filter& filter) {
      return lets_in(*filter.condition, value_at(dimensions, filter.dimension));
    });
    if (passes) criteria |= 1U << i;
  }
  return criteria;
}

std::uint32_t PlanMaker::combination_of(const std::string& monitor,
                                        const metrics::Dimensions& dimensions) {
  std::vector<std::string> values{monitor};
  for (const Dimension dimension : named_) values.push_back(value_at(dimensions, dimension));
  const auto [found, is_new] =
      numbers_.emplace(values, static_cast<std::uint32_t>(plan_.combinations.size()));
  if (is_new) {
    Combination combination{.monitor = monitor,
                            .dimensions = {},
                            .tests = {},
                            .silent = std::vector<std::uint32_t>(rule_.criteria.size(), 0)};
    for (std::size_t i = 0; i < named_.size(); ++i) {
      combination.dimensions.emplace_back(metrics::to_text(named_[i]), values[i + 1]);
    }
    plan_.combinations.push_back(std::move(combination));
    all_criteria_.push_back(0);
  }
  return found->second;
}

void PlanMaker::add(TestId test, const std::string& monitor, const metrics::Dimensions& dimensions,
                    bool is_silent) {
  const std::uint32_t criteria = criteria_of(dimensions);
  if (criteria == 0) return;
  const std::uint32_t number = combination_of(monitor, dimensions);
  Combination& combination = plan_.combinations[number];
  combination.tests.push_back(test);
  all_criteria_[number] |= criteria;
  for (std::size_t i = 0; is_silent && i < rule_.criteria.size(); ++i) {
    if ((criteria >> i & 1U) != 0 && asks_for_silence(rule_.criteria[i])) ++combination.silent[i];
  }
  const auto [series, is_new] = series_numbers_.emplace(
      std::pair(number, criteria), static_cast<std::uint32_t>(plan_.series.size()));
  if (is_new) plan_.series.push_back({number, criteria});
  plan_.question.members.push_back({test, series->second});
}

Plan PlanMaker::take() {
  const std::uint32_t wanted = (1U << rule_.criteria.size()) - 1;
  constexpr std::uint32_t kNone = 0xFFFFFFFF;
  std::vector<std::uint32_t> places(plan_.combinations.size(), kNone);
  std::vector<Combination> kept;
  for (std::size_t i = 0; i < plan_.combinations.size(); ++i) {
    if (all_criteria_[i] != wanted) continue;
    places[i] = static_cast<std::uint32_t>(kept.size());
    kept.push_back(std::move(plan_.combinations[i]));
  }
  std::erase_if(plan_.question.members, [&](const store::MetricQuestion::Member& member) {
    return places[plan_.series[member.series].combination] == kNone;
  });
  // Series keep their numbers; those of nothing get no samples.
  for (Plan::Series& series : plan_.series) series.combination = places[series.combination];
  plan_.combinations = std::move(kept);
  return std::move(plan_);
}

Samples no_samples(const AlertRule& rule, const Plan& plan) {
  return Samples(plan.combinations.size(), std::vector<store::Aggregate>(rule.criteria.size()));
}

store::Aggregate samples_in(const AlertRule& rule, const Plan& plan, const store::MetricStep& step,
                            std::size_t criterion) {
  if ((plan.series.at(step.series).criteria >> criterion & 1U) == 0) return {};
  return step.metrics.at(static_cast<std::size_t>(kind_of(rule.criteria[criterion].metric)));
}

void add_step(const AlertRule& rule, const Plan& plan, const store::MetricStep& step,
              Samples& samples) {
  if (step.series >= plan.series.size()) return;
  const std::uint32_t combination = plan.series[step.series].combination;
  if (combination >= samples.size()) return;
  for (std::size_t i = 0; i < rule.criteria.size(); ++i) {
    samples[combination][i].add(samples_in(rule, plan, step, i));
  }
}

Values values_of(const AlertRule& rule, const Plan& plan, const Samples& samples) {
  Values values(plan.combinations.size());
  for (std::size_t at = 0; at < values.size(); ++at) {
    for (std::size_t i = 0; i < rule.criteria.size(); ++i) {
      store::Aggregate all = samples[at][i];
      if (const std::uint32_t silent = plan.combinations[at].silent[i]; silent > 0) {
        all.add({.count = silent, .sum = 0, .min = 0, .max = 0});
      }
      std::optional<double>& value = values[at].emplace_back();
      if (all.count > 0) {
        value = metrics::value_of(all, aggregation_of(rule.criteria[i].aggregation));
      }
    }
  }
  return values;
}

}  // namespace lw::server::alerts
