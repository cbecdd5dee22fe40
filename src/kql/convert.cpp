// SPDX-License-Identifier: Apache-2.0
#include "kql/convert.h"

#include "kql/literal.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

Scalar converted(const Scalar& value, Type type, const std::string& function, bool may_fail) {
  Scalar result =
      make_scalar(type, function + "(" + value.sql + ")", value.is_nullable || may_fail);
  result.name = value.name;
  return result;
}

Scalar same(const Scalar& value, Type type) {
  Scalar result = value;
  result.type = type;
  result.column = -1;
  result.conditions.clear();
  if (result.constant) result.constant->type = type;
  return result;
}

/// Types that have nothing to do with each other: null, whatever the value.
Scalar nothing(const Scalar& value, Type type) {
  Scalar result = make_scalar(type, sql_null(type), true);
  result.name = value.name;
  return result;
}

/// Known values stay known: they are needed for names, bounds and patterns.
std::optional<Scalar> of_constant(const Scalar& value, Type type) {
  if (!value.constant || value.constant->is_null()) return std::nullopt;
  const auto* number = value.constant->integer();
  if (number == nullptr) return std::nullopt;
  std::optional<Scalar> result;
  if (is_integer(value.type) && type == Type::Real) {
    result = scalar_of({type, static_cast<double>(*number)});
  } else if (is_integer(value.type) && type == Type::Long) {
    result = scalar_of({type, *number});
  }
  if (result) result->name = value.name;
  return result;
}

}  // namespace

Scalar make_scalar(Type type, std::string sql, bool is_nullable) {
  Scalar scalar;
  scalar.type = type;
  scalar.sql = std::move(sql);
  scalar.is_nullable = is_nullable && type != Type::String;
  return scalar;
}

Scalar scalar_of_column(const Column& column) {
  Scalar value = make_scalar(column.type, sql_column(column.id), column.is_nullable);
  value.name = column.name;
  value.column = column.id;
  return value;
}

Scalar scalar_of(Constant constant) {
  Scalar scalar = make_scalar(constant.type, sql_of(constant), constant.is_null());
  scalar.constant = std::move(constant);
  return scalar;
}

Scalar to_text(const Scalar& value) {
  const auto text = [&](const std::string& function) {
    return converted(value, Type::String, function, false);
  };
  switch (value.type) {
    case Type::Bool:
      return text("kql_bool_str");
    case Type::Int:
    case Type::Long:
    case Type::Decimal: {
      if (!value.is_nullable) return text("toString");
      Scalar result = text("toString");
      result.sql = "ifNull(" + result.sql + ", '')";
      return result;
    }
    case Type::Real:
      return text("kql_real_str");
    case Type::String:
      return same(value, Type::String);
    case Type::DateTime:
      return text("kql_dt_str");
    case Type::TimeSpan:
      return text("kql_ts_str");
    case Type::Guid: {
      Scalar result = make_scalar(Type::String, "ifNull(" + value.sql + ", '')", false);
      result.name = value.name;
      return result;
    }
    case Type::Dynamic:
      return text("kql_dyn_str");
    case Type::Error:
      break;
  }
  return value;
}

Scalar to_long(const Scalar& value) {
  if (auto known = of_constant(value, Type::Long)) return *known;
  switch (value.type) {
    case Type::Long:
      return same(value, Type::Long);
    case Type::Bool:
    case Type::Int:
      return converted(value, Type::Long, "toInt64", false);
    case Type::DateTime:
    case Type::TimeSpan: {
      Scalar ticks = same(value, Type::Long);
      ticks.constant.reset();
      return ticks;
    }
    case Type::Real:
    case Type::Decimal:
      return converted(value, Type::Long, "kql_real_long", true);
    case Type::String:
      return converted(value, Type::Long, "kql_str_long", true);
    case Type::Dynamic:
      return converted(value, Type::Long, "kql_dyn_long", true);
    case Type::Guid:
    case Type::Error:
      break;
  }
  return value.is_error() ? value : nothing(value, Type::Long);
}

Scalar to_int(const Scalar& value) {
  switch (value.type) {
    case Type::Int:
      return same(value, Type::Int);
    case Type::Bool:
    case Type::Long:
    case Type::DateTime:
    case Type::TimeSpan:
      return converted(value, Type::Int, "toInt32", false);
    case Type::Real:
    case Type::Decimal:
      return converted(value, Type::Int, "kql_real_int", true);
    case Type::String:
      return converted(to_long(value), Type::Int, "kql_int32", true);
    case Type::Dynamic:
      return converted(value, Type::Int, "kql_dyn_int", true);
    case Type::Guid:
    case Type::Error:
      break;
  }
  return value.is_error() ? value : nothing(value, Type::Int);
}

Scalar to_real(const Scalar& value) {
  if (auto known = of_constant(value, Type::Real)) return *known;
  switch (value.type) {
    case Type::Real:
    case Type::Decimal:
      return same(value, Type::Real);
    case Type::Bool:
    case Type::Int:
    case Type::Long:
    case Type::DateTime:
    case Type::TimeSpan:
      return converted(value, Type::Real, "toFloat64", false);
    case Type::String:
      return converted(value, Type::Real, "kql_str_real", true);
    case Type::Dynamic:
      return converted(value, Type::Real, "kql_dyn_real", true);
    case Type::Guid:
    case Type::Error:
      break;
  }
  return value.is_error() ? value : nothing(value, Type::Real);
}

