// SPDX-License-Identifier: Apache-2.0
// Lists. Elements are JSON texts between taking apart and putting together.
#include <array>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// What is not a list gives null.
Scalar of_list(Call& call, const std::string& body) {
  return make_scalar(Type::Dynamic,
                     call.binder.apply("if(startsWith($1, '['), " + body + ", NULL)", call.args),
                     true);
}

/// Elements in KQL's order: numbers by value, texts by text; nulls at the end, or at the front if
/// the last argument is false. Several lists are sorted as the first one.
Scalar sorted(Call& call, bool is_ascending) {
  std::vector<Scalar> lists;
  std::string nulls_last = "1";
  for (const Scalar& arg : call.args) {
    if (arg.type == Type::Dynamic) lists.push_back(arg);
    if (arg.type == Type::Bool) nulls_last = arg.sql;
  }
  if (lists.empty())
    return call.binder.fault(call.expr.span, "'" + call.expr.text + "' takes lists.");
  const std::string sort = is_ascending ? "arraySort" : "arrayReverseSort";
  const std::string by_value =
      sort + "((i_, e_) -> (e_ = 'null', toFloat64OrZero(e_), kql_dyn_str(e_), " +
      (is_ascending ? "i_" : "-i_") + "), arrayEnumerate(kql_arr($1)), kql_arr($1))";
  const std::string places = "arrayConcat(arrayFilter(i_ -> NOT " + nulls_last +
                             " AND arrayElement(kql_arr($1), i_) = 'null', P), "
                             "arrayFilter(i_ -> arrayElement(kql_arr($1), i_) != 'null', P), "
                             "arrayFilter(i_ -> " +
                             nulls_last + " AND arrayElement(kql_arr($1), i_) = 'null', P))";
  std::string order;
  for (const char c : places) {
    if (c == 'P') {
      order += by_value;
    } else {
      order += c;
    }
  }
  Scalar first;
  std::string all;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    const std::vector<std::string> arguments = {lists[0].sql, lists[i].sql};
    const Scalar one =
        make_scalar(Type::Dynamic,
                    call.binder.apply(
                        "if(startsWith($1, '[') AND startsWith($2, '[') AND length(kql_arr($1)) = "
                        "length(kql_arr($2)), kql_mkarr(arrayMap(i_ -> arrayElement(kql_arr($2), "
                        "i_), " +
                            order + ")), NULL)",
                        arguments),
                    true);
    if (i == 0) first = one;
    all += (all.empty() ? "" : ", ") + json_of(one);
  }
  if (lists.size() == 1) return first;
  return make_scalar(Type::Dynamic, "kql_mkarr([" + all + "])", false);
}

/// array_index_of(list, value[, start[, length[, occurrence]]])
Scalar index_of(Call& call) {
  const auto number = [&](std::size_t i, std::int64_t otherwise) {
    return i < call.args.size() ? call.args[i].sql : sql_long(otherwise);
  };
  const std::string from = "if($3 < 0, greatest(length(kql_arr($1)) + $3, 0), $3)";
  const std::string value = json_of(call.args[1]);
  const bool is_numeric_value = is_numeric(call.args[1].type);
  const std::string match =
      is_numeric_value ? "(e_ = $2 OR toFloat64OrNull(e_) = toFloat64OrNull($2))" : "e_ = $2";
  const std::vector<std::string> arguments = {call.args[0].sql, value, number(2, 0), number(3, -1),
                                              number(4, 1)};
  return make_scalar(
      Type::Long,
      call.binder.apply(
          "if(startsWith($1, '['), toInt64(arrayElement(arrayFilter((i_, e_) -> i_ - 1 >= " + from +
              " AND ($4 < 0 OR i_ - 1 < " + from + " + $4) AND " + match +
              ", arrayEnumerate(kql_arr($1)), kql_arr($1)), $5)) - 1, NULL)",
          arguments),
      true);
}

