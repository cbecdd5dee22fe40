// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
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

/// A column as KQL sees it, and the SQL that gives it in the form of docs/kql.md: a datetime as
/// Int64 ticks, a bool as UInt8, a dynamic as JSON text. Strings must not be Nullable.
struct TableColumn {
  std::string name;
  Type type = Type::String;
  std::string sql;
  bool is_nullable = false;
};

/// One use of a table in a query: which rows it can need, and whether it reads a column at all.
struct TableUse {
  std::span<const Restriction> restrictions;
  std::function<bool(std::string_view column)> reads;
};

/// A table that queries can name. All SQL in here is trusted text of the program.
struct Table {
  std::string name;
  std::vector<TableColumn> columns;
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
  /// The catalog of `workspace("name")`, or null if there is none or it may not be read. Empty:
  /// there are no others.
  std::function<const Catalog*(std::string_view name)> workspace;

  [[nodiscard]] const Table* find(std::string_view name) const {
    for (const Table& table : tables) {
      if (table.name == name) return &table;
    }
    return nullptr;
  }
};

}  // namespace lw::kql
