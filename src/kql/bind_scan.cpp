// SPDX-License-Identifier: Apache-2.0
// scan with one step: a state that goes from row to row, as a fold over the rows in their order.
// The engine copies the list of results at each row, so that time grows with the square of the
// rows: some 20,000 rows are fine, and the limits of a query end what is too much.
#include <algorithm>

#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// The SQL type of a state's value: with null, unless it is a string.
std::string state_type(Type type) {
  const std::string name(sql_type_of(type));
  return type == Type::String ? name : "Nullable(" + name + ")";
}

std::string as_state(const Scalar& value, Type type) {
  return "CAST(" + convert(value, type).sql + " AS " + state_type(type) + ")";
}

}  // namespace

void Binder::apply_scan(const ScanOp& op, Relation& relation, const Scope& scope, Span span) {
  if (relation.is_error) return;
  if (op.steps.size() != 1) {
    unsupported(span, "'scan' with several steps");
    return void(relation.is_error = true);
  }
  if (!relation.is_serialized) {
    fault(span, "'scan' needs rows in an order: sort or serialize them first.");
    return void(relation.is_error = true);
  }
  const ScanStep& step = op.steps[0];
  std::string match_name;
  for (const Parameter& parameter : op.parameters) {
    if (parameter.name == "with_match_id") match_name = parameter.text;
  }
  if (step.output == "none") return apply_take(relation, "0");
  if (step.output == "last") {
    unsupported(step.span, "'output=last' of scan");
    return void(relation.is_error = true);
  }
  ScanState state;
  if (!declare_states(op, relation, scope, state)) return void(relation.is_error = true);
  Relation seen = relation;  // The row, and declared columns with their defaults.
  for (const Column& column : state.rows) seen.columns.push_back(column);
  Rows rows{.relation = &seen, .scope = &scope, .states = &state.qualified};
  const Scalar condition = bind_predicate(*step.condition, rows, true);
  state.next = state.previous;
  for (const NamedExpr& item : step.assignments) {
    const auto at =
        std::ranges::find(state.rows, item.names.empty() ? "" : item.names[0], &Column::name);
    const Scalar value = bind(*item.value, rows);
    if (at == state.rows.end()) fault(item.span, "Only declared columns can be assigned.");
    if (at == state.rows.end() || value.is_error()) return void(relation.is_error = true);
    const auto index = static_cast<std::size_t>(at - state.rows.begin());
    state.next[index] = as_state(value, at->type);
  }
  // What is not assigned falls back to its default in a row that matches.
  for (std::size_t i = 0; i < state.rows.size(); ++i) {
    if (state.next[i] == state.previous[i]) state.next[i] = state.initial[i];
  }
  if (condition.is_error() || relation.is_error) return void(relation.is_error = true);
  relation.plan = std::move(seen.plan);
  relation.order = seen.order;
  fold(relation, condition, state, match_name);
}

/// Declared columns: as they are in a row (their defaults), and in the state (`step.name`).
bool Binder::declare_states(const ScanOp& op, const Relation& relation, const Scope& scope,
                            ScanState& state) {
  for (std::size_t i = 0; i < op.declared.size(); ++i) {
    const NamedExpr& declared = op.declared[i];
    const Type type = op.types[i];
    Rows none{.scope = &scope};
    Scalar initial = scalar_of({type, std::monostate()});
    if (declared.value != nullptr) initial = bind(*declared.value, none);
    if (initial.is_error()) return false;
    if (relation.find(declared.names[0]) != nullptr) {
      fault(declared.span, "There is a column '" + declared.names[0] + "' already.");
      return false;
    }
    const bool is_nullable = type != Type::String;
    const Column row{new_id(), declared.names[0], type, is_nullable};
    const Column previous{new_id(), declared.names[0], type, is_nullable};
    state.rows.push_back(row);
    state.qualified[op.steps[0].name + "." + declared.names[0]] = previous;
    state.initial.push_back(as_state(initial, type));
    state.previous.push_back("a_." + std::to_string(i + 2));
    state.texts[row.id] = state.initial.back();
    state.texts[previous.id] = state.previous.back();
  }
  // A row's own columns in a state: those of the last row that matched are not kept.
  return true;
}

