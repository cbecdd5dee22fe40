// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kql/binder.h"

namespace lw::kql {

/// A call of a function with bound arguments, for functions that a template does not describe.
struct Call {
  Binder& binder;
  const Expr& expr;
  Rows& rows;
  std::vector<Scalar> args;

  [[nodiscard]] Span span_of(std::size_t argument) const {
    return argument < expr.args.size() ? expr.args[argument]->span : expr.span;
  }
};
using FunctionHandler = Scalar (*)(Call& call);

/// One function of KQL.
struct FunctionRow {
  std::string_view names;  ///< "iff|iif": the name and its aliases.
  /// A letter for each parameter: s string, l long, i int, r real, n number, d datetime,
  /// t timespan, b bool, y dynamic, g guid, a any; '?' behind it: may be left out; '*': any number.
  std::string_view parameters;
  /// A letter as above; '1': the type of the first argument, 'n': the widest of all. '?' behind it:
  /// may be null though no argument is; '!': is never null.
  std::string_view result;
  /// The name of an output column: "" none, "1" the first argument's, "strlen_": that before it.
  std::string_view naming;
  /// The SQL with $1, $2 … for the arguments.
  std::string_view sql;
  FunctionHandler handler = nullptr;  ///< Instead of `sql`.
};

/// The row of a name, or null.
const FunctionRow* find_function(std::string_view name);
/// All names, for "did you mean".
const std::vector<std::string>& function_names();

// The table in parts; each file owns one.
std::span<const FunctionRow> math_functions();
std::span<const FunctionRow> string_functions();
std::span<const FunctionRow> regex_functions();
std::span<const FunctionRow> conversion_functions();
std::span<const FunctionRow> time_functions();
std::span<const FunctionRow> dynamic_functions();
std::span<const FunctionRow> array_functions();
std::span<const FunctionRow> series_functions();
std::span<const FunctionRow> network_functions();
std::span<const FunctionRow> parse_functions();

/// The types that a parameter's letter takes; Error for "any" and "number".
Type type_of_letter(char letter);

}  // namespace lw::kql
