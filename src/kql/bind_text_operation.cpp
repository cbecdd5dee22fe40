// SPDX-License-Identifier: Apache-2.0
// Operators on text: has, contains, startswith, matches regex …, and `in` with its kin.
#include <array>

#include "base/text.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/regex.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

struct TextOperator {
  std::string_view word;
  std::string_view sql;
};

/// Insensitive to case unless `_cs`; as Unicode has it.
constexpr std::array kTextOperators = {
    TextOperator{"has", "kql_has($1, $2)"},
    TextOperator{"has_cs", "kql_has_cs($1, $2)"},
    TextOperator{"hasprefix", "kql_hasprefix($1, $2)"},
    TextOperator{"hasprefix_cs", "kql_hasprefix_cs($1, $2)"},
    TextOperator{"hassuffix", "kql_hassuffix($1, $2)"},
    TextOperator{"hassuffix_cs", "kql_hassuffix_cs($1, $2)"},
    TextOperator{"contains", "kql_contains($1, $2)"},
    TextOperator{"contains_cs", "(position($1, $2) > 0)"},
    TextOperator{"startswith", "startsWith(lowerUTF8($1), lowerUTF8($2))"},
    TextOperator{"startswith_cs", "startsWith($1, $2)"},
    TextOperator{"endswith", "endsWith(lowerUTF8($1), lowerUTF8($2))"},
    TextOperator{"endswith_cs", "endsWith($1, $2)"},
    TextOperator{"=~", "(lowerUTF8($1) = lowerUTF8($2))"},
    TextOperator{"!~", "(lowerUTF8($1) != lowerUTF8($2))"},
};

bool is_ascii_word(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/' ||
                          c == ' ' || c == ':';
    if (!is_plain) return false;
  }
  return true;
}

/// A term that is looked for: what is cheap to look for first, then what decides.
std::string sql_has(const std::string& text, const std::string& term) {
  if (term.empty()) return "1";
  std::string has = "kql_has(" + text + ", " + quote_string(term) + ")";
  if (!is_ascii_word(term)) return has;
  return "(positionCaseInsensitiveUTF8(" + text + ", " + quote_string(term) + ") > 0 AND " + has +
         ")";
}

/// A pattern of `search` with stars: "x*" is a prefix of a term.
std::string sql_search(const std::string& text, const std::string& pattern, bool is_exact) {
  std::string body = pattern;
  const bool is_open_left = body.starts_with("*");
  if (is_open_left) body.erase(0, 1);
  const bool is_open_right = body.ends_with("*");
  if (is_open_right) body.pop_back();
  if (body.find('*') == std::string::npos) {
    if (body.empty()) return "1";
    const std::string cs = is_exact ? "_cs(" : "(";
    const std::string arguments = text + ", " + quote_string(body) + ")";
    if (is_open_left && is_open_right) {
      return is_exact ? "(position(" + arguments + " > 0)" : "kql_contains(" + arguments;
    }
    if (is_open_left) return "kql_hassuffix" + cs + arguments;
    if (is_open_right) return "kql_hasprefix" + cs + arguments;
    return is_exact ? "kql_has_cs(" + arguments : sql_has(text, body);
  }
  std::string regex;
  for (const std::string& part : split(body, '*')) {
    regex += (regex.empty() ? "" : ".*") + regex_quote(part);
  }
  const std::string left = is_open_left ? "" : "(^|[^\\pL\\pN])";
  const std::string right = is_open_right ? "" : "($|[^\\pL\\pN])";
  return "match(" + text + ", " +
         quote_string((is_exact ? "(?s)" : "(?is)") + left + regex + right) + ")";
}

}  // namespace

