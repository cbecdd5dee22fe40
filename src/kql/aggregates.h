// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kql/binder.h"

namespace lw::kql {

/// One aggregate that gives one value. Those with several outputs (arg_max, percentiles, take_any)
/// are in aggregates_many.cpp.
struct AggregateRow {
  std::string_view names;
  /// Letters as in FunctionRow. Nulls are skipped.
  std::string_view parameters;
  std::string_view result;  ///< As in FunctionRow.
  std::string_view naming;  ///< The prefix of the output's name; "" none.
  /// The SQL. $f stands for the condition's suffix of the engine's aggregate ("If" or nothing), $c
  /// for the condition as a further argument (", …" or nothing).
  std::string_view sql;
  bool has_condition = false;  ///< The last argument is a condition: countif, sumif …
};

const AggregateRow* find_aggregate(std::string_view name);
const std::vector<std::string>& aggregate_names();
/// arg_max, percentiles, take_any: an expression that gives several columns.
bool is_many_aggregate(std::string_view name);
bool is_window_function(std::string_view name);
/// Functions of KQL that are known and not translated, so that the fault says so.
bool is_known_unsupported(std::string_view name);

}  // namespace lw::kql
