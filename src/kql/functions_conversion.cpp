// SPDX-License-Identifier: Apache-2.0
// Conversions, choices and nulls.
#include <array>

#include "kql/convert.h"
#include "kql/functions.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// The condition of a choice: null takes the other branch.
std::string condition_of(Call& call, const Scalar& value, std::size_t index) {
  const auto flag = coerce(value, Type::Bool);
  if (!flag && is_integer(value.type)) return "ifNull(" + to_boolean(value).sql + ", 0)";
  if (!flag) {
    call.binder.fault(call.span_of(index), "A condition is expected, but this is of type " +
                                               std::string(name_of(value.type)) + ".");
    return "0";
  }
  return flag->is_nullable ? "ifNull(" + flag->sql + ", 0)" : flag->sql;
}

/// iff(c, a, b) and case(c1, a1, c2, a2, …, b).
Scalar choose(Call& call) {
  const std::size_t count = call.args.size();
  if (count < 3 || count % 2 == 0) {
    return call.binder.fault(call.expr.span, "'" + call.expr.text +
                                                 "' takes pairs of condition and value, and a "
                                                 "value for the rest.");
  }
  std::vector<Scalar> values;
  for (std::size_t i = 1; i < count; i += 2) values.push_back(call.args[i]);
  values.push_back(call.args[count - 1]);
  const Type type = call.binder.unify(values, call.expr.span, call.expr.text);
  bool is_nullable = false;
  for (const Scalar& value : values) is_nullable = is_nullable || value.is_nullable;
  std::string sql;
  for (std::size_t i = 0; i + 1 < count; i += 2) {
    sql += condition_of(call, call.args[i], i) + ", " + values[i / 2].sql + ", ";
  }
  return make_scalar(type, "multiIf(" + sql + values.back().sql + ")", is_nullable);
}

Scalar call_coalesce(Call& call) {
  std::vector<Scalar> values = call.args;
  const Type type = call.binder.unify(values, call.expr.span, call.expr.text);
  if (type == Type::Error) return {};
  std::string sql;
  bool is_nullable = true;
  for (const Scalar& value : values) {
    const std::string one = type == Type::String ? "nullIf(" + value.sql + ", '')" : value.sql;
    sql += (sql.empty() ? "" : ", ") + one;
    is_nullable = is_nullable && value.is_nullable;
  }
  if (type == Type::String) return make_scalar(type, "coalesce(" + sql + ", '')", false);
  return make_scalar(type, "coalesce(" + sql + ")", is_nullable);
}

Scalar is_null(Call& call) {
  const Scalar& x = call.args[0];
  if (x.type == Type::String) return make_scalar(Type::Bool, "0", false);
  return make_scalar(Type::Bool, "isNull(" + x.sql + ")", false);
}
Scalar is_not_null(Call& call) {
  const Scalar& x = call.args[0];
  if (x.type == Type::String) return make_scalar(Type::Bool, "1", false);
  return make_scalar(Type::Bool, "isNotNull(" + x.sql + ")", false);
}

Scalar get_type(Call& call) {
  const Scalar& x = call.args[0];
  if (x.type != Type::Dynamic) return scalar_of({Type::String, std::string(name_of(x.type))});
  return make_scalar(
      Type::String,
      call.binder.apply("multiIf($1 IS NULL, 'null', startsWith($1, '{'), 'dictionary', "
                        "startsWith($1, '['), 'array', startsWith($1, '\"'), 'string', "
                        "$1 IN ('true', 'false'), 'bool', match($1, '[.eE]'), 'double', 'long')",
                        std::vector{x}),
      false);
}

/// column_ifexists("name", otherwise)
Scalar column_if_exists(Call& call) {
  const auto name = call.binder.text_of(call.args[0], call.span_of(0), "The column's name");
  if (!name) return {};
  const Column* column = call.rows.relation == nullptr ? nullptr : call.rows.relation->find(*name);
  if (column == nullptr) {
    Scalar otherwise = call.args[1];
    otherwise.name.clear();
    return otherwise;
  }
  Scalar value = make_scalar(column->type, sql_column(column->id), column->is_nullable);
  value.name = *name;
  return value;
}

template <Scalar (*convert_one)(const Scalar&)>
Scalar conversion(Call& call) {
  Scalar value = convert_one(call.args[0]);
  value.column = -1;
  return value;
}

Scalar call_to_decimal(Call& call) { return convert(call.args[0], Type::Decimal); }

Scalar call_parse_json(Call& call) {
  const Scalar& x = call.args[0];
  if (x.type == Type::Dynamic) return x;
  if (x.type != Type::String) return to_dynamic(x);
  return make_scalar(Type::Dynamic, "kql_parse_json(" + x.sql + ")", true);
}

Scalar call_not(Call& call) {
  const auto value = coerce(call.args[0], Type::Bool);
  if (!value) return call.binder.fault(call.span_of(0), "'not' expects a condition.");
  return make_scalar(Type::Bool, "not(" + value->sql + ")", value->is_nullable);
}

constexpr std::array kConversionFunctions = {
    FunctionRow{"iff|iif", "aaa", "n", "", "", choose},
    FunctionRow{"case", "aaa*", "n", "", "", choose},
    FunctionRow{"coalesce", "aa*", "n", "", "", call_coalesce},
    FunctionRow{"not", "a", "b", "", "", call_not},
    FunctionRow{"isnull", "a", "b", "", "", is_null},
    FunctionRow{"isnotnull|notnull", "a", "b", "", "", is_not_null},
    FunctionRow{"gettype", "a", "s", "type_", "", get_type},
    FunctionRow{"column_ifexists|columnifexists", "sa", "1", "*", "", column_if_exists},
    FunctionRow{"tostring", "a", "s", "1", "", conversion<to_text>},
    FunctionRow{"toint", "a", "i", "1", "", conversion<to_int>},
    FunctionRow{"tolong", "a", "l", "1", "", conversion<to_long>},
    FunctionRow{"todouble|toreal", "a", "r", "1", "", conversion<to_real>},
    FunctionRow{"tobool|toboolean", "a", "b", "1", "", conversion<to_boolean>},
    FunctionRow{"todatetime", "a", "d", "1", "", conversion<to_datetime>},
    FunctionRow{"totimespan|totime", "a", "t", "1", "", conversion<to_timespan>},
    FunctionRow{"toguid", "a", "g", "1", "", conversion<to_guid>},
    FunctionRow{"todecimal", "a", "r", "1", "", call_to_decimal},
    FunctionRow{"parse_json|todynamic|toobject|parsejson", "a", "y", "1", "", call_parse_json},
};

}  // namespace

std::span<const FunctionRow> conversion_functions() { return kConversionFunctions; }

}  // namespace lw::kql
