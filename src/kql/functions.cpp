// SPDX-License-Identifier: Apache-2.0
#include "kql/functions.h"

#include <map>

namespace lw::kql {
namespace {

using FunctionsByName = std::map<std::string_view, const FunctionRow*>;

void add_rows(FunctionsByName& table, std::span<const FunctionRow> rows) {
  for (const FunctionRow& row : rows) {
    std::string_view names = row.names;
    while (!names.empty()) {
      const std::size_t end = names.find('|');
      table.emplace(names.substr(0, end), &row);
      names.remove_prefix(end == std::string_view::npos ? names.size() : end + 1);
    }
  }
}

const FunctionsByName& functions_by_name() {
  static const FunctionsByName kRows = [] {
    FunctionsByName all;
    for (const auto part :
         {math_functions(), string_functions(), regex_functions(), conversion_functions(),
          time_functions(), dynamic_functions(), array_functions(), series_functions(),
          network_functions(), parse_functions()}) {
      add_rows(all, part);
    }
    return all;
  }();
  return kRows;
}

}  // namespace

const FunctionRow* find_function(std::string_view name) {
  const auto row = functions_by_name().find(name);
  return row == functions_by_name().end() ? nullptr : row->second;
}

const std::vector<std::string>& function_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> all;
    for (const auto& [name, row] : functions_by_name()) all.emplace_back(name);
    return all;
  }();
  return kNames;
}

Type type_of_letter(char letter) {
  switch (letter) {
    case 's':
      return Type::String;
    case 'l':
      return Type::Long;
    case 'i':
      return Type::Int;
    case 'r':
      return Type::Real;
    case 'd':
      return Type::DateTime;
    case 't':
      return Type::TimeSpan;
    case 'b':
      return Type::Bool;
    case 'y':
      return Type::Dynamic;
    case 'g':
      return Type::Guid;
    default:
      return Type::Error;
  }
}

}  // namespace lw::kql
