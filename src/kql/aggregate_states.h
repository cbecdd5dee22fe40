// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lw::kql {

/// An aggregate of the engine in our own SQL: `quantileExact(0.5)(c3)`.
struct AggregateCall {
  std::size_t begin = 0, end = 0;  ///< Its place in the SQL.
  std::string name;                ///< "quantileExact"
  std::string parameters;          ///< "(0.5)", mostly empty.
  std::string arguments;           ///< "(c3)"
  /// The result is the same if rows come several times.
  bool ignores_repeats = false;
  bool is_large = false;  ///< Its state has all values: two of them take twice the memory.
};

/// The aggregates in a piece of our own SQL, in order. They do not stand in each other.
std::vector<AggregateCall> aggregates_in(std::string_view sql);

/// The call that makes a state: `quantileExactState(0.5)(c3)`; and the one that makes the value of
/// states: `quantileExactMerge(0.5)(c9)`.
std::string sql_of_state(const AggregateCall& call);
std::string sql_of_merge(const AggregateCall& call, int state);

}  // namespace lw::kql
