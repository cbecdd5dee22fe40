// SPDX-License-Identifier: Apache-2.0
#include "kql/sql_library.h"

#include <gtest/gtest.h>

#include <vector>

namespace lw::kql {
namespace {

std::string applied(std::string_view body, const std::vector<std::string>& arguments) {
  int counter = 0;
  return apply_template(body, arguments, counter);
}

TEST(KqlSqlLibrary, an_argument_used_once_stands_where_it_is_used) {
  EXPECT_EQ(applied("f($1, $2)", {"a + b", "c1"}), "f(a + b, c1)");
}

TEST(KqlSqlLibrary, an_argument_used_twice_is_computed_once) {
  EXPECT_EQ(applied("f($1, $1)", {"c1"}), "f(c1, c1)");
  EXPECT_EQ(applied("f($1, $1)", {"toInt64(5)"}), "f(toInt64(5), toInt64(5))");
  EXPECT_EQ(applied("f($1, $1, $2)", {"g(c1)", "h(c2)"}),
            "arrayMap((v1_1) -> f(v1_1, v1_1, h(c2)), [g(c1)])[1]");
}

TEST(KqlSqlLibrary, names_of_lambdas_are_new_each_time) {
  int counter = 0;
  const std::vector<std::string> inner = {
      apply_template("arrayMap(e_ -> e_ + 1, $1)", std::vector<std::string>{"c1"}, counter)};
  EXPECT_EQ(apply_template("arrayMap(e_ -> e_ + 2, $1)", inner, counter),
            "arrayMap(e_2 -> e_2 + 2, arrayMap(e_1 -> e_1 + 1, c1))");
}

TEST(KqlSqlLibrary, quoted_text_is_left_alone) {
  EXPECT_EQ(applied("concat('$1 e_', $1)", {"c1"}), "concat('$1 e_', c1)");
  EXPECT_EQ(expand_library("f('kql_arr(c1)')", 1000), "f('kql_arr(c1)')");
}

TEST(KqlSqlLibrary, calls_are_replaced_down_to_the_engines_functions) {
  const auto text = expand_library("kql_dyn_long(kql_get(c1, 'a, b)'))", 100'000);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->find("kql_"), std::string::npos);
  EXPECT_NE(text->find("'a, b)'"), std::string::npos);
}

TEST(KqlSqlLibrary, every_primitive_is_made_of_what_exists) {
  for (const std::string_view name : library_names()) {
    const auto text = expand_library(std::string(name) + "(c1, c2, c3)", 1'000'000);
    ASSERT_TRUE(text) << name;
    EXPECT_EQ(text->find("kql_"), std::string::npos) << name << ": " << *text;
    for (const char* left : {"$1", "$2", "$3", "_ ", "_,", "_)"}) {
      EXPECT_EQ(text->find(left), std::string::npos) << name << ": " << *text;
    }
  }
}

TEST(KqlSqlLibrary, deep_nesting_grows_in_a_line_not_in_a_power) {
  std::string sql = "c1";
  for (int depth = 0; depth < 60; ++depth) sql = "kql_dyn_str(kql_parse_json(" + sql + "))";
  const auto text = expand_library(sql, 1 << 20);
  ASSERT_TRUE(text);
  EXPECT_LT(text->size(), std::size_t{60} * 1200);
  EXPECT_FALSE(expand_library(sql, 1000));
}

}  // namespace
}  // namespace lw::kql
