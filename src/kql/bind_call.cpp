// SPDX-License-Identifier: Apache-2.0
// Calls: functions of the table, functions of `let`, and those that need more than their arguments.
#include <algorithm>
#include <array>

#include "kql/aggregates.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_library.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

struct ParameterLetter {
  char letter = 'a';
  char mark = ' ';
};

std::vector<ParameterLetter> read_parameters(std::string_view text) {
  std::vector<ParameterLetter> letters;
  for (const char c : text) {
    if (c == '?' || c == '*') {
      letters.back().mark = c;
    } else {
      letters.push_back({c});
    }
  }
  return letters;
}

std::string arity_of(const std::vector<ParameterLetter>& parameters) {
  const auto optional = std::ranges::count_if(parameters, [](auto p) { return p.mark != ' '; });
  const bool is_open = !parameters.empty() && parameters.back().mark == '*';
  const auto least = parameters.size() - static_cast<std::size_t>(optional);
  if (is_open) return "at least " + std::to_string(least);
  if (optional == 0) return std::to_string(least);
  return std::to_string(least) + " to " + std::to_string(parameters.size());
}

/// The value as what the parameter takes, or nothing.
std::optional<Scalar> as_letter(const Scalar& value, char letter) {
  if (letter == 'a') return value;
  if (letter == 'n') {
    if (is_numeric(value.type)) return value;
    return value.type == Type::Dynamic ? std::optional(to_real(value)) : std::nullopt;
  }
  if (letter == 'l' && value.type == Type::Bool) return std::nullopt;
  return coerce(value, type_of_letter(letter));
}

}  // namespace

std::vector<Scalar> Binder::bind_arguments(const Expr& expr, Rows& rows) {
  Rows plain = rows;
  plain.is_search = false;
  std::vector<Scalar> values;
  for (const ExprPtr& arg : expr.args) values.push_back(bind(*arg, plain));
  return values;
}

Scalar Binder::bind_call(const Expr& expr, Rows& rows) {
  const std::string& name = expr.text;
  if (rows.scope != nullptr) {
    const Entity* entity = rows.scope->find(name);
    if (entity != nullptr && entity->kind == Entity::Kind::Function) {
      return bind_user_function(*entity, expr, rows);
    }
  }
  if (name == "not" && rows.is_search && expr.args.size() == 1) {
    const Scalar value = bind_predicate(*expr.args[0], rows, false);
    if (value.is_error()) return value;
    return make_scalar(Type::Bool, "not(" + value.sql + ")", value.is_nullable);
  }
  if (name == "toscalar" || name == "materialize") return bind_toscalar(expr, rows);
  if (is_window_function(name)) return bind_window(expr, rows);
  if (const AggregateRow* row = find_aggregate(name)) {
    if (rows.aggregation != nullptr || find_function(name) == nullptr) {
      return bind_aggregate(*row, expr, rows);
    }
  }
  if (const FunctionRow* row = find_function(name)) return bind_function(*row, expr, rows);
  if (name[0] == '.') return fault(expr.span, "A table cannot stand here.");
  std::vector<std::string> names = function_names();
  for (const Scope* scope = rows.scope; scope != nullptr; scope = scope->outer) {
    for (const auto& [known, entity] : scope->names) {
      if (entity.kind == Entity::Kind::Function) names.push_back(known);
    }
  }
  for (const std::string& known : aggregate_names()) names.push_back(known);
  if (is_known_unsupported(name)) return unsupported(expr.span, "The function '" + name + "'");
  return fault(expr.span, "Unknown function: '" + name + "'." + did_you_mean(name, names));
}

Scalar Binder::bind_function(const FunctionRow& row, const Expr& expr, Rows& rows) {
  Call call{*this, expr, rows, bind_arguments(expr, rows)};
  for (const Scalar& arg : call.args) {
    if (arg.is_error()) return {};
  }
  const auto parameters = read_parameters(row.parameters);
  for (std::size_t i = 0; i < call.args.size(); ++i) {
    const bool is_more = i >= parameters.size();
    if (is_more && (parameters.empty() || parameters.back().mark != '*')) {
      return fault(expr.span, "'" + expr.text + "' takes " + arity_of(parameters) + " arguments.");
    }
    const char letter = is_more ? parameters.back().letter : parameters[i].letter;
    const auto value = as_letter(call.args[i], letter);
    if (!value) {
      const std::string wanted =
          letter == 'n' ? "a number" : std::string(name_of(type_of_letter(letter)));
      return fault(expr.args[i]->span, "'" + expr.text + "' expects " + wanted +
                                           " here, but this is of type " +
                                           std::string(name_of(call.args[i].type)) + ".");
    }
    call.args[i] = *value;
  }
  const auto least = std::ranges::count_if(parameters, [](auto p) { return p.mark == ' '; });
  if (std::ssize(call.args) < least) {
    return fault(expr.span, "'" + expr.text + "' takes " + arity_of(parameters) + " arguments.");
  }
  const std::string first = call.args.empty() ? "" : call.args[0].name;
  Scalar result;
  if (row.handler != nullptr) {
    result = row.handler(call);
    if (row.naming.empty()) result.name.clear();
  } else {
    bool is_nullable = row.result.ends_with('?');
    for (const Scalar& arg : call.args) is_nullable = is_nullable || arg.is_nullable;
    const char letter = row.result[0];
    Type type = type_of_letter(letter);
    if (letter == '1') type = call.args[0].type;
    if (letter == 'n') type = unify(call.args, expr.span, expr.text);
    std::string sql = apply(row.sql, call.args);
    if (type == Type::String && is_nullable) sql = "ifNull(" + sql + ", '')";
    result = make_scalar(type, std::move(sql), is_nullable && !row.result.ends_with('!'));
  }
  if (result.is_error()) return result;
  if (row.naming == "1") {
    result.name = first;
  } else if (!row.naming.empty() && row.naming != "*") {
    result.name = first.empty() ? "" : std::string(row.naming) + first;
  }
  result.column = -1;
  return result;
}

