// SPDX-License-Identifier: Apache-2.0
// A translator for tests: each line of standard input is a request as JSON, each line of standard
// output the answer. {"query": …, "answers": {question: [[text]]}} → {"sql", "columns", "question"}
// or {"diagnostics"}. With --tables FILE (KQL schemas as JSON) there are tables to name. With
// --text, standard input is one query and the answer is for people. {"derived": "late"} and
// {"derived": "plain"} are asked of a table of the program's own (test_derived.py).
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include "base/document.h"
#include "kql/literal.h"
#include "kql/translate.h"

namespace lw::kql {
namespace {

/// Tables without rows, with the columns of a schema file.
Catalog read_catalog(const char* path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const auto document = parse_json(text.str());
  Catalog catalog;
  if (!document) return catalog;
  for (const auto& [name, columns, location] : document->as_object()) {
    Table table;
    table.name = name;
    for (const Value& column : columns.as_array()) {
      const Type type = type_named(column.as_array()[1].as_string()).value_or(Type::String);
      const std::string sql_type(sql_type_of(type));
      table.columns.push_back(
          {column.as_array()[0].as_string(), type,
           type == Type::String ? "''" : "CAST(NULL AS Nullable(" + sql_type + "))",
           type != Type::String});
    }
    table.source = [](const TableUse&) { return std::string("numbers(0)"); };
    catalog.tables.push_back(std::move(table));
  }
  return catalog;
}

const std::string kLookup =
    "(SELECT t, concat('name', toString(t % 5)) AS name, if(t % 2 = 0, 'even', '') AS kind, "
    "toInt64(t * 10) AS size FROM (SELECT arrayJoin([0, 1, 2, 3, 4, 5]) AS t)) AS f";

std::string join_lookup(std::string_view key, std::span<const std::string> sql) {
  const bool reads = std::ranges::any_of(
      sql, [](const std::string& piece) { return piece.find("f.") != std::string::npos; });
  return reads ? " LEFT ANY JOIN " + kLookup + " ON f.t = " + std::string(key) : "";
}

std::string keys_with(std::string_view key, std::string_view predicate, bool needs_values) {
  if (predicate.find("f.t)") != std::string_view::npos) return {};
  if (needs_values)
    return fmt::format("({} IN (SELECT f.t FROM {} WHERE {}))", key, kLookup, predicate);
  // Key 6 is not looked up: nothing is known of it.
  return fmt::format(
      "({0} IN (SELECT f.t FROM {1} WHERE {2}) OR ({0} NOT IN (0, 1, 2, 3, 4, 5) AND "
      "ifNull((SELECT "
      "{2} FROM (SELECT NULL AS name, NULL AS kind, NULL AS size) AS f), 0)))",
      key, kLookup, predicate);
}

/// A table whose columns Name, Kind, Size and State follow from keys of its rows; with `is_plain`
/// they are computed for each row, which must make no difference.
Catalog derived_catalog(bool is_plain) {
  const std::vector<std::pair<std::int64_t, std::string>> states = {
      {0, "Pass"}, {1, "Warning"}, {2, "Fail"}};
  const auto key = [&](int number) { return is_plain ? -1 : number; };
  Table table;
  table.name = "Rows";
  table.columns = {{"Time", Type::DateTime, "toInt64(638000000000000000 + r.n * 600000000)"},
                   {"Number", Type::Long, "toInt64(r.n)"},
                   {"Value", Type::Real, "if(r.n % 11 = 0, NULL, r.n / 3.)", true},
                   {"Name", Type::String, "ifNull(f.name, '')", false, key(0)},
                   {"Kind", Type::String, "ifNull(f.kind, '')", false, key(0)},
                   {"Size", Type::Long, "f.size", true, key(0)},
                   {"Id", Type::String, "hex(r.t)", false, key(0)},
                   {"State", Type::String,
                    "transform(r.s, [0, 1, 2], ['Pass', 'Warning', 'Fail'], '')", false, key(1)}};
  if (!is_plain) {
    table.columns.back().names = states;
    table.keys = {{.sql = "r.t",
                   .looked = "f.t",
                   .at_rows = "t",
                   .join = join_lookup,
                   .condition = keys_with},
                  {.sql = "r.s", .looked = {}, .at_rows = {}, .join = {}, .condition = {}}};
  }
  table.source = [](const TableUse& use) {
    std::string where = "1";
    for (const std::string& condition : use.conditions) where += " AND " + condition;
    std::string sql =
        "(SELECT * FROM (SELECT number AS n, number % 7 AS t, number % 4 AS s FROM numbers(3000)) "
        "WHERE " +
        where + ") AS r";
    const bool reads = use.reads("Name") || use.reads("Kind") || use.reads("Size");
    return reads ? sql + " LEFT ANY JOIN " + kLookup + " ON f.t = r.t" : sql;
  };
  Catalog catalog;
  catalog.tables.push_back(std::move(table));
  return catalog;
}

Value to_value(const Diagnostic& diagnostic) {
  return Value::object({{"code", std::string(code_of(diagnostic.fault))},
                        {"message", diagnostic.message},
                        {"line", diagnostic.line},
                        {"column", diagnostic.column},
                        {"token", diagnostic.token}});
}

Value answer_to(const Value& request, const Catalog& catalog) {
  Options options;
  options.now = datetime_of(request.text("now", "2026-11-22T12:00:00Z")).value_or(0);
  if (const Value* answers = request.find("answers")) {
    for (const auto& [question, rows, location] : answers->as_object()) {
      Answer& answer = options.answers[question];
      for (const Value& row : rows.as_array()) {
        answer.emplace_back();
        for (const Value& cell : row.as_array()) answer.back().push_back(cell.as_string());
      }
    }
  }
  const auto translation = translate(request.text("query"), catalog, options);
  Value answer;
  if (!translation) {
    Value& list = answer.set("diagnostics", Value::array());
    for (const Diagnostic& diagnostic : translation.error()) list.push(to_value(diagnostic));
    return answer;
  }
  answer.set("sql", translation->sql);
  answer.set("plan", translation->plan_sql);
  answer.set("question", translation->question);
  Value& columns = answer.set("columns", Value::array());
  for (const ResultColumn& column : translation->columns) {
    columns.push(
        Value::object({{"name", column.name}, {"type", std::string(name_of(column.type))}}));
  }
  return answer;
}

int show(const std::string& query, const Catalog& catalog) {
  const auto translation = translate(query, catalog, {});
  if (!translation) {
    for (const Diagnostic& fault : translation.error()) {
      std::printf("%d:%d: %s: %s\n", fault.line, fault.column, code_of(fault.fault).data(),
                  fault.message.c_str());
    }
    return 1;
  }
  std::printf("%s\n\n%s\n", translation->plan_sql.c_str(), translation->sql.c_str());
  return 0;
}

}  // namespace
}  // namespace lw::kql

int main(int count, char** arguments) {
  using namespace lw;
  kql::Catalog catalog;
  bool is_text = false;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    if (word == "--text") is_text = true;
    if (word == "--tables" && i + 1 < count) catalog = kql::read_catalog(arguments[++i]);
  }
  if (is_text) return kql::show({std::istreambuf_iterator<char>(std::cin), {}}, catalog);
  if (std::string line; true) {
    std::cout << to_json(Value::object({{"settings",
                                         [] {
                                           Value settings = Value::object();
                                           for (const auto& [name, value] : kql::engine_settings())
                                             settings.set(name, value);
                                           return settings;
                                         }()}}))
              << "\n"
              << std::flush;
    while (std::getline(std::cin, line)) {
      const auto request = parse_json(line);
      if (!request) return 2;
      const std::string rows = request->text("derived", "");
      const auto answer = rows.empty()
                              ? kql::answer_to(*request, catalog)
                              : kql::answer_to(*request, kql::derived_catalog(rows == "plain"));
      std::cout << to_json(answer) << "\n" << std::flush;
    }
  }
  return 0;
}
