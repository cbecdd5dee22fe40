// SPDX-License-Identifier: Apache-2.0
// Scalar expressions: names, paths, logic. Operators are in bind_operation.cpp, calls in
// bind_call.cpp.
#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_library.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// Whether a pattern of `search` cannot match across the end of a line: its stars are at its ends,
/// and there is text of one line between them.
bool stays_in_a_line(std::string_view pattern) {
  if (pattern.starts_with('*')) pattern.remove_prefix(1);
  if (pattern.ends_with('*')) pattern.remove_suffix(1);
  return !pattern.empty() && pattern.find_first_of("*\n") == std::string_view::npos;
}

}  // namespace

Scalar Binder::fault(Span span, const std::string& message, Fault kind) {
  sink_.add(kind, span, message);
  return {};
}

Scalar Binder::unsupported(Span span, const std::string& what) {
  return fault(span, what + " is not supported.", Fault::Unsupported);
}

/// Counts one step of work. False when there were too many, which is told once.
bool Binder::step(Span span) {
  if (++steps_ <= options_.steps_max) return true;
  if (steps_ == options_.steps_max + 1) {
    fault(span, "The query is too complex: tables and functions of 'let' count at each use.",
          Fault::Limit);
  }
  return false;
}

std::string Binder::apply(std::string_view body, std::span<const std::string> arguments) {
  return apply_template(body, arguments, counter_);
}

std::string Binder::apply(std::string_view body, const std::vector<Scalar>& arguments) {
  std::vector<std::string> texts;
  texts.reserve(arguments.size());
  for (const Scalar& argument : arguments) texts.push_back(argument.sql);
  return apply_template(body, texts, counter_);
}

const Constant* Binder::constant_of(const Scalar& value, Span span, std::string_view what) {
  if (value.is_error()) return nullptr;
  if (value.constant) return &*value.constant;
  fault(span, std::string(what) + " must be a constant.");
  return nullptr;
}

std::optional<std::string> Binder::text_of(const Scalar& value, Span span, std::string_view what) {
  const Constant* constant = constant_of(value, span, what);
  if (constant == nullptr) return std::nullopt;
  if (const std::string* text = constant->text()) return *text;
  fault(span, std::string(what) + " must be a string.");
  return std::nullopt;
}

std::optional<std::int64_t> Binder::number_of(const Scalar& value, Span span,
                                              std::string_view what) {
  const Constant* constant = constant_of(value, span, what);
  if (constant == nullptr) return std::nullopt;
  if (const auto* number = constant->integer()) return *number;
  fault(span, std::string(what) + " must be a whole number.");
  return std::nullopt;
}

Scalar Binder::bind(const Expr& expr, Rows& rows) { return bind_unguarded(expr, rows, false); }

/// A condition. If `is_positive`, null may be given for false: it stands where both mean the same.
Scalar Binder::bind_predicate(const Expr& expr, Rows& rows, bool is_positive) {
  Scalar value = bind_unguarded(expr, rows, is_positive);
  if (value.is_error() || value.type == Type::Bool) return value;
  if (const auto flag = coerce(value, Type::Bool)) return *flag;
  if (is_integer(value.type)) return to_boolean(value);
  return fault(expr.span, "Expected a condition, but this is of type " +
                              std::string(name_of(value.type)) + ".");
}

