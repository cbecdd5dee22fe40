// SPDX-License-Identifier: Apache-2.0
#include "server/sql/surface.h"

#include <gtest/gtest.h>

#include "store/migrations.h"

namespace lw::server::sql {
namespace {

logs::Scope scope_of(const logs::WorkspaceView& view) {
  return {.workspaces = {view}, .subscription = "s", .span = {}, .monitor = {}};
}

const logs::WorkspaceView kTeam{.id = "11111111-0000-0000-0000-000000000000", .name = "team-a"};
const logs::WorkspaceView kDefault{.id = "d", .name = "default", .is_default = true};

TEST(SqlSurface, RowsAreThoseOfTheWorkspace) {
  const logs::Scope scope = scope_of(kTeam);
  const kql::Catalog catalog = logs::make_catalog(scope);
  const Surface surface = make_surface(scope, catalog, "linewatch", {});
  const Reads all{.all = true, .names = {}};
  for (const logs::LogTable& table : logs::log_tables()) {
    const std::string rows = surface.rows(table.name, all);
    if (table.source.is_audit) {
      EXPECT_EQ(rows, "") << "SQL knows no table of the audit log";
      continue;
    }
    EXPECT_TRUE(rows.contains("'team-a'")) << rows;
    for (const logs::LogColumn& column : table.columns) {
      EXPECT_TRUE(rows.contains(" AS `" + column.name + "`")) << table.name << " " << column.name;
    }
  }
}

TEST(SqlSurface, OnlyWhatIsReadIsComputed) {
  const logs::Scope scope = scope_of(kDefault);
  const kql::Catalog catalog = logs::make_catalog(scope);
  const Surface surface = make_surface(scope, catalog, "linewatch", {});
  const std::string rows =
      surface.rows("LinewatchRounds", {.all = false, .names = {"RttAvgMs", "count"}});
  EXPECT_TRUE(rows.contains("AS `RttAvgMs`")) << rows;
  EXPECT_FALSE(rows.contains("JOIN")) << rows;
  EXPECT_FALSE(rows.contains("Outcomes")) << rows;
  EXPECT_TRUE(rows.contains("FROM `linewatch`.rounds")) << rows;
  // Out of reach of what a statement calls its own things by.
  EXPECT_TRUE(rows.starts_with("SELECT * FROM view(SELECT ") && rows.ends_with(")")) << rows;
  // So that a condition on it chooses partitions.
  EXPECT_TRUE(rows.contains("r.ts AS `TimeGenerated`")) << rows;
}

TEST(SqlSurface, TheStoresOwnDatabasesAreNoneToName) {
  const logs::Scope scope = scope_of(kTeam);
  const kql::Catalog catalog = logs::make_catalog(scope);
  const Surface surface =
      make_surface(scope, catalog, "telemetry", {.databases = {"other"}, .functions = {}});
  for (const char* const name : {"telemetry", "telemetry_sql", "other"}) {
    EXPECT_FALSE(prepare(std::string("SELECT * FROM ") + name + ".rounds", surface)) << name;
  }
}

/// A table that is added to the store must be separated as well.
TEST(SqlSurface, EveryTableOfTheStoreIsSeparated) {
  const std::string filters = separation_of(kTeam, "linewatch");
  EXPECT_EQ(separation_of(kDefault, "linewatch"), "");
  std::vector<std::string> names;
  for (const store::Migration& migration : store::migrations()) {
    for (const std::string& statement : migration.statements) {
      for (const std::string begin :
           {"CREATE TABLE IF NOT EXISTS ", "CREATE MATERIALIZED VIEW IF NOT EXISTS "}) {
        if (!statement.starts_with(begin)) continue;
        names.push_back(statement.substr(
            begin.size(), statement.find_first_of(" \n(", begin.size()) - begin.size()));
      }
    }
  }
  names.emplace_back("schema_migrations");
  EXPECT_GT(names.size(), 10U);
  for (const std::string& name : names) {
    EXPECT_TRUE(filters.contains("'linewatch." + name + "': ")) << name << "\n" << filters;
  }
}

TEST(SqlSurface, AWorkspacesNameCannotEndItsText) {
  logs::WorkspaceView odd = kTeam;
  odd.name = "a') OR has(workspaces, 'b";
  const std::string filters = separation_of(odd, "linewatch");
  EXPECT_TRUE(filters.contains(R"(has(workspaces, \'a\\\') or has(workspaces, \\\'b\'))"))
      << filters;
}

}  // namespace
}  // namespace lw::server::sql
