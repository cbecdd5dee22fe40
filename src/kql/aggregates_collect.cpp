// SPDX-License-Identifier: Apache-2.0
// Aggregates that collect values (make_list …), and those with several outputs (arg_max …).
#include <algorithm>
#include <cmath>

#include "kql/aggregate_states.h"
#include "kql/aggregates.h"
#include "kql/binder.h"
#include "kql/convert.h"
#include "kql/literal.h"
#include "kql/sql_text.h"

namespace lw::kql {

/// A column that sorts as the rows are ordered; nothing if they have no order.
std::string Binder::order_key(Relation& relation) {
  if (relation.order.empty()) return {};
  const PlanOrder& first = relation.order.front();
  if (relation.order.size() == 1 && first.is_ascending && first.nulls_first) {
    return "(isNotNull(" + sql_column(first.id) + "), " + sql_column(first.id) + ")";
  }
  const int id = new_id();
  std::string order = sql_order(relation.order);
  add_stage(relation, {{id, "row_number() OVER (" + order.substr(1) + ")"}}, true);
  relation.order = {{.id = id}};
  return sql_column(id);
}

/// An array of JSON texts in the rows' order.
std::string Binder::list_of(const Scalar& value, const std::string& condition, bool with_nulls,
                            Relation& relation) {
  std::string element = json_of(value);
  const bool keeps = with_nulls || value.type == Type::Dynamic || !value.is_nullable;
  std::string keep = keeps ? "" : "isNotNull(" + value.sql + ")";
  if (!condition.empty()) keep = keep.empty() ? condition : "and(" + keep + ", " + condition + ")";
  const std::string function = keep.empty() ? "groupArray" : "groupArrayIf";
  if (!keep.empty()) keep = ", " + keep;
  const std::string key = order_key(relation);
  std::string list = function + "(" + element + keep + ")";
  if (!key.empty()) {
    list =
        apply("arrayMap(p_ -> p_.2, arraySort(q_ -> q_.1, $1))",
              std::vector<std::string>{function + "((" + key + ", " + element + ")" + keep + ")"});
  }
  return list;
}

Scalar Binder::bind_collection(const AggregateRow& row, std::vector<Scalar> args, const Expr& expr,
                               Rows& rows) {
  const bool is_set = row.naming == "set_", is_bag = row.naming == "bag_";
  std::string condition;
  if (expr.text.ends_with("_if")) {
    Rows inner = rows;
    const auto flag = coerce(bind(*expr.args[1], inner), Type::Bool);
    if (!flag) return {};
    condition = "ifNull(" + flag->sql + ", 0)";
  }
  const bool with_nulls = expr.text == "make_list_with_nulls";
  if (is_bag && args[0].type != Type::Dynamic) {
    return fault(expr.args[0]->span, "'" + expr.text + "' takes bags.");
  }
  std::string list = list_of(args[0], condition, with_nulls, *rows.relation);
  if (is_bag) {
    list = apply("arrayFlatten(arrayMap(j_ -> kql_keys(j_), $1))", std::vector{list});
    list = apply(
        "kql_mkbag(arrayFilter((p_, i_) -> indexOf(arrayMap(q_ -> q_.1, $1), p_.1) = i_, $1, "
        "arrayEnumerate($1)))",
        std::vector{list});
    return aggregate(rows, make_scalar(Type::Dynamic, list, false));
  }
  if (args[0].type == Type::Dynamic && !with_nulls) {
    list = apply("arrayFlatten(arrayMap(j_ -> if(startsWith(j_, '['), kql_arr(j_), [j_]), $1))",
                 std::vector{list});
  }
  if (is_set) {
    if (args[0].type == Type::Dynamic) {
      list = apply("arrayFilter(j_ -> j_ != 'null', $1)", std::vector{list});
    }
    list = "arrayDistinct(" + list + ")";
  }
  if (args.size() > 1) {
    const auto most = number_of(args[1], expr.args.back()->span, "The largest size");
    if (!most) return {};
    list = "arraySlice(" + list + ", 1, " + std::to_string(std::max<std::int64_t>(*most, 0)) + ")";
  }
  return aggregate(rows, make_scalar(Type::Dynamic, "kql_mkarr(" + list + ")", false));
}

namespace {

std::optional<double> percent_of(const Scalar& value) {
  if (!value.constant) return std::nullopt;
  if (const auto* number = value.constant->integer()) return static_cast<double>(*number);
  if (const auto* real = std::get_if<double>(&value.constant->value)) return *real;
  return std::nullopt;
}

/// "95", "99_9": as it stands in an output's name.
std::string percent_name(double percent) {
  std::string text = real_text(percent);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  std::ranges::replace(text, '.', '_');
  return text;
}

/// The nearest rank: the value at the place ceil(p / 100 * n), from 1. The engine's aggregate of
/// lists takes floor(p / 100 * n), from 0: the same but where that is a whole number, and there a
/// share that is a hair smaller gives the place before. The one of weights has a table of values
/// instead, which takes several times the memory.
std::string sql_percentile(const Scalar& value, double percent, const std::string& weight) {
  const double share = percent / 100;
  if (!weight.empty()) {
    return "quantileExactWeighted(" + real_text(share) + ")(toNullable(" + value.sql + "), " +
           weight + ")";
  }
  const bool is_end = percent <= 0 || percent >= 100;
  const double level = is_end ? share : std::nextafter(std::nextafter(share, 0.), 0.);
  return "quantileExact(" + real_text(level) + ")(toNullable(" + value.sql + "))";
}

}  // namespace

/// percentile(x, p), percentilew(x, weight, p), percentiles_array(x, p …).
Scalar Binder::bind_percentile(std::vector<Scalar> args, const Expr& expr, Rows& rows) {
  Scalar x = args[0].type == Type::Dynamic ? to_real(args[0]) : args[0];
  const bool is_weighted =
      expr.text.starts_with("percentilew") || expr.text == "percentilesw_array";
  const bool is_array = expr.text.ends_with("_array");
  const std::size_t first = is_weighted ? 2 : 1;
  if (args.size() <= first) return fault(expr.span, "'" + expr.text + "' needs a percentage.");
  const std::string weight =
      is_weighted ? "toUInt64(greatest(0, ifNull(" + args[1].sql + ", 0)))" : "";
  if (!is_numeric(x.type) && x.type != Type::DateTime && x.type != Type::TimeSpan) {
    return fault(expr.args[0]->span, "'" + expr.text + "' expects numbers or times.");
  }
  const Type type = x.type == Type::Int ? Type::Long : x.type;
  x = x.type == Type::Int ? to_long(x) : x;
  std::vector<double> percents;
  for (std::size_t i = first; i < args.size(); ++i) {
    const std::string* list = args[i].constant ? args[i].constant->text() : nullptr;
    if (is_array && list != nullptr && args[i].type == Type::Dynamic) {
      std::string number;
      for (const char c : *list + ",") {
        if ((c >= '0' && c <= '9') || c == '.' || c == 'e' || c == '-') {
          number += c;
        } else if (!number.empty()) {
          percents.push_back(real_of(std::exchange(number, "")).value_or(-1));
        }
      }
      continue;
    }
    const auto percent = percent_of(args[i]);
    if (!percent) return fault(expr.args[i]->span, "The percentage must be a constant.");
    percents.push_back(*percent);
  }
  for (const double percent : percents) {
    if (percent < 0 || percent > 100) {
      return fault(expr.span, "A percentage is between 0 and 100.");
    }
  }
  if (!is_array) {
    Scalar result =
        aggregate(rows, make_scalar(type, sql_percentile(x, percents[0], weight), true));
    result.name = "percentile_" + args[0].name + "_" + percent_name(percents[0]);
    return result;
  }
  std::string list;
  for (const double percent : percents) {
    Scalar one = make_scalar(type, sql_percentile(x, percent, weight), true);
    list += (list.empty() ? "" : ", ") + json_of(one);
  }
  Scalar result = aggregate(rows, make_scalar(Type::Dynamic, "kql_mkarr([" + list + "])", false));
  result.name = "percentiles_" + args[0].name;
  return result;
}

std::vector<Output> Binder::bind_percentiles(const Expr& expr,
                                             const std::vector<std::string>& names, Rows& rows) {
  std::vector<Scalar> args = bind_aggregate_arguments(expr, rows);
  for (const Scalar& arg : args) {
    if (arg.is_error()) return {{Scalar{}, "", false}};
  }
  const std::size_t first = expr.text == "percentilesw" ? 2 : 1;
  const std::size_t items_before = rows.aggregation->items.size();
  std::vector<Output> outputs;
  for (std::size_t i = first; i < args.size(); ++i) {
    std::vector<Scalar> one(args.begin(), args.begin() + static_cast<std::ptrdiff_t>(first));
    one.push_back(args[i]);
    Expr single;
    single.kind = ExprKind::Call;
    single.span = expr.span;
    single.text = first == 2 ? "percentilew" : "percentile";
    for (std::size_t k = 0; k < one.size(); ++k) {
      single.args.push_back(std::make_unique<Expr>());
      single.args.back()->span = expr.args[std::min(k, expr.args.size() - 1)]->span;
    }
    Output output;
    output.value = bind_percentile(std::move(one), single, rows);
    output.name = output.value.name;
    if (i - first < names.size()) {
      output.name = names[i - first];
      output.is_named = true;
    }
    outputs.push_back(std::move(output));
  }
  if (first == 1) share_percentiles(*rows.aggregation, items_before, outputs);
  return outputs;
}

/// The aggregates behind `first`, percentiles of the same values, as one that gives all of them: it
/// has the values once. It cannot give nulls.
void Binder::share_percentiles(Aggregation& aggregation, std::size_t first,
                               std::vector<Output>& outputs) {
  if (outputs.size() < 2 || aggregation.items.size() != first + outputs.size()) return;
  std::string levels, values;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const std::vector<AggregateCall> calls = aggregates_in(aggregation.items[first + i].sql);
    if (calls.size() != 1) return;
    levels += (levels.empty() ? "" : ", ") +
              calls[0].parameters.substr(1, calls[0].parameters.size() - 2);
    values = calls[0].arguments;
  }
  aggregation.items.resize(first);
  const int all = new_id(), count = new_id();
  aggregation.items.push_back({all, "quantilesExact(" + levels + ")" + values});
  aggregation.items.push_back({count, "count" + values});
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i].value.sql = "if(" + sql_column(count) + " = 0, NULL, " + sql_column(all) + "[" +
                           std::to_string(i + 1) + "])";
    outputs[i].value.column = -1;
  }
}