Scalar Binder::bind_unguarded(const Expr& expr, Rows& rows, bool is_positive) {
  if (!step(expr.span)) return {};
  switch (expr.kind) {
    case ExprKind::Literal: {
      Scalar value = scalar_of(expr.constant);
      if (rows.is_search && value.type == Type::String) {
        return bind_search_term(value, rows, expr.span);
      }
      return value;
    }
    case ExprKind::Name:
      return bind_name(expr, rows);
    case ExprKind::Member:
      return bind_member(expr, rows);
    case ExprKind::Index:
      return bind_index(expr, rows);
    case ExprKind::Call:
      return bind_call(expr, rows);
    case ExprKind::Unary:
      return bind_unary(expr, rows);
    case ExprKind::Binary:
      return bind_binary(expr, rows, is_positive);
    case ExprKind::And:
    case ExprKind::Or:
      return bind_logic(expr, rows, is_positive);
    case ExprKind::In:
      return bind_in(expr, rows);
    case ExprKind::Between:
      return bind_between(expr, rows, is_positive);
    case ExprKind::Star:
      if (rows.is_search) return make_scalar(Type::Bool, "1", false);
      return fault(expr.span, "'*' cannot stand here.");
    case ExprKind::Subquery:
      return fault(expr.span, "A table cannot stand here; toscalar(…) makes a value of one.");
    case ExprKind::Named:
      return fault(expr.span, "A name cannot be given here.");
    case ExprKind::Typeof: {
      Scalar value = scalar_of({Type::String, std::string(name_of(expr.constant.type))});
      return value;
    }
    case ExprKind::Error:
      break;
  }
  return {};
}

std::vector<std::string> Binder::names_in(const Rows& rows) const {
  std::vector<std::string> names;
  if (rows.relation != nullptr) {
    for (const Column& column : rows.relation->columns) names.push_back(column.name);
  }
  for (const Scope* scope = rows.scope; scope != nullptr; scope = scope->outer) {
    for (const auto& [name, entity] : scope->names) names.push_back(name);
  }
  return names;
}

Scalar Binder::bind_name(const Expr& expr, Rows& rows) {
  if (rows.relation != nullptr) {
    if (const Column* column = rows.relation->find(expr.text)) {
      if (column->type == Type::Error) return {};
      Scalar value = scalar_of_column(*column);
      // Behind a group, say, there is the name without its number.
      if (column->key > 0 && gives(*rows.relation->plan, column->key)) {
        value.key = column->key;
        value.named = column->named;
      }
      return value;
    }
    if (rows.relation->is_error) return {};
  }
  const Entity* entity = rows.scope == nullptr ? nullptr : rows.scope->find(expr.text);
  if (entity != nullptr && entity->kind == Entity::Kind::Scalar) {
    Scalar value = entity->scalar;
    value.name.clear();
    value.column = -1;
    return value;
  }
  if (entity != nullptr) {
    return fault(expr.span, "'" + expr.text + "' is " +
                                (entity->kind == Entity::Kind::Table ? "a table" : "a function") +
                                ", but a value is expected.");
  }
  return fault(expr.span, "Failed to resolve scalar expression named '" + expr.text + "'." +
                              did_you_mean(expr.text, names_in(rows)));
}

Scalar Binder::bind_member(const Expr& expr, Rows& rows) {
  const Expr& object = *expr.args[0];
  if (object.kind == ExprKind::Name && rows.right != nullptr &&
      (object.text == "$left" || object.text == "$right")) {
    const Relation& side = object.text == "$left" ? *rows.relation : *rows.right;
    if (const Column* column = side.find(expr.text)) return scalar_of_column(*column);
    if (side.is_error) return {};
    return fault(expr.span, "There is no column '" + expr.text + "' on this side of the join.");
  }
  if (object.kind == ExprKind::Name && rows.states != nullptr) {
    const auto state = rows.states->find(object.text + "." + expr.text);
    if (state != rows.states->end()) return scalar_of_column(state->second);
  }
  Scalar value = bind(object, rows);
  if (value.is_error()) return value;
  if (value.type != Type::Dynamic) {
    return fault(expr.span, "'." + expr.text + "' needs a dynamic value, but this is of type " +
                                std::string(name_of(value.type)) + "; parse_json(…) makes one.");
  }
  Scalar result = make_scalar(Type::Dynamic,
                              "kql_get(" + value.sql + ", " + quote_string(expr.text) + ")", true);
  if (!value.name.empty()) result.name = value.name + "_" + expr.text;
  return result;
}

