// SPDX-License-Identifier: Apache-2.0
#include "kql/translate.h"

#include <gtest/gtest.h>

#include "kql/literal.h"

namespace lw::kql {
namespace {

Catalog catalog() {
  Catalog tables;
  tables.tables.push_back({.name = "T",
                           .columns = {{"TimeGenerated", Type::DateTime, "ts", false},
                                       {"x", Type::Long, "x", true},
                                       {"y", Type::Real, "y", true},
                                       {"s", Type::String, "s", false},
                                       {"d", Type::Dynamic, "d", true},
                                       {"a", Type::Long, "a", true}},
                           .source = [](const TableUse& use) {
                             return "lw.t WHERE n = " + std::to_string(use.restrictions.size());
                           }});
  return tables;
}

/// "x:long y:real", or the faults: "1:5 …".
std::string columns(const std::string& query) {
  Options options;
  options.now = *datetime_of("2026-11-22");
  const Catalog tables = catalog();
  const auto result = translate(query, tables, options);
  std::string all;
  if (!result) {
    for (const Diagnostic& fault : result.error()) {
      all += (all.empty() ? "" : "\n") + std::to_string(fault.line) + ":" +
             std::to_string(fault.column) + " " + fault.message;
    }
    return all;
  }
  for (const ResultColumn& column : result->columns) {
    all += (all.empty() ? "" : " ") + column.name + ":" + std::string(name_of(column.type));
  }
  return all;
}

TEST(KqlTranslate, unnamed_columns_are_named_by_kustos_rules) {
  EXPECT_EQ(columns("print 1, x=2, 3"), "print_0:long x:long print_2:long");
  EXPECT_EQ(columns("T | project x + 1, s, strcat(s, 'a')"),
            "Column1:long s:string Column2:string");
  EXPECT_EQ(columns("T | project tostring(d.a), d.b[0], strlen(s), gettype(x), bin(x, 5)"),
            "d_a:string d_b_0:dynamic strlen_s:long type_x:string x:long");
  EXPECT_EQ(columns("T | summarize count(), count(), sum(x), sum(x), sum(x + 1), countif(x > 1)"),
            "count_:long count_1:long sum_x:long sum_x1:long sum_:long countif_:long");
  EXPECT_EQ(columns("T | summarize round(avg(y), 2), max(x) + 1, percentile(y, 99.9) by "
                    "bin(TimeGenerated, 5m)"),
            "TimeGenerated:datetime avg_y:real Column1:long percentile_y_99_9:real");
  EXPECT_EQ(columns("T | summarize arg_max(TimeGenerated, *) by s"),
            "s:string TimeGenerated:datetime x:long y:real d:dynamic a:long");
  EXPECT_EQ(columns("T | summarize n = arg_max(x, y), any(s), make_set(x), percentiles(y, 50, 95)"),
            "n:long y:real any_s:string set_x:dynamic percentile_y_50:real percentile_y_95:real");
}

TEST(KqlTranslate, operators_give_the_columns_that_kusto_gives) {
  EXPECT_EQ(columns("T | project s, x | extend x = 1.5, z = 2"), "s:string x:real z:long");
  EXPECT_EQ(columns("T | project a, x | join kind=inner (T | project a, x) on a"),
            "a:long x:long a1:long x1:long");
  EXPECT_EQ(columns("T | project a, x | lookup (T | project a, s) on a"), "a:long x:long s:string");
  EXPECT_EQ(columns("T | project a | join kind=leftanti (T) on a"), "a:long");
  EXPECT_EQ(columns("T | project v = x | union (T | project v = y)"), "v_long:long v_real:real");
  EXPECT_EQ(columns("union withsource=W T, (T | project x)"),
            "W:string TimeGenerated:datetime x:long y:real s:string d:dynamic a:long");
  EXPECT_EQ(columns("T | project x, d | mv-expand with_itemindex=i d to typeof(string)"),
            "x:long d:string i:long");
  EXPECT_EQ(
      columns("T | make-series n = count() on TimeGenerated from ago(1d) to now() step 1h by s"),
      "s:string n:dynamic TimeGenerated:dynamic");
  EXPECT_EQ(columns("T | project-reorder y, x*, *"),
            "y:real x:long TimeGenerated:datetime s:string d:dynamic a:long");
  EXPECT_EQ(columns("T | project-away T*, d | count as n"), "n:long");
  EXPECT_EQ(columns("T | parse s with 'a=' p:long ' b=' q | project p, q"), "p:long q:string");
}

TEST(KqlTranslate, several_faults_are_told_at_once_with_their_places) {
  EXPECT_EQ(columns("T\n| where z == 1\n| extend w = strlem(s)\n| project q"),
            "2:9 Failed to resolve scalar expression named 'z'. Did you mean 'x'?\n"
            "3:14 Unknown function: 'strlem'. Did you mean 'strlen'?\n"
            "4:11 Failed to resolve scalar expression named 'q'. Did you mean 'x'?");
  EXPECT_EQ(columns("T | wher x > 1 | project (x"),
            "1:5 There is no operator 'wher'. Did you mean 'where'?\n"
            "1:28 Expected ')', but found the end of the query.");
  EXPECT_EQ(columns("Tt | take 1"),
            "1:1 Failed to resolve table or column expression named 'Tt'. Did you mean 'T'?");
}

TEST(KqlTranslate, columns_end_with_the_operator_that_drops_them) {
  EXPECT_NE(columns("T | summarize count() by s | where x > 1").find("named 'x'"),
            std::string::npos);
  EXPECT_NE(columns("T | distinct s | project x").find("named 'x'"), std::string::npos);
  EXPECT_NE(columns("T | extend p = 1, q = p").find("named 'p'"), std::string::npos);
}

TEST(KqlTranslate, types_are_checked) {
  for (const char* wrong : {"T | where s + 1 == 2",
                            "T | project d.a by x",
                            "T | summarize count() by d",
                            "T | sort by d",
                            "T | extend q = s.a",
                            "T | mv-expand s",
                            "T | extend r = row_number()",
                            "T | where s > 5",
                            "print strlen(5)",
                            "print substring('a')",
                            "T | summarize avg(s)",
                            "T | take -1",
                            "T | where count() > 1",
                            "datatable(x:real)[0.0/0.0]",
                            "T | project-away nothing*",
                            "T | join kind=sideways (T) on x",
                            "T | summarize sum(count())",
                            "print '1' + '2'",
                            "T | where s matches regex '('",
                            "T | top 3 by",
                            "let x = 5"}) {
    EXPECT_NE(columns(wrong).find("1:"), std::string::npos) << wrong << " → " << columns(wrong);
  }
}

TEST(KqlTranslate, what_is_not_translated_is_refused_by_name) {
  EXPECT_EQ(columns("print series_decompose(dynamic([1]))"),
            "1:7 The function 'series_decompose' is not supported.");
  EXPECT_EQ(columns("T | reduce by s"), "1:5 The operator 'reduce' is not supported.");
}

TEST(KqlTranslate, names_of_let_are_seen_behind_it_only) {
  EXPECT_EQ(columns("let v = 5; let f = (p: long) { p + v }; print f(2)"), "print_0:long");
  EXPECT_EQ(columns("let T = T | project x; T"), "x:long");
  EXPECT_EQ(columns("let x = 'a'; T | project x"), "x:long");
  EXPECT_EQ(columns("let f = (t: (x: long), n: long) { t | where x > n }; f(T, 3) | project x"),
            "x:long");
}

TEST(KqlTranslate, bounds_of_time_reach_the_table) {
  Options options;
  options.now = *datetime_of("2026-11-22");
  const Catalog tables = catalog();
  const auto result = translate(
      "T | where TimeGenerated > ago(1h) and s in ('p', 'q') | extend z = x | where TimeGenerated "
      "< now() "
      "| summarize count() | where count_ > 1",
      tables, options);
  ASSERT_TRUE(result);
  EXPECT_NE(result->sql.find("FROM lw.t WHERE n = 3"), std::string::npos) << result->sql;
  EXPECT_EQ(result->statistics.restrictions,
            (std::vector<std::string>{"TimeGenerated at least 2026-11-21T23:00:00.0000001Z",
                                      "s one of p, q",
                                      "TimeGenerated at most 2026-11-21T23:59:59.9999999Z"}));
}

TEST(KqlTranslate, rows_behind_a_limit_are_not_filtered_before_it) {
  const Catalog tables = catalog();
  for (const char* query : {"T | take 5 | where x == 1", "T | summarize x = max(x) | where x == 1",
                            "T | where x == 1 or s == 'a'", "T | where not(x == 1)"}) {
    const auto result = translate(query, tables, {});
    ASSERT_TRUE(result) << query;
    EXPECT_NE(result->sql.find("FROM lw.t WHERE n = 0"), std::string::npos) << result->sql;
  }
}

TEST(KqlTranslate, only_columns_in_use_are_read) {
  const Catalog tables = catalog();
  const auto result = translate("T | extend z = x + 1 | summarize max(z) by s", tables, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->sql.find("y AS"), std::string::npos) << result->sql;
  EXPECT_EQ(result->sql.find("ts AS"), std::string::npos) << result->sql;
}

TEST(KqlTranslate, of_the_last_row_only_columns_in_use_are_kept) {
  const Catalog tables = catalog();
  const auto some =
      translate("T | summarize arg_max(TimeGenerated, *) by s | project s, y", tables, {});
  ASSERT_TRUE(some);
  EXPECT_NE(some->sql.find("argMax(assumeNotNull(c3), c1)"), std::string::npos) << some->sql;
  EXPECT_EQ(some->sql.find("argMax(assumeNotNull(c2), c1)"), std::string::npos) << some->sql;
  EXPECT_EQ(some->sql.find("d AS"), std::string::npos) << some->sql;
  const auto one = translate("T | summarize arg_max(TimeGenerated, *) | project s, y", tables, {});
  ASSERT_TRUE(one);
  EXPECT_NE(one->sql.find("argMax(tuple(0, 0, c3, toNullable(c4), 0, 0), c1)"), std::string::npos)
      << one->sql;
}

TEST(KqlTranslate, percentiles_of_one_column_are_one_aggregate) {
  const Catalog tables = catalog();
  const auto result = translate("T | summarize percentiles(y, 50, 95) by s", tables, {});
  ASSERT_TRUE(result);
  EXPECT_NE(
      result->sql.find("quantilesExact(0.4999999999999999, 0.9499999999999997)(toNullable(c3))"),
      std::string::npos)
      << result->sql;
}

TEST(KqlTranslate, times_are_not_compared_again_where_the_table_does_it) {
  Catalog tables = catalog();
  const std::string query = "T | where TimeGenerated > datetime(2026-01-31) and x > 1 | project x";
  EXPECT_NE(translate(query, tables, {})->sql.find("(c1 > toInt64("), std::string::npos);
  tables.tables[0].columns[0].is_bounded = true;
  const auto result = translate(query, tables, {});
  EXPECT_EQ(result->sql.find("c1"), std::string::npos) << result->sql;
  EXPECT_NE(result->sql.find("WHERE ((c2 > toInt64(1)))"), std::string::npos) << result->sql;
  const auto later = translate("T | take 5 | where TimeGenerated > ago(1d)", tables, {});
  EXPECT_NE(later->sql.find("(c1 > toInt64("), std::string::npos) << later->sql;
}

TEST(KqlTranslate, render_is_kept_beside_the_rows) {
  const Catalog tables = catalog();
  const auto result =
      translate("T | render timechart with (title=\"a b\", ycolumns=x, y)", tables, {});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->render.kind, "timechart");
  EXPECT_EQ(result->render.properties, (std::vector<std::pair<std::string, std::string>>{
                                           {"title", "a b"}, {"ycolumns", "x,y"}}));
}

TEST(KqlTranslate, queries_beyond_the_limits_end_in_an_error) {
  std::string deep(10'000, '('), pipes = "T", sum = "print 1", flat = "print 1 == 0";
  EXPECT_NE(columns("print " + deep).find("nests deeper"), std::string::npos);
  EXPECT_NE(columns("print dynamic(" + std::string(10'000, '[')).find("nests deeper"),
            std::string::npos);
  EXPECT_NE(columns("print " + std::string(10'000, '-') + "1").find("nests deeper"),
            std::string::npos);
  for (int i = 0; i < 10'000; ++i) pipes += " | take 1";
  EXPECT_NE(columns(pipes).find("operators"), std::string::npos);
  for (int i = 0; i < 10'000; ++i) sum += " + 1";
  EXPECT_NE(columns(sum).find("nests deeper"), std::string::npos);
  for (int i = 0; i < 5'000; ++i) flat += " or 1 == 2";
  EXPECT_EQ(columns(flat), "print_0:bool");
  EXPECT_NE(columns("print '" + std::string(1 << 20, 'x') + "'").find("1 MiB"), std::string::npos);
}

TEST(KqlTranslate, tables_that_double_at_each_let_end_in_an_error) {
  std::string query = "let t0 = T;";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "t" + std::to_string(i - 1);
    query += "let t" + std::to_string(i) + " = union " + before + ", " + before + ";";
  }
  EXPECT_NE(columns(query + "t39").find("too complex"), std::string::npos);
}

}  // namespace
}  // namespace lw::kql
