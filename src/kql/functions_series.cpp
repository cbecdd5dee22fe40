// SPDX-License-Identifier: Apache-2.0
// Series: lists of numbers, as make-series gives them.
#include <array>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// A list made of numbers x_ of the series, one by one.
Scalar mapped(Call& call, const std::string& body) {
  return make_scalar(Type::Dynamic,
                     call.binder.apply("if(startsWith($1, '['), kql_mkarr(arrayMap(x_ -> " + body +
                                           ", kql_nums($1))), NULL)",
                                       call.args),
                     true);
}

/// Two series element by element; a scalar stands for a series of itself.
Scalar paired(Call& call, const std::string& body) {
  std::vector<std::string> lists;
  if (call.args[0].type != Type::Dynamic && call.args[1].type != Type::Dynamic) {
    return call.binder.fault(call.expr.span, "'" + call.expr.text + "' takes series.");
  }
  for (std::size_t i = 0; i < 2; ++i) {
    const Scalar& arg = call.args[i];
    if (arg.type == Type::Dynamic) {
      lists.push_back("kql_nums(" + arg.sql + ")");
    } else if (is_numeric(arg.type)) {
      const std::string other = call.args[1 - i].sql;
      lists.push_back("arrayMap(w_ -> toNullable(" + to_real(arg).sql + "), kql_arr(" + other +
                      "))");
    } else {
      return call.binder.fault(call.span_of(i), "'" + call.expr.text + "' takes series.");
    }
  }
  const std::string length = "least(length($1), length($2))";
  return make_scalar(
      Type::Dynamic,
      call.binder.apply("kql_mkarr(arrayMap((x_, y_) -> " + body + ", arrayResize($1, " + length +
                            "), arrayResize($2, " + length + ")))",
                        lists),
      true);
}

/// series_fill_forward/backward(series[, missing]): gaps take the value before, or behind.
Scalar fill(Call& call, const std::string& function) {
  const std::string missing = call.args.size() > 1 ? json_of(call.args[1]) : "'null'";
  const std::vector<std::string> arguments = {call.args[0].sql, missing};
  return make_scalar(Type::Dynamic,
                     call.binder.apply("if(startsWith($1, '['), kql_mkarr(" + function +
                                           "(e_ -> e_ != $2 AND e_ != 'null', kql_arr($1))), NULL)",
                                       arguments),
                     true);
}

Scalar fill_const(Call& call) {
  const std::string missing = call.args.size() > 2 ? json_of(call.args[2]) : "'null'";
  const std::vector<std::string> arguments = {call.args[0].sql, json_of(call.args[1]), missing};
  return make_scalar(
      Type::Dynamic,
      call.binder.apply("if(startsWith($1, '['), kql_mkarr(arrayMap(e_ -> if(e_ IN ($3, "
                        "'null'), $2, e_), kql_arr($1))), NULL)",
                        arguments),
      true);
}

/// series_fill_linear(series[, missing[, fill edges[, constant]]])
Scalar fill_linear(Call& call) {
  const std::string missing = call.args.size() > 1 ? json_of(call.args[1]) : "'null'";
  const std::string edges = call.args.size() > 2 ? to_boolean(call.args[2]).sql : "1";
  const std::vector<std::string> arguments = {call.args[0].sql, missing, edges};
  // For each place: the known values before and behind it, and their places.
  return make_scalar(
      Type::Dynamic,
      call.binder.apply(
          "if(startsWith($1, '['), kql_mkarr(arrayMap((e_, i_, a_, b_) -> multiIf(e_ NOT IN ($2, "
          "'null'), e_, a_.1 = 0 AND b_.1 = 0, if($2 = 'null', 'null', e_), (a_.1 = 0 OR b_.1 = 0) "
          "AND "
          "NOT $3, 'null', a_.1 = 0, kql_j_real(b_.2), b_.1 = 0, kql_j_real(a_.2), "
          "kql_j_real(a_.2 + (b_.2 - a_.2) * (i_ - a_.1) / (b_.1 - a_.1))), kql_arr($1), "
          "arrayEnumerate(kql_arr($1)), arrayFill(w_ -> w_.1 != 0, arrayMap((e_, i_) -> if(e_ IN "
          "($2, "
          "'null'), (toInt64(0), toFloat64(0)), (toInt64(i_), toFloat64OrZero(e_))), kql_arr($1), "
          "arrayEnumerate(kql_arr($1)))), arrayReverseFill(w_ -> w_.1 != 0, arrayMap((e_, i_) -> "
          "if(e_ "
          "IN ($2, 'null'), (toInt64(0), toFloat64(0)), (toInt64(i_), toFloat64OrZero(e_))), "
          "kql_arr($1), arrayEnumerate(kql_arr($1)))))), NULL)",
          arguments),
      true);
}

