// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lw::kql {

/// The scalar types of KQL. `Error` is the type of an expression that was found wrong: whatever is
/// built on it is not complained about again.
enum class Type {
  Bool,
  Int,
  Long,
  Real,
  Decimal,
  String,
  DateTime,
  TimeSpan,
  Guid,
  Dynamic,
  Error,
};

/// "long", "datetime" …, as in a result's column list.
std::string_view name_of(Type type);
/// The type of that name, aliases (`int64`, `double`, `date`, `time`, `uniqueid` …) included.
std::optional<Type> type_named(std::string_view name);
/// "System.Int64" …, as `getschema` says it.
std::string_view dotnet_name_of(Type type);
/// What a value of the type is in SQL ("Int64"); docs/kql.md has the table.
std::string_view sql_type_of(Type type);

inline bool is_integer(Type type) { return type == Type::Int || type == Type::Long; }
inline bool is_numeric(Type type) {
  return is_integer(type) || type == Type::Real || type == Type::Decimal;
}
inline bool is_time(Type type) { return type == Type::DateTime || type == Type::TimeSpan; }
/// Whether values of the two may be compared, or be branches of one `iff`, without a cast.
bool is_compatible(Type a, Type b);
/// The wider of two numeric types; the type of both if they are the same; Dynamic if they have
/// nothing in common.
Type common_type(Type a, Type b);

/// A datetime is ticks of 100 ns since 0001-01-01, a timespan is such ticks.
inline constexpr std::int64_t kTicksPerMicrosecond = 10;
inline constexpr std::int64_t kTicksPerSecond = 10'000'000;
inline constexpr std::int64_t kTicksPerDay = 86'400 * kTicksPerSecond;
inline constexpr std::int64_t kTicksMax = 3'155'378'975'999'999'999;  ///< End of the year 9999.
inline constexpr std::int64_t kTicksUnixEpoch = 621'355'968'000'000'000;

}  // namespace lw::kql
