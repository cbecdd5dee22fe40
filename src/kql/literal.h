// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lw::kql {

/// Ticks of the text of a datetime literal ("2024-05-06", "2024-05-06T07:00:00.123Z",
/// "12/31/2020", "2015-12-31 23:59:59.9+02:00"), or nothing if it is none.
std::optional<std::int64_t> datetime_of(std::string_view text);

/// Ticks of the text of a timespan literal ("1.02:03:04.5", "-00:01:00", "2d", "5": days).
std::optional<std::int64_t> timespan_of(std::string_view text);

/// Ticks of one unit of a timespan literal ("ms", "hours"), or nothing.
std::optional<std::int64_t> ticks_of_unit(std::string_view unit);

/// "2024-05-06T07:00:00.0000000Z" and "1.02:03:04.5000000", as `tostring` writes them.
std::string datetime_text(std::int64_t ticks);
std::string timespan_text(std::int64_t ticks);

/// Days since 0001-01-01 of a date of the proleptic Gregorian calendar.
std::int64_t days_of_date(int year, int month, int day);

/// The shortest text that reads back as the same number; "1.0", "1e21", "nan", "inf".
std::string real_text(double value);

/// A number without trailing text; nothing if it is none or does not fit.
std::optional<std::int64_t> long_of(std::string_view text);
std::optional<double> real_of(std::string_view text);

}  // namespace lw::kql
