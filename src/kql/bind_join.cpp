// SPDX-License-Identifier: Apache-2.0
// join and lookup.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/names.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

struct JoinKind {
  std::string_view name;
  std::string_view sql;
  bool gives_left = true;
  bool gives_right = true;
  bool left_may_miss = false;
  bool right_may_miss = false;
};

constexpr std::array kKinds = {
    JoinKind{"innerunique", "INNER JOIN"},
    JoinKind{"inner", "INNER JOIN"},
    JoinKind{"leftouter", "LEFT JOIN", true, true, false, true},
    JoinKind{"rightouter", "RIGHT JOIN", true, true, true, false},
    JoinKind{"fullouter", "FULL JOIN", true, true, true, true},
    JoinKind{"leftsemi", "LEFT SEMI JOIN", true, false},
    JoinKind{"rightsemi", "RIGHT SEMI JOIN", false, true},
    JoinKind{"leftanti", "LEFT ANTI JOIN", true, false},
    JoinKind{"leftantisemi", "LEFT ANTI JOIN", true, false},
    JoinKind{"anti", "LEFT ANTI JOIN", true, false},
    JoinKind{"rightanti", "RIGHT ANTI JOIN", false, true},
    JoinKind{"rightantisemi", "RIGHT ANTI JOIN", false, true},
};

const JoinKind* find_kind(std::string_view name) {
  const auto kind = std::ranges::find(kKinds, name, &JoinKind::name);
  return kind == kKinds.end() ? nullptr : &*kind;
}

}  // namespace

/// One condition of `on`: a column of both sides, or an equality between the sides.
void Binder::add_join_keys(const Expr& expr, Relation& left, Relation& right, const Scope& scope,
                           std::vector<JoinKey>& keys) {
  if (expr.kind == ExprKind::And) {
    for (const ExprPtr& arg : expr.args) add_join_keys(*arg, left, right, scope, keys);
    return;
  }
  JoinKey key;
  if (expr.kind == ExprKind::Name) {
    Rows left_rows{.relation = &left}, right_rows{.relation = &right};
    key.left = bind(expr, left_rows);
    key.right = bind(expr, right_rows);
  } else if (expr.kind == ExprKind::Binary && expr.text == "==") {
    Rows rows{.relation = &left, .right = &right, .scope = &scope};
    const auto side = [](const Expr& e) {
      const Expr* inner = &e;
      while (!inner->args.empty() && inner->kind != ExprKind::Name &&
             !(inner->kind == ExprKind::Member && inner->args[0]->kind == ExprKind::Name)) {
        inner = inner->args[0].get();
      }
      return inner->kind == ExprKind::Member ? inner->args[0]->text : std::string();
    };
    const bool is_turned = side(*expr.args[0]) == "$right";
    key.left = bind(*expr.args[is_turned ? 1 : 0], rows);
    key.right = bind(*expr.args[is_turned ? 0 : 1], rows);
    if (side(*expr.args[0]) == side(*expr.args[1])) {
      fault(expr.span, "A condition of a join compares $left.… with $right.…");
      return;
    }
  } else {
    fault(expr.span, "A join is on columns of both sides, or on $left.a == $right.b.");
    return;
  }
  if (key.left.is_error() || key.right.is_error()) {
    left.is_error = true;
    return;
  }
  const bool fits =
      key.left.type == key.right.type || (is_numeric(key.left.type) && is_numeric(key.right.type));
  if (!fits || key.left.type == Type::Dynamic) {
    fault(expr.span, "The sides of a join's condition are of types " +
                         std::string(name_of(key.left.type)) + " and " +
                         std::string(name_of(key.right.type)) + ".");
    left.is_error = true;
    return;
  }
  keys.push_back(std::move(key));
}

std::vector<Binder::JoinKey> Binder::bind_join_keys(const JoinOp& op, Relation& left,
                                                    Relation& right, const Scope& scope) {
  std::vector<JoinKey> keys;
  for (const ExprPtr& expr : op.on) add_join_keys(*expr, left, right, scope, keys);
  std::vector<PlanItem> left_items, right_items;
  for (JoinKey& key : keys) {
    if (key.left.type != key.right.type) {
      const Type type = common_type(key.left.type, key.right.type);
      key.left = convert(key.left, type);
      key.right = convert(key.right, type);
    }
    for (auto [value, items] :
         {std::pair{&key.left, &left_items}, std::pair{&key.right, &right_items}}) {
      if (value->column >= 0 && value->sql == sql_column(value->column)) continue;
      value->column = new_id();
      items->push_back({value->column, value->sql});
      value->sql = sql_column(value->column);
    }
  }
  if (!left_items.empty() && !left.is_error) add_stage(left, std::move(left_items), false);
  if (!right_items.empty() && !right.is_error) add_stage(right, std::move(right_items), false);
  return keys;
}

