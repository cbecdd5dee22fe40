// SPDX-License-Identifier: Apache-2.0
#include "kql/derive_parts.h"

#include <algorithm>

#include "kql/sql_text.h"

namespace lw::kql {

std::set<int> columns_of(const PlanItem& item) {
  std::set<int> ids;
  const auto add = [&](const std::string& sql) {
    for (const int id : columns_in(sql)) ids.insert(id);
  };
  add(item.sql);
  for (const std::string& member : item.members) add(member);
  return ids;
}

int largest_id(const Plan& plan) {
  int most = plan.lookup_key;
  const auto see = [&](const std::vector<PlanItem>& items) {
    for (const PlanItem& item : items) most = std::max(most, item.id);
  };
  see(plan.items);
  for (const auto& items : plan.branch_items) see(items);
  for (const int id : columns_in(plan.array_join)) most = std::max(most, id);
  for (const PlanPtr& input : {plan.input, plan.right}) {
    if (input) most = std::max(most, largest_id(*input));
  }
  for (const PlanPtr& branch : plan.branches) most = std::max(most, largest_id(*branch));
  return most;
}

bool has_keys(const Plan& plan) {
  if (plan.table != nullptr && !plan.table->keys.empty()) return true;
  for (const PlanPtr& input : {plan.input, plan.right}) {
    if (input && has_keys(*input)) return true;
  }
  return std::ranges::any_of(plan.branches,
                             [](const PlanPtr& branch) { return has_keys(*branch); });
}

bool is_coarse(const Plan& plan, int id) {
  const auto item = std::ranges::find(plan.items, id, &PlanItem::id);
  if (item != plan.items.end()) return item->is_coarse;
  return !plan.is_closed && plan.input && is_coarse(*plan.input, id);
}

bool is_repeatable(const std::string& sql) {
  return sql.find("rand64(") == std::string::npos &&
         sql.find("generateUUID") == std::string::npos &&
         sql.find("rowNumberIn") == std::string::npos && sql.find(" OVER (") == std::string::npos;
}

std::string of_key(std::string sql, const std::string& at_row, const std::string& key) {
  for (auto at = sql.find(at_row); at != std::string::npos;
       at = sql.find(at_row, at + key.size())) {
    sql.replace(at, at_row.size(), key);
  }
  return sql;
}

std::size_t last_comma(std::string_view arguments) {
  std::size_t found = std::string::npos;
  int nesting = 0;
  for (std::size_t at = 1; at < arguments.size();) {
    const char c = arguments[at];
    if (c == '(' || c == '[') ++nesting;
    if (c == ')' || c == ']') --nesting;
    if (c == ',' && nesting == 0) found = at;
    // A subquery's own parenthesis counts for nothing: it closes with it.
    const std::size_t behind = end_of_part(arguments, at);
    if (behind > at && c == '(') --nesting;
    at = std::max(behind, at + 1);
  }
  return found;
}

}  // namespace lw::kql
