// SPDX-License-Identifier: Apache-2.0
#include "kql/aggregate_states.h"

#include <algorithm>
#include <array>

#include "kql/sql_text.h"

namespace lw::kql {
namespace {

/// Every aggregate that the binder writes (aggregates*.cpp), without the suffix of its condition.
constexpr std::array<std::string_view, 24> kMergeable = {"count",
                                                         "sum",
                                                         "avg",
                                                         "min",
                                                         "max",
                                                         "any",
                                                         "argMax",
                                                         "argMin",
                                                         "varPop",
                                                         "varSamp",
                                                         "stddevPop",
                                                         "stddevSamp",
                                                         "covarPop",
                                                         "covarSamp",
                                                         "uniqExact",
                                                         "groupArray",
                                                         "groupBitAnd",
                                                         "groupBitOr",
                                                         "groupBitXor",
                                                         "anyRespectNulls",
                                                         "quantileExactWeighted",
                                                         "quantilesExactWeighted",
                                                         "quantileExact",
                                                         "quantilesExact"};
constexpr std::array<std::string_view, 4> kIgnoreRepeats = {"min", "max", "any", "uniqExact"};

std::string_view without_condition(std::string_view name) {
  return name.ends_with("If") ? name.substr(0, name.size() - 2) : name;
}

}  // namespace

std::vector<AggregateCall> aggregates_in(std::string_view sql) {
  std::vector<AggregateCall> calls;
  for (std::size_t at = 0; at < sql.size();) {
    if (const std::size_t behind = end_of_part(sql, at); behind > at) {
      at = behind;
      continue;
    }
    if (!is_word(sql[at])) {
      ++at;
      continue;
    }
    AggregateCall call;
    call.begin = at;
    while (at < sql.size() && is_word(sql[at])) ++at;
    call.name = sql.substr(call.begin, at - call.begin);
    const std::string_view base = without_condition(call.name);
    if (at == sql.size() || sql[at] != '(' ||
        std::ranges::find(kMergeable, base) == kMergeable.end())
      continue;
    call.end = end_of_parenthesis(sql, at);
    call.arguments = sql.substr(at, call.end - at);
    if (call.end < sql.size() && sql[call.end] == '(') {
      call.parameters = std::move(call.arguments);
      const std::size_t begin = call.end;
      call.end = end_of_parenthesis(sql, begin);
      call.arguments = sql.substr(begin, call.end - begin);
    }
    call.is_large = base.starts_with("quantile") || base == "groupArray";
    call.ignores_repeats =
        std::ranges::find(kIgnoreRepeats, base) != kIgnoreRepeats.end() ||
        (base == "groupArray" && sql.substr(0, call.begin).ends_with("arrayDistinct("));
    at = call.end;
    calls.push_back(std::move(call));
  }
  return calls;
}

std::string sql_of_state(const AggregateCall& call) {
  return call.name + "State" + call.parameters + call.arguments;
}

std::string sql_of_merge(const AggregateCall& call, int state) {
  return call.name + "Merge" + call.parameters + "(" + sql_column(state) + ")";
}

}  // namespace lw::kql
