// SPDX-License-Identifier: Apache-2.0
#include "evaluate/alert_sentences.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "model/state.h"

namespace lw {
namespace {

/// "5 minutes", "1 hour", "1 day".
std::string length_words(Seconds length) {
  const auto minutes = static_cast<std::size_t>(length.count() / 60);
  if (minutes % 1'440 == 0) return counted(minutes / 1'440, "day");
  if (minutes % 60 == 0) return counted(minutes / 60, "hour");
  return counted(minutes, "minute");
}

/// "minute", "5 minutes": what stands behind "each".
std::string step_words(Seconds length) {
  const std::string words = length_words(length);
  return words.starts_with("1 ") ? words.substr(2) : words;
}

std::string_view words_of(AlertOperator comparison) {
  switch (comparison) {
    case AlertOperator::Equals:
      return "equal to";
    case AlertOperator::GreaterThan:
      return "above";
    case AlertOperator::GreaterThanOrEqual:
      return "at or above";
    case AlertOperator::LessThan:
      return "below";
    case AlertOperator::LessThanOrEqual:
      return "at or below";
  }
  return "";
}

std::string_view unit_of(const AlertCriterion& criterion) {
  if (criterion.aggregation == AlertAggregation::Count) return "";
  switch (criterion.metric) {
    case AlertMetric::ChecksFailedPercent:
    case AlertMetric::ProbesFailedPercent:
      return " %";
    case AlertMetric::RoundTripTimeMs:
    case AlertMetric::AverageRoundtripMs:
      return " ms";
    case AlertMetric::TestResult:
      return "";
  }
  return "";
}

std::string number_text(double value) { return fmt::format("{:.6g}", value); }

/// The state that a test's result stands for, if it stands for one.
std::string state_words(const AlertCriterion& criterion, double value) {
  const bool is_state = criterion.metric == AlertMetric::TestResult &&
                        criterion.aggregation != AlertAggregation::Total &&
                        criterion.aggregation != AlertAggregation::Count;
  if (!is_state || value != std::floor(value) || value < 0 || value > 3) return {};
  return fmt::format(" ({})", to_string(static_cast<TestState>(static_cast<int>(value))));
}

std::string list_words(std::span<const std::string> items) {
  if (items.size() < 2) return join(items, "");
  return join(items.first(items.size() - 1), ", ") + " and " + items.back();
}

std::string filter_words(const AlertDimension& dimension) {
  constexpr std::size_t kShownMax = 5;
  if (dimension.values.empty()) return {};
  std::vector<std::string> values = dimension.values;
  if (values.size() > kShownMax) {
    values.resize(kShownMax);
    values.push_back(fmt::format("{} more", dimension.values.size() - kShownMax));
  }
  return fmt::format("{} {}{}", dimension.name, dimension.is_excluding ? "not " : "",
                     join(values, " or "));
}

std::string criterion_words(const AlertCriterion& criterion, Seconds window) {
  std::string text =
      fmt::format("{} of {} over {} {} {}{}", to_text(criterion.aggregation),
                  to_text(criterion.metric), length_words(window), words_of(criterion.comparison),
                  number_text(criterion.threshold), unit_of(criterion));
  std::vector<std::string> filters;
  for (const AlertDimension& dimension : criterion.dimensions) {
    if (std::string words = filter_words(dimension); !words.empty()) filters.push_back(words);
  }
  if (!filters.empty()) text += " (" + join(filters, ", ") + ")";
  return text;
}

}  // namespace

std::string sentence_of(const AlertRule& rule) {
  std::vector<std::string> conditions;
  conditions.reserve(rule.criteria.size());
  for (const AlertCriterion& criterion : rule.criteria) {
    conditions.push_back(criterion_words(criterion, rule.window));
  }
  std::string text = join(conditions, " and ");
  if (const auto names = dimensions_of(rule); !names.empty()) {
    text += ", for each " + list_words(names);
  }
  return text + fmt::format(", looked at each {}.", step_words(rule.frequency));
}

std::string alert_sentence(const AlertRule& rule, std::span<const double> values,
                           std::string_view monitor,
                           std::span<const AlertDimensionValue> dimensions) {
  std::vector<std::string> conditions;
  for (std::size_t i = 0; i < std::min(values.size(), rule.criteria.size()); ++i) {
    const AlertCriterion& criterion = rule.criteria[i];
    conditions.push_back(fmt::format(
        "{} was {}{}{}, its {} over {}, {} {}{}", to_text(criterion.metric), number_text(values[i]),
        unit_of(criterion), state_words(criterion, values[i]),
        to_lower(to_text(criterion.aggregation)), length_words(rule.window),
        words_of(criterion.comparison), number_text(criterion.threshold), unit_of(criterion)));
  }
  std::string text = join(conditions, " and ") + ": " + std::string(monitor);
  for (const auto& [name, value] : dimensions) {
    text += fmt::format(", {} {}", name, value.empty() ? "(none)" : value);
  }
  return text + ".";
}

}  // namespace lw
