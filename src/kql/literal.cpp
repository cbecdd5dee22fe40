// SPDX-License-Identifier: Apache-2.0
#include "kql/literal.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.h"
#include "kql/type.h"

namespace lw::kql {
namespace {

/// Reads a text from left to right; each step takes something or leaves everything as it was.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_any(std::string_view signs) {
    if (rest_.empty() || signs.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// A number of `least` to `most` digits.
  std::optional<std::int64_t> digits(std::size_t least, std::size_t most) {
    std::size_t count = 0;
    std::int64_t value = 0;
    while (count < rest_.size() && count < most && rest_[count] >= '0' && rest_[count] <= '9') {
      value = value * 10 + (rest_[count] - '0');
      ++count;
    }
    if (count < least) return std::nullopt;
    rest_.remove_prefix(count);
    return value;
  }
  /// What stands behind a decimal point, as ticks of a second; further digits are dropped.
  std::optional<std::int64_t> fraction() {
    std::size_t count = 0;
    std::int64_t value = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') {
      if (count < 7) value = value * 10 + (rest_[count] - '0');
      ++count;
    }
    if (count == 0) return std::nullopt;
    for (std::size_t i = count; i < 7; ++i) value *= 10;
    rest_.remove_prefix(count);
    return value;
  }
  void skip_blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t'))
      rest_.remove_prefix(1);
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in_month(int year, int month) {
  constexpr std::array kDaysOfMonth = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap(year) ? 29 : kDaysOfMonth.at(static_cast<std::size_t>(month - 1));
}

struct Date {
  std::int64_t year = 0;
  std::int64_t month = 1;
  std::int64_t day = 1;
};

/// "2024-05-06", "2024-05", "2024", "05/06/2024", "05-06-2024": month first where the year is last.
std::optional<Date> read_date(Reader& reader) {
  Reader ahead = reader;
  Date date;
  if (const auto year = ahead.digits(4, 4); year && !ahead.take_any("/")) {
    date.year = *year;
    if (ahead.take('-')) {
      const auto month = ahead.digits(1, 2);
      if (!month) return std::nullopt;
      date.month = *month;
      if (ahead.take('-')) {
        const auto day = ahead.digits(1, 2);
        if (!day) return std::nullopt;
        date.day = *day;
      }
    }
    reader = ahead;
    return date;
  }
  const auto month = reader.digits(1, 2);
  if (!month || !reader.take_any("/-")) return std::nullopt;
  const auto day = reader.digits(1, 2);
  if (!day || !reader.take_any("/-")) return std::nullopt;
  const auto year = reader.digits(4, 4);
  if (!year) return std::nullopt;
  return Date{*year, *month, *day};
}

/// "07:00", "07:00:00.123"; ticks of the day.
std::optional<std::int64_t> read_time(Reader& reader) {
  const auto hour = reader.digits(1, 2);
  if (!hour || *hour > 23 || !reader.take(':')) return std::nullopt;
  const auto minute = reader.digits(1, 2);
  if (!minute || *minute > 59) return std::nullopt;
  std::int64_t ticks = (*hour * 60 + *minute) * 60 * kTicksPerSecond;
  if (!reader.take(':')) return ticks;
  const auto second = reader.digits(1, 2);
  if (!second || *second > 59) return std::nullopt;
  ticks += *second * kTicksPerSecond;
  if (reader.take_any(".,")) {
    const auto fraction = reader.fraction();
    if (!fraction) return std::nullopt;
    ticks += *fraction;
  }
  return ticks;
}

/// "Z", "+02:00", "-0530" or nothing: what must be taken off to come to UTC.
std::optional<std::int64_t> read_zone(Reader& reader) {
  reader.skip_blanks();
  if (reader.take_any("zZ") || reader.at_end()) return 0;
  const bool is_west = reader.take('-');
  if (!is_west && !reader.take('+')) return std::nullopt;
  const auto hours = reader.digits(1, 2);
  if (!hours || *hours > 14) return std::nullopt;
  reader.take(':');
  const std::int64_t minutes = reader.digits(2, 2).value_or(0);
  const std::int64_t ticks = (*hours * 60 + minutes) * 60 * kTicksPerSecond;
  return is_west ? -ticks : ticks;
}

struct Unit {
  std::string_view name;
  std::int64_t ticks;
};
constexpr std::int64_t kMinute = 60 * kTicksPerSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::array kUnits = {
    Unit{"d", kTicksPerDay},
    Unit{"day", kTicksPerDay},
    Unit{"days", kTicksPerDay},
    Unit{"h", kHour},
    Unit{"hr", kHour},
    Unit{"hrs", kHour},
    Unit{"hour", kHour},
    Unit{"hours", kHour},
    Unit{"m", kMinute},
    Unit{"min", kMinute},
    Unit{"minute", kMinute},
    Unit{"minutes", kMinute},
    Unit{"s", kTicksPerSecond},
    Unit{"sec", kTicksPerSecond},
    Unit{"second", kTicksPerSecond},
    Unit{"seconds", kTicksPerSecond},
    Unit{"ms", 10'000},
    Unit{"milli", 10'000},
    Unit{"millis", 10'000},
    Unit{"millisec", 10'000},
    Unit{"millisecond", 10'000},
    Unit{"milliseconds", 10'000},
    Unit{"micro", 10},
    Unit{"micros", 10},
    Unit{"microsec", 10},
    Unit{"microsecond", 10},
    Unit{"microseconds", 10},
    Unit{"tick", 1},
    Unit{"ticks", 1},
};

/// "[d.]hh:mm[:ss[.f]]" or "d:hh:mm:ss" without a sign.
std::optional<std::int64_t> read_clock(std::string_view text) {
  const std::size_t colon = text.find(':');
  std::size_t days_end = text.find('.');
  if (days_end > colon) {
    const std::size_t second = text.find(':', colon + 1);
    const bool has_three =
        second != std::string_view::npos && text.find(':', second + 1) != std::string_view::npos;
    days_end = has_three ? colon : std::string_view::npos;
  }
  std::int64_t days = 0;
  if (days_end != std::string_view::npos) {
    const auto number = long_of(text.substr(0, days_end));
    if (!number || *number < 0 || *number > 10'675'198) return std::nullopt;
    days = *number;
    text.remove_prefix(days_end + 1);
  }
  Reader reader(text);
  const auto ticks = read_time(reader);
  if (!ticks || !reader.at_end()) return std::nullopt;
  return days * kTicksPerDay + *ticks;
}

std::string two_digits(std::int64_t number) {
  return {static_cast<char>('0' + number / 10 % 10), static_cast<char>('0' + number % 10)};
}

std::string padded(std::int64_t number, std::size_t width) {
  std::string text = std::to_string(number);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

std::string clock_text(std::int64_t ticks) {
  return two_digits(ticks / kHour) + ":" + two_digits(ticks / kMinute % 60) + ":" +
         two_digits(ticks / kTicksPerSecond % 60);
}

}  // namespace

std::int64_t days_of_date(int year, int month, int day) {
  std::int64_t days =
      std::int64_t{365} * (year - 1) + (year - 1) / 4 - (year - 1) / 100 + (year - 1) / 400;
  for (int m = 1; m < month; ++m) days += days_in_month(year, m);
  return days + day - 1;
}

std::optional<std::int64_t> datetime_of(std::string_view text) {
  Reader reader(lw::trim(text));
  const auto date = read_date(reader);
  if (!date || date->year < 1 || date->month < 1 || date->month > 12 || date->day < 1) return {};
  const int year = static_cast<int>(date->year), month = static_cast<int>(date->month);
  if (date->day > days_in_month(year, month)) return std::nullopt;
  std::int64_t ticks = days_of_date(year, month, static_cast<int>(date->day)) * kTicksPerDay;
  if (reader.take_any("tT ")) {
    reader.skip_blanks();
    if (!reader.at_end()) {
      const auto time = read_time(reader);
      if (!time) return std::nullopt;
      ticks += *time;
    }
  }
  const auto zone = read_zone(reader);
  if (!zone || !reader.at_end()) return std::nullopt;
  ticks -= *zone;
  if (ticks < 0 || ticks > kTicksMax) return std::nullopt;
  return ticks;
}

std::optional<std::int64_t> ticks_of_unit(std::string_view unit) {
  for (const Unit& known : kUnits) {
    if (known.name == unit) return known.ticks;
  }
  return std::nullopt;
}

std::optional<std::int64_t> timespan_of(std::string_view text) {
  text = lw::trim(text);
  const bool is_negative = !text.empty() && text.front() == '-';
  if (is_negative) text = lw::trim(text.substr(1));
  std::optional<std::int64_t> ticks;
  if (text.find(':') != std::string_view::npos) {
    ticks = read_clock(text);
  } else {
    const std::size_t letters = text.find_first_not_of("0123456789.");
    const auto number = real_of(text.substr(0, letters));
    if (!number) return std::nullopt;
    const auto unit = letters == std::string_view::npos
                          ? std::optional(kTicksPerDay)
                          : ticks_of_unit(lw::trim(text.substr(letters)));
    if (!unit) return std::nullopt;
    const double product = *number * static_cast<double>(*unit);
    if (product > 9.2e18) return std::nullopt;
    ticks = static_cast<std::int64_t>(std::llround(product));
  }
  if (!ticks) return std::nullopt;
  return is_negative ? -*ticks : *ticks;
}

std::string datetime_text(std::int64_t ticks) {
  const std::int64_t days = ticks / kTicksPerDay, rest = ticks % kTicksPerDay;
  int year = static_cast<int>(static_cast<double>(days) / 365.2425) + 1;
  while (days_of_date(year, 1, 1) > days) --year;
  while (year < 9999 && days_of_date(year + 1, 1, 1) <= days) ++year;
  int month = 12;
  while (days_of_date(year, month, 1) > days) --month;
  const std::int64_t day = days - days_of_date(year, month, 1) + 1;
  return padded(year, 4) + "-" + two_digits(month) + "-" + two_digits(day) + "T" +
         clock_text(rest) + "." + padded(rest % kTicksPerSecond, 7) + "Z";
}

std::string timespan_text(std::int64_t ticks) {
  const bool is_negative = ticks < 0;
  // The smallest number has no positive counterpart; its text is the only one that needs care.
  const std::uint64_t size =
      is_negative ? ~static_cast<std::uint64_t>(ticks) + 1 : static_cast<std::uint64_t>(ticks);
  const auto days = static_cast<std::int64_t>(size / kTicksPerDay);
  const auto rest = static_cast<std::int64_t>(size % kTicksPerDay);
  std::string text = is_negative ? "-" : "";
  if (days != 0) text += std::to_string(days) + ".";
  text += clock_text(rest);
  if (rest % kTicksPerSecond != 0) text += "." + padded(rest % kTicksPerSecond, 7);
  return text;
}

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::array<char, 40> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  std::string text(buffer.data(), end);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::optional<std::int64_t> long_of(std::string_view text) {
  text = lw::trim(text);
  const bool is_negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) text.remove_prefix(1);
  const bool is_hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (is_hex) text.remove_prefix(2);
  std::uint64_t size = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), size, is_hex ? 16 : 10);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (!is_hex && size > kMax + (is_negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(is_negative ? ~size + 1 : size);
}

std::optional<double> real_of(std::string_view text) {
  text = lw::trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return {};
  return value;
}

}  // namespace lw::kql
