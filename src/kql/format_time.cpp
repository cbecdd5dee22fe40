// SPDX-License-Identifier: Apache-2.0
#include "kql/format_time.h"

#include <vector>

#include "kql/sql_text.h"

namespace lw::kql {
namespace {

constexpr std::string_view kDelimiters = "/-:,._[] \t";

std::string padded(const std::string& number, std::size_t width) {
  const std::string text = "toString(" + number + ")";
  return width < 2 ? text : "leftPad(" + text + ", " + std::to_string(width) + ", '0')";
}

/// `digits` of the second's seven decimals; without zeros at the end if `is_trimmed`.
std::string fraction(std::size_t digits, bool is_trimmed) {
  const std::string all = "leftPad(toString(positiveModulo(abs($1), 10000000)), 7, '0')";
  const std::string cut = "substring(" + all + ", 1, " + std::to_string(digits) + ")";
  return is_trimmed ? "trimRight(" + cut + ", '0')" : cut;
}

constexpr std::string_view kHourSql = "intDiv(positiveModulo($1, 864000000000), 36000000000)";
constexpr std::string_view kHourOf12Sql =
    "(intDiv(positiveModulo($1, 864000000000) + 396000000000, 36000000000) % 12 + 1)";
constexpr std::string_view kMinuteSql = "intDiv(positiveModulo($1, 36000000000), 600000000)";
constexpr std::string_view kSecondSql = "intDiv(positiveModulo($1, 600000000), 10000000)";

std::string date_piece(char letter, std::size_t count) {
  switch (letter) {
    case 'd':
      return count > 2 ? "" : padded("toDayOfMonth(kql_dt($1))", count);
    case 'M':
      return count > 2 ? "" : padded("toMonth(kql_dt($1))", count);
    case 'y':
      if (count <= 2) return padded("toYear(kql_dt($1)) % 100", 2);
      return count > 4 ? "" : padded("toYear(kql_dt($1))", 4);
    case 'H':
      return count > 2 ? "" : padded(std::string(kHourSql), count);
    case 'h':
      return count > 2 ? "" : padded(std::string(kHourOf12Sql), count);
    case 'm':
      return count > 2 ? "" : padded(std::string(kMinuteSql), count);
    case 's':
      return count > 2 ? "" : padded(std::string(kSecondSql), count);
    case 'f':
    case 'F':
      return count > 7 ? "" : fraction(count, letter == 'F');
    case 't':
      return count != 2 ? "" : "if(" + std::string(kHourSql) + " < 12, 'AM', 'PM')";
    default:
      return "";
  }
}

std::string span_piece(char letter, std::size_t count) {
  switch (letter) {
    case 'd':
      return count > 8 ? "" : padded("intDiv(abs($1), 864000000000)", count);
    case 'H':
    case 'h':
      return count > 2 ? "" : padded("intDiv(abs($1), 36000000000) % 24", count);
    case 'm':
      return count > 2 ? "" : padded("intDiv(abs($1), 600000000) % 60", count);
    case 's':
      return count > 2 ? "" : padded("intDiv(abs($1), 10000000) % 60", count);
    case 'f':
    case 'F':
      return count > 7 ? "" : fraction(count, letter == 'F');
    default:
      return "";
  }
}

template <class Piece>
std::optional<std::string> sql_of_format(std::string_view format, std::vector<std::string> parts,
                                         Piece piece_of) {
  for (std::size_t at = 0; at < format.size();) {
    const char letter = format[at];
    if (kDelimiters.find(letter) != std::string_view::npos) {
      parts.push_back(quote_string(std::string(1, letter)));
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < format.size() && format[end] == letter) ++end;
    std::string piece = piece_of(letter, end - at);
    if (piece.empty()) return std::nullopt;
    parts.push_back(std::move(piece));
    at = end;
  }
  parts.emplace_back("''");
  return "concat(" + sql_list(parts) + ", '')";
}

}  // namespace

std::optional<std::string> sql_format_datetime(std::string_view format) {
  return sql_of_format(format, {}, date_piece);
}

std::optional<std::string> sql_format_timespan(std::string_view format) {
  return sql_of_format(format, {"if($1 < 0, '-', '')"}, span_piece);
}

}  // namespace lw::kql
