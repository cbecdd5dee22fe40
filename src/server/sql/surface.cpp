// SPDX-License-Identifier: Apache-2.0
#include "server/sql/surface.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "store/client.h"

namespace lw::server::sql {
namespace {

using logs::LogTable;
using store::quote_name;
using store::quote_text;

constexpr std::string_view kTime = "TimeGenerated";

/// The instant of a column of ticks, if it is no more than that: the engine looks through it, so
/// that a condition on it chooses at the table what is read.
std::string instant_in(std::string_view ticks) {
  constexpr std::string_view kBegin = "toInt64(toUnixTimestamp64Micro(";
  constexpr std::string_view kEnd = ") * 10 + 621355968000000000)";
  if (!ticks.starts_with(kBegin) || !ticks.ends_with(kEnd)) return {};
  const auto inner = ticks.substr(kBegin.size(), ticks.size() - kBegin.size() - kEnd.size());
  const bool is_name = inner.find_first_of("() +") == std::string_view::npos;
  return is_name ? std::string(inner) : std::string();
}

/// The column's value in SQL's types instead of those of KQL (docs/kql.md).
std::string value_of(const kql::TableColumn& column) {
  if (column.type == kql::Type::DateTime) {
    if (std::string instant = instant_in(column.sql); !instant.empty()) return instant;
    return fmt::format("fromUnixTimestamp64Micro(intDiv(({}) - {}, 10), 'UTC')", column.sql,
                       kql::kTicksUnixEpoch);
  }
  const std::string sql = column.type == kql::Type::TimeSpan
                              ? fmt::format("({}) / {}.", column.sql, kql::kTicksPerSecond)
                              : column.sql;
  return fmt::format("CAST({} AS {})", sql, sql_type_of(column));
}

constexpr std::array<std::string_view, 11> kRead = {
    "rounds",        "m1",         "h1",          "tests",        "paths",
    "state_changes", "test_facts", "agent_beats", "agent_events", "listener_results",
    "alert_changes"};

/// SQL of ours with the store's tables called as being in its database: statements run in another.
std::string qualified(std::string_view sql, const std::string& database) {
  constexpr std::string_view kFrom = "FROM ";
  std::string result;
  for (auto at = sql.find(kFrom); at != std::string_view::npos; at = sql.find(kFrom)) {
    result += sql.substr(0, at + kFrom.size());
    sql.remove_prefix(at + kFrom.size());
    const auto end = sql.find_first_of(" )");
    if (std::ranges::find(kRead, sql.substr(0, end)) != kRead.end()) {
      result += quote_name(database) + ".";
    }
  }
  return result += sql;
}

std::string rows_of(const kql::Table& table, const Reads& reads, const std::string& database) {
  const auto is_read = [&](std::string_view column) {
    return column == kTime || reads.has(column);
  };
  std::string list;
  for (const kql::TableColumn& column : table.columns) {
    if (!is_read(column.name)) continue;
    list += (list.empty() ? "" : ", ") + value_of(column) + " AS " + quote_name(column.name);
  }
  // Without a time and a name there are still rows to count.
  if (list.empty()) list = "1 AS `_row`";
  const kql::TableUse use{.restrictions = {}, .reads = is_read};
  // A view: what a statement calls its own things by (a function `has`, a table `linewatch.rounds`)
  // does not reach into it.
  return "SELECT * FROM view(SELECT " + list + " FROM " + qualified(table.source(use), database) +
         ")";
}

/// Rows of constants: no function that makes tables is needed.
std::string constant_rows(const std::vector<std::pair<std::string, std::string>>& columns,
                          const std::vector<std::string>& tuples) {
  std::string list;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& [name, value] = columns[i];
    list += (list.empty() ? "" : ", ") + value + " AS " + quote_name(name);
  }
  return "SELECT " + list + " FROM (SELECT arrayJoin([" + join(tuples, ", ") + "]) AS r)";
}

const LogTable* find_log_table(std::string_view name) {
  const auto found = std::ranges::find(logs::log_tables(), name, &LogTable::name);
  return found == logs::log_tables().end() ? nullptr : &*found;
}

std::string databases(const std::string& database) {
  return constant_rows({{"name", "r"},
                        {"engine", "'Memory'"},
                        {"data_path", "''"},
                        {"metadata_path", "''"},
                        {"uuid", "toUUID('00000000-0000-0000-0000-000000000000')"},
                        {"engine_full", "'Memory'"},
                        {"comment", "'A workspace of linewatch'"},
                        {"is_external", "toUInt8(0)"}},
                       {quote_text(database)});
}

std::string tables(const std::string& database, const kql::Catalog& catalog) {
  std::vector<std::string> tuples;
  for (const kql::Table& table : catalog.tables) {
    const LogTable* const known = find_log_table(table.name);
    tuples.push_back(fmt::format("({}, {})", quote_text(table.name),
                                 quote_text(known == nullptr ? "" : known->description)));
  }
  std::vector<std::pair<std::string, std::string>> columns = {
      {"database", quote_text(database)},
      {"name", "r.1"},
      {"table", "r.1"},
      {"uuid", "toUUID('00000000-0000-0000-0000-000000000000')"},
      {"engine", "'View'"},
      {"is_temporary", "toUInt8(0)"},
      {"data_paths", "emptyArrayString()"},
      {"metadata_modification_time", "toDateTime(0, 'UTC')"},
      {"dependencies_database", "emptyArrayString()"},
      {"dependencies_table", "emptyArrayString()"}};
  for (const char* const empty :
       {"metadata_path", "create_table_query", "engine_full", "as_select", "partition_key",
        "sorting_key", "primary_key", "sampling_key", "storage_policy"}) {
    columns.emplace_back(empty, "''");
  }
  for (const char* const unknown : {"total_rows", "total_bytes", "lifetime_rows"}) {
    columns.emplace_back(unknown, "CAST(NULL AS Nullable(UInt64))");
  }
  columns.emplace_back("comment", "r.2");
  columns.emplace_back("has_own_data", "toUInt8(0)");
  return constant_rows(columns, tuples);
}

std::string columns(const std::string& database, const kql::Catalog& catalog) {
  std::vector<std::string> tuples;
  for (const kql::Table& table : catalog.tables) {
    const LogTable* const known = find_log_table(table.name);
    std::uint64_t position = 0;
    for (const kql::TableColumn& column : table.columns) {
      const logs::LogColumn* const shown = known == nullptr ? nullptr : known->find(column.name);
      tuples.push_back(fmt::format("({}, {}, {}, toUInt64({}), {})", quote_text(table.name),
                                   quote_text(column.name), quote_text(sql_type_of(column)),
                                   ++position,
                                   quote_text(shown == nullptr ? "" : shown->description)));
    }
  }
  std::vector<std::pair<std::string, std::string>> list = {{"database", quote_text(database)},
                                                           {"table", "r.1"},
                                                           {"name", "r.2"},
                                                           {"type", "r.3"},
                                                           {"position", "r.4"}};
  for (const char* const empty : {"default_kind", "default_expression", "compression_codec"}) {
    list.emplace_back(empty, "''");
  }
  for (const char* const size :
       {"data_compressed_bytes", "data_uncompressed_bytes", "marks_bytes"}) {
    list.emplace_back(size, "toUInt64(0)");
  }
  list.emplace_back("comment", "r.5");
  for (const char* const key :
       {"is_in_partition_key", "is_in_sorting_key", "is_in_primary_key", "is_in_sampling_key"}) {
    list.emplace_back(key, "toUInt8(0)");
  }
  for (const char* const unknown :
       {"character_octet_length", "numeric_precision", "numeric_precision_radix", "numeric_scale",
        "datetime_precision"}) {
    list.emplace_back(unknown, "CAST(NULL AS Nullable(UInt64))");
  }
  return constant_rows(list, tuples);
}

}  // namespace

