// SPDX-License-Identifier: Apache-2.0
#include "cli/query_words.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.h"
#include "cli/query_shell.h"

namespace lw::cli {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

std::vector<std::string> texts_of(const Value* list) {
  std::vector<std::string> texts;
  if (list == nullptr || !list->is_array()) return texts;
  for (const Value& item : list->as_array()) {
    texts.push_back(item.is_string() ? item.as_string() : item.text("name"));
  }
  return texts;
}

void add(std::vector<std::string>& to, const std::vector<std::string>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

/// The words of the query before the one that is being written.
std::set<std::string> words_in(std::string_view text) {
  std::set<std::string> words;
  std::string word;
  for (const char c : text) {
    if (is_word(c) && c != '-') {
      word += c;
    } else if (!word.empty()) {
      words.insert(std::exchange(word, {}));
    }
  }
  if (!word.empty()) words.insert(word);
  return words;
}

std::vector<std::string> names_for(const QueryWords& words, std::string_view before) {
  const std::string_view text = trim(before);
  std::vector<std::string> names;
  if (text.empty() || text.ends_with(';') || text.ends_with('(')) {
    for (const auto& [table, columns] : words.tables) names.push_back(table);
    if (text.empty() || text.ends_with(';')) {
      add(names, {"let", "print", "union", "search"});
      return names;
    }
  }
  if (text.ends_with('|')) return words.operators;
  const std::set<std::string> said = words_in(text);
  for (const auto& [table, columns] : words.tables) {
    if (said.contains(table)) add(names, columns);
  }
  add(names, words.functions);
  add(names, {"by", "asc", "desc", "and", "or", "between", "contains", "has", "startswith", "in"});
  return names;
}

}  // namespace

QueryWords query_words_of(const Value& schema, const Value& capabilities) {
  QueryWords words;
  words.operators = texts_of(capabilities.find("operators"));
  words.functions = texts_of(capabilities.find("functions"));
  add(words.functions, texts_of(capabilities.find("aggregates")));
  const Value* const tables = schema.find("tables");
  if (tables == nullptr || !tables->is_array()) return words;
  for (const Value& table : tables->as_array()) {
    words.tables[table.text("name")] = texts_of(table.find("columns"));
  }
  return words;
}

Completion complete_query(const QueryWords& words, std::string_view text) {
  std::size_t begin = text.size();
  while (begin > 0 && is_word(text[begin - 1])) --begin;
  const bool is_command = begin > 0 && text[begin - 1] == '.' && trim(text.substr(0, begin)) == ".";
  if (is_command) --begin;
  const std::string_view word = text.substr(begin);
  Completion completion{.replaced = word.size(), .candidates = {}};
  const std::vector<std::string> names =
      is_command ? shell_commands() : names_for(words, text.substr(0, begin));
  const auto fits = [&](const std::string& name) {
    return equals_ignoring_case(std::string_view(name).substr(0, word.size()), word);
  };
  std::ranges::copy_if(names, std::back_inserter(completion.candidates), fits);
  std::ranges::sort(completion.candidates);
  const auto rest = std::ranges::unique(completion.candidates);
  completion.candidates.erase(rest.begin(), rest.end());
  return completion;
}

bool is_unfinished(std::string_view query) {
  int depth = 0;
  char quote = '\0';
  std::string plain;
  for (std::size_t i = 0; i < query.size(); ++i) {
    const char c = query[i];
    if (quote != '\0') {
      if (c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = '\0';
      }
      continue;
    }
    if (query.substr(i).starts_with("//")) {
      i = std::min(query.find('\n', i), query.size());
      continue;
    }
    if (c == '\'' || c == '"') quote = c;
    if (std::string_view("([{").contains(c)) ++depth;
    if (std::string_view(")]}").contains(c)) --depth;
    plain += c;
  }
  const std::string_view text = trim(plain);
  return !text.empty() && (depth > 0 || std::string_view("|,;=+-/<>").contains(text.back()));
}

}  // namespace lw::cli
