// SPDX-License-Identifier: Apache-2.0
#include "server/logs/timespan.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "kql/literal.h"

namespace lw::server::logs {
namespace {

constexpr std::int64_t kSecond = kql::kTicksPerSecond;
constexpr std::int64_t kDay = kql::kTicksPerDay;

std::int64_t unit_of(char letter, bool is_time) {
  switch (letter) {
    case 'Y':
      return is_time ? 0 : 365 * kDay;
    case 'M':
      return is_time ? 60 * kSecond : 30 * kDay;
    case 'W':
      return is_time ? 0 : 7 * kDay;
    case 'D':
      return is_time ? 0 : kDay;
    case 'H':
      return is_time ? 3600 * kSecond : 0;
    case 'S':
      return is_time ? kSecond : 0;
    default:
      return 0;
  }
}

/// Takes "12.5" off the front.
std::optional<double> take_number(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && ((text[end] >= '0' && text[end] <= '9') || text[end] == '.')) ++end;
  const auto value = kql::real_of(text.substr(0, end));
  text.remove_prefix(end);
  return end == 0 ? std::nullopt : value;
}

std::optional<TickSpan> ordered(std::int64_t from, std::int64_t to) {
  if (from > to) return std::nullopt;
  return TickSpan{std::max<std::int64_t>(from, 0), std::min(to, kql::kTicksMax)};
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text.size() < 3 || text.front() != 'P') return std::nullopt;
  text.remove_prefix(1);
  bool is_time = false;
  double ticks = 0;
  while (!text.empty()) {
    if (text.front() == 'T') {
      if (is_time || text.size() == 1) return std::nullopt;
      is_time = true;
      text.remove_prefix(1);
      continue;
    }
    const auto number = take_number(text);
    if (!number || text.empty()) return std::nullopt;
    const std::int64_t unit = unit_of(text.front(), is_time);
    if (unit == 0) return std::nullopt;
    text.remove_prefix(1);
    ticks += *number * static_cast<double>(unit);
  }
  if (!std::isfinite(ticks) || ticks > static_cast<double>(kql::kTicksMax)) return std::nullopt;
  return static_cast<std::int64_t>(ticks);
}

std::optional<TickSpan> parse_timespan(std::string_view text, std::int64_t now) {
  text = trim(text);
  if (text.empty()) return TickSpan{};
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) {
    const auto duration = parse_duration(text);
    return duration ? ordered(now - *duration, now) : std::nullopt;
  }
  const std::string_view first = text.substr(0, slash), second = text.substr(slash + 1);
  const auto from = kql::datetime_of(first), to = kql::datetime_of(second);
  if (from && to) return ordered(*from, *to);
  if (from) {
    const auto duration = parse_duration(second);
    return duration ? ordered(*from, *from + *duration) : std::nullopt;
  }
  const auto duration = parse_duration(first);
  return to && duration ? ordered(*to - *duration, *to) : std::nullopt;
}

TickSpan intersect(const TickSpan& a, const TickSpan& b) {
  return {std::max(a.from, b.from), std::min(a.to, b.to)};
}

}  // namespace lw::server::logs