std::vector<Output> Binder::bind_many(const Expr& expr, const std::vector<std::string>& names,
                                      Rows& rows) {
  if (expr.text.starts_with("percentiles")) return bind_percentiles(expr, names, rows);
  if (expr.text.starts_with("arg")) return bind_arg_max(expr, names, rows);
  return bind_take_any(expr, names, rows);
}

namespace {

/// A member of a tuple column, as what it was before.
Output member_of(const Scalar& tuple, const Scalar& value, std::size_t index, bool is_nullable) {
  Output output;
  std::string sql = tuple.sql + "." + std::to_string(index + 1);
  if (value.type == Type::String && is_nullable) sql = "ifNull(" + sql + ", '')";
  output.value = make_scalar(value.type, sql, value.is_nullable || is_nullable);
  output.value.name = value.name;
  output.name = value.name;
  return output;
}

}  // namespace

/// arg_max(k, v …) and arg_max(k, *): the row with the largest k, whatever else is null in it.
std::vector<Output> Binder::bind_arg_max(const Expr& expr, const std::vector<std::string>& names,
                                         Rows& rows) {
  const bool is_max = expr.text.ends_with("max");
  std::vector<Scalar> values;
  rows.aggregation->is_inside = true;
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (expr.args[i]->kind != ExprKind::Star) {
      values.push_back(bind(*expr.args[i], rows));
      continue;
    }
    for (const Column& column : rows.relation->columns) {
      const bool is_key =
          std::ranges::find(rows.aggregation->keys, column.name) != rows.aggregation->keys.end();
      const bool is_first = !values.empty() && values[0].column == column.id;
      if (!is_key && !is_first) values.push_back(scalar_of_column(column));
    }
  }
  rows.aggregation->is_inside = false;
  if (values.empty()) fault(expr.span, "'" + expr.text + "' needs an argument.");
  for (const Scalar& value : values) {
    if (value.is_error()) values.clear();
    if (values.empty()) return {{Scalar{}, "", false}};
  }
  const Scalar& key = values[0];
  if (key.type == Type::Dynamic) {
    fault(expr.args[0]->span, "'" + expr.text + "' by a dynamic value; convert it first.");
    return {{Scalar{}, "", false}};
  }
  if (rows.aggregation->is_grouped && !key.is_nullable) {
    return arg_of_each(is_max ? "argMax" : "argMin", values, names, rows);
  }
  std::vector<std::string> members;
  for (const Scalar& value : values) {
    members.push_back(value.is_nullable ? value.sql : "toNullable(" + value.sql + ")");
  }
  std::string by = key.sql;
  if (key.is_nullable && key.type != Type::String) {
    by = apply(is_max ? "tuple($1 IS NOT NULL, $1)" : "tuple($1 IS NULL, $1)", std::vector{key});
  }
  const Scalar row = make_scalar(Type::Long, sql_column(new_id()), true);
  rows.aggregation->items.push_back(
      {last_id_, std::string(is_max ? "argMax" : "argMin") + "(tuple(@), " + by + ")", members});
  std::vector<Output> outputs;
  for (std::size_t i = 0; i < values.size(); ++i) {
    outputs.push_back(member_of(row, values[i], i, true));
    if (i < names.size()) {
      outputs.back().name = names[i];
      outputs.back().is_named = true;
    }
  }
  return outputs;
}

