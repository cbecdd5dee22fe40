// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kql/constant.h"
#include "kql/type.h"

namespace lw::kql {

/// What every row must meet that the query can use: found in `where` operators that stand before
/// anything that would make it wrong to filter earlier.
struct Restriction {
  enum class Kind { OneOf, AtLeast, AtMost } kind = Kind::OneOf;
  std::string column;            ///< KQL name.
  std::vector<Constant> values;  ///< One for bounds, which are inclusive.
};

/// A value of a row from which columns follow: the id of a test, from which its names follow. What
/// follows from a key is computed once for each value of it where that gives the same rows, and not
/// for each row (kql/derive.h).
struct TableKey {
  std::string sql;     ///< Of the row, as columns have it: "r.test_id".
  std::string looked;  ///< The same where the key is looked up: "f.test_id"; empty: it need not be.
  std::string at_rows;  ///< The same for Table::source's conditions: "test_id".
  /// What stands behind FROM, so that these pieces of SQL find what they read of the key:
  /// " LEFT ANY JOIN (…) AS f ON f.test_id = c5". Empty if they read nothing of it.
  std::function<std::string(std::string_view key, std::span<const std::string> sql)> join;
  /// A condition for `key` that is true if and only if the predicate is, which reads what `join`
  /// would join. Empty: it cannot be said. `needs_values`: it is false of a key of which nothing is
  /// known.
  std::function<std::string(std::string_view key, std::string_view predicate, bool needs_values)>
      condition;
};

/// A column as KQL sees it, and the SQL that gives it in the form of docs/kql.md: a datetime as
/// Int64 ticks, a bool as UInt8, a dynamic as JSON text. Strings must not be Nullable.
struct TableColumn {
  std::string name;
  Type type = Type::String;
  std::string sql;
  bool is_nullable = false;
  int key = -1;  ///< Set if the column follows from that one of Table::keys alone.
  /// If it does, what each number of the key is called: names are compared as numbers.
  std::vector<std::pair<std::int64_t, std::string>> names = {};
  /// The source gives no row beyond the least and the most that restrictions ask of this column.
  bool is_bounded = false;
};

/// One use of a table in a query: which rows it can need, and whether it reads a column at all.
struct TableUse {
  std::span<const Restriction> restrictions;
  std::function<bool(std::string_view column)> reads;
  std::span<const std::string> conditions =
      {};  ///< What rows must meet, in the names of the source.
};

/// A table that queries can name. All SQL in here is trusted text of the program.
struct Table {
  std::string name;
  std::vector<TableColumn> columns;
  std::vector<TableKey> keys = {};
  /// What stands behind FROM, with a WHERE if need be: "linewatch.rounds WHERE workspace = 3".
  /// Called once for each use of the table, with what that use is known to need, so that the
  /// restriction to a workspace, to a time range and to a sort key can be written at the source,
  /// and what only unread columns need can be left out. It may read more rows than the restrictions
  /// ask for: the query filters again.
  std::function<std::string(const TableUse&)> source;
};

/// The tables of a query's workspace, and the way to other workspaces. Must outlive a translation.
struct Catalog {
  std::vector<Table> tables;
  /// Tables that there are, but not for who asks: the name, and a sentence that says for whom.
  std::vector<std::pair<std::string, std::string>> withheld = {};
  /// The catalog of `workspace("name")`, or null if there is none or it may not be read. Empty:
  /// there are no others.
  std::function<const Catalog*(std::string_view name)> workspace;

  [[nodiscard]] const Table* find(std::string_view name) const {
    for (const Table& table : tables) {
      if (table.name == name) return &table;
    }
    return nullptr;
  }
  /// Why there is no such table for who asks; empty if there is none for anybody.
  [[nodiscard]] std::string_view refusal_of(std::string_view name) const {
    for (const auto& [table, why] : withheld) {
      if (table == name) return why;
    }
    return {};
  }
};

}  // namespace lw::kql
