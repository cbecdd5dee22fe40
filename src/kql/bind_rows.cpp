// SPDX-License-Identifier: Apache-2.0
// Operators that choose and order rows.
#include <algorithm>
#include <span>

#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/sql_text.h"

namespace lw::kql {

void Binder::apply_where(const WhereOp& op, Relation& relation, const Scope& scope) {
  Rows rows{.relation = &relation, .scope = &scope};
  filter(relation, bind_predicate(*op.predicate, rows, true));
}

namespace {

/// Whether the predicate is false of every row in which its column is null or ''.
bool needs_values(const Scalar& predicate) {
  if (predicate.conditions.size() != 1) return false;
  const auto& [column, kind, values, is_exact] = predicate.conditions[0];
  return kind == Restriction::Kind::OneOf && std::ranges::all_of(values, [](const Constant& value) {
           return !value.is_null() && (value.text() == nullptr || !value.text()->empty());
         });
}

}  // namespace

/// Keeps the rows for which the predicate is true; tells the table, if it still may.
void Binder::filter(Relation& relation, const Scalar& predicate) {
  if (predicate.is_error()) return;
  if (relation.scan != nullptr) {
    for (const ColumnCondition& condition : predicate.conditions) {
      const auto& items = relation.scan->items;
      const auto item = std::ranges::find(items, condition.column, &PlanItem::id);
      if (item == items.end()) continue;
      const auto index = static_cast<std::size_t>(item - items.begin());
      relation.scan->restrictions.push_back({.kind = condition.kind,
                                             .column = relation.scan->table->columns[index].name,
                                             .values = condition.values});
    }
  }
  const std::span<const Scalar> parts =
      predicate.parts.empty() ? std::span(&predicate, 1) : std::span(predicate.parts);
  for (const Scalar& part : parts) {
    if (is_bounded_by_source(relation, part)) continue;
    relation.plan = with_where(std::move(relation.plan), part.sql, needs_values(part));
  }
}

/// Whether the table itself gives no other rows than those that meet the predicate, since it was
/// told.
bool Binder::is_bounded_by_source(const Relation& relation, const Scalar& predicate) const {
  if (relation.scan == nullptr || predicate.conditions.size() != 1) return false;
  const ColumnCondition& condition = predicate.conditions[0];
  if (!condition.is_exact) return false;
  const Plan& scan = *relation.scan;
  const auto item = std::ranges::find(scan.items, condition.column, &PlanItem::id);
  const auto index = static_cast<std::size_t>(item - scan.items.begin());
  return index < scan.table->columns.size() && scan.table->columns[index].is_bounded;
}

std::string Binder::order_by(const Relation& relation) const { return sql_order(relation.order); }

/// Gives the rows an order to hold on to, if they have none.
void Binder::serialize(Relation& relation) {
  relation.is_serialized = true;
  if (!relation.order.empty() || relation.is_error) return;
  const int id = new_id();
  add_stage(relation, {{id, "rowNumberInAllBlocks()"}}, true);
  relation.order = {{.id = id}};
}

std::string Binder::row_count(const Expr& expr, const Scope& scope, std::string_view what) {
  Rows none{.scope = &scope};
  const Scalar count = bind(expr, none);
  if (count.is_error()) return "0";
  if (count.constant && count.constant->integer() != nullptr) {
    const std::int64_t number = *count.constant->integer();
    if (number < 0) fault(expr.span, std::string(what) + " must not be negative.");
    return std::to_string(number);
  }
  const auto number = coerce(count, Type::Long);
  if (!number) {
    fault(expr.span, std::string(what) + " must be a whole number.");
    return "0";
  }
  return "toUInt64(greatest(0, ifNull(" + number->sql + ", 0)))";
}

void Binder::apply_take(Relation& relation, const std::string& count) {
  if (relation.is_error) return;
  auto plan = std::make_shared<Plan>();
  plan->input = std::move(relation.plan);
  // Without an order behind it any rows will do, and the engine can stop early.
  if (!relation.comes_ordered) plan->order = relation.order;
  plan->limit = count;
  plan->limit_by = relation.partition;
  plan->is_pinned = true;
  relation.plan = std::move(plan);
  relation.scan = nullptr;
  relation.comes_ordered = false;
}

void Binder::apply_sort(const SortOp& op, Relation& relation, const Scope& scope, Span span) {
  Rows rows{.relation = &relation, .scope = &scope};
  std::vector<PlanOrder> order;
  std::vector<PlanItem> items;
  for (const SortKey& key : op.keys) {
    const Scalar value = bind(*key.value, rows);
    if (value.is_error()) continue;
    if (value.type == Type::Dynamic) {
      fault(key.value->span, "Rows cannot be sorted by a dynamic value; convert it first.");
      continue;
    }
    int id = value.column;
    if (id < 0) {
      id = new_id();
      items.push_back({id, value.sql});
    }
    order.push_back({.id = id,
                     .is_ascending = key.is_ascending,
                     .nulls_first = key.nulls_first.value_or(key.is_ascending),
                     .is_number = is_integer(value.type) || value.type == Type::DateTime ||
                                  value.type == Type::TimeSpan});
  }
  if (relation.is_error) return;
  if (!items.empty()) add_stage(relation, std::move(items), false);
  relation.comes_ordered = false;
  // Rows that are equal keep their order.
  order.insert(order.end(), relation.order.begin(), relation.order.end());
  relation.order = std::move(order);
  relation.is_serialized = true;
  if (op.top != nullptr) apply_take(relation, row_count(*op.top, scope, "The number of rows"));
  (void)span;
}

void Binder::apply_count(const CountOp& op, Relation& relation) {
  if (relation.is_error) return;
  const int id = new_id();
  auto plan = std::make_shared<Plan>();
  plan->input = std::move(relation.plan);
  plan->is_closed = true;
  plan->is_aggregate = true;
  plan->items.push_back({id, "toInt64(count())"});
  plan->group_by = relation.partition;
  for (const int key : relation.partition) plan->items.push_back({key, sql_column(key)});
  for (const int other : relation.carried) {
    plan->group_by.push_back(other);
    plan->items.push_back({other, sql_column(other)});
  }
  relation.plan = std::move(plan);
  relation.columns = {{id, op.name, Type::Long, false}};
  relation.order.clear();
  relation.is_serialized = false;
  relation.scan = nullptr;
  relation.comes_ordered = false;
}

void Binder::apply_distinct(const DistinctOp& op, Relation& relation, const Scope& scope) {
  Group keys;
  if (op.is_all) {
    for (const Column& column : relation.columns) {
      Scalar value = make_scalar(column.type, sql_column(column.id), column.is_nullable);
      value.column = column.id;
      keys.keys.push_back({value, column.name, true});
    }
  } else {
    keys.keys = bind_keys(op.items, relation, scope);
  }
  group(relation, std::move(keys), {});
}

}  // namespace lw::kql