Scalar slice(Call& call) {
  return of_list(
      call,
      "kql_mkarr(arrayFilter((e_, i_) -> i_ - 1 >= if($2 < 0, length(kql_arr($1)) + $2, $2) "
      "AND i_ - 1 <= if($3 < 0, length(kql_arr($1)) + $3, $3), kql_arr($1), "
      "arrayEnumerate(kql_arr($1))))");
}

Scalar rotate(Call& call, const std::string& sign) {
  return of_list(
      call,
      "kql_mkarr(if(kql_arr($1) = [], kql_arr($1), arrayMap(i_ -> arrayElement(kql_arr($1), "
      "toInt64(positiveModulo(toInt64(i_) - 1 " +
          sign +
          " $2, toInt64(length(kql_arr($1))))) "
          "+ 1), arrayEnumerate(kql_arr($1)))))");
}

Scalar shift(Call& call, const std::string& sign) {
  const std::string otherwise = call.args.size() > 2 ? json_of(call.args[2]) : "'null'";
  const std::vector<std::string> arguments = {call.args[0].sql, call.args[1].sql, otherwise};
  return make_scalar(
      Type::Dynamic,
      call.binder.apply("if(startsWith($1, '['), kql_mkarr(arrayMap(i_ -> if(toInt64(i_) " + sign +
                            " $2 BETWEEN 1 AND toInt64(length(kql_arr($1))), "
                            "arrayElement(kql_arr($1), toInt64(i_) " +
                            sign + " $2), $3), arrayEnumerate(kql_arr($1)))), NULL)",
                        arguments),
      true);
}

/// array_split(list, places): pieces between the places.
Scalar split_list(Call& call) {
  if (call.args[1].type != Type::Dynamic && !is_integer(call.args[1].type)) {
    return call.binder.fault(call.span_of(1), "'array_split' takes a place or a list of places.");
  }
  std::string places = "kql_nums(" + call.args[1].sql + ")";
  if (is_integer(call.args[1].type)) places = "[toNullable(toFloat64(" + call.args[1].sql + "))]";
  const std::vector<std::string> arguments = {call.args[0].sql, places};
  return make_scalar(
      Type::Dynamic,
      call.binder.apply("if(startsWith($1, '['), kql_mkarr(arrayMap((a_, b_) -> "
                        "kql_mkarr(arrayFilter((e_, i_) -> "
                        "i_ > a_ AND i_ <= b_, kql_arr($1), arrayEnumerate(kql_arr($1)))), "
                        "arrayPushFront(arrayMap(w_ "
                        "-> toFloat64(if(w_ < 0, greatest(toFloat64(length(kql_arr($1))) + w_, "
                        "0.), ifNull(w_, 0.))), $2), 0), "
                        "arrayPushBack(arrayMap(w_ -> toFloat64(if(w_ < 0, "
                        "greatest(toFloat64(length(kql_arr($1))) + w_, 0.), ifNull(w_, 0.))), "
                        "$2), toFloat64(length(kql_arr($1)))))), NULL)",
                        arguments),
      true);
}

/// array_iff(conditions, a, b): element by element.
Scalar array_iff(Call& call) {
  const auto list = [&](std::size_t i) {
    return call.args[i].type == Type::Dynamic
               ? call.args[i].sql
               : "concat('[', arrayStringConcat(arrayMap(w_ -> " + json_of(call.args[i]) +
                     ", kql_arr(" + call.args[0].sql + ")), ','), ']')";
  };
  const std::vector<std::string> arguments = {call.args[0].sql, list(1), list(2)};
  return make_scalar(
      Type::Dynamic,
      call.binder.apply(
          "if(startsWith($1, '['), kql_mkarr(arrayMap((c_, a_, b_) -> multiIf(c_ = 'true' "
          "OR toFloat64OrZero(c_) != 0, a_, c_ = 'false' OR toFloat64OrNull(c_) = 0, b_, "
          "'null'), kql_arr($1), arrayResize(kql_arr($2), length(kql_arr($1)), 'null'), "
          "arrayResize(kql_arr($3), length(kql_arr($1)), 'null'))), NULL)",
          arguments),
      true);
}

