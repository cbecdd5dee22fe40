// SPDX-License-Identifier: Apache-2.0
// mv-expand and mv-apply: rows of the elements of lists and bags.
#include <algorithm>

#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/names.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// The elements of a dynamic value as Array(Nullable(String)). Null is one element, an empty list
/// none; a bag is its properties, as bags of one or as lists of key and value.
std::string elements_of(bool as_arrays) {
  const std::string pair = as_arrays ? "concat('[', kql_json_str(p_.1), ',', p_.2, ']')"
                                     : "concat('{', kql_json_str(p_.1), ':', p_.2, '}')";
  return "CAST(multiIf($1 IS NULL, [CAST(NULL AS Nullable(String))], startsWith($1, '{'), "
         "arrayMap(p_ -> toNullable(" +
         pair +
         "), kql_keys($1)), startsWith($1, '['), "
         "arrayMap(e_ -> toNullable(e_), kql_arr($1)), [toNullable($1)]) AS "
         "Array(Nullable(String)))";
}

}  // namespace

void Binder::apply_mv_expand(const MvExpandOp& op, Relation& relation, const Scope& scope,
                             Span span) {
  bool as_arrays = false;
  std::string index_name;
  for (const Parameter& parameter : op.parameters) {
    if (parameter.name == "bagexpansion" || parameter.name == "kind") {
      as_arrays = parameter.text == "array";
      if (!as_arrays && parameter.text != "bag")
        fault(parameter.span, "'bag' or 'array' is expected.");
    } else if (parameter.name == "with_itemindex") {
      index_name = parameter.text;
    }
  }
  if (op.apply != nullptr) {
    serialize(relation);
    relation.is_serialized = false;
  }
  const std::vector<Column> outer = relation.columns;
  Rows rows{.relation = &relation, .scope = &scope};
  struct Expanded {
    int list = 0;
    int element = 0;
    Column column;
    bool in_place = false;
  };
  std::vector<Expanded> expanded;
  std::vector<PlanItem> lists;
  for (const ExpandedItem& item : op.items) {
    const Scalar value = bind(*item.value, rows);
    if (value.is_error()) return void(relation.is_error = true);
    if (value.type != Type::Dynamic) {
      fault(item.value->span, "Only dynamic values can be expanded, but this is of type " +
                                  std::string(name_of(value.type)) + ".");
      return void(relation.is_error = true);
    }
    Expanded one;
    one.list = new_id();
    one.element = new_id();
    one.in_place = item.name.empty() && value.column >= 0;
    one.column.name = !item.name.empty() ? item.name : value.name;
    if (one.column.name.empty()) one.column.name = "Column" + std::to_string(expanded.size() + 1);
    one.column.type = item.type.value_or(Type::Dynamic);
    lists.push_back({one.list, apply(elements_of(as_arrays), std::vector{value})});
    expanded.push_back(std::move(one));
  }
  if (relation.is_error) return;
  const std::vector<PlanOrder> outer_order = relation.order;
  add_stage(relation, std::move(lists), false);
  const int index = new_id();
  auto plan = std::make_shared<Plan>();
  plan->input = std::move(relation.plan);
  plan->is_pinned = true;
  std::string longest;
  for (const Expanded& one : expanded) {
    longest += (longest.empty() ? "length(" : ", length(") + sql_column(one.list) + ")";
  }
  if (expanded.size() > 1) longest = "greatest(" + longest + ")";
  for (const Expanded& one : expanded) {
    const std::string list = sql_column(one.list);
    plan->array_join +=
        (expanded.size() > 1 ? "arrayResize(" + list + ", " + longest + ", NULL)" : list) + " AS " +
        sql_column(one.element) + ", ";
  }
  plan->array_join +=
      "arrayMap(i -> toInt64(i - 1), range(1, " + longest + " + 1)) AS " + sql_column(index);
  relation.plan = std::move(plan);
  std::vector<PlanItem> elements;
  for (Expanded& one : expanded) {
    Scalar element =
        make_scalar(Type::Dynamic, "nullIf(" + sql_column(one.element) + ", 'null')", true);
    element = convert(element, one.column.type);
    one.column.id = new_id();
    one.column.is_nullable = one.column.type != Type::String;
    elements.push_back({one.column.id, element.sql});
  }
  add_stage(relation, std::move(elements), false);
  for (const Expanded& one : expanded) {
    const auto same = std::ranges::find(relation.columns, one.column.name, &Column::name);
    if (same != relation.columns.end()) {
      *same = one.column;
    } else {
      relation.columns.push_back(one.column);
    }
  }
  if (!index_name.empty()) {
    if (relation.find(index_name) != nullptr)
      fault(span, "There is a column '" + index_name + "' already.");
    relation.columns.push_back({index, index_name, Type::Long, false});
  }
  relation.order = outer_order;
  if (!outer_order.empty() || op.limit != nullptr || op.apply != nullptr)
    relation.order.push_back({.id = index});
  relation.is_serialized = false;
  relation.scan = nullptr;
  relation.comes_ordered = false;
  if (op.apply != nullptr) {
    std::vector<Column> kept;
    for (const Column& column : outer) {
      const Column* now = relation.find(column.name);
      if (now != nullptr && now->id == column.id) kept.push_back(column);
    }
    apply_to_parts(*op.apply, relation, outer, kept, outer_order, scope, op.limit.get(), span);
  } else if (op.limit != nullptr) {
    limit_elements(relation, index, *op.limit, scope);
  }
}

