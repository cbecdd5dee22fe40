// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "kql/plan.h"

namespace lw::kql {

// What derive.cpp asks of plans and of our own SQL.

/// The columns that an item reads.
std::set<int> columns_of(const PlanItem& item);
/// The largest number of a column in the plan.
int largest_id(const Plan& plan);
/// Whether a table in it has keys.
bool has_keys(const Plan& plan);
/// Whether a column that the plan gives has few values.
bool is_coarse(const Plan& plan, int id);
/// Whether two calls with the same arguments give the same.
bool is_repeatable(const std::string& sql);
/// `sql` with the key's name in place of the row's.
std::string of_key(std::string sql, const std::string& at_row, const std::string& key);
/// The last comma of "(a, b)" that stands in no further parenthesis; npos if there is none.
std::size_t last_comma(std::string_view arguments);

}  // namespace lw::kql
