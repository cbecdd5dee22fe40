// SPDX-License-Identifier: Apache-2.0
// A translator for tests: each line of standard input is a request as JSON, each line of standard
// output the answer. {"query": …, "answers": {question: [[text]]}} → {"sql", "columns", "question"}
// or {"diagnostics"}. With --tables FILE (KQL schemas as JSON) there are tables to name. With
// --text, standard input is one query and the answer is for people.
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
      std::cout << to_json(kql::answer_to(*request, catalog)) << "\n" << std::flush;
    }
  }
  return 0;
}