/// arg_max where each group has rows and each row a key: each value by itself, which costs the
/// engine far less than a tuple of them. They are of one row nevertheless: all see the same rows in
/// the same order, and of rows with equal keys each takes the first. Nulls would be passed over, so
/// that a value and its being null are told apart.
std::vector<Output> Binder::arg_of_each(const std::string& function,
                                        const std::vector<Scalar>& values,
                                        const std::vector<std::string>& names, Rows& rows) {
  const std::string by = ", " + values[0].sql + ")";
  std::vector<Output> outputs;
  for (const Scalar& value : values) {
    const bool has_null = value.is_nullable && value.type != Type::String;
    const std::string some = has_null ? "assumeNotNull(" + value.sql + ")" : value.sql;
    Output output;
    output.value =
        aggregate(rows, make_scalar(value.type, function + "(" + some + by, value.is_nullable));
    if (has_null) {
      const Scalar none = aggregate(
          rows, make_scalar(Type::Bool, function + "(isNull(" + value.sql + ")" + by, false));
      output.value.sql = "if(" + none.sql + ", NULL, " + output.value.sql + ")";
    }
    output.value.name = output.name = value.name;
    if (outputs.size() < names.size()) {
      output.name = names[outputs.size()];
      output.is_named = true;
    }
    outputs.push_back(std::move(output));
  }
  return outputs;
}

