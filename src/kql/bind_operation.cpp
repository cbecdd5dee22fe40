// SPDX-License-Identifier: Apache-2.0
// Operators: arithmetic, comparisons with KQL's nulls, string operators.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/sql_library.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

Scalar named(Scalar value, std::string name) {
  value.name = std::move(name);
  return value;
}

/// What a comparison of the two is made on; nothing if they cannot be compared.
std::optional<Type> type_of_comparison(Type a, Type b) {
  if (a == b) return a;
  if (is_numeric(a) && is_numeric(b)) return common_type(a, b);
  if (a == Type::Dynamic) return b;
  if (b == Type::Dynamic) return a;
  const auto either = [&](Type x, Type y) { return (a == x && b == y) || (a == y && b == x); };
  if (either(Type::Bool, Type::Long) || either(Type::Bool, Type::Int)) return Type::Long;
  if (either(Type::Guid, Type::String)) return Type::String;
  return std::nullopt;
}

bool is_known(const Scalar& value) { return value.constant && !value.constant->is_null(); }

std::string fault_of_types(const std::string& sign, Type a, Type b) {
  return "The operator '" + sign + "' is not defined for " + std::string(name_of(a)) + " and " +
         std::string(name_of(b)) + ".";
}

/// The condition that a comparison of a column with a constant is, if it is one.
void note_condition(Scalar& result, const std::string& sign, const Scalar& left,
                    const Scalar& right) {
  if (left.column < 0 && right.column >= 0) {
    const std::string turned = sign == "<"    ? ">"
                               : sign == "<=" ? ">="
                               : sign == ">"  ? "<"
                               : sign == ">=" ? "<="
                                              : sign;
    return note_condition(result, turned, right, left);
  }
  if (left.column < 0 || !is_known(right) || left.type != right.type) return;
  ColumnCondition condition{.column = left.column, .values = {*right.constant}};
  if (sign == "!=") return;
  if (sign == "<" || sign == "<=") condition.kind = Restriction::Kind::AtMost;
  if (sign == ">" || sign == ">=") condition.kind = Restriction::Kind::AtLeast;
  auto* ticks = std::get_if<std::int64_t>(&condition.values[0].value);
  if (left.type == Type::DateTime && ticks != nullptr && sign != "==") {
    if (sign == "<") --*ticks;
    if (sign == ">") ++*ticks;
    condition.is_exact = !left.is_nullable;
  }
  result.conditions.push_back(std::move(condition));
}

/// A constant of two constants, where that is worth knowing: times, and whole numbers.
std::optional<Constant> folded(const std::string& sign, const Scalar& a, const Scalar& b,
                               Type type) {
  if (!is_known(a) || !is_known(b)) return std::nullopt;
  const auto *x = a.constant->integer(), *y = b.constant->integer();
  std::int64_t result = 0;
  if (x != nullptr && y != nullptr) {
    if (sign == "+" && !__builtin_add_overflow(*x, *y, &result)) return Constant{type, result};
    if (sign == "-" && !__builtin_sub_overflow(*x, *y, &result)) return Constant{type, result};
    if (sign == "*" && !__builtin_mul_overflow(*x, *y, &result)) return Constant{type, result};
    if (sign == "/" && type != Type::Real && *y != 0 && *y != -1) return Constant{type, *x / *y};
  }
  const auto* p = std::get_if<double>(&a.constant->value);
  const auto* q = std::get_if<double>(&b.constant->value);
  if (p != nullptr && q != nullptr && type == Type::Real) {
    if (sign == "+") return Constant{type, *p + *q};
    if (sign == "-") return Constant{type, *p - *q};
    if (sign == "*") return Constant{type, *p * *q};
    if (sign == "/") return Constant{type, *p / *q};
  }
  return std::nullopt;
}

Scalar with_constant(Scalar value, std::optional<Constant> constant) {
  if (!constant) return value;
  const bool is_date = constant->type == Type::DateTime;
  if (is_date && (*constant->integer() < 0 || *constant->integer() > kTicksMax)) return value;
  return scalar_of(std::move(*constant));
}

}  // namespace

