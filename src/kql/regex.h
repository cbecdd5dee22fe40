// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "kql/binder.h"

namespace lw::kql {

/// What can be told of a regular expression (RE2's syntax) without running it.
struct RegexShape {
  bool is_valid = true;
  std::string fault;
  int groups = 0;  ///< Capturing ones.
};

/// Counts groups and looks for what RE2 refuses: unbalanced parentheses and brackets, a repetition
/// of nothing, look-around, back references.
RegexShape read_regex(std::string_view pattern);

/// A pattern as SQL. ClickHouse lets a dot match line ends; KQL does not. Faults of a known pattern
/// are told.
std::string sql_regex(Binder& binder, const Scalar& pattern, Span span);

}  // namespace lw::kql
