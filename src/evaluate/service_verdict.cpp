// SPDX-License-Identifier: Apache-2.0
#include "evaluate/service_verdict.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>
#include <utility>
#include <vector>

namespace lw {
namespace {

/// A rise counts from here on: less is a day's rhythm, and jitter of short times.
constexpr double kRiseFactor = 1.3;
constexpr double kRiseMs = 10;
/// Two series of fewer common steps agree by chance.
constexpr std::size_t kPairsMin = 12;
/// A request crosses the network several times (connect, TLS, request), so a third of the rise
/// explains all of it.
constexpr double kCrossings = 3;

std::vector<double> known_values(std::span<const double> series) {
  std::vector<double> known;
  std::ranges::copy_if(series, std::back_inserter(known),
                       [](double value) { return std::isfinite(value); });
  std::ranges::sort(known);
  return known;
}

std::optional<double> median_of(const std::vector<double>& sorted) {
  if (sorted.empty()) return {};
  const std::size_t middle = sorted.size() / 2;
  if (sorted.size() % 2 == 1) return sorted[middle];
  return (sorted[middle - 1] + sorted[middle]) / 2;
}

Rise rise_of(std::span<const double> series, std::size_t recent) {
  Rise rise;
  const std::vector<double> all = known_values(series);
  if (!all.empty()) rise.usual_ms = all[all.size() / 4];
  rise.now_ms = median_of(known_values(series.last(std::min(recent, series.size()))));
  return rise;
}

bool is_measured(const Rise& rise) { return rise.usual_ms && rise.now_ms; }

bool has_risen(const Rise& rise) {
  return *rise.now_ms >= *rise.usual_ms * kRiseFactor && *rise.now_ms - *rise.usual_ms >= kRiseMs;
}

std::optional<double> correlation_of(std::span<const double> a, std::span<const double> b) {
  std::vector<std::pair<double, double>> pairs;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (std::isfinite(a[i]) && std::isfinite(b[i])) pairs.emplace_back(a[i], b[i]);
  }
  if (pairs.size() < kPairsMin) return {};
  double sum_a = 0, sum_b = 0;
  for (const auto& [x, y] : pairs) {
    sum_a += x;
    sum_b += y;
  }
  const auto count = static_cast<double>(pairs.size());
  double ab = 0, aa = 0, bb = 0;
  for (const auto& [x, y] : pairs) {
    const double from_a = x - sum_a / count, from_b = y - sum_b / count;
    ab += from_a * from_b;
    aa += from_a * from_a;
    bb += from_b * from_b;
  }
  // A series that never moves goes along with nothing.
  if (!(aa > 0 && bb > 0)) return {};
  return ab / std::sqrt(aa * bb);
}

std::string ms(const std::optional<double>& value) { return fmt::format("{:.0f} ms", *value); }

std::string unknown_text(const Rise& response, const Rise& latency) {
  if (!is_measured(response) && !is_measured(latency)) return "Nothing was measured lately.";
  if (!is_measured(response)) {
    return "There is no response time to compare with the network latency.";
  }
  return "There is no network latency to compare the response time with.";
}

std::pair<ServiceIssue, std::string> words_for_steady(const Rise& response, const Rise& latency) {
  if (has_risen(latency)) {
    return {ServiceIssue::Network,
            fmt::format("Network latency went up from {} to {}, and the response time does not "
                        "show it.",
                        ms(latency.usual_ms), ms(latency.now_ms))};
  }
  return {ServiceIssue::None,
          fmt::format("Neither has gone up: response time {}, network latency {}.",
                      ms(response.now_ms), ms(latency.now_ms))};
}

std::pair<ServiceIssue, std::string> words_for_slow(const Rise& response, const Rise& latency) {
  const std::string up = fmt::format("The response time went up from {} to {}",
                                     ms(response.usual_ms), ms(response.now_ms));
  if (!has_risen(latency)) {
    return {ServiceIssue::Application,
            fmt::format("{}, while the network latency stayed at {} (usually {}).", up,
                        ms(latency.now_ms), ms(latency.usual_ms))};
  }
  const std::string both = fmt::format("{}, and the network latency with it from {} to {}.", up,
                                       ms(latency.usual_ms), ms(latency.now_ms));
  const bool is_explained =
      (*latency.now_ms - *latency.usual_ms) * kCrossings >= *response.now_ms - *response.usual_ms;
  if (is_explained) return {ServiceIssue::Network, both};
  return {ServiceIssue::Both, both + " That explains a part only."};
}

}  // namespace

std::string_view to_text(ServiceIssue issue) {
  switch (issue) {
    case ServiceIssue::None:
      return "none";
    case ServiceIssue::Application:
      return "application";
    case ServiceIssue::Network:
      return "network";
    case ServiceIssue::Both:
      return "both";
    case ServiceIssue::Unknown:
      return "unknown";
  }
  return "unknown";
}

ServiceVerdict judge_service(std::span<const double> response, std::span<const double> latency,
                             std::size_t recent) {
  ServiceVerdict verdict;
  verdict.response = rise_of(response, recent);
  verdict.latency = rise_of(latency, recent);
  verdict.correlation = correlation_of(response, latency);
  if (!is_measured(verdict.response) || !is_measured(verdict.latency)) {
    verdict.text = unknown_text(verdict.response, verdict.latency);
    return verdict;
  }
  std::tie(verdict.issue, verdict.text) = has_risen(verdict.response)
                                              ? words_for_slow(verdict.response, verdict.latency)
                                              : words_for_steady(verdict.response, verdict.latency);
  return verdict;
}

}  // namespace lw