Scalar Binder::bind_string_operation(const std::string& word, const Scalar& left,
                                     const Scalar& right, Span span) {
  const bool is_negated = word[0] == '!' && word != "!~";
  const std::string base = is_negated ? word.substr(1) : word;
  if (word == "=~" || word == "!~") {
    if (auto found = compare_names(left, {&right, 1}, true, word == "!~")) return *found;
  }
  const Scalar text = to_text(left);
  const auto term = coerce(right, Type::String);
  const bool is_text = left.type == Type::String || left.type == Type::Dynamic ||
                       left.type == Type::Guid || base.starts_with("search") ||
                       base.starts_with("has");
  if (!is_text || !term) {
    return fault(span, "The operator '" + word + "' is not defined for " +
                           std::string(name_of(left.type)) + " and " +
                           std::string(name_of(right.type)) + ".");
  }
  const bool is_known = term->constant && term->constant->text() != nullptr;
  std::string sql;
  if (base == "matches regex") {
    sql = "match(" + text.sql + ", " + sql_regex(*this, *term, span) + ")";
  } else if (base.starts_with("search") && is_known) {
    sql = sql_search(text.sql, *term->constant->text(), base == "search_cs");
  } else if (base == "has" && is_known) {
    sql = sql_has(text.sql, *term->constant->text());
  } else {
    for (const TextOperator& known : kTextOperators) {
      if (known.word == base) sql = apply(known.sql, std::vector{text, *term});
    }
    if (sql.empty()) return unsupported(span, "The operator '" + word + "'");
  }
  if (is_negated) sql = "not(" + sql + ")";
  return make_scalar(Type::Bool, sql, false);
}

Scalar Binder::bind_in(const Expr& expr, Rows& rows) {
  const bool is_star = expr.args[0]->kind == ExprKind::Star;
  if (is_star) return unsupported(expr.span, "'*' before '" + expr.text + "'");
  Scalar left = bind(*expr.args[0], rows);
  if (left.is_error()) return left;
  const bool is_negated = expr.text[0] == '!';
  const std::string word = is_negated ? expr.text.substr(1) : expr.text;
  if (word.starts_with("has")) return bind_has_any(expr, left, rows);
  const bool ignores_case = word == "in~";
  if (expr.args.size() == 2) {
    Scalar found = bind_in_subquery(expr, left, rows);
    if (!found.is_error() || found.sql != "NULL") return found;
  }
  std::vector<std::string> lists;
  std::string plain;
  std::vector<Constant> known;
  std::vector<Scalar> items;
  const bool as_text = left.type == Type::String || left.type == Type::Dynamic;
  const Scalar needle = left.type == Type::Dynamic ? to_text(left) : left;
  for (std::size_t i = 1; i < expr.args.size(); ++i) {
    if (expr.args[i]->kind == ExprKind::Subquery)
      return fault(expr.args[i]->span, "A table must stand alone in 'in (…)'.");
    Scalar item = bind(*expr.args[i], rows);
    if (item.is_error()) return {};
    if (item.type == Type::Dynamic) {
      lists.push_back(item.sql);
      continue;
    }
    if (!is_compatible(needle.type, item.type)) {
      return fault(expr.args[i]->span, "A value of type " + std::string(name_of(item.type)) +
                                           " cannot be in a list of " +
                                           std::string(name_of(needle.type)) + ".");
    }
    if (item.constant && item.type == left.type) known.push_back(*item.constant);
    items.push_back(item);
    Scalar value = convert(item, needle.type);
    if (ignores_case && as_text) value.sql = "lowerUTF8(" + value.sql + ")";
    plain += (plain.empty() ? "" : ", ") + value.sql;
  }
  const std::string text = ignores_case && as_text ? "lowerUTF8(" + needle.sql + ")" : needle.sql;
  std::string sql;
  if (!plain.empty()) {
    sql = needle.is_nullable ? "ifNull(" + text + " IN (" + plain + "), 0)"
                             : "(" + text + " IN (" + plain + "))";
  }
  for (const std::string& list : lists) {
    const std::string element = ignores_case ? "lowerUTF8(kql_dyn_str(e_))" : "kql_dyn_str(e_)";
    std::string key = to_text(needle).sql;
    if (ignores_case) key = "lowerUTF8(" + key + ")";
    const std::string one = apply("has(arrayMap(e_ -> " + element + ", kql_arr($1)), $2)",
                                  std::vector<std::string>{list, key});
    sql += (sql.empty() ? "" : " OR ") + one;
  }
  if (sql.empty()) sql = "0";
  if (!lists.empty()) sql = "(" + sql + ")";
  Scalar result = make_scalar(Type::Bool, is_negated ? "not(" + sql + ")" : sql, false);
  if (const auto found = compare_names(left, items, ignores_case, is_negated);
      found && lists.empty()) {
    result = *found;
  }
  const bool all_known = known.size() + 1 == expr.args.size() && left.column >= 0;
  if (!is_negated && all_known && !ignores_case) {
    result.conditions.push_back({left.column, Restriction::Kind::OneOf, std::move(known)});
  }
  return result;
}

