// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace lw::store::host {

/// What can be told of a request's text without parsing SQL: ClickHouse's HTTP interface takes an
/// INSERT's data behind its FORMAT clause, but the engine wants statement, format and data apart.
struct SqlText {
  bool is_insert = false;      ///< The first word is INSERT.
  bool has_data = false;       ///< An INSERT whose data stands behind FORMAT or VALUES.
  std::string_view statement;  ///< Without FORMAT clause and data if has_data; else everything.
  std::string format;          ///< As written after FORMAT; "Values" for VALUES; else empty.
  std::string_view data;       ///< What stands behind, if has_data.
};

/// Quotes, comments and parentheses are honoured. Views point into `text`.
SqlText read_sql_text(std::string_view text);

}  // namespace lw::store::host
