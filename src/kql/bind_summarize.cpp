// SPDX-License-Identifier: Apache-2.0
// summarize, and grouping for distinct: keys in a stage of their own, then GROUP BY, then what is
// computed of aggregates.
#include <algorithm>

#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/names.h"
#include "kql/sql_text.h"

namespace lw::kql {

/// Key expressions as columns of the relation's plan.
std::vector<Output> Binder::bind_keys(const std::vector<NamedExpr>& by, Relation& relation,
                                      const Scope& scope) {
  Rows rows{.relation = &relation, .scope = &scope};
  std::vector<Output> keys;
  std::vector<PlanItem> items;
  for (const NamedExpr& item : by) {
    for (Output& key : bind_item(item, rows)) {
      if (key.value.type == Type::Dynamic) {
        fault(item.span, "Rows cannot be grouped by a dynamic value; convert it first.");
        key.value = {};
      }
      if (key.value.column < 0) {
        const int id = new_id();
        items.push_back({id, key.value.sql});
        items.back().is_coarse = key.value.is_coarse || key.value.type == Type::Bool;
        key.value.column = id;
        key.value.sql = sql_column(id);
      }
      keys.push_back(std::move(key));
    }
  }
  if (!items.empty() && !relation.is_error) add_stage(relation, std::move(items), false);
  return keys;
}

void Binder::group(Relation& relation, Group group, Aggregation aggregation) {
  bool is_wrong = relation.is_error;
  for (const Output& key : group.keys) is_wrong = is_wrong || key.value.is_error();
  auto plan = std::make_shared<Plan>();
  plan->is_closed = true;
  plan->is_aggregate = true;
  const auto add_key = [&](int id) {
    if (std::ranges::find(plan->group_by, id) != plan->group_by.end()) return;
    plan->group_by.push_back(id);
    plan->items.push_back({id, sql_column(id)});
  };
  for (const Output& key : group.keys) add_key(key.value.column);
  for (const int id : relation.partition) add_key(id);
  for (const int id : relation.carried) add_key(id);
  for (PlanItem& item : aggregation.items) plan->items.push_back(std::move(item));
  // Groups come in the order in which they were first seen, as far as that is known.
  std::vector<PlanOrder> order;
  if (relation.order.size() == 1 && relation.order[0].is_ascending && !group.keys.empty()) {
    const int id = new_id();
    plan->items.push_back({id, "min(" + sql_column(relation.order[0].id) + ")"});
    order.push_back({.id = id, .is_number = relation.order[0].is_number});
  }
  plan->input = std::move(relation.plan);
  relation.plan = std::move(plan);
  relation.order = std::move(order);
  relation.is_serialized = false;
  relation.scan = nullptr;
  relation.comes_ordered = false;
  std::vector<Output> outputs = std::move(group.keys);
  for (Output& value : group.values) outputs.push_back(std::move(value));
  relation.columns.clear();
  set_columns(relation, std::move(outputs), false);
  relation.is_error = relation.is_error || is_wrong;
}

void Binder::apply_summarize(const SummarizeOp& op, Relation& relation, const Scope& scope) {
  Group parts;
  parts.keys = bind_keys(op.by, relation, scope);
  Aggregation aggregation;
  aggregation.is_grouped = !op.by.empty();
  // A key that is no plain column leaves the column it is made of to `*`.
  for (const Output& key : parts.keys) {
    const auto column = std::ranges::find(relation.columns, key.value.column, &Column::id);
    if (column != relation.columns.end()) aggregation.keys.push_back(column->name);
  }
  Rows rows{.relation = &relation, .aggregation = &aggregation, .scope = &scope};
  const std::vector<Column> before = relation.columns;
  for (const NamedExpr& item : op.aggregates) {
    for (Output& output : bind_item(item, rows)) {
      bool uses_row = false;
      for (const int id : columns_in(output.value.sql)) {
        const bool is_row = std::ranges::find(before, id, &Column::id) != before.end();
        const bool is_key = std::ranges::any_of(
            parts.keys, [&](const Output& key) { return key.value.column == id; });
        uses_row = uses_row || (is_row && !is_key);
      }
      if (uses_row) {
        fault(item.span, "An aggregate is expected here: a column by itself has many values.");
      }
      parts.values.push_back(std::move(output));
    }
  }
  group(relation, std::move(parts), std::move(aggregation));
}

}  // namespace lw::kql
