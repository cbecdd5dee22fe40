// SPDX-License-Identifier: Apache-2.0
// Time: ticks of 100 ns since 0001-01-01, in UTC.
#include <array>

#include "base/text.h"
#include "kql/convert.h"
#include "kql/format_time.h"
#include "kql/functions.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

Scalar call_now(Call& call) {
  const std::int64_t now = call.binder.options().now;
  Scalar instant = scalar_of({Type::DateTime, now});
  if (call.args.empty()) return instant;
  return call.binder.arithmetic("+", instant, call.args[0], call.expr.span);
}
Scalar call_ago(Call& call) {
  const Scalar instant = scalar_of({Type::DateTime, call.binder.options().now});
  return call.binder.arithmetic("-", instant, call.args[0], call.expr.span);
}

constexpr std::int64_t kHourTicks = 3600 * kTicksPerSecond;

/// Ticks of a unit that always has as many; 0 for months, quarters and years.
std::int64_t ticks_of(const std::string& unit) {
  if (unit == "week") return 7 * kTicksPerDay;
  if (unit == "day") return kTicksPerDay;
  if (unit == "hour") return kHourTicks;
  if (unit == "minute") return kHourTicks / 60;
  if (unit == "second") return kTicksPerSecond;
  if (unit == "millisecond") return kTicksPerSecond / 1000;
  if (unit == "microsecond") return 10;
  return 0;
}

std::optional<std::string> unit_of(Call& call) {
  auto unit = call.binder.text_of(call.args[0], call.span_of(0), "The unit");
  if (!unit) return std::nullopt;
  *unit = to_lower(*unit);
  if (unit->ends_with("s") && *unit != "s") unit->pop_back();
  return unit;
}

/// Parts of a date, counted in units that have no fixed length.
std::string sql_count(const std::string& unit, const std::string& ticks) {
  const std::string date = "kql_dt(" + ticks + ")";
  if (unit == "year") return "toInt64(toYear(" + date + "))";
  if (unit == "quarter") return "(toInt64(toYear(" + date + ")) * 4 + toQuarter(" + date + "))";
  return "(toInt64(toYear(" + date + ")) * 12 + toMonth(" + date + "))";
}

/// datetime_diff(unit, a, b): boundaries crossed from b to a.
Scalar datetime_diff(Call& call) {
  const auto unit = unit_of(call);
  if (!unit) return {};
  const Scalar &a = call.args[1], &b = call.args[2];
  const bool is_nullable = a.is_nullable || b.is_nullable;
  if (*unit == "nanosecond") {
    return make_scalar(Type::Long, "((" + a.sql + " - " + b.sql + ") * 100)", is_nullable);
  }
  if (*unit == "week") {
    return make_scalar(Type::Real,
                       call.binder.apply("toFloat64(intDiv($1 + 864000000000, 6048000000000) - "
                                         "intDiv($2 + 864000000000, 6048000000000))",
                                         std::vector{a, b}),
                       is_nullable);
  }
  if (const std::int64_t ticks = ticks_of(*unit); ticks != 0) {
    const std::string size = std::to_string(ticks);
    return make_scalar(
        Type::Long, "(intDiv(" + a.sql + ", " + size + ") - intDiv(" + b.sql + ", " + size + "))",
        is_nullable);
  }
  if (*unit != "year" && *unit != "quarter" && *unit != "month") {
    return call.binder.fault(call.span_of(0), "There is no unit '" + *unit + "'.");
  }
  return make_scalar(Type::Long,
                     "(" + sql_count(*unit, a.sql) + " - " + sql_count(*unit, b.sql) + ")",
                     is_nullable);
}

/// datetime_add(unit, n, t)
Scalar datetime_add(Call& call) {
  const auto unit = unit_of(call);
  if (!unit) return {};
  const std::vector<Scalar> two = {call.args[2], call.args[1]};
  if (*unit == "year" || *unit == "quarter" || *unit == "month") {
    const std::string months = *unit == "year" ? "$2 * 12" : *unit == "quarter" ? "$2 * 3" : "$2";
    return make_scalar(Type::DateTime, call.binder.apply("kql_add_months($1, " + months + ")", two),
                       true);
  }
  const std::int64_t ticks = ticks_of(*unit);
  if (*unit != "nanosecond" && ticks == 0) {
    return call.binder.fault(call.span_of(0), "There is no unit '" + *unit + "'.");
  }
  const std::string step =
      *unit == "nanosecond" ? "intDiv($2, 100)" : "$2 * " + std::to_string(ticks);
  return make_scalar(Type::DateTime, call.binder.apply("kql_dt_ok($1 + " + step + ")", two), true);
}

