// SPDX-License-Identifier: Apache-2.0
#include "store/host/sql_text.h"

#include <gtest/gtest.h>

namespace lw::store::host {
namespace {

void check(std::string_view text, std::string_view statement, std::string_view format,
           std::string_view data, bool has_data) {
  const SqlText read = read_sql_text(text);
  EXPECT_EQ(read.statement, statement) << text;
  EXPECT_EQ(read.format, format) << text;
  EXPECT_EQ(read.data, data) << text;
  EXPECT_EQ(read.has_data, has_data) << text;
}

TEST(SqlText, an_insert_is_cut_into_statement_format_and_data) {
  check("INSERT INTO t FORMAT Native\n\x01\x02\n", "INSERT INTO t ", "Native", "\x01\x02\n", true);
  check("insert into t (a, b) settings x='format CSV' format  JSONEachRow {\"a\":1}",
        "insert into t (a, b) settings x='format CSV' ", "JSONEachRow", "{\"a\":1}", true);
  check("INSERT INTO t VALUES (1),(2)", "INSERT INTO t ", "Values", " (1),(2)", true);
  check("-- note\n/* FORMAT x */ INSERT INTO t FORMAT CSV\r\n1\n",
        "-- note\n/* FORMAT x */ INSERT INTO t ", "CSV", "1\n", true);
}

TEST(SqlText, names_that_look_like_clauses_are_names) {
  check("INSERT INTO format (values) FORMAT CSV\n1", "INSERT INTO format (values) ", "CSV", "1",
        true);
  check("INSERT INTO lw.values FORMAT CSV\n1", "INSERT INTO lw.values ", "CSV", "1", true);
  check("INSERT INTO `a FORMAT b` FORMAT CSV\n1", "INSERT INTO `a FORMAT b` ", "CSV", "1", true);
  check("SELECT format FROM t", "SELECT format FROM t", "", "", false);
}

TEST(SqlText, an_insert_from_a_query_has_no_data) {
  check("INSERT INTO t SELECT 1", "INSERT INTO t SELECT 1", "", "", false);
  EXPECT_TRUE(read_sql_text("INSERT INTO t SELECT 1").is_insert);
}

TEST(SqlText, the_output_format_of_a_query_is_found) {
  check("SELECT 'FORMAT x' FORMAT JSONCompact;", "SELECT 'FORMAT x' FORMAT JSONCompact;",
        "JSONCompact", "", false);
  check("SELECT (1) FORMAT CSV SETTINGS a=1", "SELECT (1) FORMAT CSV SETTINGS a=1", "CSV", "",
        false);
}

TEST(SqlText, broken_text_ends_without_harm) {
  for (const char* const text :
       {"", "'", "INSERT", "INSERT INTO t FORMAT", "/*", "((((", "'\\", "--"}) {
    EXPECT_NO_FATAL_FAILURE(read_sql_text(text)) << text;
  }
}

}  // namespace
}  // namespace lw::store::host