/// `limit n`: the first n elements of each list.
void Binder::limit_elements(Relation& relation, int index, const Expr& limit, const Scope& scope) {
  const std::string most = row_count(limit, scope, "The limit");
  relation.plan = with_where(std::move(relation.plan), sql_column(index) + " < " + most);
}

/// The operators of mv-apply over the elements of each row: rows of one outer row agree in its
/// number, and carry its columns through whatever groups them.
void Binder::apply_to_parts(const Pipeline& pipeline, Relation& relation,
                            const std::vector<Column>& outer, const std::vector<Column>& kept,
                            const std::vector<PlanOrder>& outer_order, const Scope& scope,
                            const Expr* limit, Span span) {
  if (!relation.partition.empty()) {
    unsupported(span, "'mv-apply' inside mv-apply or partition");
    relation.is_error = true;
    return;
  }
  if (limit != nullptr) limit_elements(relation, relation.order.back().id, *limit, scope);
  for (const PlanOrder& key : outer_order) relation.partition.push_back(key.id);
  for (const Column& column : outer) {
    const auto& keys = relation.partition;
    if (std::ranges::find(keys, column.id) == keys.end()) relation.carried.push_back(column.id);
  }
  relation.is_serialized = true;
  apply_all(pipeline, 0, relation, scope);
  if (relation.is_error) return;
  std::vector<Column> columns = kept;
  NameMaker names;
  for (const Column& column : kept) names.reserve(column.name);
  for (const Column& column : relation.columns) {
    const bool is_outer =
        std::ranges::any_of(kept, [&](const Column& known) { return known.id == column.id; });
    if (is_outer) continue;
    Column inner = column;
    inner.name = names.unique(column.name);
    columns.push_back(std::move(inner));
  }
  relation.columns = std::move(columns);
  relation.partition.clear();
  relation.carried.clear();
  relation.is_serialized = false;
  // The rows of one outer row stay together, in the order that the inner operators gave them.
  std::vector<PlanOrder> order = outer_order;
  for (const PlanOrder& key : relation.order) {
    if (std::ranges::none_of(order, [&](const PlanOrder& known) { return known.id == key.id; }))
      order.push_back(key);
  }
  relation.order = std::move(order);
}

}  // namespace lw::kql