void Binder::apply_join(const JoinOp& op, Relation& left, const Scope& scope, Span span) {
  Relation right = bind_pipeline(*op.right, scope);
  const JoinKind* kind = find_kind(op.is_lookup ? "leftouter" : "innerunique");
  for (const Parameter& parameter : op.parameters) {
    if (parameter.name.starts_with("hint")) continue;
    if (parameter.name == "kind") {
      kind = find_kind(parameter.text);
      const bool fits = kind != nullptr && (!op.is_lookup || parameter.text == "inner" ||
                                            parameter.text == "leftouter");
      if (!fits) {
        fault(parameter.span, "There is no kind '" + parameter.text + "' of " +
                                  (op.is_lookup ? "lookup." : "join."));
        kind = find_kind("inner");
      }
    } else {
      fault(parameter.span, "A join has no parameter '" + parameter.name + "'.");
    }
  }
  if (op.on.empty()) fault(span, "A join needs a condition: 'on' and columns.");
  const std::vector<JoinKey> keys = bind_join_keys(op, left, right, scope);
  if (left.is_error || right.is_error || keys.empty()) {
    left.is_error = true;
    return;
  }
  if (!left.partition.empty() || !right.partition.empty()) {
    unsupported(span, "'join' inside mv-apply or partition");
    left.is_error = true;
    return;
  }
  if (kind->name == "innerunique") {
    auto unique = std::make_shared<Plan>();
    unique->input = std::move(left.plan);
    unique->order = left.order;
    unique->limit = "1";
    for (const JoinKey& key : keys) unique->limit_by.push_back(key.left.column);
    unique->is_pinned = true;
    left.plan = std::move(unique);
  }
  auto plan = std::make_shared<Plan>();
  plan->is_closed = true;
  plan->join_kind = kind->sql;
  for (const JoinKey& key : keys) {
    const bool can_be_null = key.left.is_nullable && key.right.is_nullable;
    plan->join_on += (plan->join_on.empty() ? "" : " AND ") + ("l." + key.left.sql) +
                     (can_be_null ? " <=> r." : " = r.") + key.right.sql;
  }
  NameMaker names;
  std::vector<Column> columns;
  const auto give = [&](const Column& column, bool may_miss, const std::string& name) {
    const int id = new_id();
    std::string sql = sql_column(column.id);
    if (may_miss && column.type == Type::String) sql = "ifNull(" + sql + ", '')";
    plan->items.push_back({id, sql});
    columns.push_back(
        {id, name, column.type, (column.is_nullable || may_miss) && column.type != Type::String});
  };
  if (kind->gives_left) {
    for (const Column& column : left.columns)
      give(column, kind->left_may_miss, names.given(column.name));
  }
  if (kind->gives_right) {
    for (const Column& column : right.columns) {
      const bool is_key = std::ranges::any_of(
          keys, [&](const JoinKey& key) { return key.right.column == column.id; });
      if (op.is_lookup && is_key) continue;
      give(column, kind->right_may_miss, names.unique(column.name));
    }
  }
  std::vector<PlanOrder> order;
  if (kind->gives_left && kind->gives_right && !kind->left_may_miss) {
    // Rows of the left side in their order, then those of the right: only where rows are few enough
    // to have one.
    for (const Relation* side : {&left, &right}) {
      if (side->order.size() != 1) break;
      const int id = new_id();
      plan->items.push_back({id, sql_column(side->order[0].id)});
      order.push_back({.id = id,
                       .is_ascending = side->order[0].is_ascending,
                       .nulls_first = side->order[0].nulls_first,
                       .is_number = side->order[0].is_number});
    }
  } else if (kind->gives_left != kind->gives_right) {
    for (const PlanOrder& key : kind->gives_left ? left.order : right.order) {
      const int id = new_id();
      plan->items.push_back({id, sql_column(key.id)});
      order.push_back({.id = id,
                       .is_ascending = key.is_ascending,
                       .nulls_first = key.nulls_first,
                       .is_number = key.is_number});
    }
  }
  plan->input = std::move(left.plan);
  plan->right = std::move(right.plan);
  left.plan = std::move(plan);
  left.columns = std::move(columns);
  left.order = std::move(order);
  left.is_serialized = false;
  left.scan = nullptr;
  left.comes_ordered = false;
}

}  // namespace lw::kql
