// SPDX-License-Identifier: Apache-2.0
// top-nested, top-hitters, partition, sample, invoke.
#include <algorithm>

#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/sql_text.h"

namespace lw::kql {

/// What one level of top-nested needs, over columns of the source.
struct Binder::NestedLevelPlan {
  Column key;
  std::vector<PlanItem> aggregates;
  Scalar value;
  std::string name;
  bool is_named = false;
  bool is_ascending = false;
  std::string count;
};

namespace {

/// A plan whose text is written already, so that it can be read several times.
PlanPtr frozen(const Plan& plan, const std::vector<int>& ids) {
  auto text = std::make_shared<Plan>();
  text->from = "(" + sql_of_plan(plan, ids) + ")";
  text->is_closed = true;
  for (const int id : ids) text->items.push_back({id, sql_column(id)});
  return text;
}

PlanPtr over(PlanPtr input) {
  auto plan = std::make_shared<Plan>();
  plan->input = std::move(input);
  return plan;
}

}  // namespace

void Binder::apply_top_nested(const TopNestedOp& op, Relation& relation, const Scope& scope,
                              Span span) {
  if (!relation.partition.empty()) {
    unsupported(span, "'top-nested' inside mv-apply or partition");
    return void(relation.is_error = true);
  }
  std::vector<NestedLevelPlan> levels;
  for (const NestedLevel& level : op.levels) {
    if (level.others != nullptr) {
      unsupported(level.others->span, "'with others' of top-nested");
      return void(relation.is_error = true);
    }
    std::vector<NamedExpr> by(1);
    NestedLevelPlan plan;
    Rows rows{.relation = &relation, .scope = &scope};
    Output key = std::move(bind_item(level.of, rows)[0]);
    if (key.value.is_error() || relation.is_error) return void(relation.is_error = true);
    if (key.value.column < 0) {
      key.value.column = new_id();
      add_stage(relation, {{key.value.column, key.value.sql}}, false);
    }
    plan.key = {key.value.column, key.name, key.value.type, key.value.is_nullable};
    Aggregation aggregation;
    aggregation.is_grouped = true;
    rows.aggregation = &aggregation;
    Output value = std::move(bind_item(level.by, rows)[0]);
    if (value.value.is_error()) return void(relation.is_error = true);
    plan.aggregates = std::move(aggregation.items);
    plan.value = value.value;
    plan.is_named = value.is_named;
    plan.name = value.is_named ? value.name : "aggregated_" + plan.key.name;
    plan.is_ascending = level.is_ascending;
    if (level.count != nullptr) plan.count = row_count(*level.count, scope, "The number of groups");
    levels.push_back(std::move(plan));
  }
  std::vector<int> ids;
  for (const NestedLevelPlan& level : levels) {
    ids.push_back(level.key.id);
    for (const PlanItem& item : level.aggregates) {
      const auto used = columns_in(item.sql);
      ids.insert(ids.end(), used.begin(), used.end());
    }
  }
  for (const PlanOrder& key : relation.order) ids.push_back(key.id);
  std::ranges::sort(ids);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  const PlanPtr source = frozen(*relation.plan, ids);
  nest_levels(relation, *source, ids, levels);
}

/// Level by level: the source cut to the groups found so far, grouped once more.
void Binder::nest_levels(Relation& relation, const Plan& source, const std::vector<int>& ids,
                         const std::vector<NestedLevelPlan>& levels) {
  const bool has_order = relation.order.size() == 1 && relation.order[0].is_ascending;
  std::vector<int> values;  // The aggregates of the levels so far.
  std::vector<int> kept;    // Keys and aggregates so far.
  PlanPtr found;
  int rank = 0;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const NestedLevelPlan& level = levels[i];
    PlanPtr input = std::make_shared<Plan>(source);
    if (found != nullptr) {
      auto joined = std::make_shared<Plan>();
      joined->is_closed = true;
      joined->join_kind = "INNER JOIN";
      auto right = std::make_shared<Plan>();
      right->is_closed = true;
      right->input = found;
      for (std::size_t k = 0; k < i; ++k) {
        const int id = new_id();
        right->items.push_back({id, sql_column(levels[k].key.id)});
        joined->join_on +=
            (k == 0 ? "l." : " AND l.") + sql_column(levels[k].key.id) + " <=> r." + sql_column(id);
      }
      for (const int value : values) right->items.push_back({value, sql_column(value)});
      joined->input = input;
      joined->right = right;
      for (const int id : ids) joined->items.push_back({id, "l." + sql_column(id)});
      for (const int value : values) joined->items.push_back({value, "r." + sql_column(value)});
      input = joined;
    }
    auto grouped = std::make_shared<Plan>();
    grouped->is_closed = true;
    grouped->is_aggregate = true;
    grouped->input = input;
    std::vector<int> carried;
    for (std::size_t k = 0; k <= i; ++k) {
      grouped->group_by.push_back(levels[k].key.id);
      grouped->items.push_back({levels[k].key.id, sql_column(levels[k].key.id)});
    }
    for (const int value : values) {
      grouped->group_by.push_back(value);
      grouped->items.push_back({value, sql_column(value)});
    }
    for (const PlanItem& item : level.aggregates) grouped->items.push_back(item);
    const int first = new_id();
    if (has_order)
      grouped->items.push_back({first, "min(" + sql_column(relation.order[0].id) + ")"});
    const int value = new_id();
    PlanPtr valued = over(grouped);
    valued->items.push_back({value, level.value.sql});
    PlanPtr ranked = over(valued);
    rank = new_id();
    std::string by;
    for (std::size_t k = 0; k < i; ++k)
      by += (k == 0 ? "PARTITION BY " : ", ") + sql_column(levels[k].key.id);
    std::vector<PlanOrder> order = {
        {.id = value, .is_ascending = level.is_ascending, .nulls_first = level.is_ascending}};
    if (has_order) order.push_back({.id = first});
    ranked->items.push_back({rank, "row_number() OVER (" + by + sql_order(order) + ")"});
    ranked->is_pinned = true;
    found = level.count.empty() ? ranked
                                : with_where(over(ranked), sql_column(rank) + " <= " + level.count);
    values.push_back(value);
  }
  relation.columns.clear();
  for (std::size_t i = 0; i < levels.size(); ++i) {
    relation.columns.push_back(levels[i].key);
    const Scalar& value = levels[i].value;
    relation.columns.push_back({values[i], levels[i].name, value.type, value.is_nullable});
  }
  relation.plan = over(found);
  relation.order.clear();
  relation.is_serialized = false;
  relation.scan = nullptr;
  relation.comes_ordered = false;
}