std::string sql_part(const std::string& unit) {
  if (unit == "year") return "toYear(kql_dt($1))";
  if (unit == "quarter") return "toQuarter(kql_dt($1))";
  if (unit == "month" || unit == "monthofyear") return "toMonth(kql_dt($1))";
  if (unit == "week_of_year" || unit == "weekofyear") return "toISOWeek(kql_dt($1))";
  if (unit == "day" || unit == "dayofmonth") return "toDayOfMonth(kql_dt($1))";
  if (unit == "dayofyear") return "toDayOfYear(kql_dt($1))";
  if (unit == "hour" || unit == "hourofday")
    return "intDiv(positiveModulo($1, 864000000000), 36000000000)";
  if (unit == "minute") return "intDiv(positiveModulo($1, 36000000000), 600000000)";
  if (unit == "second") return "intDiv(positiveModulo($1, 600000000), 10000000)";
  if (unit == "millisecond") return "intDiv(positiveModulo($1, 10000000), 10000)";
  if (unit == "microsecond") return "intDiv(positiveModulo($1, 10000000), 10)";
  if (unit == "nanosecond") return "(positiveModulo($1, 10000000) * 100)";
  return {};
}

Scalar datetime_part(Call& call) {
  auto unit = call.binder.text_of(call.args[0], call.span_of(0), "The part");
  if (!unit) return {};
  const std::string sql = sql_part(to_lower(*unit));
  if (sql.empty()) return call.binder.fault(call.span_of(0), "There is no part '" + *unit + "'.");
  return make_scalar(Type::Int,
                     call.binder.apply("toInt32(" + sql + ")", std::vector{call.args[1]}),
                     call.args[1].is_nullable);
}

/// startof…(t[, n]) and endof…: the period n after that of t.
Scalar period(Call& call, std::string_view start, std::string_view shift) {
  Scalar t = call.args[0];
  if (call.args.size() > 1) {
    t.sql = call.binder.apply(shift, std::vector{t, call.args[1]});
    t.is_nullable = true;
  }
  return make_scalar(Type::DateTime, call.binder.apply(start, std::vector{t}), t.is_nullable);
}
constexpr std::string_view kAfterDays = "kql_dt_ok($1 + $2 * 864000000000)";
constexpr std::string_view kWeeks = "kql_dt_ok($1 + $2 * 6048000000000)";
constexpr std::string_view kMonths = "kql_add_months(kql_month($1), $2)";
constexpr std::string_view kYears = "kql_add_months(kql_year($1), $2 * 12)";

/// make_datetime(y, m, d[, h, min[, s]]) and make_datetime(text).
Scalar make_datetime(Call& call) {
  if (call.args.size() == 1) {
    const Scalar& x = call.args[0];
    if (is_integer(x.type)) {
      return call.binder.fault(call.expr.span, "'make_datetime' takes 3 to 6 arguments.");
    }
    return to_datetime(x);
  }
  if (call.args.size() < 3) {
    return call.binder.fault(call.expr.span, "'make_datetime' takes 3 to 6 arguments.");
  }
  std::vector<Scalar> parts;
  for (std::size_t i = 0; i < 6; ++i) {
    const Scalar given =
        i < call.args.size() ? call.args[i] : scalar_of({Type::Long, std::int64_t{0}});
    const auto part = coerce(given, i == 5 ? Type::Real : Type::Long);
    if (!part) return call.binder.fault(call.span_of(i), "'make_datetime' takes numbers.");
    parts.push_back(*part);
  }
  return make_scalar(
      Type::DateTime,
      call.binder.apply(
          "if($1 BETWEEN 1 AND 9999 AND $2 BETWEEN 1 AND 12 AND $3 BETWEEN 1 AND 31 AND $4 BETWEEN "
          "0 "
          "AND 23 AND $5 BETWEEN 0 AND 59 AND $6 >= 0 AND $6 < 60, "
          "kql_ticks(parseDateTime64BestEffortOrNull(concat(leftPad(toString(ifNull($1, 1)), 4, "
          "'0'), '-', "
          "leftPad(toString(ifNull($2, 1)), 2, '0'), '-', leftPad(toString(ifNull($3, 1)), 2, "
          "'0'), 'T00:00:00Z'), 7, 'UTC')) "
          "+ $4 * 36000000000 + $5 * 600000000 + toInt64(round(ifNull($6, 0) * 10000000)), NULL)",
          parts),
      true);
}

