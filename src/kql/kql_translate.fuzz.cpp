// SPDX-License-Identifier: Apache-2.0
// Whatever the query: the translator ends, and its SQL is one statement in which everything outside
// of quotes is of our own making: no character that we do not write, and all parentheses in pairs.
#include "base/assert.h"
#include "kql/translate.h"
#include "tests/fuzz/input.h"

namespace lw::kql {
namespace {

const Catalog& tables() {
  static const Catalog catalog = [] {
    Catalog made;
    made.tables.push_back({.name = "T",
                           .columns = {{"TimeGenerated", Type::DateTime, "t", false},
                                       {"x", Type::Long, "x", true},
                                       {"y", Type::Real, "y", true},
                                       {"s", Type::String, "s", false},
                                       {"d", Type::Dynamic, "d", true}},
                           .source = [](const TableUse&) { return std::string("lw.t"); }});
    made.tables.push_back(
        {.name = "K",
         .columns = {{"TimeGenerated", Type::DateTime, "r.t", false, -1, {}, true},
                     {"x", Type::Long, "r.x", true},
                     {"n", Type::String, "ifNull(f.n, '')", false, 0},
                     {"m", Type::Long, "f.m", true, 0},
                     {"s",
                      Type::String,
                      "transform(r.s, [0, 1], ['a', 'b'], '')",
                      false,
                      1,
                      {{0, "a"}, {1, "b"}}}},
         .keys = {{.sql = "r.k",
                   .looked = "f.k",
                   .at_rows = "k",
                   .join =
                       [](std::string_view key, std::span<const std::string>) {
                         return " LEFT ANY JOIN lw.f AS f ON f.k = " + std::string(key);
                       },
                   .condition =
                       [](std::string_view key, std::string_view predicate, bool) {
                         return std::string(key) + " IN (SELECT f.k FROM lw.f AS f WHERE " +
                                std::string(predicate) + ")";
                       }},
                  {.sql = "r.s", .looked = {}, .at_rows = {}, .join = {}, .condition = {}}},
         .source = [](const TableUse& use) {
           std::string sql = "(SELECT * FROM lw.k WHERE 1";
           for (const std::string& condition : use.conditions) sql += " AND " + condition;
           return sql + ") AS r";
         }});
    return made;
  }();
  return catalog;
}

void check_sql(std::string_view sql) {
  constexpr std::string_view kOwn =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ()[],.+-*/%<>=!:";
  std::string open;
  for (std::size_t at = 0; at < sql.size(); ++at) {
    const char c = sql[at];
    if (c == '\'' || c == '`') {
      for (++at; at < sql.size() && sql[at] != c; ++at) at += sql[at] == '\\' ? 1U : 0U;
      LW_ASSERT(at < sql.size());
      continue;
    }
    LW_ASSERT(kOwn.find(c) != std::string_view::npos);
    LW_ASSERT(!sql.substr(at).starts_with("--") && !sql.substr(at).starts_with("/*"));
    if (c == '(' || c == '[') open += c;
    if (c == ')' || c == ']') {
      LW_ASSERT(!open.empty() && open.back() == (c == ')' ? '(' : '['));
      open.pop_back();
    }
  }
  LW_ASSERT(open.empty());
}

}  // namespace
}  // namespace lw::kql

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  kql::Options options;
  options.steps_max = 5'000;
  options.sql_bytes_max = std::size_t{1} << 20;
  const auto result = kql::translate(fuzz::Input(data, size).text(), kql::tables(), options);
  if (!result) {
    LW_ASSERT(!result.error().empty());
    return 0;
  }
  kql::check_sql(result->sql);
  LW_ASSERT(!result->question.empty() || !result->columns.empty());
  return 0;
}