/// toscalar(T | …): the first column of the first row.
Scalar Binder::bind_toscalar(const Expr& expr, Rows& rows) {
  if (expr.args.size() != 1) return fault(expr.span, "'" + expr.text + "' takes 1 argument.");
  const Expr& arg = *expr.args[0];
  Relation table;
  if (arg.kind == ExprKind::Subquery) {
    table = bind_pipeline(*arg.query, *rows.scope);
  } else if (is_table(arg, rows)) {
    table = bind_table_expr(arg, *rows.scope);
  } else {
    return bind(arg, rows);
  }
  if (table.is_error || table.columns.empty()) return {};
  if (expr.text == "materialize") return fault(expr.span, "A table cannot stand here.");
  const Column column = table.columns[0];
  std::string sql = subquery(std::move(table), 0, true);
  if (column.type == Type::String) sql = "ifNull(" + sql + ", '')";
  return make_scalar(column.type, std::move(sql), true);
}

/// A SELECT of one column in parentheses; of one row if `is_single`.
std::string Binder::subquery(Relation relation, std::size_t column, bool is_single) {
  if (is_single) apply_take(relation, "1");
  return "(" + sql_of_plan(*relation.plan, {relation.columns[column].id}) + ")";
}

/// The names of a function's parameters, bound to the arguments, in a scope of their own.
const Scope* Binder::bind_parameters(const Entity& entity, const Expr& expr, Rows& rows) {
  const auto& parameters = entity.function->parameters;
  Scope& scope = new_scope(entity.scope);
  std::vector<const Expr*> given(parameters.size());
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    const Expr& arg = *expr.args[i];
    std::size_t index = i;
    if (arg.kind == ExprKind::Named) {
      const auto found = std::ranges::find(parameters, arg.text, &FunctionParameter::name);
      index = static_cast<std::size_t>(found - parameters.begin());
    }
    if (index >= parameters.size()) {
      fault(arg.span,
            "'" + expr.text + "' takes " + std::to_string(parameters.size()) + " arguments.");
      return nullptr;
    }
    given[index] = arg.kind == ExprKind::Named ? arg.args[0].get() : &arg;
  }
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const FunctionParameter& parameter = parameters[i];
    const Expr* value = given[i] != nullptr ? given[i] : parameter.otherwise.get();
    if (value == nullptr) {
      fault(expr.span, "'" + expr.text + "' needs a value for '" + parameter.name + "'.");
      return nullptr;
    }
    Entity bound;
    bound.is_parameter = true;
    if (parameter.is_table) {
      bound.kind = Entity::Kind::Table;
      bound.scope = rows.scope;
      if (value->kind == ExprKind::Subquery) {
        bound.query = value->query.get();
      } else {
        bound.query = pipeline_of(*value);
      }
    } else {
      const Scalar scalar = bind(*value, rows);
      if (scalar.is_error()) return nullptr;
      const auto fitting = coerce(scalar, parameter.type);
      if (!fitting) {
        fault(value->span, "'" + parameter.name + "' is of type " +
                               std::string(name_of(parameter.type)) + ", but this is of type " +
                               std::string(name_of(scalar.type)) + ".");
        return nullptr;
      }
      bound.scalar = *fitting;
    }
    scope.names[parameter.name] = bound;
  }
  return &scope;
}

/// A pipeline of a table's name alone, kept as long as the binder.
const Pipeline* Binder::pipeline_of(const Expr& expr) {
  Pipeline& pipeline = *pipelines_.emplace_back(std::make_unique<Pipeline>());
  auto copy = std::make_unique<Expr>();
  copy->kind = expr.kind;
  copy->span = expr.span;
  copy->text = expr.text;
  Operator op;
  op.span = expr.span;
  op.op = TableOp{std::move(copy)};
  pipeline.span = expr.span;
  pipeline.operators.push_back(std::move(op));
  return &pipeline;
}

Scalar Binder::bind_user_function(const Entity& entity, const Expr& expr, Rows& rows) {
  const auto& statements = entity.function->statements;
  if (std::ranges::find(calls_, &entity) != calls_.end()) {
    return fault(expr.span, "The function '" + expr.text + "' calls itself.");
  }
  const Scope* parameters = bind_parameters(entity, expr, rows);
  if (parameters == nullptr || statements.empty()) return {};
  calls_.push_back(&entity);
  const Scope* scope = parameters;
  Scalar result;
  for (const Statement& statement : statements) {
    if (statement.kind == Statement::Kind::Let) {
      scope = bind_let(statement, scope, rows.relation);
    } else if (statement.scalar != nullptr) {
      Rows inner = rows;
      inner.scope = scope;
      result = bind(*statement.scalar, inner);
    } else {
      result = fault(expr.span, "'" + expr.text + "' gives a table, but a value is expected.");
    }
  }
  calls_.pop_back();
  result.name.clear();
  result.column = -1;
  return result;
}

}  // namespace lw::kql
