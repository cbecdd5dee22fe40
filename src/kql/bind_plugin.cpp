// SPDX-License-Identifier: Apache-2.0
// evaluate: plugins. Where the columns depend on the data, the data is asked first.
#include <algorithm>
#include <map>
#include <set>

#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/names.h"
#include "kql/sql_text.h"

namespace lw::kql {

void Binder::apply_evaluate(const EvaluateOp& op, Relation& relation, const Scope& scope,
                            Span span) {
  const std::string& name = op.call->text;
  if (op.call->kind != ExprKind::Call) {
    fault(span, "'evaluate' needs the call of a plugin.");
    return void(relation.is_error = true);
  }
  if (name == "bag_unpack") return apply_bag_unpack(op, relation, scope);
  if (name == "pivot") return apply_pivot(op, relation, scope);
  if (name == "narrow") return apply_narrow(relation);
  unsupported(span, "The plugin '" + name + "'");
  relation.is_error = true;
}

/// The rows of a question about the relation's data; null if it must be asked first.
const Answer* Binder::ask(const Relation& relation, const std::vector<std::string>& expressions,
                          const std::string& tail) {
  auto plan = std::make_shared<Plan>();
  plan->is_closed = true;
  plan->input = relation.plan;
  std::vector<int> ids;
  for (const std::string& expression : expressions) {
    ids.push_back(new_id());
    plan->items.push_back({ids.back(), expression});
  }
  const std::string sql = "SELECT DISTINCT * FROM (" + sql_of_plan(*plan, ids) + ")" + tail;
  const auto answer = options_.answers.find(sql);
  if (answer != options_.answers.end()) return &answer->second;
  if (question.empty()) {
    question = sql;
    question_sql = sql;
  }
  return nullptr;
}

namespace {

/// The type of a property that has values of these JSON types.
Type type_of_json(const std::set<std::string>& types) {
  Type type = Type::Error;
  for (const std::string& name : types) {
    Type one = Type::Dynamic;
    if (name == "Int64" || name == "UInt64") one = Type::Long;
    if (name == "Double") one = Type::Real;
    if (name == "String") one = Type::String;
    if (name == "Bool") one = Type::Bool;
    if (name == "Null") continue;
    type = type == Type::Error ? one : common_type(type, one);
  }
  return type == Type::Error ? Type::Dynamic : type;
}

std::string text_argument(const Expr& expr) {
  const Expr& value = expr.kind == ExprKind::Named ? *expr.args[0] : expr;
  const std::string* text = value.constant.text();
  return text == nullptr ? "" : *text;
}

}  // namespace

/// bag_unpack(bag[, prefix[, conflict[, ignored]]]): a column for each property, ordered by name.
void Binder::apply_bag_unpack(const EvaluateOp& op, Relation& relation, const Scope& scope) {
  const auto& args = op.call->args;
  if (args.empty() || relation.is_error) {
    if (args.empty()) fault(op.call->span, "'bag_unpack' needs a column.");
    return void(relation.is_error = true);
  }
  Rows rows{.relation = &relation, .scope = &scope};
  const Scalar bag = bind(*args[0], rows);
  if (bag.is_error()) return void(relation.is_error = true);
  if (bag.type != Type::Dynamic || bag.column < 0) {
    fault(args[0]->span, "'bag_unpack' takes a dynamic column.");
    return void(relation.is_error = true);
  }
  std::string prefix, conflict = "error", ignored;
  for (std::size_t i = 1; i < args.size(); ++i) {
    const bool is_named = args[i]->kind == ExprKind::Named;
    const std::string name = is_named ? args[i]->text
                             : i == 1 ? "OutputColumnPrefix"
                             : i == 2 ? "columnsConflict"
                                      : "ignoredProperties";
    if (name == "OutputColumnPrefix") prefix = text_argument(*args[i]);
    if (name == "columnsConflict") conflict = text_argument(*args[i]);
    if (name == "ignoredProperties") ignored = text_argument(*args[i]);
  }
  std::map<std::string, Type> found;
  std::vector<ColumnDeclaration> wanted = op.schema;
  if (!op.has_schema) {
    const Answer* answer =
        ask(relation,
            {"arrayJoin(arrayMap(p -> concat(toString(JSONType(p.2)), ' ', p.1), kql_keys(" +
             bag.sql + ")))"},
            " LIMIT 10000");
    if (answer == nullptr) return void(relation.is_error = true);
    std::map<std::string, std::set<std::string>> types;
    for (const auto& row : *answer) {
      const std::size_t blank = row[0].find(' ');
      types[row[0].substr(blank + 1)].insert(row[0].substr(0, blank));
    }
    for (const auto& [name, kinds] : types) found[name] = type_of_json(kinds);
  }
  std::vector<Column> kept;
  for (const Column& column : relation.columns) {
    if (column.id != bag.column) kept.push_back(column);
  }
  std::vector<Output> outputs;
  const auto give = [&](const std::string& key, const std::string& name, Type type) {
    Scalar value =
        make_scalar(Type::Dynamic, "kql_get(" + bag.sql + ", " + quote_string(key) + ")", true);
    outputs.push_back({convert(value, type), name, true});
  };
  if (op.has_schema) {
    for (const ColumnDeclaration& column : wanted) {
      const Column* old = relation.find(column.name);
      if (old != nullptr && old->id != bag.column) {
        Scalar same = make_scalar(old->type, sql_column(old->id), old->is_nullable);
        outputs.push_back({convert(same, column.type), column.name, true});
      } else {
        const bool has_prefix = !prefix.empty() && column.name.starts_with(prefix);
        give(has_prefix ? column.name.substr(prefix.size()) : column.name, column.name,
             column.type);
      }
    }
    relation.columns.clear();
    set_columns(relation, std::move(outputs), false);
    return;
  }
  relation.columns = kept;
  for (const auto& [key, type] : found) {
    if (ignored.find("\"" + key + "\"") != std::string::npos) continue;
    const std::string name = prefix + key;
    if (relation.find(name) != nullptr) {
      if (conflict == "keep_source") continue;
      if (conflict != "replace_source") {
        fault(op.call->span, "'bag_unpack' would make a second column '" + name + "'.");
        continue;
      }
    }
    give(key, name, type);
  }
  set_columns(relation, std::move(outputs), true);
}

/// pivot(column[, aggregate[, keys …]]): a column for each value.
void Binder::apply_pivot(const EvaluateOp& op, Relation& relation, const Scope& scope) {
  const auto& args = op.call->args;
  if (args.empty() || relation.is_error) return void(relation.is_error = true);
  Rows rows{.relation = &relation, .scope = &scope};
  const Scalar pivoted = bind(*args[0], rows);
  if (pivoted.is_error() || pivoted.column < 0) {
    if (!pivoted.is_error()) fault(args[0]->span, "'pivot' takes a column.");
    return void(relation.is_error = true);
  }
  std::vector<int> used = {pivoted.column};
  Scalar value;
  std::string function = "count";
  if (args.size() > 1) {
    function = args[1]->text;
    if (args[1]->kind != ExprKind::Call ||
        (function != "sum" && function != "count" && function != "max" && function != "min" &&
         function != "avg")) {
      unsupported(args[1]->span, "This aggregate of 'pivot'");
      return void(relation.is_error = true);
    }
    if (!args[1]->args.empty()) {
      value = bind(*args[1]->args[0], rows);
      if (value.is_error()) return void(relation.is_error = true);
      if (value.column >= 0) used.push_back(value.column);
    }
  }
  std::vector<Column> keys;
  if (args.size() > 2) {
    for (std::size_t i = 2; i < args.size(); ++i) {
      const Scalar key = bind(*args[i], rows);
      if (key.is_error() || key.column < 0) return void(relation.is_error = true);
      keys.push_back({key.column, key.name, key.type, key.is_nullable});
    }
  } else {
    for (const Column& column : relation.columns) {
      if (std::ranges::find(used, column.id) == used.end()) keys.push_back(column);
    }
  }
  const Answer* answer = ask(relation, {to_text(pivoted).sql}, " ORDER BY 1 LIMIT 1000");
  if (answer == nullptr) return void(relation.is_error = true);
  Group parts;
  Aggregation aggregation;
  for (const Column& key : keys) {
    Scalar scalar = make_scalar(key.type, sql_column(key.id), key.is_nullable);
    scalar.column = key.id;
    parts.keys.push_back({scalar, key.name, true});
  }
  std::set<std::string> names;
  for (const auto& row : *answer) names.insert(row[0]);
  const Scalar text = to_text(pivoted);
  for (const std::string& name : names) {
    const std::string condition = text.sql + " = " + quote_string(name);
    const int id = new_id();
    Type type = Type::Long;
    std::string sql = "toInt64(countIf(" + condition + "))";
    if (function != "count") {
      type = function == "avg"                             ? Type::Real
             : function == "sum" && is_integer(value.type) ? Type::Long
                                                           : value.type;
      sql = function + "If(toNullable(" + value.sql + "), " + condition + ")";
      if (function == "sum") sql = "ifNull(" + sql + ", 0)";
      if (function == "avg") sql = "ifNull(" + sql + ", nan)";
    }
    aggregation.items.push_back({id, sql});
    parts.values.push_back(
        {make_scalar(type, sql_column(id), function == "max" || function == "min"), name, true});
  }
  group(relation, std::move(parts), std::move(aggregation));
}

/// narrow: each cell a row.
void Binder::apply_narrow(Relation& relation) {
  if (relation.is_error) return;
  serialize(relation);
  std::string cells;
  for (const Column& column : relation.columns) {
    const Scalar value = make_scalar(column.type, sql_column(column.id), column.is_nullable);
    cells +=
        (cells.empty() ? "(" : ", (") + quote_string(column.name) + ", " + to_text(value).sql + ")";
  }
  const int row = new_id(), cell = new_id();
  add_stage(relation, {{row, "row_number() OVER (" + sql_order(relation.order).substr(1) + ")"}},
            true);
  auto plan = std::make_shared<Plan>();
  plan->input = std::move(relation.plan);
  plan->array_join = "[" + cells + "] AS " + sql_column(cell);
  plan->is_pinned = true;
  relation.plan = std::move(plan);
  std::vector<Output> outputs;
  outputs.push_back(
      {make_scalar(Type::Long, "(toInt64(" + sql_column(row) + ") - 1)", false), "Row", true});
  outputs.push_back({make_scalar(Type::String, sql_column(cell) + ".1", false), "Column", true});
  outputs.push_back({make_scalar(Type::String, sql_column(cell) + ".2", false), "Value", true});
  relation.columns.clear();
  set_columns(relation, std::move(outputs), false);
  relation.scan = nullptr;
}

}  // namespace lw::kql
