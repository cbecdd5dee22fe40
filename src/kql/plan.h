// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kql/catalog.h"

namespace lw::kql {

struct Plan;
using PlanPtr = std::shared_ptr<Plan>;

/// `sql AS c<id>`.
struct PlanItem {
  int id = 0;
  std::string sql;
  /// Set for a tuple of which outer plans may use some members only: `sql` then has a `@` in place
  /// of the members. What is not used becomes 0, so that the others keep their places.
  std::vector<std::string> members = {};
  bool is_coarse = false;  ///< It has few values: rows in groups by it are many to a group.
  /// Set if this is made of the tuple of that item, which has the same members.
  int same_members = 0;
};

struct PlanPredicate {
  std::string sql;
  bool needs_values = false;  ///< False of a row with a null or '' in the one column that it reads.
};

struct PlanOrder {
  int id = 0;
  bool is_ascending = true;
  bool nulls_first = true;
  bool is_number = true;  ///< A whole number in SQL; so that unions can bring orders together.
  bool operator==(const PlanOrder&) const = default;
};

/// A SELECT. What it reads is one of: a table of the catalog, `from` as it stands, another plan,
/// two plans joined, or several one after the other. Columns have numbers; a plan gives on the
/// columns of what it reads (unless `is_closed`) and its own `items`. Which of them are written
/// depends on what the outer plans use.
struct Plan {
  // What is read.
  const Table* table = nullptr;
  std::vector<Restriction> restrictions;  ///< Of the table, met by every row that matters.
  std::vector<std::string> conditions;    ///< The same as SQL, in the names of the table's source.
  std::string from;
  PlanPtr input;
  PlanPtr right;          ///< Joined to `input`.
  std::string join_kind;  ///< "INNER JOIN", "LEFT SEMI JOIN" …
  std::string join_on;
  const TableKey* lookup = nullptr;  ///< Items read what is looked up of it …
  int lookup_key = 0;                ///< … for this column.
  std::vector<PlanPtr> branches;     ///< UNION ALL; each gives `branch_items` in order.
  std::vector<std::vector<PlanItem>> branch_items;

  // What is made of it.
  std::vector<PlanItem> items;
  bool is_closed = false;  ///< Only `items` leave: aggregations, joins, sources.
  bool is_pinned = false;  ///< Nothing may be added: it counts rows or looks at neighbours.
  std::string array_join;  ///< "x AS c5, y AS c6"
  std::vector<PlanPredicate> where;  ///< All must hold.
  std::vector<int> group_by;
  bool is_aggregate = false;
  std::vector<PlanOrder> order;
  std::string limit;
  std::vector<int> limit_by;
};

/// Whether a plan has that column to give.
bool gives(const Plan& plan, int id);

/// The SQL of the plan with the given columns, in that order; every other column is left out.
std::string sql_of_plan(const Plan& plan, const std::vector<int>& columns);

/// ` ORDER BY …`, or nothing.
std::string sql_order(const std::vector<PlanOrder>& order);

/// A new plan over `input`, or `input` itself if `items` can be added there.
PlanPtr with_items(PlanPtr input, std::vector<PlanItem> items);
PlanPtr with_where(PlanPtr input, const std::string& predicate, bool needs_values = false);

}  // namespace lw::kql
