// SPDX-License-Identifier: Apache-2.0
#include "kql/vocabulary.h"

#include <algorithm>

#include "kql/aggregates.h"
#include "kql/functions.h"
#include "kql/parser.h"

namespace lw::kql {
namespace {

std::string word_of(char letter) {
  if (letter == 'n') return "number";
  const Type type = type_of_letter(letter);
  return type == Type::Error ? "any" : std::string(name_of(type));
}

/// "s l?" … of a row, for people.
std::string words_of(std::string_view letters) {
  std::string words;
  const auto add = [&](const std::string& word) { words += (words.empty() ? "" : ", ") + word; };
  for (std::size_t i = 0; i < letters.size(); ++i) {
    if (letters[i] == '*') {
      add("…");
    } else if (letters[i] != '?') {
      const bool is_optional = i + 1 < letters.size() && letters[i + 1] == '?';
      add(is_optional ? "[" + word_of(letters[i]) + "]" : word_of(letters[i]));
    }
  }
  return words;
}

void sort_by_name(std::vector<FunctionWords>& functions) {
  std::ranges::sort(functions, {}, &FunctionWords::name);
}

}  // namespace

std::vector<std::string> operator_names() {
  auto names = Parser::operator_names();
  std::ranges::sort(names);
  return names;
}

std::vector<FunctionWords> scalar_functions() {
  std::vector<FunctionWords> functions;
  for (const std::string& name : function_names()) {
    const FunctionRow* const row = find_function(name);
    functions.push_back({name, row == nullptr ? std::string() : words_of(row->parameters)});
  }
  sort_by_name(functions);
  return functions;
}

std::vector<FunctionWords> aggregate_functions() {
  std::vector<FunctionWords> functions;
  for (const std::string& name : aggregate_names()) {
    const AggregateRow* const row = find_aggregate(name);
    functions.push_back({name, row == nullptr ? std::string("…") : words_of(row->parameters)});
  }
  sort_by_name(functions);
  return functions;
}

}  // namespace lw::kql
