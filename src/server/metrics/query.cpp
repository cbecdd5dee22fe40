// SPDX-License-Identifier: Apache-2.0
#include "server/metrics/query.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "base/number.h"
#include "base/text.h"

namespace lw::server::metrics {
namespace {

constexpr std::size_t kMetricsMax = 20;
constexpr std::size_t kTopMax = 10'000;
/// Steps of one series: 30 days of minutes and some.
constexpr std::size_t kStepsMax = 50'000;
/// Steps of an hour and more begin with whole minutes up to this span, beyond with whole hours.
constexpr std::chrono::hours kToTheMinute{48};

constexpr std::array<std::pair<std::string_view, Aggregation>, 5> kAggregations{
    {{"average", Aggregation::Average},
     {"minimum", Aggregation::Minimum},
     {"maximum", Aggregation::Maximum},
     {"total", Aggregation::Total},
     {"count", Aggregation::Count}}};

std::optional<Aggregation> parse_aggregation(std::string_view text) {
  for (const auto& [name, aggregation] : kAggregations) {
    if (equals_ignoring_case(name, trim(text))) return aggregation;
  }
  return std::nullopt;
}

// --- time -------------------------------------------------------------------------------------

struct Bounds {
  Timestamp from{}, to{};
};

/// A time as clients write it: with or without seconds' fraction, an offset or blanks for "+".
std::optional<Timestamp> parse_time(std::string_view text) {
  std::string tidy(trim(text));
  if (tidy.ends_with("+00:00") || tidy.ends_with(" 00:00")) {
    tidy = tidy.substr(0, tidy.size() - 6) + "Z";
  }
  const bool has_zone = tidy.ends_with('Z') || tidy.ends_with('z');
  if (tidy.size() == 10)
    tidy += "T00:00:00Z";
  else if (!has_zone)
    tidy += "Z";
  return parse_iso8601(tidy);
}

std::unexpected<Error> bad_timespan(std::string_view text) {
  return wrong(fmt::format(
      "Detect invalid value: {} for query parameter: 'timespan', the value should be "
      "START/END, START/DURATION, DURATION/END or DURATION, like 2026-01-31T00:00:00Z/PT1H",
      text));
}

Result<Bounds> read_timespan(std::string_view text, Timestamp now) {
  constexpr Seconds kDefault = std::chrono::hours(1);
  if (text.empty()) return Bounds{now - kDefault, now};
  const auto slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  if (slash == std::string_view::npos) {
    const auto duration = parse_duration(first);
    if (!duration) return bad_timespan(text);
    return Bounds{now - *duration, now};
  }
  const std::string_view second = text.substr(slash + 1);
  const auto from = parse_time(first), to = parse_time(second);
  const auto before = parse_duration(first), after = parse_duration(second);
  if (from && to) return Bounds{*from, *to};
  if (from && after) return Bounds{*from, *from + *after};
  if (before && to) return Bounds{*to - *before, *to};
  return bad_timespan(text);
}

Result<Bounds> read_bounds(const Parameter& parameter, Timestamp now) {
  const std::string start = parameter("starttime"), end = parameter("endtime");
  Bounds bounds = TRY(read_timespan(parameter("timespan"), now));
  if (!end.empty()) {
    const auto to = parse_time(end);
    if (!to)
      return wrong(fmt::format("`{}` is no time; write `endtime` like 2026-01-31T12:00:00Z", end));
    bounds = {*to - (bounds.to - bounds.from), *to};
  }
  if (!start.empty()) {
    const auto from = parse_time(start);
    if (!from)
      return wrong(
          fmt::format("`{}` is no time; write `starttime` like 2026-01-31T12:00:00Z", start));
    bounds.from = *from;
  }
  if (bounds.from >= bounds.to) return wrong("The start of the timespan must be before its end.");
  // Steps begin with whole minutes.
  bounds.from = std::chrono::floor<std::chrono::minutes>(bounds.from);
  return bounds;
}

/// Nothing stands for FULL.
Result<std::optional<Seconds>> read_step(const Parameter& parameter) {
  const std::string text = parameter("interval");
  if (text.empty()) return std::optional<Seconds>(grains().front());
  if (equals_ignoring_case(text, "FULL")) return std::optional<Seconds>();
  const auto step = parse_duration(text);
  if (step && std::ranges::find(grains(), *step) != grains().end()) return step;
  const bool may_adjust = equals_ignoring_case(parameter("AutoAdjustTimegrain"), "true");
  const auto next = step ? std::ranges::lower_bound(grains(), *step) : grains().end();
  if (may_adjust && step) {
    return std::optional<Seconds>(next == grains().end() ? grains().back() : *next);
  }
  std::vector<std::string> names;
  for (const Seconds grain : grains()) names.push_back(to_duration(grain));
  return wrong(fmt::format("Detected invalid time grain input: '{}'. Supported are {} and FULL.",
                           text, fmt::join(names, ", ")));
}

// --- the rest ---------------------------------------------------------------------------------

Result<std::vector<const Metric*>> read_metrics(const Parameter& parameter, MonitorForm form) {
  const std::vector<Metric>& known = metrics_of(form);
  const std::string text = parameter("metricnames");
  if (text.empty()) return std::vector<const Metric*>{&known.front()};
  std::vector<const Metric*> metrics;
  for (const std::string& item : split(text, ',')) {
    const auto found = std::ranges::find_if(
        known, [&](const Metric& metric) { return equals_ignoring_case(metric.name, trim(item)); });
    if (found == known.end()) {
      std::vector<std::string_view> names;
      names.reserve(known.size());
      for (const Metric& metric : known) names.push_back(metric.name);
      return wrong(fmt::format(
          "Failed to find metric configuration for provider: Microsoft.Network, resource Type: "
          "networkWatchers/connectionMonitors, metric: {}, Valid metrics: {}",
          std::string_view(item).substr(0, 100), fmt::join(names, ",")));
    }
    metrics.push_back(&*found);
  }
  if (metrics.size() > kMetricsMax) {
    return wrong(fmt::format("At most {} metrics can be asked for at once.", kMetricsMax));
  }
  return metrics;
}

Result<std::vector<Aggregation>> read_aggregations(const Parameter& parameter) {
  const std::string text = parameter("aggregation");
  if (text.empty()) return std::vector{Aggregation::Average};
  std::vector<Aggregation> aggregations;
  for (const std::string& item : split(text, ',')) {
    if (equals_ignoring_case(trim(item), "none")) continue;
    const auto aggregation = parse_aggregation(item);
    if (!aggregation) {
      return wrong(
          fmt::format("There is no aggregation '{}'; use Average, Minimum, Maximum, Total or "
                      "Count.",
                      item));
    }
    if (std::ranges::find(aggregations, *aggregation) == aggregations.end()) {
      aggregations.push_back(*aggregation);
    }
  }
  if (aggregations.empty()) aggregations.push_back(Aggregation::Average);
  return aggregations;
}

Result<std::size_t> read_top(const Parameter& parameter) {
  constexpr std::size_t kDefault = 10;
  const std::string text = parameter("top");
  if (text.empty()) return kDefault;
  const auto top = parse_number<std::size_t>(text);
  if (!top || *top == 0 || *top > kTopMax) {
    return wrong(fmt::format("`top` must be a number from 1 to {}, not `{}`.", kTopMax, text));
  }
  return *top;
}

Result<std::optional<Query::Order>> read_order(const Parameter& parameter) {
  const std::string text{trim(parameter("orderby"))};
  if (text.empty()) return std::optional<Query::Order>();
  const auto blank = text.find(' ');
  const auto by = parse_aggregation(text.substr(0, blank));
  const std::string direction{blank == std::string::npos ? "asc" : trim(text.substr(blank))};
  const bool is_descending = equals_ignoring_case(direction, "desc");
  if (!by || (!is_descending && !equals_ignoring_case(direction, "asc"))) {
    return wrong(
        fmt::format("`orderby` must be an aggregation and asc or desc, like `average desc`, not "
                    "`{}`.",
                    text));
  }
  return std::optional<Query::Order>({*by, is_descending});
}

/// The criterion is a round's, and published with the test's result only.
Result<void> check_dimensions(const Query& query) {
  for (const auto& condition : query.filter.conditions) {
    if (condition.dimension != Dimension::TestResultCriterion) continue;
    for (const Metric* const metric : query.metrics) {
      if (metric->has_criterion) continue;
      return wrong(
          fmt::format("Metric: {} does not support requested dimension combination: {}. Ask "
                      "for TestResult alone.",
                      metric->name, to_text(condition.dimension)));
    }
  }
  return {};
}

Result<void> check_namespace(const Parameter& parameter) {
  const std::string text = parameter("metricnamespace");
  if (text.empty() || equals_ignoring_case(text, kNamespace)) return {};
  return wrong(
      fmt::format("Detect invalid value: {} for query parameter: 'metricnamespace', the value "
                  "should be: {}",
                  text, kNamespace));
}

}  // namespace

const std::vector<Metric>& metrics_of(MonitorForm form) {
  static const std::vector<Metric> kMultiEndpoint{
      {"ChecksFailedPercent", "Checks Failed Percent", "% of connectivity monitoring checks failed",
       "Percent", store::MetricKind::ChecksFailedPercent},
      {"RoundTripTimeMs", "Round-Trip Time (ms)",
       "Round-trip time in milliseconds for the connectivity monitoring checks", "MilliSeconds",
       store::MetricKind::RoundTripTimeMs},
      {"TestResult", "Test Result", "Connection monitor test result", "Count",
       store::MetricKind::TestState, true}};
  static const std::vector<Metric> kClassic{
      {"ProbesFailedPercent", "% Probes Failed (classic)",
       "% of connectivity monitoring probes failed", "Percent",
       store::MetricKind::ChecksFailedPercent},
      {"AverageRoundtripMs", "Avg. Round-trip Time (ms) (classic)",
       "Average network round-trip time (ms) for connectivity monitoring probes", "MilliSeconds",
       store::MetricKind::RoundTripTimeMs}};
  return form == MonitorForm::MultiEndpoint ? kMultiEndpoint : kClassic;
}

std::string_view to_text(Aggregation aggregation) {
  return std::ranges::find(kAggregations, aggregation, [](const auto& each) { return each.second; })
      ->first;
}

double value_of(const store::Aggregate& aggregate, Aggregation aggregation) {
  switch (aggregation) {
    case Aggregation::Average:
      return aggregate.count == 0 ? 0 : aggregate.sum / static_cast<double>(aggregate.count);
    case Aggregation::Minimum:
      return aggregate.min;
    case Aggregation::Maximum:
      return aggregate.max;
    case Aggregation::Total:
      return aggregate.sum;
    case Aggregation::Count:
      return static_cast<double>(aggregate.count);
  }
  return 0;
}

std::optional<Seconds> parse_duration(std::string_view text) {
  if (text.size() < 3 || (text.front() != 'P' && text.front() != 'p')) return std::nullopt;
  text.remove_prefix(1);
  constexpr std::int64_t kMost = std::int64_t{86'400} * 3'660;
  std::int64_t total = 0;
  bool is_time = false;
  while (!text.empty()) {
    if (!is_time && (text.front() == 'T' || text.front() == 't')) {
      is_time = true;
      text.remove_prefix(1);
      if (text.empty()) return std::nullopt;
      continue;
    }
    const auto end = text.find_first_not_of("0123456789");
    const auto count = parse_number<std::int64_t>(text.substr(0, end));
    if (end == std::string_view::npos || !count || *count > kMost) return std::nullopt;
    std::int64_t unit = 0;
    switch (text[end]) {
      case 'W':
      case 'w':
        unit = is_time ? 0 : 7 * 86'400;
        break;
      case 'D':
      case 'd':
        unit = is_time ? 0 : 86'400;
        break;
      case 'H':
      case 'h':
        unit = is_time ? 3'600 : 0;
        break;
      case 'M':
      case 'm':
        unit = is_time ? 60 : 0;
        break;
      case 'S':
      case 's':
        unit = is_time ? 1 : 0;
        break;
      default:
        return std::nullopt;
    }
    if (unit == 0) return std::nullopt;
    total += *count * unit;
    if (total > kMost) return std::nullopt;
    text.remove_prefix(end + 1);
  }
  if (total == 0) return std::nullopt;
  return Seconds(total);
}

std::string to_duration(Seconds duration) {
  const std::int64_t minutes = duration.count() / 60;
  if (minutes % 1'440 == 0) return fmt::format("P{}D", minutes / 1'440);
  if (minutes % 60 == 0) return fmt::format("PT{}H", minutes / 60);
  return fmt::format("PT{}M", minutes);
}

std::size_t Query::steps() const {
  const auto length = Microseconds(step_length()).count();
  return static_cast<std::size_t>(((to - from).count() + length - 1) / length);
}

Seconds Query::step_length() const {
  if (step) return *step;
  return std::chrono::ceil<Seconds>(to - from);
}

Result<Query> read_query(const Parameter& parameter, MonitorForm form, Timestamp now) {
  Query query;
  TRY(check_namespace(parameter));
  query.metrics = TRY(read_metrics(parameter, form));
  const Bounds bounds = TRY(read_bounds(parameter, now));
  query.from = bounds.from;
  query.to = bounds.to;
  query.step = TRY(read_step(parameter));
  // So that hours that are stored as such answer it. The start has gone back to its minute.
  const bool is_long = query.to - query.from >= kToTheMinute + std::chrono::minutes(1);
  if (is_long && query.step && *query.step >= std::chrono::hours(1)) {
    query.from = std::chrono::floor<std::chrono::hours>(query.from);
  }
  if (query.steps() > kStepsMax) {
    return wrong(
        fmt::format("That would be {} points for each series, {} at most are allowed; use a "
                    "longer interval or a shorter timespan.",
                    query.steps(), kStepsMax));
  }
  query.aggregations = TRY(read_aggregations(parameter));
  const std::string filter = parameter("$filter");
  query.filter = TRY(parse_filter(filter.empty() ? parameter("filter") : filter));
  TRY(check_dimensions(query));
  query.top = TRY(read_top(parameter));
  query.order = TRY(read_order(parameter));
  query.is_metadata_only = equals_ignoring_case(parameter("resultType"), "Metadata");
  return query;
}

const std::vector<Seconds>& grains() {
  using std::chrono::hours;
  using std::chrono::minutes;
  static const std::vector<Seconds> kGrains{minutes(1), minutes(5), minutes(15), minutes(30),
                                            hours(1),   hours(6),   hours(12),   hours(24)};
  return kGrains;
}

}  // namespace lw::server::metrics
