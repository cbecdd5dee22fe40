// SPDX-License-Identifier: Apache-2.0
#include "server/sql/statement.h"

#include <gtest/gtest.h>

#include "server/logs/log_table.h"
#include "server/sql/vocabulary.h"

namespace lw::server::sql {
namespace {

/// Two tables whose rows say which columns of them are read.
Surface two_tables() {
  Surface surface;
  surface.database = "team-a";
  surface.tables = {"Rounds", "Tests"};
  surface.engine_databases = {"linewatch", "linewatch_sql", "default", "system"};
  surface.engine_functions = {"file", "hostname", "getsetting", "upper", "day", "in", "format"};
  surface.rows = [](const std::string& table, const Reads& reads) {
    std::string list = reads.all ? "*" : "";
    for (const char* const column : {"Source", "RttMs"}) {
      if (!reads.all && reads.has(column)) list += column;
    }
    return table + ":" + list;
  };
  surface.system_rows = [](const std::string& table) { return "told " + table; };
  return surface;
}

std::string prepared(std::string_view sql) {
  const auto result = prepare(sql, two_tables());
  return result ? result->sql : text_of(result.error());
}

TEST(SqlStatement, TablesComeBeforeIt) {
  EXPECT_EQ(prepared("SELECT count(*) FROM Rounds;"),
            "WITH `Rounds` AS (Rounds:) SELECT count ( * ) FROM Rounds");
  EXPECT_EQ(prepared("SELECT r.*, t.Source FROM `team-a`.Rounds r JOIN Tests t USING (Source)"),
            "WITH `Rounds` AS (Rounds:*), `Tests` AS (Tests:*) SELECT r.* , t.Source FROM Rounds r "
            "JOIN Tests t USING ( Source )");
  EXPECT_EQ(prepared("SELECT 2 * \"RttMs\" FROM Rounds"),
            "WITH `Rounds` AS (Rounds:RttMs) SELECT 2 * `RttMs` FROM Rounds");
  EXPECT_EQ(prepared("WITH x AS (SELECT Source FROM Rounds) SELECT * FROM x"),
            "WITH `Rounds` AS (Rounds:*), x AS ( SELECT Source FROM Rounds ) SELECT * FROM x");
  EXPECT_EQ(prepared("(SELECT 1 FROM Tests) UNION ALL (SELECT 2)"),
            "WITH `Tests` AS (Tests:) SELECT * FROM (( SELECT 1 FROM Tests ) UNION ALL ( SELECT 2 "
            "))");
  EXPECT_EQ(prepared("SELECT 1"), "SELECT 1");
}

TEST(SqlStatement, FormatIsTakenOff) {
  const auto result = prepare("SELECT 1 AS x FORMAT JSONCompact", two_tables());
  ASSERT_TRUE(result);
  EXPECT_EQ(result->sql, "SELECT 1 AS x");
  EXPECT_EQ(result->format, "JSONCompact");
  EXPECT_FALSE(prepare("SELECT 1 FORMAT Template", two_tables()));
  EXPECT_FALSE(prepare("SELECT 1 FORMAT Protobuf", two_tables()));
}

TEST(SqlStatement, WhatClientsAskOfTheServer) {
  EXPECT_EQ(prepared("SELECT currentDatabase(), version()"), "SELECT 'team-a' , version ( )");
  EXPECT_EQ(prepared("SELECT displayName(), schema()"), "SELECT 'linewatch' , 'team-a'");
  EXPECT_EQ(prepared("SELECT name FROM system.tables WHERE database = 'x'"),
            "WITH `tables` AS (told tables) SELECT name FROM `tables` WHERE database = 'x'");
  EXPECT_EQ(prepared("SELECT * FROM system.one"), "SELECT * FROM system.`one`");
  EXPECT_EQ(prepared("SHOW TABLES FROM `team-a` LIKE 'R%'"),
            "SELECT name FROM (told tables) WHERE name LIKE 'R%' ORDER BY name");
  EXPECT_EQ(prepared("show databases"), "SELECT name FROM (told databases) ORDER BY name");
  EXPECT_EQ(prepared("EXISTS TABLE Rounds"), "SELECT toUInt8(true) AS result");
  EXPECT_EQ(prepared("EXISTS rounds"), "SELECT toUInt8(false) AS result");
  EXPECT_TRUE(prepared("DESCRIBE TABLE Rounds").contains("WHERE table = 'Rounds'"));
  EXPECT_TRUE(prepared("DESC `team-a`.Rounds").contains("WHERE table = 'Rounds'"));
  EXPECT_EQ(prepared("DESCRIBE (SELECT Source FROM Rounds)"),
            "DESCRIBE TABLE (WITH `Rounds` AS (Rounds:Source) SELECT Source FROM Rounds)");
  EXPECT_EQ(prepared("EXPLAIN SYNTAX SELECT 1"), "EXPLAIN SYNTAX SELECT 1");
}

/// Each with the least that keeps it from the engine.
TEST(SqlStatement, NothingGetsOut) {
  const std::vector<const char*> escapes = {
      // other databases
      "SELECT * FROM linewatch.rounds", "SELECT * FROM `linewatch`.`rounds`",
      "SELECT * FROM \"linewatch\".rounds", "SELECT * FROM LINEWATCH.rounds",
      "SELECT * FROM linewatch . rounds", "SELECT * FROM linewatch/**/./**/rounds",
      "SELECT 1 WHERE 1 IN linewatch.tests", "SELECT linewatch.rounds.ts FROM Rounds",
      "SELECT * FROM default.x", "SELECT * FROM information_schema.tables",
      "SELECT * FROM INFORMATION_SCHEMA.columns", "SELECT * FROM `team-a`.rounds",
      "SELECT * FROM Rounds, linewatch.tests", "WITH a AS (SELECT * FROM linewatch.tests) SELECT 1",
      // the engine's inside
      "SELECT * FROM system.processes", "SELECT * FROM system.query_log",
      "SELECT * FROM system.parts", "SELECT * FROM `system`.`users`", "SELECT * FROM SYSTEM.grants",
      "SELECT * FROM system.tables, system.clusters", "SELECT * FROM system.numbers_mt",
      // functions that make tables, and that read
      "SELECT * FROM file('/etc/passwd')", "SELECT * FROM `file`('/etc/passwd')",
      "SELECT * FROM url('http://127.0.0.1/', CSV)", "SELECT * FROM s3('x')",
      "SELECT * FROM remote('127.0.0.1', system.one)",
      "SELECT * FROM mysql('h:3306','d','t','u','p')", "SELECT * FROM merge('linewatch', '.*')",
      "SELECT * FROM merge(currentDatabase(), '.*')", "SELECT * FROM cluster('c', system.one)",
      "SELECT * FROM executable('x', CSV, 'a Int8')", "SELECT * FROM dictionary('d')",
      "SELECT * FROM view(SELECT 1)", "SELECT * FROM loop(Rounds)",
      "SELECT * FROM mergeTreeIndex('linewatch', 'rounds')", "SELECT * FROM input('a Int8')",
      "SELECT * FROM sqlite('a.db', 't')", "SELECT * FROM postgresql('h', 'd', 't', 'u', 'p')",
      "SELECT file('/etc/passwd')", "SELECT dictGet('d', 'a', 1)", "SELECT joinGet('t', 'a', 1)",
      "SELECT getSetting('additional_table_filters')", "SELECT getServerSetting('path')",
      "SELECT sleep(3)", "SELECT sleepEachRow(3)", "SELECT hostName()", "SELECT fqdn()",
      "SELECT addressToLine(1)", "SELECT getClientHTTPHeader('X')", "SELECT throwIf(1)",
      "SELECT initializeAggregation('sum', 1)", "SELECT * APPLY(dictGet) FROM Rounds",
      "SELECT * APPLY dictGet FROM Rounds", "SELECT logTrace('x')",
      "SELECT catboostEvaluate('x', 1)",
      // functions that are named without being called, and formats that are read
      "SELECT arrayMap(file, ['/etc/passwd'])", "SELECT arrayMap((`file`), ['/etc/passwd'])",
      "SELECT arrayFilter(\"file\", ['/etc/passwd'])", "SELECT arrayMap(FILE, ['/etc/passwd'])",
      "WITH file AS upper SELECT arrayMap(upper, ['/etc/passwd'])",
      "SELECT arrayMap(hostName, [1])", "SELECT * FROM format('CSV', '1,2')",
      "SELECT * FROM values('a Int8', 1)", "SELECT * FROM eval('SELECT 1')",
      // what the engine would take for the store's tables
      "WITH \"linewatch.test_facts\" AS (SELECT 1) SELECT * FROM Rounds",
      "WITH `linewatch.tests` AS (SELECT 1) SELECT * FROM Rounds",
      "SELECT * FROM Rounds AS `LINEWATCH.rounds`", "SELECT * FROM `system.parts`",
      "SELECT 1 IN `linewatch.rounds`",
      // other statements, and clauses that are more than reading
      "INSERT INTO Rounds VALUES (1)", "DROP TABLE Rounds",
      "CREATE TABLE x (a Int8) ENGINE = Memory", "ALTER TABLE linewatch.rounds DELETE WHERE 1",
      "SYSTEM STOP MERGES", "KILL QUERY WHERE 1", "SET readonly = 0", "USE linewatch",
      "GRANT SELECT ON *.* TO x", "ATTACH TABLE x", "OPTIMIZE TABLE Rounds",
      "TRUNCATE TABLE Rounds", "BACKUP TABLE x TO Disk('a', 'b')", "EXECUTE AS default SELECT 1",
      "SHOW CREATE TABLE Rounds", "SHOW GRANTS", "SHOW PROCESSLIST", "SHOW TABLES FROM linewatch",
      "SHOW TABLES FROM system", "SHOW COLUMNS FROM rounds FROM linewatch", "SHOW CLUSTERS",
      "DESCRIBE linewatch.rounds", "DESCRIBE TABLE system.processes",
      "DESCRIBE file('/etc/passwd')", "EXISTS linewatch.rounds", "CHECK TABLE Rounds",
      "SELECT 1 INTO OUTFILE '/tmp/x'", "SELECT 1 INTO/**/OUTFILE '/tmp/x' FORMAT CSV",
      "SELECT 1 SETTINGS readonly = 0", "SELECT 1 SETTINGS additional_table_filters = {}",
      "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE x", "SELECT 1 PARALLEL WITH SELECT 2",
      "EXPLAIN ESTIMATE SELECT * FROM Rounds", "EXPLAIN indexes = 1 SELECT * FROM Rounds",
      "EXPLAIN INSERT INTO x SELECT 1", "SELECT * FROM (EXPLAIN SELECT 1)",
      "SELECT * FROM (SHOW TABLES)", "SELECT 1) UNION ALL (SELECT 2",
      "DESCRIBE (SELECT 1) , (SELECT 2)", "DESCRIBE TABLE (SELECT 1)",
      "FROM linewatch.rounds SELECT *",
      // what other readers would read in another way
      "SELECT * FROM {d:Identifier}.rounds", "SELECT * FROM $$linewatch$$.rounds", "SELECT 1 # x",
      "SELECT * FROM \xE2\x80\x9Clinewatch\xE2\x80\x9D.rounds", "", ";", "/* */"};
  ASSERT_GE(escapes.size(), 40U);
  const Surface surface = two_tables();
  for (const char* const sql : escapes) {
    const auto result = prepare(sql, surface);
    if (result && std::string_view(sql) == "DESCRIBE TABLE (SELECT 1)") continue;  // no escape
    EXPECT_FALSE(result) << sql << "\n → " << (result ? result->sql : "");
  }
}

/// Names of functions that are offered may be names of columns, and units of time, as well.
TEST(SqlStatement, NamesMayBeThoseOfFunctionsThatAreOffered) {
  for (const char* const sql :
       {"SELECT 1 AS day, 2 AS upper", "SELECT arrayMap(upper, ['a'])",
        "SELECT now() - INTERVAL 1 DAY", "SELECT t.file, t.`hostname` FROM Tests AS t",
        "SELECT 1 IN (2)", "SELECT 1 AS \"a.b\"", "SELECT schema(), current_database()"}) {
    EXPECT_TRUE(prepare(sql, two_tables())) << sql;
  }
}

TEST(SqlStatement, RefusalsHaveNumbersThatClientsKnow) {
  const auto number = [](std::string_view sql) {
    return prepare(sql, two_tables()).error().number;
  };
  EXPECT_EQ(number("SELECT * FROM linewatch.rounds"), 60);
  EXPECT_EQ(number("SELECT * FROM url('x')"), 46);
  EXPECT_EQ(number("DROP TABLE x"), 62);
  EXPECT_EQ(number("SELECT 1 INTO OUTFILE 'x'"), 497);
  EXPECT_EQ(number("SHOW TABLES FROM other"), 81);
}

/// A column that is called like something refused could not be asked for without quotes.
TEST(SqlStatement, NoColumnIsCalledLikeARefusedWord) {
  for (const logs::LogTable& table : logs::log_tables()) {
    for (const logs::LogColumn& column : table.columns) {
      EXPECT_FALSE(is_forbidden_word(column.name)) << table.name << "." << column.name;
    }
  }
}

TEST(SqlVocabulary, KnowsAggregatesWithCombinators) {
  for (const char* const name : {"sum", "SUM", "avgIf", "uniqExactIfMerge", "quantileTDigestState",
                                 "countIf", "argMaxOrNull", "sumForEach", "toDateTime", "now"}) {
    EXPECT_TRUE(is_allowed_function(name)) << name;
  }
  for (const char* const name : {"file", "dictGet", "If", "fileIf", "sumEvil", "", "State"}) {
    EXPECT_EQ(is_allowed_function(name), std::string_view(name) == "If") << name;
  }
}

}  // namespace
}  // namespace lw::server::sql
