// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/sql/approval.h"
#include "server/sql/refusal.h"

namespace lw::server::sql {

/// What of a table a statement can read.
struct Reads {
  bool all = false;             ///< It has an asterisk.
  std::set<std::string> names;  ///< Every name in it, of columns or not.

  [[nodiscard]] bool has(std::string_view column) const {
    return all || names.contains(std::string(column));
  }
};

/// What a caller may name.
struct Surface {
  std::string database;             ///< The workspace, as its tables' database.
  std::vector<std::string> tables;  ///< Of it.
  /// Databases that the engine has. Nothing may be named as being in one of them.
  std::vector<std::string> engine_databases;
  /// Functions that the engine has, in lower case: of these only the listed ones (vocabulary.h) may
  /// be named.
  Names engine_functions;
  /// A SELECT that gives the table's rows, with at least the columns that are read.
  std::function<std::string(const std::string& table, const Reads& reads)> rows;
  /// The same of `tables`, `columns` and `databases` of the database `system`, where it tells
  /// nothing but what is here.
  std::function<std::string(const std::string& table)> system_rows;
};

struct Prepared {
  std::string sql;        ///< Without FORMAT clause.
  std::string format;     ///< As asked for in the statement; empty: not at all.
  bool is_select = true;  ///< Else the engine gives no answer in pieces.
};

/// Turns one reading statement of a caller into one for the engine, or refuses it. Every name of a
/// table becomes a common table expression with the rows that the caller may see; functions,
/// keywords, formats and databases that are not known to be harmless are refused. Pure.
Outcome<Prepared> prepare(std::string_view text, const Surface& surface);

}  // namespace lw::server::sql