/// make_timespan([d,] h, m[, s])
Scalar make_timespan(Call& call) {
  std::vector<Scalar> parts;
  const std::size_t count = call.args.size();
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_second = i + 1 == count && count >= 3;
    const auto part = coerce(call.args[i], is_second ? Type::Real : Type::Long);
    if (!part) return call.binder.fault(call.span_of(i), "'make_timespan' takes numbers.");
    parts.push_back(*part);
  }
  const Scalar zero = scalar_of({Type::Long, std::int64_t{0}});
  if (count == 2) parts.push_back(scalar_of({Type::Real, 0.0}));
  if (count < 4) parts.insert(parts.begin(), zero);
  return make_scalar(
      Type::TimeSpan,
      call.binder.apply("if($2 BETWEEN 0 AND 23 AND $3 BETWEEN 0 AND 59 AND $4 >= 0 "
                        "AND $4 < 60 AND $1 >= 0, $1 * 864000000000 + $2 * "
                        "36000000000 + $3 * 600000000 + toInt64(round(ifNull($4, 0) * "
                        "10000000)), NULL)",
                        parts),
      true);
}

Scalar call_format_datetime(Call& call) {
  const auto format = call.binder.text_of(call.args[1], call.span_of(1), "The format");
  if (!format) return {};
  const auto sql = sql_format_datetime(*format);
  if (!sql)
    return call.binder.fault(call.span_of(1), "The format has a character without meaning.");
  std::string text = call.binder.apply(*sql, std::vector{call.args[0]});
  if (call.args[0].is_nullable) text = "ifNull(" + text + ", '')";
  return make_scalar(Type::String, text, false);
}

Scalar call_format_timespan(Call& call) {
  const auto format = call.binder.text_of(call.args[1], call.span_of(1), "The format");
  if (!format) return {};
  const auto sql = sql_format_timespan(*format);
  if (!sql)
    return call.binder.fault(call.span_of(1), "The format has a character without meaning.");
  std::string text = call.binder.apply(*sql, std::vector{call.args[0]});
  if (call.args[0].is_nullable) text = "ifNull(" + text + ", '')";
  return make_scalar(Type::String, text, false);
}

Scalar of_unix_time(Call& call, double factor) {
  const Scalar& x = call.args[0];
  const std::string size = std::to_string(static_cast<std::int64_t>(factor));
  std::string ticks = "(" + x.sql + " * " + size + " + 621355968000000000)";
  if (x.type != Type::Long) {
    ticks = "(kql_real_long(" + to_real(x).sql + " * " + size + ") + 621355968000000000)";
  }
  return make_scalar(Type::DateTime, "kql_dt_ok(" + ticks + ")", true);
}

/// datetime_local_to_utc(t, zone), datetime_utc_to_local(t, zone).
Scalar moved_zone(Call& call, bool to_utc) {
  const auto zone = call.binder.text_of(call.args[1], call.span_of(1), "The time zone");
  if (!zone) return {};
  const std::string name = quote_string(*zone);
  const std::string sql =
      to_utc ? "(kql_ticks(parseDateTime64BestEffortOrNull(toString(kql_dt($1)), 7, " + name + ")))"
             : "(kql_ticks(parseDateTime64BestEffortOrNull(toString(toTimeZone(kql_dt($1), " +
                   name + ")), 7, 'UTC')))";
  return make_scalar(Type::DateTime,
                     call.binder.apply("kql_dt_ok(" + sql + ")", std::vector{call.args[0]}), true);
}

