// SPDX-License-Identifier: Apache-2.0
// The table of aggregates that give one value, and how they are bound.
#include "kql/aggregates.h"

#include <algorithm>
#include <array>
#include <map>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// Result letters besides those of functions: 'S' what sums become, 'A' what averages become,
/// 'L' a collection (bind_collection), 'P' a percentile. $p is the condition itself.
constexpr std::array kAggregates = {
    AggregateRow{"count", "a?", "l!", "count_", "toInt64(count())"},
    AggregateRow{"countif", "b", "l!", "countif_", "toInt64(countIf($p))", true},
    AggregateRow{"sum|sumif", "n", "S!", "sum_", "ifNull(sum$f($1$c), 0)"},
    AggregateRow{"avg|avgif", "n", "A!", "avg_", "ifNull(avg$f($1$c), nan)"},
    AggregateRow{"min|minif", "o", "1", "min_", "min$f($1$c)"},
    AggregateRow{"max|maxif", "o", "1", "max_", "max$f($1$c)"},
    AggregateRow{"stdev|stdevif", "n", "r!", "stdev_",
                 "if(count$f($1$c) < 2, 0., ifNull(stddevSamp$f(toFloat64($1)$c), 0.))"},
    AggregateRow{"stdevp|stdevpif", "n", "r!", "stdevp_",
                 "if(count$f($1$c) < 1, 0., ifNull(stddevPop$f(toFloat64($1)$c), 0.))"},
    AggregateRow{"variance|varianceif", "n", "r!", "variance_",
                 "if(count$f($1$c) < 2, 0., ifNull(varSamp$f(toFloat64($1)$c), 0.))"},
    AggregateRow{"variancep|variancepif", "n", "r!", "variancep_",
                 "if(count$f($1$c) < 1, 0., ifNull(varPop$f(toFloat64($1)$c), 0.))"},
    AggregateRow{
        "covariance|covarianceif", "nn", "r!", "covariance_",
        "if(count$f($1$c) < 2, 0., ifNull(covarSamp$f(toFloat64($1), toFloat64($2)$c), 0.))"},
    AggregateRow{
        "covariancep|covariancepif", "nn", "r!", "covariancep_",
        "if(count$f($1$c) < 1, 0., ifNull(covarPop$f(toFloat64($1), toFloat64($2)$c), 0.))"},
    AggregateRow{"dcount|dcountif|count_distinct|count_distinctif", "al?", "l!", "dcount_",
                 "toInt64(uniqExact$f($1$c))"},
    AggregateRow{"make_list|makelist|make_list_if", "al?", "L", "list_", ""},
    AggregateRow{"make_list_with_nulls", "a", "L", "list_", ""},
    AggregateRow{"make_set|makeset|make_set_if", "al?", "L", "set_", ""},
    AggregateRow{"make_bag|make_dictionary|make_bag_if", "yl?", "L", "bag_", ""},
    AggregateRow{"percentile", "nn", "P", "percentile_", ""},
    AggregateRow{"percentilew", "nln", "P", "percentile_", ""},
    AggregateRow{"percentiles_array|percentilesw_array", "na*", "P", "percentiles_", ""},
    AggregateRow{"binary_all_and", "l", "l", "binary_all_and_",
                 "if(count($1) = 0, NULL, "
                 "reinterpretAsInt64(groupBitAnd(reinterpretAsUInt64(assumeNotNull($1)))))"},
    AggregateRow{"binary_all_or", "l", "l", "binary_all_or_",
                 "if(count($1) = 0, NULL, "
                 "reinterpretAsInt64(groupBitOr(reinterpretAsUInt64(ifNull($1, 0)))))"},
    AggregateRow{"binary_all_xor", "l", "l", "binary_all_xor_",
                 "if(count($1) = 0, NULL, "
                 "reinterpretAsInt64(groupBitXor(reinterpretAsUInt64(ifNull($1, 0)))))"},
};

constexpr std::array<std::string_view, 10> kMany = {
    "arg_max",  "arg_min", "argmax",     "argmin",       "percentiles",
    "take_any", "any",     "take_anyif", "percentilesw", "anyif"};

