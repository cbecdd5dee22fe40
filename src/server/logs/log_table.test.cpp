// SPDX-License-Identifier: Apache-2.0
#include "server/logs/log_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "kql/translate.h"
#include "server/logs/azure_schemas.h"

namespace lw::server::logs {
namespace {

const WorkspaceView kDefault{.id = "id-1", .name = "default", .is_default = true};
const WorkspaceView kTeam{.id = "id-2", .name = "Team'A"};

std::string sql_of(std::string_view query, const Scope& scope) {
  const kql::Catalog catalog = make_catalog(scope);
  const auto translation = kql::translate(query, catalog, {});
  return translation ? translation->sql : "refused: " + translation.error().front().message;
}

std::string sql_of(std::string_view query) {
  return sql_of(query, {.workspaces = {kDefault}, .subscription = "sub", .span = {}});
}

bool has(const std::string& sql, std::string_view part) {
  return sql.find(part) != std::string::npos;
}

TEST(LogTables, HaveAllPublishedColumnsWithTheirTypes) {
  for (const LogTable& table : log_tables()) {
    for (const std::string& item : split(published_columns(table.name), ' ')) {
      if (item.empty()) continue;
      const LogColumn* const column = table.find(item.substr(0, item.find(':')));
      ASSERT_NE(column, nullptr) << table.name << " " << item;
      EXPECT_EQ(kql::name_of(column->type), item.substr(item.find(':') + 1))
          << table.name << " " << item;
    }
  }
}

TEST(LogTables, NameEachColumnOnce) {
  for (const LogTable& table : log_tables()) {
    std::set<std::string> names;
    for (const LogColumn& column : table.columns) {
      EXPECT_TRUE(names.insert(column.name).second) << table.name << " " << column.name;
    }
  }
}

TEST(LogTables, TheAuditLogIsForThoseWhoMaySeeIt) {
  Scope scope{.workspaces = {kDefault}, .subscription = "sub", .span = {}};
  for (const char* const query : {"LinewatchAudit | count", "table('LinewatchAudit') | count"}) {
    EXPECT_TRUE(has(sql_of(query, scope), "refused: The table 'LinewatchAudit' is for admin"))
        << sql_of(query, scope);
  }
  for (const char* const all : {"union * | count", "search 'x'", "union Linewatch* | count"}) {
    EXPECT_FALSE(has(sql_of(all, scope), "audit_log")) << all;
    EXPECT_FALSE(has(sql_of(all, scope), "refused")) << all;
  }
  scope.sees_audit = true;
  EXPECT_TRUE(has(sql_of("LinewatchAudit | count", scope), "FROM audit_log FINAL WHERE 1"));
  // Who asks for one monitor's rows, or another workspace's, has none of it.
  scope.monitor = "m";
  EXPECT_TRUE(has(sql_of("LinewatchAudit | count", scope), "FROM audit_log FINAL WHERE 0"));
  scope = {.workspaces = {kTeam}, .subscription = "sub", .span = {}, .sees_audit = true};
  EXPECT_TRUE(has(sql_of("LinewatchAudit | count", scope), "FROM audit_log FINAL WHERE 0"));
  scope.workspaces = {kTeam, kDefault};
  EXPECT_TRUE(has(sql_of("LinewatchAudit | count", scope), "ARRAY JOIN ['id-1'] AS w"));
}

TEST(LogTables, AnotherWorkspacesAgentEventsAreOfItsAgents) {
  const Scope scope{.workspaces = {kTeam}, .subscription = "sub", .span = {}};
  EXPECT_TRUE(has(sql_of("LinewatchAgentEvents | count", scope),
                  "FROM agent_events FINAL WHERE name IN (SELECT agent FROM test_facts WHERE "
                  "hasAny(workspaces, ['team\\'a']))"))
      << sql_of("LinewatchAgentEvents | count", scope);
}

TEST(LogSources, TimeAndHourReachTheTable) {
  const std::string sql = sql_of(
      "NWConnectionMonitorTestResult | where TimeGenerated >= datetime(2026-01-31T12:30:00) and "
      "TimeGenerated < datetime(2026-01-31T13:00:00) | count");
  EXPECT_TRUE(has(sql, "ts >= fromUnixTimestamp64Micro(toInt64(1769862600000000), 'UTC')")) << sql;
  EXPECT_TRUE(has(sql,
                  "toStartOfHour(ts) <= toStartOfHour(fromUnixTimestamp64Micro(toInt64("
                  "1769864399999999), 'UTC'))"))
      << sql;
  // The table gives no other rows, so that none is compared again.
  EXPECT_FALSE(has(sql, "WHERE ((")) << sql;
}

TEST(LogSources, TheTimespanOfTheRequestBoundsTablesToo) {
  const Scope scope{.workspaces = {kDefault},
                    .subscription = "sub",
                    .span = {638'000'000'000'000'000, 638'000'036'000'000'000}};
  for (const char* const table : {"LinewatchRounds", "Heartbeat", "LinewatchPaths"}) {
    const std::string sql = sql_of(std::string(table) + " | count", scope);
    EXPECT_TRUE(has(sql, "ts >= fromUnixTimestamp64Micro(toInt64(1664403200000000)")) << sql;
    EXPECT_TRUE(has(sql, "ts <= fromUnixTimestamp64Micro(toInt64(1664406800000000)")) << sql;
  }
}

TEST(LogSources, NamesChooseTestsAtTheTable) {
  const std::string sql =
      sql_of("NWConnectionMonitorTestResult | where SourceName in ('a', \"b'); DROP\") | count");
  EXPECT_TRUE(has(sql,
                  "WHERE test_id IN (SELECT f.test_id FROM (SELECT test_id, source FROM test_facts "
                  "LIMIT 1 BY test_id) AS f WHERE ((ifNull(toString(f.source), '') IN ('a', "
                  "'b\\'); DROP'))))"))
      << sql;
  EXPECT_FALSE(has(sql, "JOIN")) << sql;
  // What may change is compared with what was true of each row; the table is asked for tests that
  // can be meant.
  const std::string address =
      sql_of("NWConnectionMonitorTestResult | where DestinationAddress == 'a' | count");
  EXPECT_TRUE(has(address,
                  "test_id IN (SELECT test_id FROM test_facts WHERE destination_address "
                  "IN ('a'))"))
      << address;
  EXPECT_TRUE(has(address, "ASOF LEFT JOIN")) << address;
}

TEST(LogSources, TestsOfWhichNothingIsKnownAreNotForgotten) {
  const std::string sql = sql_of("LinewatchRounds | where Source != 'a f.x' | count");
  EXPECT_TRUE(has(sql,
                  "OR (ifNull((SELECT ((ifNull(toString(f.source), '') != 'a f.x')) FROM (SELECT "
                  "NULL AS source) AS f), 0) AND test_id NOT IN (SELECT test_id FROM test_facts))"))
      << sql;
}

TEST(LogSources, StatesAreComparedAsNumbers) {
  const std::string sql =
      sql_of("LinewatchRounds | where State == 'Fail' | summarize countif(ReasonCode == 'None')");
  EXPECT_TRUE(has(sql, "r.state AS")) << sql;
  EXPECT_TRUE(has(sql, " IN (3))")) << sql;
  EXPECT_FALSE(has(sql, "transform")) << sql;
}

TEST(LogSources, RoundsAreGroupedByTestBeforeTheyGetNames) {
  const std::string sql = sql_of("LinewatchRounds | summarize avg(RttAvgMs) by Source");
  const auto grouped = sql.find("GROUP BY"), joined = sql.find("LEFT ANY JOIN");
  EXPECT_TRUE(has(sql, "r.test_id AS")) << sql;
  EXPECT_LT(grouped, joined) << sql;
  EXPECT_TRUE(has(sql, "avgMerge(")) << sql;
}

TEST(LogSources, AnIdChoosesItsTest) {
  EXPECT_TRUE(has(sql_of("LinewatchRounds | where TestId == 'ff' | count"), "test_id IN (0, 255)"));
  EXPECT_TRUE(has(sql_of("LinewatchRounds | where TestId == 'no id' | count"), "test_id IN (0)"));
}

TEST(LogSources, WhatNoColumnNeedsIsNotJoined) {
  EXPECT_FALSE(has(sql_of("LinewatchRounds | summarize sum(ChecksTotal)"), "JOIN"));
  EXPECT_TRUE(has(sql_of("LinewatchRounds | summarize count() by Source"), "LEFT ANY JOIN"));
  EXPECT_TRUE(has(sql_of("NWConnectionMonitorTestResult | summarize count() by "
                         "RoundTripTimeMsThreshold"),
                  "ASOF LEFT JOIN"));
}

TEST(LogSources, AFurtherWorkspaceSeesItsOwnTestsOnly) {
  const Scope scope{.workspaces = {kTeam}, .subscription = "sub", .span = {}};
  for (const LogTable& table : log_tables()) {
    if (table.source.is_audit) continue;  // Of no further workspace: see above.
    const std::string sql = sql_of(table.name + " | count", scope);
    EXPECT_TRUE(has(sql, "hasAny(workspaces, ['team\\'a'])")) << sql;
    if (table.source.by_test) {
      EXPECT_TRUE(has(sql, "WHERE has(f.workspaces, 'team\\'a')")) << sql;
    }
  }
}

TEST(LogSources, SeveralWorkspacesShowARowForEach) {
  const Scope scope{.workspaces = {kDefault, kTeam}, .subscription = "sub", .span = {}};
  const std::string sql = sql_of("LinewatchRounds | summarize count() by TenantId", scope);
  EXPECT_TRUE(has(sql,
                  "ARRAY JOIN arrayFilter((id, key) -> has(['id-1'], id) OR has(f.workspaces, "
                  "key), ['id-1', 'id-2'], ['default', 'team\\'a']) AS w"))
      << sql;
}

TEST(LogSources, AMonitorsRowsAloneIfOnlyThoseAreAskedFor) {
  const Scope scope{
      .workspaces = {kDefault}, .subscription = "sub", .span = {}, .monitor = "it's mine"};
  EXPECT_TRUE(has(sql_of("LinewatchRounds | count", scope), "WHERE monitor = 'it\\'s mine')"));
  EXPECT_TRUE(has(sql_of("Heartbeat | count", scope), "WHERE monitor = 'it\\'s mine')"));
}

TEST(LogSources, WhatIsOlderThanTheWorkspaceKeepsIsNotShown) {
  WorkspaceView young = kDefault;
  young.oldest = 638'000'000'000'000'000;
  const Scope scope{.workspaces = {young}, .subscription = "sub", .span = {}};
  EXPECT_TRUE(has(sql_of("LinewatchRounds | count", scope),
                  "ts >= fromUnixTimestamp64Micro(toInt64(1664403200000000)"));
}

TEST(LogSources, MinutesAreNotCutInTwo) {
  const std::string sql = sql_of(
      "AzureMetrics | where TimeGenerated between (datetime(2026-01-31T12:00:30) .. "
      "datetime(2026-01-31T12:10:30)) | count");
  EXPECT_TRUE(has(sql, "ts >= fromUnixTimestamp64Micro(toInt64(1769860800000000)")) << sql;
  EXPECT_TRUE(has(sql, "ts <= fromUnixTimestamp64Micro(toInt64(1769861459999999)")) << sql;
}

}  // namespace
}  // namespace lw::server::logs
