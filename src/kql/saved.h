// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "kql/diagnostic.h"

namespace lw::kql {

/// A query that is kept under a name, by which other queries can use it as a function.
struct SavedFunction {
  std::string name;        ///< letters, digits and _, no digit first
  std::string parameters;  ///< as KQL has them, with defaults: "(since: timespan = 1d)"; empty: ()
  std::string text;        ///< the query
};

/// The functions that `query` names, and those that these name, as `let` statements, in an order in
/// which each stands behind those it uses; ends with a line. A function that uses itself does not
/// see itself.
std::string lets_of(std::string_view query, std::span<const SavedFunction> functions);

/// What is wrong with the text of a function, before it is kept. Names in it are looked up only
/// when it is used.
Diagnostics faults_of(const SavedFunction& function);

/// Whether it can be a function's name: no word that the language has.
bool is_function_name(std::string_view name);

}  // namespace lw::kql