Scalar Binder::bind_unary(const Expr& expr, Rows& rows) {
  Scalar value = bind(*expr.args[0], rows);
  if (value.is_error()) return value;
  if (!is_numeric(value.type) && value.type != Type::TimeSpan && value.type != Type::Dynamic) {
    return fault(expr.span, "A sign is not defined for " + std::string(name_of(value.type)) + ".");
  }
  if (expr.text == "+") return named(value, "");
  if (is_known(value)) {
    Constant constant = *value.constant;
    if (auto* number = std::get_if<std::int64_t>(&constant.value)) {
      *number = static_cast<std::int64_t>(~static_cast<std::uint64_t>(*number) + 1);
    } else if (auto* real = std::get_if<double>(&constant.value)) {
      *real = -*real;
    }
    return scalar_of(std::move(constant));
  }
  if (value.type == Type::Dynamic) {
    return make_scalar(Type::Real, "(-" + to_real(value).sql + ")", true);
  }
  const Type type = value.type == Type::Int ? Type::Long : value.type;
  const std::string sql = is_integer(type) ? "toInt64(-" + value.sql + ")" : "(-" + value.sql + ")";
  return make_scalar(type, sql, value.is_nullable);
}

Scalar Binder::bind_binary(const Expr& expr, Rows& rows, bool is_positive) {
  const std::string& sign = expr.text;
  if (expr.args[0]->kind == ExprKind::Star) return bind_star_operation(expr, rows);
  const bool was_search = std::exchange(rows.is_search, false);
  const Scalar left = bind(*expr.args[0], rows);
  const Scalar right = bind(*expr.args[1], rows);
  rows.is_search = was_search;
  if (left.is_error() || right.is_error()) return {};
  static constexpr std::array<std::string_view, 6> kComparisons = {"==", "!=", "<",
                                                                   "<=", ">",  ">="};
  static constexpr std::array<std::string_view, 5> kArithmetic = {"+", "-", "*", "/", "%"};
  if (std::ranges::find(kComparisons, sign) != kComparisons.end()) {
    return compare(sign, left, right, expr.span, is_positive);
  }
  if (std::ranges::find(kArithmetic, sign) != kArithmetic.end()) {
    return arithmetic(sign, left, right, expr.span);
  }
  const std::string search = rows.is_exact ? "search_cs" : "search";
  return bind_string_operation(sign == ":" ? search : sign, left, right, expr.span);
}

Scalar Binder::compare(const std::string& sign, const Scalar& left, const Scalar& right, Span span,
                       bool is_positive) {
  const auto type = type_of_comparison(left.type, right.type);
  const bool is_equality = sign == "==" || sign == "!=";
  if (!type || (!is_equality && (*type == Type::Bool))) {
    return fault(span, fault_of_types(sign, left.type, right.type));
  }
  if (is_equality) {
    const bool is_left = right.constant.has_value();
    if (auto found = compare_names(is_left ? left : right, {is_left ? &right : &left, 1}, false,
                                   sign == "!=")) {
      note_condition(*found, sign, left, right);
      return *found;
    }
  }
  const bool is_dynamic = left.type == Type::Dynamic || right.type == Type::Dynamic;
  if (is_dynamic && is_integer(*type)) return compare_dynamic(sign, left, right);
  Scalar a = convert(left, *type), b = convert(right, *type);
  const bool both_dynamic = *type == Type::Dynamic;
  if (both_dynamic && !is_equality) {
    a = to_real(left);
    b = to_real(right);
  }
  // A missing property is no empty string.
  if (*type == Type::String) {
    for (auto [from, to] : {std::pair{&left, &a}, std::pair{&right, &b}}) {
      if (from->type != Type::Dynamic) continue;
      to->sql = apply("if($1 IS NULL, NULL, kql_dyn_str($1))", std::vector{*from});
      to->is_nullable = true;
    }
  }
  std::string sql;
  bool is_nullable = a.is_nullable || b.is_nullable;
  const std::string plain = "(" + a.sql + (sign == "==" ? " = " : " " + sign + " ") + b.sql + ")";
  if (!is_equality || !is_nullable || (sign == "==" && is_positive)) {
    sql = plain;
  } else if (!a.is_nullable || !b.is_nullable) {
    sql = "ifNull" + plain.substr(0, plain.size() - 1) + (sign == "==" ? ", 0)" : ", 1)");
    is_nullable = false;
  } else if (sign == "!=" && is_positive) {
    // Two nulls are not unequal: the comparison is null, which is no more true than false.
    sql = apply("(ifNull($1 != $2, ($1 IS NULL) != ($2 IS NULL)))", std::vector{a, b});
    is_nullable = false;
  } else {
    sql = (sign == "==" ? "kql_eq(" : "kql_ne(") + a.sql + ", " + b.sql + ")";
  }
  Scalar result = make_scalar(Type::Bool, sql, is_nullable);
  note_condition(result, sign, left, right);
  return result;
}