/// `x in (T | project y)`, `x in (T)`: the first column of a table. An error with the SQL "NULL"
/// and nothing told means: it is no table.
Scalar Binder::bind_in_subquery(const Expr& expr, const Scalar& left, Rows& rows) {
  const Expr& arg = *expr.args[1];
  Relation table;
  if (arg.kind == ExprKind::Subquery) {
    table = bind_pipeline(*arg.query, *rows.scope);
  } else if (is_table(arg, rows)) {
    table = bind_table_expr(arg, *rows.scope);
  } else {
    return {};
  }
  Scalar wrong;
  wrong.sql = "0";
  if (table.is_error || table.columns.empty()) return wrong;
  const Column& column = table.columns[0];
  const bool ignores_case = expr.text.ends_with("~");
  Scalar value = make_scalar(column.type, sql_column(column.id), column.is_nullable);
  Scalar needle = left;
  if (column.type == Type::Dynamic || left.type == Type::Dynamic) {
    value = to_text(value);
    needle = to_text(left);
  } else if (!is_compatible(column.type, left.type)) {
    fault(arg.span, "A column of type " + std::string(name_of(column.type)) +
                        " cannot be searched for a " + std::string(name_of(left.type)) + ".");
    return wrong;
  } else {
    const Type type = common_type(left.type, column.type);
    value = convert(value, type);
    needle = convert(left, type);
  }
  if (ignores_case && needle.type == Type::String) {
    value.sql = "lowerUTF8(" + value.sql + ")";
    needle.sql = "lowerUTF8(" + needle.sql + ")";
  }
  const int id = new_id();
  table.plan = with_items(table.plan, {{id, value.sql}});
  std::string sql = "ifNull(" + needle.sql + " IN (" + sql_of_plan(*table.plan, {id}) + "), 0)";
  if (expr.text[0] == '!') sql = "not(" + sql + ")";
  return make_scalar(Type::Bool, sql, false);
}

Scalar Binder::bind_has_any(const Expr& expr, Scalar left, Rows& rows) {
  const bool is_negated = expr.text[0] == '!';
  const std::string word = is_negated ? expr.text.substr(1) : expr.text;
  left = to_text(left);
  const bool is_all = word == "has_all";
  std::string sql;
  for (std::size_t i = 1; i < expr.args.size(); ++i) {
    const Scalar item = bind(*expr.args[i], rows);
    if (item.is_error()) return {};
    std::string one;
    if (item.type == Type::Dynamic) {
      one = apply(std::string(is_all ? "arrayAll" : "arrayExists") +
                      "(e_ -> kql_has($1, kql_dyn_str(e_)), kql_arr($2))",
                  std::vector{left, item});
    } else {
      const Scalar has = bind_string_operation("has", left, to_text(item), expr.args[i]->span);
      if (has.is_error()) return {};
      one = has.sql;
    }
    sql += (sql.empty() ? "" : ", ") + one;
  }
  if (sql.empty()) sql = "0";
  sql = (is_all ? "and(" : "or(") + sql + (is_all ? ", 1)" : ", 0)");
  return make_scalar(Type::Bool, is_negated ? "not(" + sql + ")" : sql, false);
}

}  // namespace lw::kql
