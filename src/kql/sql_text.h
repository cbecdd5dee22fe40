// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kql/constant.h"

namespace lw::kql {

/// The one place where text of a query becomes text of SQL. What these return is a complete SQL
/// literal or identifier, whatever the argument holds.
std::string quote_string(std::string_view text);
std::string quote_identifier(std::string_view name);

/// A constant with the SQL type of its KQL type: `toInt64(5)`, `'text'`, a typed NULL.
std::string sql_of(const Constant& constant);
std::string sql_long(std::int64_t value);
std::string sql_real(double value);
/// `CAST(NULL AS Nullable(Int64))`; '' for strings, which have no null.
std::string sql_null(Type type);

/// Whether `c` can be part of a word: an ASCII letter or digit, or an underscore.
bool is_word(char c);

/// Behind the quoted literal or identifier of our own SQL that begins at `at`.
std::size_t end_of_quotes(std::string_view sql, std::size_t at);

/// Where a parenthesis of our own SQL that opens at `at` closes: behind it.
std::size_t end_of_parenthesis(std::string_view sql, std::size_t at);
/// Behind the literal or the subquery that begins at `at`, whose text names no columns of the SQL
/// around it; `at` itself if none does.
std::size_t end_of_part(std::string_view sql, std::size_t at);

/// A column's name inside the SQL: c12. Columns have numbers, so that names cannot clash.
std::string sql_column(int id);
/// The numbers of all columns that a piece of our own SQL names, in ascending order.
std::vector<int> columns_in(std::string_view sql);

/// The columns that a piece of our own SQL names, each with the member that is taken of it
/// (`c12.3`), or 0 for the column itself.
std::vector<std::pair<int, int>> members_in(std::string_view sql);

/// `sql` with other text in place of some columns.
std::string replace_columns(std::string_view sql, const std::map<int, std::string>& texts);

/// "a, b, c"
std::string sql_list(std::span<const std::string> parts, std::string_view separator = ", ");

/// For regular expressions (RE2 as the engine has it): the text itself, as a pattern.
std::string regex_quote(std::string_view text);

}  // namespace lw::kql
