// SPDX-License-Identifier: Apache-2.0
#include "kql/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "kql/derive.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// Columns that are wanted, and what is wanted of those that are tuples (0: all).
struct Ids : std::set<int> {
  using std::set<int>::set;
  std::map<int, std::set<int>> members;

  [[nodiscard]] bool wants(int id, int member) const {
    const auto of = members.find(id);
    return of == members.end() || of->second.contains(0) || of->second.contains(member);
  }
};

void note(Ids& ids, const std::string& sql) {
  for (const auto& [id, member] : members_in(sql)) {
    ids.insert(id);
    ids.members[id].insert(member);
  }
}

/// An item's SQL with those members that are wanted of it.
std::string sql_of_item(const PlanItem& item, const Ids& wanted) {
  if (item.members.empty()) return item.sql;
  std::string members;
  for (std::size_t i = 0; i < item.members.size(); ++i) {
    const bool is_wanted = wanted.wants(item.id, static_cast<int>(i) + 1);
    members += (i == 0 ? "" : ", ") + (is_wanted ? item.members[i] : "0");
  }
  const std::size_t place = item.sql.find('@');
  return item.sql.substr(0, place) + members + item.sql.substr(place + 1);
}

bool has_item(const std::vector<PlanItem>& items, int id) {
  return std::any_of(items.begin(), items.end(),
                     [&](const PlanItem& item) { return item.id == id; });
}

/// ` LEFT ANY JOIN …`: what the wanted items read of the key that they follow from.
std::string sql_of_lookup(const Plan& plan, const Ids& wanted) {
  if (plan.lookup == nullptr || !plan.lookup->join) return {};
  std::vector<std::string> texts;
  for (const PlanItem& item : plan.items) {
    if (wanted.contains(item.id)) texts.push_back(sql_of_item(item, wanted));
  }
  return plan.lookup->join(sql_column(plan.lookup_key), texts);
}

/// The members that are wanted of `id` are those of the tuple `of` below.
void pass_members(Ids& below, const Ids& wanted, int id, int of) {
  below.insert(of);
  const auto members = wanted.members.find(id);
  if (members == wanted.members.end()) {
    below.members[of].insert(0);
  } else {
    below.members[of].insert(members->second.begin(), members->second.end());
  }
}

/// What a plan needs of what it reads, so that it can give `wanted`.
Ids needed_below(const Plan& plan, const Ids& wanted) {
  Ids below;
  for (const PlanItem& item : plan.items) {
    if (!wanted.contains(item.id)) continue;
    if (item.same_members > 0) {
      pass_members(below, wanted, item.id, item.same_members);
    } else {
      note(below, sql_of_item(item, wanted));
    }
  }
  if (!plan.is_closed) {
    for (const int id : wanted) {
      // Wanted by itself, or as it was noted above.
      if (!has_item(plan.items, id)) pass_members(below, wanted, id, id);
    }
  }
  note(below, sql_of_lookup(plan, wanted));
  for (const PlanPredicate& predicate : plan.where) note(below, predicate.sql);
  note(below, plan.array_join);
  note(below, plan.join_on);
  for (const int id : plan.group_by) note(below, sql_column(id));
  for (const PlanOrder& key : plan.order) {
    if (!has_item(plan.items, key.id)) note(below, sql_column(key.id));
  }
  for (const int id : plan.limit_by) {
    if (!has_item(plan.items, id)) note(below, sql_column(id));
  }
  return below;
}

std::string sql_of_wanted(const Plan& plan, const std::vector<int>& wanted, const Ids& all);

std::string sql_of_input(const Plan& input, const Ids& needed) {
  return "(" + sql_of_wanted(input, {needed.begin(), needed.end()}, needed) + ")";
}

/// The items of a table's plan are its columns, in order, and then its keys.
std::string sql_of_table(const Plan& plan, const Ids& wanted) {
  const Table& table = *plan.table;
  if (!table.source) return quote_identifier(table.name);
  const auto reads = [&](std::string_view name) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (table.columns[i].name == name) return wanted.contains(plan.items[i].id);
    }
    return false;
  };
  return table.source(
      {.restrictions = plan.restrictions, .reads = reads, .conditions = plan.conditions});
}

std::string sql_of_branches(const Plan& plan, const Ids& needed) {
  std::string sql;
  for (std::size_t i = 0; i < plan.branches.size(); ++i) {
    Ids below;
    for (const PlanItem& item : plan.branch_items[i]) {
      if (needed.contains(item.id)) note(below, item.sql);
    }
    std::string list;
    for (const int id : needed) {
      for (const PlanItem& item : plan.branch_items[i]) {
        if (item.id == id) list += (list.empty() ? "" : ", ") + item.sql + " AS " + sql_column(id);
      }
    }
    if (list.empty()) list = "1 AS one";
    sql += (i == 0 ? "SELECT " : " UNION ALL SELECT ") + list + " FROM " +
           sql_of_input(*plan.branches[i], below);
  }
  return "(" + sql + ")";
}

Ids only_given_by(const Plan& plan, const Ids& ids) {
  Ids given = ids;
  std::erase_if(static_cast<std::set<int>&>(given), [&](int id) { return !gives(plan, id); });
  return given;
}