/// The bag that series_stats_dynamic gives.
Scalar stats(Call& call) {
  return make_scalar(
      Type::Dynamic,
      call.binder.apply(
          "if(startsWith($1, '['), arrayMap(v_ -> concat('{\"min\":', kql_j_real(arrayMin(v_)), "
          "',\"min_idx\":', toString(toInt64(indexOf(v_, arrayMin(v_))) - 1), ',\"max\":', "
          "kql_j_real(arrayMax(v_)), ',\"max_idx\":', toString(toInt64(indexOf(v_, arrayMax(v_))) "
          "- 1), "
          "',\"avg\":', kql_j_real(arrayAvg(v_)), ',\"stdev\":', kql_j_real(if(length(v_) < 2, 0., "
          "arrayReduce('stddevSamp', v_))), ',\"variance\":', kql_j_real(if(length(v_) < 2, 0., "
          "arrayReduce('varSamp', v_))), ',\"sum\":', kql_j_real(arraySum(v_)), ',\"len\":', "
          "toString(length(v_)), '}'), [arrayMap(w_ -> ifNull(w_, 0), arrayFilter(w_ -> w_ IS NOT "
          "NULL, "
          "kql_nums($1)))])[1], NULL)",
          call.args),
      true);
}

/// series_fit_line_dynamic(y): the line over 0, 1, 2 …
Scalar fit_line(Call& call) {
  const std::string body =
      "if(startsWith($1, '['), arrayMap(v_ -> arrayMap((n_, sx_, sy_, sxx_, sxy_, syy_) -> "
      "arrayMap((b_, a_) -> arrayMap(e_ -> concat('{\"rsquare\":', kql_j_real(if(syy_ - sy_ * sy_ "
      "/ n_ "
      "= 0, 0., 1 - e_ / (syy_ - sy_ * sy_ / n_))), ',\"slope\":', kql_j_real(b_), "
      "',\"variance\":', "
      "kql_j_real(if(n_ < 2, 0., (syy_ - sy_ * sy_ / n_) / (n_ - 1))), ',\"rvariance\":', "
      "kql_j_real(if(n_ < 2, 0., e_ / (n_ - 1))), ',\"interception\":', kql_j_real(a_), "
      "',\"line_fit\":', kql_mkarr(arrayMap(i_ -> kql_j_real(a_ + b_ * i_), range(length(v_)))), "
      "'}'), "
      "[arraySum((y_, i_) -> pow(y_ - a_ - b_ * (i_ - 1), 2), v_, arrayEnumerate(v_))])[1], "
      "[(n_ * sxy_ - sx_ * sy_) / (n_ * sxx_ - sx_ * sx_)], [(sy_ - (n_ * sxy_ - sx_ * sy_) / (n_ "
      "* "
      "sxx_ - sx_ * sx_) * sx_) / n_])[1], [toFloat64(length(v_))], [toFloat64(arraySum(i_ -> i_ - "
      "1, "
      "arrayEnumerate(v_)))], [arraySum(v_)], [toFloat64(arraySum(i_ -> (i_ - 1) * (i_ - 1), "
      "arrayEnumerate(v_)))], [arraySum((y_, i_) -> y_ * (i_ - 1), v_, arrayEnumerate(v_))], "
      "[arraySum(y_ -> y_ * y_, v_)])[1], [arrayMap(w_ -> ifNull(w_, 0), kql_nums($1))])[1], NULL)";
  return make_scalar(Type::Dynamic, call.binder.apply(body, call.args), true);
}