constexpr std::array kTimeFunctions = {
    FunctionRow{"now", "t?", "d", "", "", call_now},
    FunctionRow{"ago", "t", "d", "", "", call_ago},
    FunctionRow{"datetime_diff", "sdd", "l", "", "", datetime_diff},
    FunctionRow{"datetime_add", "sld", "d", "", "", datetime_add},
    FunctionRow{"datetime_part", "sd", "i", "", "", datetime_part},
    FunctionRow{"make_datetime", "aa?a?a?a?a?", "d", "", "", make_datetime},
    FunctionRow{"make_timespan", "aaa?a?", "t", "", "", make_timespan},
    FunctionRow{"format_datetime", "ds", "s", "1", "", call_format_datetime},
    FunctionRow{"format_timespan", "ts", "s", "1", "", call_format_timespan},
    FunctionRow{"getyear", "d", "i", "", "toInt32(toYear(kql_dt($1)))"},
    FunctionRow{"getmonth|monthofyear", "d", "i", "", "toInt32(toMonth(kql_dt($1)))"},
    FunctionRow{"dayofmonth", "d", "i", "", "toInt32(toDayOfMonth(kql_dt($1)))"},
    FunctionRow{"dayofyear", "d", "i", "", "toInt32(toDayOfYear(kql_dt($1)))"},
    FunctionRow{"week_of_year|weekofyear", "d", "i", "", "toInt32(toISOWeek(kql_dt($1)))"},
    FunctionRow{"hourofday", "d", "i", "",
                "toInt32(intDiv(positiveModulo($1, 864000000000), 36000000000))"},
    FunctionRow{"dayofweek", "d", "t", "", "(toInt64(toDayOfWeek(kql_dt($1)) % 7) * 864000000000)"},
    FunctionRow{"startofday", "dl?", "d", "1", "",
                [](Call& call) { return period(call, "kql_day($1)", kAfterDays); }},
    FunctionRow{"startofweek", "dl?", "d", "", "",
                [](Call& call) { return period(call, "greatest(kql_week($1), 0)", kWeeks); }},
    FunctionRow{"startofmonth", "dl?", "d", "", "",
                [](Call& call) { return period(call, "kql_month($1)", kMonths); }},
    FunctionRow{"startofyear", "dl?", "d", "", "",
                [](Call& call) { return period(call, "kql_year($1)", kYears); }},
    FunctionRow{
        "endofday", "dl?", "d", "", "",
        [](Call& call) { return period(call, "(kql_day($1) + 863999999999)", kAfterDays); }},
    FunctionRow{"endofweek", "dl?", "d", "", "",
                [](Call& call) {
                  return period(call, "least(kql_week($1) + 6047999999999, 3155378975999999999)",
                                kWeeks);
                }},
    FunctionRow{"endofmonth", "dl?", "d", "", "",
                [](Call& call) { return period(call, "kql_end_month($1)", kMonths); }},
    FunctionRow{"endofyear", "dl?", "d", "", "",
                [](Call& call) { return period(call, "kql_end_year($1)", kYears); }},
    FunctionRow{"unixtime_seconds_todatetime", "n", "d", "", "",
                [](Call& call) { return of_unix_time(call, 1e7); }},
    FunctionRow{"unixtime_milliseconds_todatetime", "n", "d", "", "",
                [](Call& call) { return of_unix_time(call, 1e4); }},
    FunctionRow{"unixtime_microseconds_todatetime", "n", "d", "", "",
                [](Call& call) { return of_unix_time(call, 10); }},
    FunctionRow{"unixtime_nanoseconds_todatetime", "l", "d", "",
                "kql_dt_ok(intDiv($1, 100) + 621355968000000000)"},
    FunctionRow{"datetime_local_to_utc", "ds", "d", "", "",
                [](Call& call) { return moved_zone(call, true); }},
    FunctionRow{"datetime_utc_to_local", "ds", "d", "", "",
                [](Call& call) { return moved_zone(call, false); }},
};

}  // namespace

std::span<const FunctionRow> time_functions() { return kTimeFunctions; }

}  // namespace lw::kql