std::string sql_of_source(const Plan& plan, const Ids& wanted, const Ids& needed) {
  if (plan.table != nullptr) return sql_of_table(plan, wanted);
  if (!plan.branches.empty()) return sql_of_branches(plan, needed);
  if (!plan.input) return plan.from;
  if (!plan.right) return sql_of_input(*plan.input, needed);
  return sql_of_input(*plan.input, only_given_by(*plan.input, needed)) + " AS l " + plan.join_kind +
         " " + sql_of_input(*plan.right, only_given_by(*plan.right, needed)) + " AS r" +
         (plan.join_on.empty() ? "" : " ON " + plan.join_on);
}

/// Columns that array_join makes are not looked for below.
Ids without_array_join(const Plan& plan, Ids needed) {
  if (plan.array_join.empty()) return needed;
  std::erase_if(static_cast<std::set<int>&>(needed), [&](int id) {
    return plan.array_join.find(" AS " + sql_column(id) + ",") != std::string::npos ||
           plan.array_join.ends_with(" AS " + sql_column(id));
  });
  return needed;
}

std::string sql_ids(const std::vector<int>& ids) {
  std::string sql;
  for (const int id : ids) sql += (sql.empty() ? "" : ", ") + sql_column(id);
  return sql;
}

std::string sql_select_list(const Plan& plan, const std::vector<int>& wanted, const Ids& all) {
  std::string list;
  for (const int id : wanted) {
    const auto item = std::find_if(plan.items.begin(), plan.items.end(),
                                   [&](const PlanItem& known) { return known.id == id; });
    if (!list.empty()) list += ", ";
    list += item == plan.items.end() ? sql_column(id)
                                     : sql_of_item(*item, all) + " AS " + sql_column(id);
  }
  return list.empty() ? "1 AS one" : list;
}

/// Whether a plan only gives on what it reads.
bool is_transparent(const Plan& plan) {
  return plan.input && !plan.right && plan.items.empty() && !plan.is_closed && plan.where.empty() &&
         plan.array_join.empty() && plan.order.empty() && plan.limit.empty() &&
         !plan.is_aggregate && plan.group_by.empty() && plan.lookup == nullptr;
}

std::string sql_of_wanted(const Plan& plan, const std::vector<int>& wanted, const Ids& all) {
  if (is_transparent(plan)) return sql_of_wanted(*plan.input, wanted, all);
  const Ids needed = without_array_join(plan, needed_below(plan, all));
  const std::string source = sql_of_source(plan, all, needed);
  std::string sql = "SELECT " + sql_select_list(plan, wanted, all);
  if (!source.empty()) sql += " FROM " + source;
  if (const std::string lookup = sql_of_lookup(plan, all); !lookup.empty()) sql += " AS r" + lookup;
  if (!plan.array_join.empty()) sql += " ARRAY JOIN " + plan.array_join;
  for (std::size_t i = 0; i < plan.where.size(); ++i) {
    sql += (i == 0 ? " WHERE " : " AND ") + plan.where[i].sql;
  }
  if (!plan.group_by.empty()) sql += " GROUP BY " + sql_ids(plan.group_by);
  sql += sql_order(plan.order);
  if (!plan.limit.empty()) sql += " LIMIT " + plan.limit;
  if (!plan.limit_by.empty()) sql += " BY " + sql_ids(plan.limit_by);
  return sql;
}

/// Whether row-wise work can be added to the plan itself.
bool is_open(const Plan& plan) {
  return plan.input && !plan.right && !plan.is_closed && !plan.is_pinned && plan.limit.empty() &&
         plan.order.empty() && plan.array_join.empty();
}

bool uses_own_items(const Plan& plan, const std::string& sql) {
  for (const int id : columns_in(sql)) {
    if (has_item(plan.items, id)) return true;
  }
  return false;
}

}  // namespace

/// A join's sides each give what they have.
bool gives(const Plan& plan, int id) {
  if (has_item(plan.items, id)) return true;
  for (const auto& items : plan.branch_items) {
    if (has_item(items, id)) return true;
  }
  const auto joined = columns_in(plan.array_join);
  if (std::find(joined.begin(), joined.end(), id) != joined.end()) return true;
  if (plan.is_closed) return false;
  if (plan.right && gives(*plan.right, id)) return true;
  return plan.input && gives(*plan.input, id);
}

std::string sql_order(const std::vector<PlanOrder>& order) {
  std::string sql;
  for (const PlanOrder& key : order) {
    sql += sql.empty() ? " ORDER BY " : ", ";
    sql += sql_column(key.id) + (key.is_ascending ? " ASC" : " DESC") +
           (key.nulls_first ? " NULLS FIRST" : " NULLS LAST");
  }
  return sql;
}

std::string sql_of_plan(const Plan& plan, const std::vector<int>& columns) {
  const PlanPtr late = derive_late(plan);
  return sql_of_wanted(late ? *late : plan, columns, Ids(columns.begin(), columns.end()));
}

PlanPtr with_items(PlanPtr input, std::vector<PlanItem> items) {
  bool fits = is_open(*input);
  for (const PlanItem& item : items) fits = fits && !uses_own_items(*input, item.sql);
  PlanPtr plan = input;
  if (!fits) {
    plan = std::make_shared<Plan>();
    plan->input = std::move(input);
  }
  for (PlanItem& item : items) plan->items.push_back(std::move(item));
  return plan;
}

PlanPtr with_where(PlanPtr input, const std::string& predicate, bool needs_values) {
  PlanPtr plan = input;
  if (!is_open(*input) || uses_own_items(*input, predicate)) {
    plan = std::make_shared<Plan>();
    plan->input = std::move(input);
  }
  plan->where.push_back({"(" + predicate + ")", needs_values});
  return plan;
}

}  // namespace lw::kql
