// SPDX-License-Identifier: Apache-2.0
#include "base/time.h"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <ctime>

namespace lw {
namespace {

using std::chrono::sys_days;
using std::chrono::year;
constexpr Timestamp kFirstShown = sys_days(year(0) / 1 / 1);
constexpr Timestamp kLastShown = Timestamp(sys_days(year(10'000) / 1 / 1)) - Microseconds(1);

}  // namespace

Timestamp SystemClock::wall_now() const {
  return std::chrono::time_point_cast<Microseconds>(std::chrono::system_clock::now());
}

Instant SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now());
}

Milliseconds time_suspended() {
  const auto read = [](clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  // In this order, so that what passes in between is never taken for sleep.
  const auto with_sleep = read(CLOCK_BOOTTIME);
  const auto awake = read(CLOCK_MONOTONIC);
  return std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(with_sleep - awake));
}

std::string to_iso8601(Timestamp time) {
  // Times come from other hosts; the form has four digits for the year.
  time = std::clamp(time, kFirstShown, kLastShown);
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Microseconds> clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

namespace {

/// Takes exactly `digits` decimal digits off the front of `text`.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (std::isdigit(static_cast<unsigned char>(text[i])) == 0) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take_char(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Microseconds> take_fraction(std::string_view& text) {
  if (!take_char(text, '.')) return Microseconds(0);
  std::int64_t value = 0;
  int digits = 0;
  while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) != 0) {
    if (digits < 6) value = value * 10 + (text.front() - '0');
    ++digits;
    text.remove_prefix(1);
  }
  if (digits == 0 || digits > 9) return std::nullopt;
  for (int i = digits; i < 6; ++i) value *= 10;
  return Microseconds(value);
}

}  // namespace

std::optional<Timestamp> parse_iso8601(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take_char(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take_char(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take_char(text, 'T')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || *hour > 23 || !take_char(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || *minute > 59 || !take_char(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *second > 59) return std::nullopt;
  const auto fraction = take_fraction(text);
  if (!fraction || text != "Z") return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date).time_since_epoch()) + std::chrono::hours(*hour) +
         std::chrono::minutes(*minute) + std::chrono::seconds(*second) + *fraction;
}

std::string to_human(Microseconds duration) {
  const auto us = duration.count();
  if (us < 0) return "-" + to_human(-duration);
  if (us < 1'000) return fmt::format("{} µs", us);
  // From 999.5 on, three digits would read "1e+03".
  if (us < 999'500) return fmt::format("{:.3g} ms", static_cast<double>(us) / 1e3);
  if (us < 120'000'000) return fmt::format("{:.3g} s", static_cast<double>(us) / 1e6);
  if (us < 7'200'000'000) return fmt::format("{} min", us / 60'000'000);
  if (us < 172'800'000'000) return fmt::format("{} h", us / 3'600'000'000);
  return fmt::format("{} days", us / 86'400'000'000);
}

}  // namespace lw