/// take_any(x), take_any(*): some row's values.
std::vector<Output> Binder::bind_take_any(const Expr& expr, const std::vector<std::string>& names,
                                          Rows& rows) {
  std::vector<Scalar> values;
  std::string condition;
  rows.aggregation->is_inside = true;
  for (std::size_t i = 0; i < expr.args.size(); ++i) {
    if (expr.text.ends_with("if") && i == 1) {
      condition = "ifNull(" + bind_predicate(*expr.args[i], rows, false).sql + ", 0)";
    } else if (expr.args[i]->kind != ExprKind::Star) {
      values.push_back(bind(*expr.args[i], rows));
    } else {
      for (const Column& column : rows.relation->columns) {
        const auto& keys = rows.aggregation->keys;
        if (std::ranges::find(keys, column.name) == keys.end())
          values.push_back(scalar_of_column(column));
      }
    }
  }
  rows.aggregation->is_inside = false;
  std::vector<Output> outputs;
  const bool is_old = expr.text == "any" || expr.text == "anyif";
  for (const Scalar& value : values) {
    if (value.is_error()) return {{Scalar{}, "", false}};
  }
  const bool is_sure = rows.aggregation->is_grouped && condition.empty();
  if (values.size() == 1) {
    const Scalar& x = values[0];
    const std::string argument = x.type == Type::String ? x.sql : "toNullable(" + x.sql + ")";
    const std::string sql =
        condition.empty() ? "any(" + argument + ")" : "anyIf(" + argument + ", " + condition + ")";
    Output output;
    output.value = aggregate(rows, make_scalar(x.type, sql, x.is_nullable || !is_sure));
    output.name = is_old ? "any_" + x.name : x.name;
    outputs.push_back(std::move(output));
  } else if (!values.empty()) {
    std::vector<std::string> members;
    for (const Scalar& value : values) {
      const bool as_it_is = value.is_nullable || is_sure;
      members.push_back(as_it_is ? value.sql : "toNullable(" + value.sql + ")");
    }
    const Scalar row = make_scalar(Type::Long, sql_column(new_id()), true);
    rows.aggregation->items.push_back({last_id_, "anyRespectNulls(tuple(@))", members});
    for (std::size_t i = 0; i < values.size(); ++i) {
      outputs.push_back(member_of(row, values[i], i, !is_sure));
      if (is_old) outputs.back().name = "any_" + values[i].name;
    }
  }
  for (std::size_t i = 0; i < names.size() && i < outputs.size(); ++i) {
    outputs[i].name = names[i];
    outputs[i].is_named = true;
  }
  return outputs;
}

}  // namespace lw::kql