Scalar to_boolean(const Scalar& value) {
  switch (value.type) {
    case Type::Bool:
      return same(value, Type::Bool);
    case Type::Int:
    case Type::Long:
    case Type::Real:
    case Type::Decimal: {
      Scalar result = make_scalar(Type::Bool, "(" + value.sql + " != 0)", value.is_nullable);
      result.name = value.name;
      return result;
    }
    case Type::String:
      return converted(value, Type::Bool, "kql_str_bool", true);
    case Type::Dynamic:
      return converted(value, Type::Bool, "kql_dyn_bool", true);
    case Type::DateTime:
    case Type::TimeSpan:
    case Type::Guid:
    case Type::Error:
      break;
  }
  return value.is_error() ? value : nothing(value, Type::Bool);
}

Scalar to_datetime(const Scalar& value) {
  switch (value.type) {
    case Type::DateTime:
      return same(value, Type::DateTime);
    case Type::Int:
    case Type::Long: {
      Scalar ticks = converted(to_long(value), Type::DateTime, "kql_dt_ok", true);
      return ticks;
    }
    case Type::String:
      if (value.constant && value.constant->text() != nullptr) {
        if (const auto ticks = datetime_of(*value.constant->text())) {
          Scalar known = scalar_of({Type::DateTime, *ticks});
          known.name = value.name;
          return known;
        }
      }
      return converted(value, Type::DateTime, "kql_str_dt", true);
    case Type::Dynamic:
      return converted(to_text(value), Type::DateTime, "kql_str_dt", true);
    case Type::Bool:
    case Type::Real:
    case Type::Decimal:
    case Type::TimeSpan:
    case Type::Guid:
    case Type::Error:
      break;
  }
  return value.is_error() ? value : nothing(value, Type::DateTime);
}

Scalar to_timespan(const Scalar& value) {
  switch (value.type) {
    case Type::TimeSpan:
      return same(value, Type::TimeSpan);
    case Type::Int:
    case Type::Long: {
      Scalar ticks = same(to_long(value), Type::TimeSpan);
      ticks.constant.reset();
      return ticks;
    }
    case Type::String:
      return converted(value, Type::TimeSpan, "kql_str_ts", true);
    case Type::Dynamic:
      return converted(to_text(value), Type::TimeSpan, "kql_str_ts", true);
    case Type::Bool:
    case Type::Real:
    case Type::Decimal:
    case Type::DateTime:
    case Type::Guid:
    case Type::Error:
      break;
  }
  return value.is_error() ? value : nothing(value, Type::TimeSpan);
}

Scalar to_guid(const Scalar& value) {
  if (value.type == Type::Guid || value.is_error()) return value;
  if (value.type == Type::String || value.type == Type::Dynamic) {
    return converted(to_text(value), Type::Guid, "kql_str_guid", true);
  }
  return nothing(value, Type::Guid);
}

std::string json_of(const Scalar& value) {
  const std::string& sql = value.sql;
  switch (value.type) {
    case Type::Bool:
      return "kql_j_bool(" + sql + ")";
    case Type::Int:
    case Type::Long:
      return value.is_nullable ? "kql_j_any(" + sql + ")" : "toString(" + sql + ")";
    case Type::Real:
      return "kql_j_real(" + sql + ")";
    case Type::Decimal:
      return "kql_j_decimal(" + sql + ")";
    case Type::String:
      return "kql_json_str(" + sql + ")";
    case Type::DateTime:
      return "kql_j_dt(" + sql + ")";
    case Type::TimeSpan:
      return "kql_j_ts(" + sql + ")";
    case Type::Guid:
      return "kql_j_guid(" + sql + ")";
    case Type::Dynamic:
      return value.is_nullable ? "ifNull(" + sql + ", 'null')" : sql;
    case Type::Error:
      break;
  }
  return "'null'";
}

Scalar to_dynamic(const Scalar& value) {
  if (value.type == Type::Dynamic || value.is_error()) return value;
  std::string sql = json_of(value);
  if (value.is_nullable) sql = "nullIf(" + sql + ", 'null')";
  Scalar result = make_scalar(Type::Dynamic, std::move(sql), value.is_nullable);
  result.name = value.name;
  return result;
}

Scalar convert(const Scalar& value, Type type) {
  switch (type) {
    case Type::Bool:
      return to_boolean(value);
    case Type::Int:
      return to_int(value);
    case Type::Long:
      return to_long(value);
    case Type::Real:
      return to_real(value);
    case Type::Decimal: {
      Scalar result = to_real(value);
      result.type = Type::Decimal;
      return result;
    }
    case Type::String:
      return to_text(value);
    case Type::DateTime:
      return to_datetime(value);
    case Type::TimeSpan:
      return to_timespan(value);
    case Type::Guid:
      return to_guid(value);
    case Type::Dynamic:
      return to_dynamic(value);
    case Type::Error:
      break;
  }
  return value;
}

std::optional<Scalar> coerce(const Scalar& value, Type type) {
  if (value.type == type || value.is_error()) return value;
  if (value.type == Type::Dynamic) return convert(value, type);
  if (type == Type::Dynamic) return std::nullopt;
  const bool is_widening =
      (type == Type::Long && value.type == Type::Int) ||
      ((type == Type::Real || type == Type::Decimal) && is_numeric(value.type));
  if (is_widening) return convert(value, type);
  return std::nullopt;
}

}  // namespace lw::kql