/// Whether a column of names has one of these: as numbers, if it has them. Nothing if it has not.
std::optional<Scalar> Binder::compare_names(const Scalar& column, std::span<const Scalar> texts,
                                            bool ignores_case, bool is_negated) {
  if (column.named == nullptr || column.column < 0) return std::nullopt;
  std::string numbers;
  for (const Scalar& text : texts) {
    const std::string* const known = text.constant ? text.constant->text() : nullptr;
    // The empty text is what all other numbers are called.
    if (known == nullptr || known->empty() || text.type != Type::String) return std::nullopt;
    for (const auto& [number, name] : column.named->names) {
      const bool is_same = ignores_case ? to_lower(*known) == to_lower(name) : *known == name;
      if (is_same) numbers += (numbers.empty() ? "" : ", ") + std::to_string(number);
    }
  }
  if (numbers.empty()) return make_scalar(Type::Bool, is_negated ? "1" : "0", false);
  return make_scalar(
      Type::Bool,
      "(" + sql_column(column.key) + (is_negated ? " NOT IN (" : " IN (") + numbers + "))", false);
}

/// A dynamic with a whole number: as numbers with decimals, which the dynamic may have; equal only
/// if they are as whole numbers too, since reals do not tell large ones apart.
Scalar Binder::compare_dynamic(const std::string& sign, const Scalar& left, const Scalar& right) {
  const std::vector<Scalar> sides = {to_real(left), to_real(right), to_long(left), to_long(right)};
  if (sign == "==" || sign == "!=") {
    std::string sql = apply("ifNull(and($1 = $2, $3 = $4), 0)", sides);
    return make_scalar(Type::Bool, sign == "==" ? sql : "not(" + sql + ")", false);
  }
  return make_scalar(Type::Bool, apply("($1 " + sign + " $2)", sides), true);
}