const std::map<std::string, const AggregateRow*, std::less<>>& aggregates_by_name() {
  static const auto kRows = [] {
    std::map<std::string, const AggregateRow*, std::less<>> all;
    for (const AggregateRow& row : kAggregates) {
      std::string_view names = row.names;
      while (!names.empty()) {
        const std::size_t end = names.find('|');
        all.emplace(std::string(names.substr(0, end)), &row);
        names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
      }
    }
    return all;
  }();
  return kRows;
}

bool has_condition(std::string_view name) {
  return name == "countif" || name == "dcountif" || name == "count_distinctif" ||
         name.ends_with("_if") || (name.ends_with("if") && !name.ends_with("_bag"));
}

std::string replaced(std::string text, std::string_view what, const std::string& with) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
  return text;
}

/// The prefix of the output's name: that of the alias used.
std::string prefix_of(const AggregateRow& row, const std::string& name) {
  std::string prefix(row.naming);
  const bool is_first = row.names.substr(0, row.names.find('|')) == name;
  if (is_first || prefix == "list_" || prefix == "set_" || prefix == "bag_" ||
      prefix == "percentile_" || prefix == "percentiles_") {
    return prefix;
  }
  return name + "_";
}

}  // namespace

const AggregateRow* find_aggregate(std::string_view name) {
  const auto row = aggregates_by_name().find(name);
  return row == aggregates_by_name().end() ? nullptr : row->second;
}

const std::vector<std::string>& aggregate_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> all(kMany.begin(), kMany.end());
    for (const auto& [name, row] : aggregates_by_name()) all.push_back(name);
    return all;
  }();
  return kNames;
}

bool is_many_aggregate(std::string_view name) {
  return std::ranges::find(kMany, name) != kMany.end();
}

/// The aggregate becomes a column of the GROUP BY stage; what is built on it reads that column.
Scalar Binder::aggregate(Rows& rows, Scalar value) {
  const int id = new_id();
  rows.aggregation->items.push_back({id, value.sql});
  value.sql = sql_column(id);
  value.column = -1;
  value.constant.reset();
  value.conditions.clear();
  return value;
}

std::vector<Scalar> Binder::bind_aggregate_arguments(const Expr& expr, Rows& rows) {
  rows.aggregation->is_inside = true;
  std::vector<Scalar> args;
  for (const ExprPtr& arg : expr.args) {
    args.push_back(arg->kind == ExprKind::Star ? fault(arg->span, "'*' cannot stand here.")
                                               : bind(*arg, rows));
  }
  rows.aggregation->is_inside = false;
  return args;
}

