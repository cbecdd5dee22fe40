// SPDX-License-Identifier: Apache-2.0
// Numbers. SQL forms: docs/kql.md.
#include <array>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// Rounds come each minute or so: what lies in one such step is many of them.
constexpr std::int64_t kCoarseTicks = 30LL * 60 * kTicksPerSecond;

/// bin(x, r): down to a multiple of r, for numbers, times and dynamic numbers.
Scalar bin(Call& call) {
  Scalar x = call.args[0], r = call.args[1];
  if (x.type == Type::Dynamic) x = is_time(r.type) ? to_datetime(x) : to_real(x);
  const bool is_date = x.type == Type::DateTime && r.type == Type::TimeSpan;
  const bool is_span = x.type == Type::TimeSpan && r.type == Type::TimeSpan;
  if (is_date || is_span || (is_integer(x.type) && is_integer(r.type))) {
    const Type type = is_time(x.type) ? x.type : Type::Long;
    const auto* step = r.constant ? r.constant->integer() : nullptr;
    if (!is_time(type)) {
      x = to_long(x);
      r = to_long(r);
    }
    if (step != nullptr && *step > 0) {
      // No datetime is negative.
      const std::string_view form = is_date ? "($1 - $1 % $2)" : "($1 - positiveModulo($1, $2))";
      Scalar result = make_scalar(type, call.binder.apply(form, std::vector{x, r}), x.is_nullable);
      result.is_coarse = is_date && *step >= kCoarseTicks;
      return result;
    }
    return make_scalar(type, "kql_bin(" + x.sql + ", " + r.sql + ")", true);
  }
  if (is_numeric(x.type) && is_numeric(r.type)) {
    return make_scalar(Type::Real, "kql_binf(" + to_real(x).sql + ", " + to_real(r).sql + ")",
                       true);
  }
  return call.binder.fault(call.expr.span, "'" + call.expr.text + "' is not defined for " +
                                               std::string(name_of(x.type)) + " and " +
                                               std::string(name_of(r.type)) + ".");
}

/// bin_at(x, r, fixed): as bin, counted from a fixed point.
Scalar bin_at(Call& call) {
  const Scalar &x = call.args[0], &fixed = call.args[2];
  Call moved{call.binder, call.expr, call.rows, {}};
  Scalar distance =
      make_scalar(x.type == Type::DateTime ? Type::TimeSpan : x.type,
                  "(" + x.sql + " - " + fixed.sql + ")", x.is_nullable || fixed.is_nullable);
  if (x.type == Type::Dynamic || fixed.type == Type::Dynamic) {
    return call.binder.fault(call.expr.span, "'bin_at' needs values that are not dynamic.");
  }
  moved.args = {distance, call.args[1]};
  Scalar steps = bin(moved);
  if (steps.is_error()) return steps;
  return make_scalar(x.type == Type::DateTime ? Type::DateTime : steps.type,
                     "(" + steps.sql + " + " + fixed.sql + ")", true);
}

Scalar absolute(Call& call) {
  const Scalar& x = call.args[0];
  if (x.type == Type::TimeSpan) {
    return make_scalar(Type::TimeSpan, "toInt64(abs(" + x.sql + "))", x.is_nullable);
  }
  if (!is_numeric(x.type) && x.type != Type::Dynamic) {
    return call.binder.fault(call.span_of(0), "'abs' expects a number.");
  }
  if (is_integer(x.type))
    return make_scalar(Type::Long, "toInt64(abs(" + x.sql + "))", x.is_nullable);
  return make_scalar(Type::Real, "abs(" + to_real(x).sql + ")", x.is_nullable);
}

Scalar round_half_up(Call& call) {
  Scalar x = call.args[0];
  if (is_integer(x.type) && call.args.size() == 1) return to_long(x);
  const std::string digits = call.args.size() > 1 ? call.args[1].sql : "0";
  return make_scalar(Type::Real, "kql_round(" + to_real(x).sql + ", " + digits + ")", true);
}