Scalar concat_lists(Call& call) {
  std::string all;
  for (const Scalar& arg : call.args)
    all += (all.empty() ? "" : ", ") + ("kql_arr(" + arg.sql + ")");
  return make_scalar(Type::Dynamic, "kql_mkarr(arrayConcat(" + all + "))", false);
}

Scalar strcat_array(Call& call) {
  return make_scalar(Type::String,
                     call.binder.apply("substring(arrayStringConcat(arrayMap(e_ -> concat($2, "
                                       "kql_dyn_str(e_)), kql_arr($1))), length($2) + 1)",
                                       call.args),
                     false);
}

/// range(a, b[, step]): a list of numbers or times.
Scalar range_list(Call& call) {
  Scalar from = call.args[0], to = call.args[1];
  const bool is_time = from.type == Type::DateTime || from.type == Type::TimeSpan;
  Scalar step = call.args.size() > 2 ? call.args[2]
                : is_time            ? scalar_of({Type::TimeSpan, 3600 * kTicksPerSecond})
                                     : scalar_of({Type::Long, std::int64_t{1}});
  if (step.type == Type::Dynamic) step = is_time ? to_timespan(step) : to_real(step);
  const bool fits =
      is_time ? step.type == Type::TimeSpan && (to.type == from.type || to.type == Type::Dynamic)
              : is_numeric(step.type) && (is_numeric(to.type) || to.type == Type::Dynamic);
  if (!fits)
    return call.binder.fault(call.expr.span, "'range' takes numbers, or times and a timespan.");
  if (from.type == Type::Dynamic) from = to_real(from);
  if (to.type == Type::Dynamic) to = convert(to, from.type);
  const bool is_real = from.type == Type::Real || step.type == Type::Real || to.type == Type::Real;
  if (is_real && !is_time) {
    from = to_real(from);
    to = to_real(to);
    step = to_real(step);
  } else if (!is_time && !(is_integer(from.type) && is_integer(to.type) && is_integer(step.type))) {
    return call.binder.fault(call.expr.span, "'range' takes numbers or times.");
  }
  // As the engine of Kusto has it: lists end at 2^20 elements.
  const std::string count =
      "toUInt64(greatest(0, least(1048576, floor(ifNull(($2 - $1) / $3, -1)) + 1)))";
  const std::string sql = call.binder.apply("arrayMap(i_ -> $1 + i_ * $3, range(" + count + "))",
                                            std::vector{from, to, step});
  Scalar element = make_scalar(from.type, is_real || is_time ? "w_" : "toInt64(w_)", true);
  if (is_time) element.sql = "toInt64(w_)";
  return make_scalar(Type::Dynamic,
                     "kql_mkarr(arrayMap(w_ -> " + json_of(element) + ", " + sql + "))", false);
}

