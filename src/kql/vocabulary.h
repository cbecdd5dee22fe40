// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

/// The words of the language that are translated, for editors. Sorted.
namespace lw::kql {

struct FunctionWords {
  std::string name;
  /// For people: "string, [long]"; "…" for any number.
  std::string parameters;
};

std::vector<std::string> operator_names();
std::vector<FunctionWords> scalar_functions();
std::vector<FunctionWords> aggregate_functions();

}  // namespace lw::kql