void Binder::apply_top_hitters(const TopHittersOp& op, Relation& relation, const Scope& scope) {
  Rows rows{.relation = &relation, .scope = &scope};
  std::vector<NamedExpr> none;
  Output key = std::move(bind_item(op.of, rows)[0]);
  if (key.value.is_error() || relation.is_error) return void(relation.is_error = true);
  if (key.value.column < 0) {
    key.value.column = new_id();
    add_stage(relation, {{key.value.column, key.value.sql}}, false);
  }
  std::string sql = "toInt64(count())", name = "approximate_count_" + key.name;
  Type type = Type::Long;
  if (op.by != nullptr) {
    const Scalar by = bind(*op.by, rows);
    if (!is_numeric(by.type)) {
      fault(op.by->span, "'top-hitters' sums numbers.");
      return void(relation.is_error = true);
    }
    type = is_integer(by.type) ? Type::Long : by.type;
    sql = "ifNull(sum(" + convert(by, type).sql + "), 0)";
    name = "approximate_sum_" + by.name;
  }
  const int id = new_id();
  Aggregation aggregation;
  aggregation.items.push_back({id, sql});
  Group parts;
  parts.keys.push_back(std::move(key));
  parts.values.push_back({make_scalar(type, sql_column(id), false), name, true});
  group(relation, std::move(parts), std::move(aggregation));
  const std::vector<PlanOrder> before = relation.order;
  relation.order = {{.id = relation.columns[1].id, .is_ascending = false, .nulls_first = false}};
  relation.order.insert(relation.order.end(), before.begin(), before.end());
  apply_take(relation, row_count(*op.count, scope, "The number of rows"));
}

