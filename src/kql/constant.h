// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "kql/type.h"

namespace lw::kql {

/// A value that is known when the query is translated. Without a value (monostate) it is null.
/// Int, Long, DateTime and TimeSpan are int64; Real and Decimal double; String, Guid and Dynamic
/// (its JSON) text.
struct Constant {
  Type type = Type::Error;
  std::variant<std::monostate, bool, std::int64_t, double, std::string> value;

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(value); }
  [[nodiscard]] const std::string* text() const { return std::get_if<std::string>(&value); }
  [[nodiscard]] const std::int64_t* integer() const { return std::get_if<std::int64_t>(&value); }
};

}  // namespace lw::kql