/// series_iir(x, b, a): y[i] = (Σ b[k]·x[i−k] − Σ a[k]·y[i−k]) / a[0]
Scalar iir(Call& call) {
  return make_scalar(
      Type::Dynamic,
      call.binder.apply(
          "if(startsWith($1, '['), arrayMap((xs_, bs_, as_) -> kql_mkarr(arrayMap(w_ -> "
          "kql_j_real(w_), "
          "arrayFold((acc_, i_) -> arrayPushBack(acc_, (arraySum((b_, k_) -> if(i_ - k_ + 1 >= 1, "
          "b_ * "
          "arrayElement(xs_, i_ - k_ + 1), 0.), bs_, arrayEnumerate(bs_)) - arraySum((a_, k_) -> "
          "if(k_ > "
          "1 AND i_ - k_ + 1 >= 1, a_ * arrayElement(acc_, i_ - k_ + 1), 0.), as_, "
          "arrayEnumerate(as_))) / as_[1]), arrayMap(i_ -> toInt64(i_), arrayEnumerate(xs_)), "
          "CAST([] AS "
          "Array(Float64))))), [arrayMap(w_ -> ifNull(w_, 0.), kql_nums($1))], [arrayMap(w_ -> "
          "ifNull(w_, "
          "0.), kql_nums($2))], [arrayMap(w_ -> ifNull(w_, 0.), kql_nums($3))])[1], NULL)",
          call.args),
      true);
}

/// series_fir(x, filter[, normalize[, center]])
Scalar fir(Call& call) {
  const std::string normalize =
      call.args.size() > 2 ? "(" + to_boolean(call.args[2]).sql + ")"
                           : "(arrayMin(arrayMap(w_ -> ifNull(w_, 0.), kql_nums($2))) >= 0)";
  const std::string center = call.args.size() > 3 ? to_boolean(call.args[3]).sql : "0";
  const std::vector<std::string> arguments = {call.args[0].sql, call.args[1].sql, center};
  return make_scalar(
      Type::Dynamic,
      call.binder.apply(
          "if(startsWith($1, '['), arrayMap((xs_, fs_, z_) -> kql_mkarr(arrayMap(i_ -> "
          "kql_j_real(arraySum((f_, k_) -> if(i_ - k_ + 1 + z_ BETWEEN 1 AND length(xs_), f_ * "
          "arrayElement(xs_, i_ - k_ + 1 + z_), 0.), fs_, arrayEnumerate(fs_))), arrayMap(i_ -> "
          "toInt64(i_), arrayEnumerate(xs_)))), [arrayMap(w_ -> ifNull(w_, 0.), kql_nums($1))], "
          "[arrayMap(w_ -> ifNull(w_, 0.) / if(" +
              normalize +
              " AND arraySum(arrayMap(q_ -> "
              "ifNull(q_, 0.), kql_nums($2))) != 0, arraySum(arrayMap(q_ -> ifNull(q_, 0.), "
              "kql_nums($2))), 1.), "
              "kql_nums($2))], [toInt64(if($3, intDiv(length(kql_arr($2)), 2), 0))])[1], NULL)",
          arguments),
      true);
}

Scalar reduced(Call& call, const std::string& body, Type type = Type::Real) {
  return make_scalar(
      type,
      call.binder.apply("if(startsWith($1, '['), arrayMap(v_ -> " + body +
                            ", [arrayMap(w_ -> ifNull(w_, 0.), kql_nums($1))])[1], NULL)",
                        call.args),
      true);
}

constexpr std::string_view kReal = "kql_j_real";

std::string real(const std::string& body) { return std::string(kReal) + "(" + body + ")"; }
std::string truth(const std::string& body) { return "kql_j_bool(" + body + ")"; }

