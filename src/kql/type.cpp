// SPDX-License-Identifier: Apache-2.0
#include "kql/type.h"

#include <algorithm>
#include <array>

namespace lw::kql {
namespace {

struct Row {
  Type type;
  std::string_view name;
  std::string_view dotnet;
  std::string_view sql;
};

constexpr std::array kTypes = {
    Row{Type::Bool, "bool", "System.SByte", "UInt8"},
    Row{Type::Int, "int", "System.Int32", "Int32"},
    Row{Type::Long, "long", "System.Int64", "Int64"},
    Row{Type::Real, "real", "System.Double", "Float64"},
    Row{Type::Decimal, "decimal", "System.Data.SqlTypes.SqlDecimal", "Float64"},
    Row{Type::String, "string", "System.String", "String"},
    Row{Type::DateTime, "datetime", "System.DateTime", "Int64"},
    Row{Type::TimeSpan, "timespan", "System.TimeSpan", "Int64"},
    Row{Type::Guid, "guid", "System.Guid", "String"},
    Row{Type::Dynamic, "dynamic", "System.Object", "String"},
    Row{Type::Error, "error", "", ""},
};

struct Alias {
  std::string_view name;
  Type type;
};

constexpr std::array kAliases = {
    Alias{"boolean", Type::Bool}, Alias{"int32", Type::Int},     Alias{"int64", Type::Long},
    Alias{"double", Type::Real},  Alias{"date", Type::DateTime}, Alias{"time", Type::TimeSpan},
    Alias{"uuid", Type::Guid},    Alias{"uniqueid", Type::Guid}, Alias{"int8", Type::Int},
    Alias{"int16", Type::Int},    Alias{"uint8", Type::Int},     Alias{"uint16", Type::Int},
    Alias{"uint32", Type::Long},  Alias{"uint64", Type::Long},   Alias{"ulong", Type::Long},
    Alias{"uint", Type::Long},    Alias{"float", Type::Real},    Alias{"char", Type::Int},
};

const Row& row_of(Type type) { return kTypes.at(static_cast<std::size_t>(type)); }

}  // namespace

std::string_view name_of(Type type) { return row_of(type).name; }
std::string_view dotnet_name_of(Type type) { return row_of(type).dotnet; }
std::string_view sql_type_of(Type type) { return row_of(type).sql; }

std::optional<Type> type_named(std::string_view name) {
  for (const Row& row : kTypes) {
    if (row.name == name && row.type != Type::Error) return row.type;
  }
  for (const Alias& alias : kAliases) {
    if (alias.name == name) return alias.type;
  }
  return std::nullopt;
}

bool is_compatible(Type a, Type b) {
  if (a == b || a == Type::Error || b == Type::Error) return true;
  if (is_numeric(a) && is_numeric(b)) return true;
  return a == Type::Dynamic || b == Type::Dynamic;
}

Type common_type(Type a, Type b) {
  if (a == b || b == Type::Error) return a;
  if (a == Type::Error) return b;
  if (is_numeric(a) && is_numeric(b)) {
    if (a == Type::Decimal || b == Type::Decimal) return Type::Decimal;
    return std::max(a, b);
  }
  return Type::Dynamic;
}

}  // namespace lw::kql