Scalar Binder::arithmetic(const std::string& sign, const Scalar& left, const Scalar& right,
                          Span span) {
  Scalar a = left, b = right;
  // Dynamic takes part as a number with decimals: it may have some, whatever the other side is.
  if (a.type == Type::Dynamic && b.type == Type::Dynamic) {
    a = to_real(a);
    b = to_real(b);
  } else if (a.type == Type::Dynamic) {
    a = is_numeric(b.type) ? to_real(a) : convert(a, b.type);
  } else if (b.type == Type::Dynamic) {
    b = is_numeric(a.type)         ? to_real(b)
        : a.type == Type::DateTime ? convert(b, Type::TimeSpan)
                                   : convert(b, a.type);
  }
  const bool is_null = a.is_nullable || b.is_nullable;
  const auto form = [&](Type type, std::string_view body, bool may_fail = false) {
    Scalar result = make_scalar(type, apply(body, std::vector{a, b}), is_null || may_fail);
    return with_constant(std::move(result), folded(sign, a, b, type));
  };
  const std::string infix = "($1 " + sign + " $2)";
  const Type x = a.type, y = b.type;
  if (is_numeric(x) && is_numeric(y)) {
    const Type type = common_type(common_type(x, y), Type::Long);
    if (type != Type::Long) {
      a = convert(a, type);
      b = convert(b, type);
      return sign == "%" ? form(type, "positiveModuloOrNull($1, abs($2))", true)
                         : form(type, infix);
    }
    a = to_long(a);
    b = to_long(b);
    if (sign == "/") return form(type, "toInt64(intDivOrNull($1, $2))", true);
    if (sign == "%") return form(type, "kql_mod($1, $2)", true);
    return form(type, infix);
  }
  if (x == Type::DateTime && y == Type::TimeSpan && (sign == "+" || sign == "-")) {
    return form(Type::DateTime, "kql_dt_ok" + infix, true);
  }
  if (x == Type::TimeSpan && y == Type::DateTime && sign == "+") {
    return form(Type::DateTime, "kql_dt_ok" + infix, true);
  }
  if (x == Type::DateTime && y == Type::DateTime && sign == "-") return form(Type::TimeSpan, infix);
  if (x == Type::TimeSpan && y == Type::TimeSpan) {
    if (sign == "+" || sign == "-") return form(Type::TimeSpan, infix);
    if (sign == "/") {
      a = to_real(a);
      b = to_real(b);
      return form(Type::Real, infix);
    }
  }
  if (is_time(x) && y == Type::TimeSpan && sign == "%") {
    return form(Type::TimeSpan, "kql_mod($1, $2)", true);
  }
  if (x == Type::TimeSpan && is_numeric(y) && (sign == "*" || sign == "/")) {
    if (is_integer(y)) {
      b = to_long(b);
      return sign == "*" ? form(Type::TimeSpan, infix)
                         : form(Type::TimeSpan, "toInt64(intDivOrNull($1, $2))", true);
    }
    if (is_known(a) && is_known(b)) {
      const double factor = std::get<double>(b.constant->value);
      const double ticks = static_cast<double>(*a.constant->integer());
      const double product = sign == "*" ? ticks * factor : ticks / factor;
      if (std::abs(product) < 9e18) {
        return scalar_of({Type::TimeSpan, static_cast<std::int64_t>(product)});
      }
    }
    b = to_real(b);
    return form(Type::TimeSpan, "kql_real_long(toFloat64($1) " + sign + " $2)", true);
  }
  if (is_numeric(x) && y == Type::TimeSpan && sign == "*") {
    return arithmetic(sign, right, left, span);
  }
  return fault(span, fault_of_types(sign, left.type, right.type) +
                         (x == Type::String && sign == "+" ? " Use strcat(…)." : ""));
}

Scalar Binder::bind_between(const Expr& expr, Rows& rows, bool is_positive) {
  const bool is_negated = expr.text[0] == '!';
  const Scalar value = bind(*expr.args[0], rows);
  const Scalar low = bind(*expr.args[1], rows);
  Scalar high = bind(*expr.args[2], rows);
  if (value.is_error() || low.is_error() || high.is_error()) return {};
  if (low.type == Type::DateTime && high.type == Type::TimeSpan) {
    high = arithmetic("+", low, high, expr.span);
  }
  const Scalar from = compare(">=", value, low, expr.span, is_positive);
  const Scalar to = compare("<=", value, high, expr.span, is_positive);
  if (from.is_error() || to.is_error()) return {};
  std::string sql = "and(" + from.sql + ", " + to.sql + ")";
  if (is_negated)
    return make_scalar(Type::Bool, "not(" + sql + ")", from.is_nullable || to.is_nullable);
  Scalar result = make_scalar(Type::Bool, std::move(sql), from.is_nullable || to.is_nullable);
  result.conditions = from.conditions;
  result.conditions.insert(result.conditions.end(), to.conditions.begin(), to.conditions.end());
  result.parts = {from, to};
  return result;
}

/// `where * has "x"`: one of the columns.
Scalar Binder::bind_star_operation(const Expr& expr, Rows& rows) {
  if (rows.relation == nullptr || rows.relation->is_error) return {};
  Rows plain = rows;
  plain.is_search = false;
  const Scalar right = bind(*expr.args[1], plain);
  if (right.is_error()) return {};
  std::string sql;
  for (const Column& column : rows.relation->columns) {
    if (column.type != Type::String && column.type != Type::Dynamic) continue;
    Scalar value = make_scalar(column.type, sql_column(column.id), column.is_nullable);
    const Scalar found = expr.text == "==" || expr.text == "!="
                             ? compare(expr.text, to_text(value), right, expr.span, false)
                             : bind_string_operation(expr.text, to_text(value), right, expr.span);
    if (found.is_error()) return {};
    sql += (sql.empty() ? "" : ", ") + found.sql;
  }
  return make_scalar(Type::Bool, sql.empty() ? "0" : "or(" + sql + ", 0)", false);
}

}  // namespace lw::kql
