// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kql/catalog.h"
#include "kql/constant.h"
#include "kql/plan.h"
#include "kql/type.h"

namespace lw::kql {

/// A condition on a column, met by every row for which a predicate is true.
struct ColumnCondition {
  int column = 0;
  Restriction::Kind kind = Restriction::Kind::OneOf;
  std::vector<Constant> values;
  bool is_exact = false;  ///< For times: the comparison says no more than this.
};

/// A bound scalar expression: its type and the SQL that computes it. Strings are never NULL.
struct Scalar {
  Type type = Type::Error;
  std::string sql = "NULL";
  bool is_nullable = true;
  std::optional<Constant> constant;  ///< Set where the value is known.
  std::string name;                  ///< The name of an output column, by Kusto's rules; or empty.
  int column = -1;                   ///< The column that it is, if it is one.
  std::vector<ColumnCondition> conditions;
  std::vector<Scalar> parts = {};  ///< Of a conjunction: each must hold.
  /// Of a column whose values are the names of a key's numbers: that key, and where they stand.
  int key = 0;
  const TableColumn* named = nullptr;
  bool is_coarse = false;  ///< As of PlanItem.

  [[nodiscard]] bool is_error() const { return type == Type::Error; }
};

/// A column of a relation.
struct Column {
  int id = 0;
  std::string name;
  Type type = Type::Error;
  bool is_nullable = true;
  int key = 0;                         ///< As of Scalar.
  const TableColumn* named = nullptr;  ///< As of Scalar.
};

/// A bound tabular expression.
struct Relation {
  PlanPtr plan;
  std::vector<Column> columns;
  /// The order of the rows, as far as there is one. SQL keeps none: it is written where it matters.
  std::vector<PlanOrder> order;
  bool comes_ordered = false;  ///< The rows come in that order by themselves (range).
  bool is_serialized = false;  ///< Window functions may be used.
  /// Operators work within rows that agree in these (mv-apply, partition); they stay in the plan.
  std::vector<int> partition;
  /// Further columns that stay in the plan, whatever operators do; they depend on `partition`.
  std::vector<int> carried;
  PlanPtr scan;           ///< The table read, as long as rows can be filtered there instead.
  std::string label;      ///< What `union withsource=` calls it.
  bool is_error = false;  ///< Something was wrong; unknown columns are no further fault.

  [[nodiscard]] const Column* find(std::string_view name) const {
    for (const Column& column : columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }
};

}  // namespace lw::kql
