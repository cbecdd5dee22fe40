// SPDX-License-Identifier: Apache-2.0
#include "server/api/past.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/number.h"

namespace lw::server::api {
namespace {

constexpr std::size_t kRoundsDefault = 100;
constexpr std::size_t kRoundsMax = 20'000;
constexpr Seconds kStepMin{60};
constexpr std::size_t kStepsMax = 5'000;

}  // namespace

Result<std::int64_t> read_count(const io::HttpRequest& request, const std::string& name,
                                std::int64_t otherwise, std::int64_t min, std::int64_t max) {
  const std::string text = request.parameter(name);
  if (text.empty()) return otherwise;
  const auto value = parse_number<std::int64_t>(text);
  if (!value || *value < min || *value > max) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` must be a number from {} to {}, not `{}`", name, min, max, text));
  }
  return *value;
}

Result<TestId> read_test_id(const Call& call) {
  const auto id = parse_hex(call.path.at("id"));
  if (!id) {
    return fail(ErrorCode::NotFound, fmt::format("there is no test `{}`", call.path.at("id")));
  }
  return TestId{*id};
}

Result<Timestamp> read_time(const io::HttpRequest& request, const std::string& name,
                            Timestamp otherwise) {
  const std::string text = request.parameter(name);
  if (text.empty()) return otherwise;
  if (const auto time = parse_iso8601(text)) return *time;
  return fail(
      ErrorCode::InvalidInput,
      fmt::format("`{}` must be a UTC time like 2026-01-31T12:00:00Z, not `{}`", name, text));
}

Result<Span> read_span(const Call& call, const Clock& clock, Seconds otherwise) {
  Span span;
  span.test = TRY(read_test_id(call));
  // The end is not included; a round that starts this very moment should be.
  span.to = TRY(read_time(call.request, "to", clock.wall_now() + Seconds(1)));
  span.from = TRY(read_time(call.request, "from", span.to - otherwise));
  if (span.from >= span.to) {
    return fail(ErrorCode::InvalidInput, "`from` must be before `to`");
  }
  span.limit = static_cast<std::size_t>(
      TRY(read_count(call.request, "limit", kRoundsDefault, 1, kRoundsMax)));
  // Unless told otherwise, steps are as fine as a chart of a thousand points needs.
  const auto whole = std::chrono::duration_cast<Seconds>(span.to - span.from);
  const Seconds fitting = std::max(kStepMin, (whole / 1000 / kStepMin) * kStepMin);
  span.step = Seconds(
      TRY(read_count(call.request, "step", fitting.count(), 60, std::int64_t{86'400} * 31)));
  if (static_cast<std::size_t>(whole / span.step) > kStepsMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("that would be more than {} steps; make `step` larger", kStepsMax));
  }
  return span;
}

}  // namespace lw::server::api