constexpr std::array kSeriesFunctions = {
    FunctionRow{"series_add", "aa", "y", "", "", [](Call& c) { return paired(c, real("x_ + y_")); }},
    FunctionRow{"series_subtract", "aa", "y", "", "", [](Call& c) { return paired(c, real("x_ - y_")); }},
    FunctionRow{"series_multiply", "aa", "y", "", "", [](Call& c) { return paired(c, real("x_ * y_")); }},
    FunctionRow{"series_divide", "aa", "y", "", "", [](Call& c) { return paired(c, real("x_ / y_")); }},
    FunctionRow{"series_pow", "aa", "y", "", "", [](Call& c) { return paired(c, real("pow(x_, y_)")); }},
    FunctionRow{"series_greater", "aa", "y", "", "", [](Call& c) { return paired(c, truth("x_ > y_")); }},
    FunctionRow{"series_greater_equals", "aa", "y", "", "",
                [](Call& c) { return paired(c, truth("x_ >= y_")); }},
    FunctionRow{"series_less", "aa", "y", "", "", [](Call& c) { return paired(c, truth("x_ < y_")); }},
    FunctionRow{"series_less_equals", "aa", "y", "", "",
                [](Call& c) { return paired(c, truth("x_ <= y_")); }},
    FunctionRow{"series_equals", "aa", "y", "", "", [](Call& c) { return paired(c, truth("x_ = y_")); }},
    FunctionRow{"series_not_equals", "aa", "y", "", "",
                [](Call& c) { return paired(c, truth("x_ != y_")); }},
    FunctionRow{"series_abs", "y", "y", "", "", [](Call& c) { return mapped(c, real("abs(x_)")); }},
    FunctionRow{"series_exp", "y", "y", "", "", [](Call& c) { return mapped(c, real("exp(x_)")); }},
    FunctionRow{"series_log", "y", "y", "", "", [](Call& c) { return mapped(c, real("if(x_ < 0, NULL, log(x_))")); }},
    FunctionRow{"series_sin", "y", "y", "", "", [](Call& c) { return mapped(c, real("sin(x_)")); }},
    FunctionRow{"series_cos", "y", "y", "", "", [](Call& c) { return mapped(c, real("cos(x_)")); }},
    FunctionRow{"series_tan", "y", "y", "", "", [](Call& c) { return mapped(c, real("tan(x_)")); }},
    FunctionRow{"series_asin", "y", "y", "", "", [](Call& c) { return mapped(c, real("asin(x_)")); }},
    FunctionRow{"series_acos", "y", "y", "", "", [](Call& c) { return mapped(c, real("acos(x_)")); }},
    FunctionRow{"series_atan", "y", "y", "", "", [](Call& c) { return mapped(c, real("atan(x_)")); }},
    FunctionRow{"series_floor", "y", "y", "", "", [](Call& c) { return mapped(c, real("floor(x_)")); }},
    FunctionRow{"series_ceiling", "y", "y", "", "", [](Call& c) { return mapped(c, real("ceil(x_)")); }},
    FunctionRow{"series_sign", "y", "y", "", "",
                [](Call& c) { return mapped(c, "ifNull(toString(sign(x_)), 'null')"); }},
    FunctionRow{"series_sum", "y", "r", "series_sum_", "", [](Call& c) { return reduced(c, "arraySum(v_)"); }},
    FunctionRow{"series_product", "y", "r", "series_product_", "",
                [](Call& c) { return reduced(c, "arrayProduct(v_)"); }},
    FunctionRow{"series_magnitude", "y", "r", "series_magnitude_", "",
                [](Call& c) { return reduced(c, "sqrt(arraySum(w_ -> w_ * w_, v_))"); }},
    FunctionRow{"series_dot_product", "yy", "r", "", "",
                [](Call& c) { return reduced(c, "arraySum((a_, b_) -> a_ * ifNull(b_, 0.), v_, arrayResize(kql_nums($2), length(v_)))"); }},
    FunctionRow{"series_pearson_correlation", "yy", "r", "", "",
                [](Call& c) {
                  return reduced(c, "if(length(v_) = length(kql_arr($2)), arrayReduce('corr', "
                                    "arrayMap(w_ -> ifNull(w_, 0.), v_), arrayMap(w_ -> ifNull(w_, 0.), kql_nums($2))), NULL)");
                }},
    FunctionRow{"series_fill_forward", "ya?", "y", "", "", [](Call& c) { return fill(c, "arrayFill"); }},
    FunctionRow{"series_fill_backward", "ya?", "y", "", "",
                [](Call& c) { return fill(c, "arrayReverseFill"); }},
    FunctionRow{"series_fill_const", "yaa?", "y", "", "", fill_const},
    FunctionRow{"series_fill_linear", "ya?a?a?", "y", "", "", fill_linear},
    FunctionRow{"series_stats_dynamic", "y", "y", "", "", stats},
    FunctionRow{"series_fit_line_dynamic", "y", "y", "", "", fit_line},
    FunctionRow{"series_iir", "yyy", "y", "", "", iir},
    FunctionRow{"series_fir", "yya?a?", "y", "", "", fir},
};

}  // namespace

std::span<const FunctionRow> series_functions() { return kSeriesFunctions; }

}  // namespace lw::kql