Scalar Binder::bind_aggregate(const AggregateRow& row, const Expr& expr, Rows& rows) {
  const std::string& name = expr.text;
  if (rows.aggregation == nullptr || rows.aggregation->is_inside) {
    return fault(expr.span, "The aggregate '" + name + "' can only stand in 'summarize'.");
  }
  std::vector<Scalar> args = bind_aggregate_arguments(expr, rows);
  for (const Scalar& arg : args) {
    if (arg.is_error()) return {};
  }
  std::string condition;
  if (has_condition(name)) {
    const std::size_t least = name == "countif" ? 1 : 2;
    // dcountif(x, p, accuracy), make_list_if(x, p, max): the condition is the second.
    if (args.size() < least) {
      return fault(expr.span, "'" + name + "' takes " + std::to_string(least) + " arguments.");
    }
    const std::size_t place = least - 1;
    const auto flag = coerce(args[place], Type::Bool);
    if (!flag) return fault(expr.args[place]->span, "A condition is expected.");
    condition = flag->is_nullable ? "ifNull(" + flag->sql + ", 0)" : flag->sql;
    if (name != "countif") args.erase(args.begin() + static_cast<std::ptrdiff_t>(place));
  }
  const std::string first = args.empty() ? "" : args[0].name;
  const std::string prefix = prefix_of(row, name);
  const bool takes_none = name == "count";
  const auto letters =
      std::ranges::count_if(row.parameters, [](char c) { return c != '?' && c != '*'; });
  const auto optional =
      std::ranges::count_if(row.parameters, [](char c) { return c == '?' || c == '*'; });
  const bool is_open = row.parameters.ends_with('*');
  if (std::ssize(args) < letters - optional || (!is_open && std::ssize(args) > letters)) {
    return fault(expr.span, "'" + name + "' is called with " + std::to_string(args.size()) +
                                " arguments, which it does not take.");
  }
  if (row.result[0] == 'L') {
    Scalar list = bind_collection(row, std::move(args), expr, rows);
    if (list.is_error()) return list;
    list.name = prefix + first;
    return list;
  }
  if (row.result[0] == 'P') return bind_percentile(std::move(args), expr, rows);
  Scalar x = args.empty() ? Scalar{} : args[0];
  const char kind = row.parameters[0];
  const bool is_time = x.type == Type::DateTime || x.type == Type::TimeSpan;
  if (kind == 'n' && !takes_none) {
    if (x.type == Type::Dynamic) args[0] = x = to_real(x);
    const bool fits = is_numeric(x.type) ||
                      (is_time && (row.result[0] == 'S' || row.result[0] == 'A')) ||
                      (x.type == Type::TimeSpan);
    if (!fits || (x.type == Type::DateTime && row.result[0] == 'S')) {
      return fault(expr.args[0]->span, "'" + name + "' expects a number, but this is of type " +
                                           std::string(name_of(x.type)) + ".");
    }
  }
  if (kind == 'o' && x.type == Type::Dynamic) {
    return fault(expr.args[0]->span, "'" + name + "' of a dynamic value; convert it first.");
  }
  if (row.parameters == "l") {
    const auto number = coerce(x, Type::Long);
    if (!number) return fault(expr.args[0]->span, "'" + name + "' expects a whole number.");
    args[0] = *number;
  }
  if (row.parameters == "nn") {
    const auto second = coerce(args[1], Type::Real);
    if (!second) return fault(expr.args[1]->span, "'" + name + "' expects a number.");
    args[1] = *second;
  }
  Type type = type_of_letter(row.result[0]);
  std::string sql(row.sql);
  bool is_nullable = !row.result.ends_with('!');
  if (row.result[0] == 'S') {
    type = is_integer(x.type) ? Type::Long : x.type;
    if (type == Type::Long && x.type == Type::Int) args[0] = to_long(x);
    sql = type == Type::Real || type == Type::Decimal ? "ifNull(sum$f($1$c), 0.)"
                                                      : "toInt64(ifNull(sum$f($1$c), 0))";
  } else if (row.result[0] == 'A') {
    type = is_time ? x.type : Type::Real;
    if (is_time) {
      sql = "toInt64(intDivOrNull(sum$f(toInt128($1)$c), toInt128(count$f($1$c))))";
      is_nullable = true;
    }
  } else if (row.result[0] == '1') {
    type = x.type;
    is_nullable = x.is_nullable || !condition.empty() || !rows.aggregation->is_grouped;
    if (is_nullable && type != Type::String) args[0].sql = "toNullable(" + x.sql + ")";
  }
  sql = replaced(std::move(sql), "$f", condition.empty() ? "" : "If");
  sql = replaced(std::move(sql), "$c", condition.empty() ? "" : ", " + condition);
  sql = replaced(std::move(sql), "$p", condition);
  // What a template names twice must be a column: a lambda cannot stand around aggregates.
  std::vector<PlanItem> items;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string reference = "$" + std::to_string(i + 1);
    const std::size_t use = sql.find(reference);
    const bool is_used_twice =
        use != std::string::npos && sql.find(reference, use + 1) != std::string::npos;
    if (!is_used_twice || args[i].column >= 0) continue;
    items.push_back({new_id(), args[i].sql});
    args[i].sql = sql_column(items.back().id);
  }
  if (!items.empty()) add_stage(*rows.relation, std::move(items), false);
  std::string name_of_output = prefix + first;
  if (letters - optional == 2 && args.size() > 1 && !args[1].name.empty())
    name_of_output += "_" + args[1].name;
  Scalar result = aggregate(rows, make_scalar(type, apply(sql, args), is_nullable));
  result.name = name_of_output;
  return result;
}

}  // namespace lw::kql