Scalar Binder::bind_index(const Expr& expr, Rows& rows) {
  const Scalar value = bind(*expr.args[0], rows);
  const Scalar index = bind(*expr.args[1], rows);
  if (value.is_error() || index.is_error()) return {};
  if (value.type != Type::Dynamic) {
    return fault(expr.span, "[…] needs a dynamic value, but this is of type " +
                                std::string(name_of(value.type)) + "; parse_json(…) makes one.");
  }
  Scalar result;
  if (index.type == Type::String) {
    result = make_scalar(Type::Dynamic, "kql_get(" + value.sql + ", " + index.sql + ")", true);
  } else if (is_integer(index.type)) {
    result = make_scalar(Type::Dynamic, "kql_at(" + value.sql + ", " + index.sql + ")", true);
  } else if (index.type == Type::Dynamic) {
    result = make_scalar(Type::Dynamic,
                         apply("if(startsWith($2, '\"'), kql_get($1, kql_dyn_str($2)), "
                               "kql_at($1, kql_dyn_long($2)))",
                               std::vector{value, index}),
                         true);
  } else {
    return fault(expr.args[1]->span, "An index is a number or a string.");
  }
  if (!value.name.empty() && index.constant && !index.constant->is_null()) {
    const std::string* text = index.constant->text();
    const auto* number = index.constant->integer();
    const std::string key = text != nullptr     ? *text
                            : number != nullptr ? std::to_string(*number)
                                                : "";
    result.name = value.name + "_" + key;
  }
  return result;
}

Scalar Binder::bind_logic(const Expr& expr, Rows& rows, bool is_positive) {
  const bool is_and = expr.kind == ExprKind::And;
  std::string sql;
  bool is_nullable = false;
  bool is_wrong = false;
  std::vector<ColumnCondition> conditions;
  std::vector<Scalar> parts;
  for (const ExprPtr& arg : expr.args) {
    Scalar value = bind_predicate(*arg, rows, is_positive);
    is_wrong = is_wrong || value.is_error();
    is_nullable = is_nullable || value.is_nullable;
    sql += (sql.empty() ? "" : ", ") + value.sql;
    if (is_and)
      conditions.insert(conditions.end(), value.conditions.begin(), value.conditions.end());
    if (!is_and) continue;
    if (value.parts.empty()) {
      parts.push_back(std::move(value));
    } else {
      std::ranges::move(value.parts, std::back_inserter(parts));
    }
  }
  if (is_wrong) return {};
  // Flat: the engine limits the depth of an expression, not its width.
  Scalar result = make_scalar(Type::Bool, (is_and ? "and(" : "or(") + sql + ")", is_nullable);
  result.conditions = std::move(conditions);
  result.parts = std::move(parts);
  return result;
}

Type Binder::unify(std::vector<Scalar>& values, Span span, std::string_view what) {
  Type type = Type::Error;
  for (const Scalar& value : values) {
    if (value.is_error()) return Type::Error;
    // A null without a value of its own does not decide.
    type = type == Type::Error ? value.type : common_type(type, value.type);
  }
  (void)span;
  (void)what;
  for (Scalar& value : values) value = convert(value, type);
  return type;
}

Scalar Binder::bind_search_term(const Scalar& term, Rows& rows, Span span) {
  const std::string word = rows.is_exact ? "search_cs" : "search";
  std::vector<std::string> texts;
  for (const Column& column : rows.relation->columns) {
    if (column.type == Type::DateTime || column.type == Type::TimeSpan) continue;
    texts.push_back(to_text(scalar_of_column(column)).sql);
  }
  if (texts.empty()) return make_scalar(Type::Bool, "0", false);
  const std::string* const pattern = term.constant ? term.constant->text() : nullptr;
  if (pattern != nullptr && stays_in_a_line(*pattern)) {
    // All columns as lines of one text: the engine compiles a regular expression for each place
    // where it stands, and a wide table has hundreds of columns.
    const std::string line_end = quote_string("\n");
    const std::string all =
        "concat(" + sql_list(texts, ", " + line_end + ", ") + ", " + line_end + ")";
    return bind_string_operation(word, make_scalar(Type::String, all, false), term, span);
  }
  std::string sql;
  for (const std::string& text : texts) {
    const Scalar column = make_scalar(Type::String, text, false);
    sql += bind_string_operation(word, column, term, span).sql + ", ";
  }
  return make_scalar(Type::Bool, "or(" + sql + "0)", false);
}

}  // namespace lw::kql