/// Rows into one list, folded, and back into rows.
void Binder::fold(Relation& relation, const Scalar& condition, const ScanState& state,
                  const std::string& match_name) {
  std::string tuple;
  std::map<int, std::string> texts = state.texts;
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    const int id = relation.columns[i].id;
    tuple += (i == 0 ? "" : ", ") + sql_column(id);
    texts[id] = "t_." + std::to_string(i + 1);
  }
  // Window functions of the condition are columns of the plan that no name shows.
  std::string all = condition.sql;
  for (const std::string& next : state.next) all += " " + next;
  std::size_t width = relation.columns.size();
  for (const int id : columns_in(all)) {
    if (texts.contains(id)) continue;
    tuple += ", " + sql_column(id);
    texts[id] = "t_." + std::to_string(++width);
  }
  const std::string key = order_key(relation);
  const int list = new_id(), folded = new_id(), row = new_id(), result = new_id(), place = new_id();
  auto grouped = std::make_shared<Plan>();
  grouped->is_closed = true;
  grouped->is_aggregate = true;
  grouped->input = std::move(relation.plan);
  grouped->items.push_back(
      {list, apply("arrayMap(p_ -> p_.2, arraySort(q_ -> q_.1, $1))",
                   std::vector<std::string>{"groupArray((" + key + ", tuple(" + tuple + ")))"})});
  std::vector<int> kept = relation.partition;
  kept.insert(kept.end(), relation.carried.begin(), relation.carried.end());
  for (const int id : kept) {
    grouped->group_by.push_back(id);
    grouped->items.push_back({id, sql_column(id)});
  }
  std::string next = "toUInt8(1)", same = "toUInt8(0)", initial, types = "UInt8", heads, tails;
  for (std::size_t i = 0; i < state.rows.size(); ++i) {
    const std::string value = replace_columns(state.next[i], texts);
    next += ", " + value;
    same += ", " + state.previous[i];
    heads += ", " + value;
    tails += ", " + state.previous[i];
    initial += ", " + state.initial[i];
    types += ", " + state_type(state.rows[i].type);
  }
  const std::string matches = "ifNull(" + replace_columns(condition.sql, texts) + ", 0)";
  const std::string body = "arrayFold((a_, t_) -> if(" + matches +
                           ", tuple(arrayPushBack(a_.1, tuple(" + next + "))" + heads +
                           "), tuple(arrayPushBack(a_.1, tuple(" + same + "))" + tails +
                           ")), $1, tuple(CAST([] AS "
                           "Array(Tuple(" +
                           types + ")))" + initial + ")).1";
  relation.plan = with_items(std::move(grouped),
                             {{folded, apply(body, std::vector<std::string>{sql_column(list)})}});
  auto plan = std::make_shared<Plan>();
  plan->input = std::move(relation.plan);
  plan->is_pinned = true;
  plan->array_join = sql_column(list) + " AS " + sql_column(row) + ", " + sql_column(folded) +
                     " AS " + sql_column(result) + ", arrayEnumerate(" + sql_column(list) +
                     ") AS " + sql_column(place);
  relation.plan = with_where(std::move(plan), sql_column(result) + ".1");
  std::vector<Output> outputs;
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    const Column& column = relation.columns[i];
    outputs.push_back({make_scalar(column.type, sql_column(row) + "." + std::to_string(i + 1),
                                   column.is_nullable),
                       column.name, true});
  }
  for (std::size_t i = 0; i < state.rows.size(); ++i) {
    const Column& column = state.rows[i];
    outputs.push_back({make_scalar(column.type, sql_column(result) + "." + std::to_string(i + 2),
                                   column.is_nullable),
                       column.name, true});
  }
  if (!match_name.empty())
    outputs.push_back({make_scalar(Type::Long, "toInt64(0)", false), match_name, true});
  relation.columns.clear();
  relation.order = {{.id = place}};
  relation.scan = nullptr;
  set_columns(relation, std::move(outputs), false);
}

}  // namespace lw::kql