/// max_of, min_of: nulls are passed over.
Scalar extreme(Call& call, const std::string& function, const std::string& list) {
  const Type type = call.binder.unify(call.args, call.expr.span, call.expr.text);
  if (type == Type::Error) return {};
  if (type == Type::Dynamic) {
    return call.binder.fault(call.expr.span, "'" + call.expr.text + "' needs values of one type.");
  }
  bool is_nullable = true;
  bool any_nullable = false;
  std::string all;
  for (const Scalar& arg : call.args) {
    is_nullable = is_nullable && arg.is_nullable;
    any_nullable = any_nullable || arg.is_nullable;
    all += (all.empty() ? "" : ", ") + arg.sql;
  }
  if (!any_nullable) return make_scalar(type, function + "(" + all + ")", false);
  return make_scalar(type, "arrayReduce('" + list + "', [" + all + "])", is_nullable);
}
Scalar max_of(Call& call) { return extreme(call, "greatest", "max"); }
Scalar min_of(Call& call) { return extreme(call, "least", "min"); }

/// Bits of two longs; shifts beyond the width are what Kusto makes of them.
constexpr std::array kMathFunctions = {
    FunctionRow{"bin|floor", "aa", "1", "1", "", bin},
    FunctionRow{"bin_at", "aaa", "1", "1", "", bin_at},
    FunctionRow{"abs", "a", "1", "1", "", absolute},
    FunctionRow{"round", "nl?", "r", "1", "", round_half_up},
    FunctionRow{"max_of", "aa*", "n", "", "", max_of},
    FunctionRow{"min_of", "aa*", "n", "", "", min_of},
    FunctionRow{"ceiling", "r", "r", "1", "ceil($1)"},
    FunctionRow{"sign", "n", "r", "1", "toFloat64(sign($1))"},
    FunctionRow{"sqrt", "r", "r", "1", "sqrt($1)"},
    FunctionRow{"exp", "r", "r", "1", "exp($1)"},
    FunctionRow{"exp2", "r", "r", "1", "exp2($1)"},
    FunctionRow{"exp10", "r", "r", "1", "exp10($1)"},
    FunctionRow{"log", "r", "r?", "1", "if($1 < 0, NULL, log($1))"},
    FunctionRow{"log2", "r", "r?", "1", "if($1 < 0, NULL, log2($1))"},
    FunctionRow{"log10", "r", "r?", "1", "if($1 < 0, NULL, log10($1))"},
    FunctionRow{"loggamma", "r", "r", "1", "lgamma($1)"},
    FunctionRow{"gamma", "r", "r", "1", "tgamma($1)"},
    FunctionRow{"pow", "rr", "r", "1", "pow($1, $2)"},
    FunctionRow{"sin", "r", "r", "1", "sin($1)"},
    FunctionRow{"cos", "r", "r", "1", "cos($1)"},
    FunctionRow{"tan", "r", "r", "1", "tan($1)"},
    FunctionRow{"cot", "r", "r", "1", "(1. / tan($1))"},
    FunctionRow{"asin", "r", "r", "1", "asin($1)"},
    FunctionRow{"acos", "r", "r", "1", "acos($1)"},
    FunctionRow{"atan", "r", "r", "1", "atan($1)"},
    FunctionRow{"atan2", "rr", "r", "1", "atan2($1, $2)"},
    FunctionRow{"degrees", "r", "r", "1", "(180. / pi() * $1)"},
    FunctionRow{"radians", "r", "r", "1", "(pi() / 180. * $1)"},
    FunctionRow{"erf", "r", "r", "1", "erf($1)"},
    FunctionRow{"erfc", "r", "r", "1", "erfc($1)"},
    FunctionRow{"pi", "", "r", "", "pi()"},
    FunctionRow{"isnan", "r", "b", "", "isNaN($1)"},
    FunctionRow{"isinf", "r", "b", "", "isInfinite($1)"},
    FunctionRow{"isfinite", "r", "b", "", "isFinite($1)"},
    FunctionRow{"binary_and", "ll", "l", "", "bitAnd($1, $2)"},
    FunctionRow{"binary_or", "ll", "l", "", "bitOr($1, $2)"},
    FunctionRow{"binary_xor", "ll", "l", "", "bitXor($1, $2)"},
    FunctionRow{"binary_not", "l", "l", "", "bitNot($1)"},
    FunctionRow{"binary_shift_left", "ll", "l", "",
                "bitShiftLeft($1, toUInt8(positiveModulo($2, 64)))"},
    FunctionRow{"binary_shift_right", "ll", "l", "",
                "bitShiftRight($1, toUInt8(positiveModulo($2, 64)))"},
    FunctionRow{"bitset_count_ones", "l", "l", "", "toInt64(bitCount($1))"},
    FunctionRow{"rand", "l?", "r", "", "(rand64() / 18446744073709551616.)"},
};

}  // namespace

std::span<const FunctionRow> math_functions() { return kMathFunctions; }

}  // namespace lw::kql
