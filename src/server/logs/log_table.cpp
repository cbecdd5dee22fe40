// SPDX-License-Identifier: Apache-2.0
#include "server/logs/log_table.h"

#include <algorithm>

#include "base/text.h"
#include "server/logs/azure_schemas.h"
#include "server/logs/columns.h"
#include "store/client.h"

namespace lw::server::logs {
namespace {

/// Azure's columns that nothing here measures.
void add_published_columns(LogTable& table) {
  for (const std::string& item : split(std::string(published_columns(table.name)), ' ')) {
    const auto colon = item.find(':');
    if (colon == std::string::npos) continue;
    const std::string name = item.substr(0, colon);
    if (table.find(name) != nullptr) continue;
    const auto type = kql::type_named(item.substr(colon + 1));
    table.columns.push_back(unknown(name, type.value_or(kql::Type::String)));
  }
}

/// Columns that every table of Log Analytics has, as far as they are not in it already.
void add_common_columns(LogTable& table) {
  const auto add = [&](LogColumn column) {
    if (table.find(column.name) == nullptr) table.columns.push_back(std::move(column));
  };
  add({"TenantId", kql::Type::String, "@tenant", false, {}, "The workspace's id."});
  add({"SourceSystem", kql::Type::String, "'linewatch'"});
  add({"Type", kql::Type::String, store::quote_text(table.name), false, {}, "The table's name."});
  add({"_BilledSize", kql::Type::Real, "CAST(NULL AS Nullable(Float64))", true});
  add({"_IsBillable", kql::Type::String, "'false'"});
}

std::vector<LogTable> all_tables() {
  std::vector<LogTable> tables;
  for (auto&& group : {monitor_tables(), azure_tables(), linewatch_tables()}) {
    for (const LogTable& table : group) tables.push_back(table);
  }
  for (LogTable& table : tables) {
    add_common_columns(table);
    add_published_columns(table);
    if (!table.source.by_test) continue;
    for (LogColumn& column : table.columns) column.key = key_of_column(column);
  }
  return tables;
}

/// `sql` with what depends on who asks.
std::string filled(std::string sql, const Scope& scope) {
  const auto replace = [&](std::string_view mark, const std::string& value) {
    for (auto at = sql.find(mark); at != std::string::npos;
         at = sql.find(mark, at + value.size())) {
      sql.replace(at, mark.size(), value);
    }
  };
  const bool is_one = scope.workspaces.size() == 1;
  replace("@tenant", is_one ? store::quote_text(scope.workspaces.front().id) : "w");
  replace("@subscription", store::quote_text(scope.subscription));
  return sql;
}

}  // namespace

const LogColumn* LogTable::find(std::string_view column) const {
  const auto found = std::ranges::find(columns, column, &LogColumn::name);
  return found == columns.end() ? nullptr : &*found;
}

const std::vector<LogTable>& log_tables() {
  static const std::vector<LogTable> kTables = all_tables();
  return kTables;
}

kql::Catalog make_catalog(const Scope& scope) {
  kql::Catalog catalog;
  for (const LogTable& table : log_tables()) {
    if (table.source.is_audit && !scope.sees_audit) {
      catalog.withheld.emplace_back(
          table.name, "The table '" + table.name +
                          "' is for administrators whose token has no scope; ask with such a one.");
      continue;
    }
    kql::Table made;
    made.name = table.name;
    for (const LogColumn& column : table.columns) {
      made.columns.push_back({.name = column.name,
                              .type = column.type,
                              .sql = filled(column.sql, scope),
                              .is_nullable = column.is_nullable,
                              .key = column.key,
                              .names = column.names,
                              .is_bounded = column.name == "TimeGenerated" &&
                                            !table.source.time.empty() &&
                                            table.source.grain == Seconds(0)});
    }
    if (table.source.by_test) made.keys = keys_of_rows();
    made.source = [&table, &scope](const kql::TableUse& use) {
      return source_of(table, use, scope);
    };
    catalog.tables.push_back(std::move(made));
  }
  return catalog;
}

}  // namespace lw::server::logs