std::string sql_type_of(const kql::TableColumn& column) {
  const auto nullable = [&](const std::string& type) {
    return column.is_nullable ? "Nullable(" + type + ")" : type;
  };
  switch (column.type) {
    case kql::Type::Bool:
      return nullable("Bool");
    case kql::Type::Int:
      return nullable("Int32");
    case kql::Type::Long:
      return nullable("Int64");
    case kql::Type::Real:
    case kql::Type::TimeSpan:
      return nullable("Float64");
    case kql::Type::DateTime:
      return nullable("DateTime64(6, 'UTC')");
    default:
      return nullable("String");
  }
}

std::string sandbox_of(const std::string& database) { return database + "_sql"; }

Surface make_surface(const logs::Scope& scope, const kql::Catalog& catalog,
                     const std::string& database, EngineNames engine) {
  Surface surface;
  surface.database = scope.workspaces.front().name;
  surface.engine_databases = std::move(engine.databases);
  surface.engine_functions = std::move(engine.functions);
  surface.engine_databases.push_back(database);
  surface.engine_databases.push_back(sandbox_of(database));
  for (const kql::Table& table : catalog.tables) surface.tables.push_back(table.name);
  surface.rows = [&catalog, database](const std::string& name, const Reads& reads) {
    const auto found = std::ranges::find(catalog.tables, name, &kql::Table::name);
    return found == catalog.tables.end() ? std::string() : rows_of(*found, reads, database);
  };
  surface.system_rows = [&catalog, database = surface.database](const std::string& name) {
    if (name == "databases") return databases(database);
    return name == "tables" ? tables(database, catalog) : columns(database, catalog);
  };
  return surface;
}

std::string separation_of(const logs::WorkspaceView& workspace, const std::string& database) {
  if (workspace.is_default) return {};
  // Tables with a row for each test: of the workspace's tests. What is in none has nothing to tell.
  constexpr std::array<std::string_view, 8> kOfTests = {
      "rounds", "m1", "h1", "tests", "paths", "state_changes", "listener_results", "alert_changes"};
  // A view onto a table is filtered by its own name only.
  constexpr std::array<std::string_view, 9> kOfNobody = {
      "arrivals",    "doubtful",     "schema_migrations", "wrong_hours", "audit_log",
      "rounds_view", "minutes_view", "hours_view",        "m1_view"};
  const std::string mine = "has(workspaces, " + quote_text(to_lower(workspace.name)) + ")";
  const std::string facts = quote_name(database) + ".test_facts WHERE " + mine;
  std::vector<std::string> filters;
  const auto add = [&](std::string_view table, const std::string& condition) {
    filters.push_back(quote_text(database + "." + std::string(table)) + ": " +
                      quote_text(condition));
  };
  for (const std::string_view table : kOfTests) {
    add(table, "test_id IN (SELECT test_id FROM " + facts + ")");
  }
  add("test_facts", mine);
  for (const char* const of_agents : {"agent_beats", "agent_events"}) {
    add(of_agents, "name IN (SELECT agent FROM " + facts + ")");
  }
  for (const std::string_view table : kOfNobody) add(table, "0");
  return "{" + join(filters, ", ") + "}";
}

}  // namespace lw::server::sql