void Binder::apply_sample(const SampleOp& op, Relation& relation, const Scope& scope) {
  if (op.of != nullptr) {
    Rows rows{.relation = &relation, .scope = &scope};
    const Scalar value = bind(*op.of, rows);
    if (value.is_error() || relation.is_error) return void(relation.is_error = true);
    Output key;
    key.value = value;
    key.name = value.name;
    if (key.value.column < 0) {
      key.value.column = new_id();
      add_stage(relation, {{key.value.column, value.sql}}, false);
    }
    Group parts;
    parts.keys.push_back(std::move(key));
    group(relation, std::move(parts), {});
  }
  apply_take(relation, row_count(*op.count, scope, "The number of rows"));
}

/// partition by K (operators): the operators work within each value of K.
void Binder::apply_partition(const PartitionOp& op, Relation& relation, const Scope& scope,
                             Span span) {
  if (relation.is_error) return;
  if (!relation.partition.empty()) {
    unsupported(span, "'partition' inside mv-apply or partition");
    return void(relation.is_error = true);
  }
  Rows rows{.relation = &relation, .scope = &scope};
  const Scalar key = bind(*op.by, rows);
  if (key.is_error()) return void(relation.is_error = true);
  if (key.column < 0) {
    fault(op.by->span, "'partition' is by a column.");
    return void(relation.is_error = true);
  }
  relation.partition = {key.column};
  apply_all(*op.apply, 0, relation, scope);
  relation.partition.clear();
  relation.is_serialized = false;
}

/// invoke f(x): f's first parameter is the rows.
void Binder::apply_invoke(const InvokeOp& op, Relation& relation, const Scope& scope, Span span) {
  const Entity* entity = scope.find(op.call->text);
  const bool is_function = op.call->kind == ExprKind::Call && entity != nullptr &&
                           entity->kind == Entity::Kind::Function &&
                           !entity->function->parameters.empty() &&
                           entity->function->parameters[0].is_table;
  if (!is_function) {
    fault(span, "'invoke' needs a function whose first parameter is a table.");
    return void(relation.is_error = true);
  }
  if (relation.is_error) return;
  Scope& inner = new_scope(&scope);
  const std::string name = "\n" + std::to_string(new_id());  // No query can name it.
  Entity rows;
  rows.kind = Entity::Kind::Table;
  rows.relation = std::make_shared<Relation>(std::move(relation));
  inner.names.emplace(name, std::move(rows));
  Expr call;
  call.kind = ExprKind::Call;
  call.span = span;
  call.text = op.call->text;
  auto table = std::make_unique<Expr>();
  table->kind = ExprKind::Name;
  table->span = span;
  table->text = name;
  call.args.push_back(std::move(table));
  for (const ExprPtr& arg : op.call->args)
    call.args.push_back(std::make_unique<Expr>(borrowed(*arg)));
  relation = bind_table_function(*entity, call, inner);
}

/// A copy of an expression without tables in it.
Expr Binder::borrowed(const Expr& expr) {
  Expr copy;
  copy.kind = expr.kind == ExprKind::Subquery ? ExprKind::Error : expr.kind;
  if (expr.kind == ExprKind::Subquery)
    unsupported(expr.span, "A table as a further argument of 'invoke'");
  copy.span = expr.span;
  copy.text = expr.text;
  copy.constant = expr.constant;
  copy.depth = expr.depth;
  for (const ExprPtr& arg : expr.args) copy.args.push_back(std::make_unique<Expr>(borrowed(*arg)));
  return copy;
}

}  // namespace lw::kql