constexpr std::array kArrayFunctions = {
    FunctionRow{"array_length", "y", "l?", "",
                "if(startsWith($1, '['), toInt64(length(kql_arr($1))), NULL)"},
    FunctionRow{"array_sort_asc", "ya*", "y", "", "",
                [](Call& call) { return sorted(call, true); }},
    FunctionRow{"array_sort_desc", "ya*", "y", "", "",
                [](Call& call) { return sorted(call, false); }},
    FunctionRow{"array_index_of", "yal?l?l?", "l", "", "", index_of},
    FunctionRow{"array_slice", "yll", "y", "", "", slice},
    FunctionRow{"array_rotate_left", "yl", "y", "", "", [](Call& c) { return rotate(c, "+"); }},
    FunctionRow{"array_rotate_right", "yl", "y", "", "", [](Call& c) { return rotate(c, "-"); }},
    FunctionRow{"array_shift_left", "yla?", "y", "", "", [](Call& c) { return shift(c, "+"); }},
    FunctionRow{"array_shift_right", "yla?", "y", "", "", [](Call& c) { return shift(c, "-"); }},
    FunctionRow{"array_split", "ya", "y", "", "", split_list},
    FunctionRow{"array_iff|array_iif", "yaa", "y", "", "", array_iff},
    FunctionRow{"array_concat", "yy*", "y", "", "", concat_lists},
    FunctionRow{"strcat_array", "ys", "s", "", "", strcat_array},
    FunctionRow{"range", "aaa?", "y", "", "", range_list},
    FunctionRow{"array_reverse", "y", "y", "", "",
                [](Call& c) { return of_list(c, "kql_mkarr(arrayReverse(kql_arr($1)))"); }},
    FunctionRow{"array_sum", "y", "r?", "",
                "if(startsWith($1, '['), arraySum(arrayMap(e_ -> ifNull(kql_dyn_real(e_), 0), "
                "kql_arr($1))), NULL)"},
    FunctionRow{
        "set_has_element", "ya", "b", "", "",
        [](Call& call) {
          const std::vector<std::string> arguments = {call.args[0].sql, json_of(call.args[1])};
          return make_scalar(
              Type::Bool,
              call.binder.apply("if(startsWith($1, '['), has(kql_arr($1), $2), NULL)", arguments),
              true);
        }},
    FunctionRow{"set_union", "yy*", "y", "", "",
                [](Call& call) {
                  Scalar all = concat_lists(call);
                  all.sql = "kql_mkarr(arrayDistinct(kql_arr(" + all.sql + ")))";
                  return all;
                }},
    FunctionRow{"set_intersect", "yy*", "y", "", "",
                [](Call& call) {
                  std::string sql = "kql_arr(" + call.args[0].sql + ")";
                  for (std::size_t i = 1; i < call.args.size(); ++i) {
                    const std::vector<std::string> two = {sql, call.args[i].sql};
                    sql = call.binder.apply("arrayFilter(e_ -> has(kql_arr($2), e_), $1)", two);
                  }
                  return make_scalar(Type::Dynamic, "kql_mkarr(arrayDistinct(" + sql + "))", false);
                }},
    FunctionRow{"set_difference", "yy*", "y", "", "",
                [](Call& call) {
                  std::string sql = "kql_arr(" + call.args[0].sql + ")";
                  for (std::size_t i = 1; i < call.args.size(); ++i) {
                    const std::vector<std::string> two = {sql, call.args[i].sql};
                    sql = call.binder.apply("arrayFilter(e_ -> NOT has(kql_arr($2), e_), $1)", two);
                  }
                  return make_scalar(Type::Dynamic, "kql_mkarr(arrayDistinct(" + sql + "))", false);
                }},
    FunctionRow{"set_equals", "yy", "b", "",
                "(arraySort(arrayDistinct(kql_arr($1))) = arraySort(arrayDistinct(kql_arr($2))))"},
    FunctionRow{"jaccard_index", "yy", "r", "",
                "(length(arrayIntersect(kql_arr($1), kql_arr($2))) / "
                "length(arrayDistinct(arrayConcat(kql_arr($1), kql_arr($2)))))"},
    FunctionRow{
        "repeat", "al", "y", "", "",
        [](Call& call) {
          const std::vector<std::string> arguments = {json_of(call.args[0]), call.args[1].sql};
          return make_scalar(
              Type::Dynamic,
              call.binder.apply("kql_mkarr(arrayResize([$1], toUInt32(least(1048576, "
                                "greatest(0, ifNull($2, 0)))), $1))",
                                arguments),
              false);
        }},
};

}  // namespace

std::span<const FunctionRow> array_functions() { return kArrayFunctions; }

}  // namespace lw::kql
