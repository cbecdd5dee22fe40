// SPDX-License-Identifier: Apache-2.0
#include "kql/saved.h"

#include <algorithm>
#include <array>
#include <set>

#include "kql/aggregates.h"
#include "kql/functions.h"
#include "kql/parser.h"
#include "kql/sql_text.h"

namespace lw::kql {
namespace {

constexpr std::size_t kNameMax = 64;

std::string let_of(const SavedFunction& function) {
  const std::string parameters = function.parameters.empty() ? "()" : function.parameters;
  // A comment may be its last line.
  return "let " + function.name + " = " + parameters + " { " + function.text + "\n};\n";
}

/// Follows the words of texts to functions, and puts each behind those it uses.
class Lets {
 public:
  explicit Lets(std::span<const SavedFunction> functions) : functions_(functions) {}

  void follow(std::string_view words) {
    for (std::size_t at = 0; at < words.size();) {
      const std::size_t begin = at;
      while (at < words.size() && is_word(words[at])) ++at;
      if (at > begin) use(words.substr(begin, at - begin));
      if (at == begin) ++at;
    }
  }
  std::string text;

 private:
  void use(std::string_view word) {
    const auto found = std::ranges::find(functions_, word, &SavedFunction::name);
    if (found == functions_.end() || !seen_.insert(found->name).second) return;
    follow(found->parameters);
    follow(found->text);
    text += let_of(*found);
  }

  const std::span<const SavedFunction> functions_;
  std::set<std::string> seen_;
};

}  // namespace

std::string lets_of(std::string_view query, std::span<const SavedFunction> functions) {
  Lets lets(functions);
  if (!functions.empty()) lets.follow(query);
  return lets.text;
}

Diagnostics faults_of(const SavedFunction& function) {
  const std::string text = let_of(function);
  DiagnosticSink sink(text);
  const Query tree = parse_query(text, sink);
  // What closes the brace by itself would be more than one statement.
  const bool is_one = tree.statements.size() == 1 && tree.statements[0].function != nullptr &&
                      !tree.statements[0].function->statements.empty();
  if (sink.empty() && !is_one) sink.add(Fault::Syntax, {}, "The text is not one query.");
  return sink.take();
}

bool is_function_name(std::string_view name) {
  static constexpr std::array<std::string_view, 24> kWords = {
      "let",  "set",    "declare", "by",    "on",          "and",      "or",        "not",
      "in",   "of",     "with",    "from",  "to",          "step",     "kind",      "true",
      "view", "typeof", "table",   "where", "materialize", "toscalar", "workspace", "null"};
  const bool is_identifier = !name.empty() && name.size() <= kNameMax &&
                             std::ranges::all_of(name, is_word) &&
                             !(name[0] >= '0' && name[0] <= '9');
  const std::string word(name);
  const auto operators = Parser::operator_names();
  return is_identifier && find_function(word) == nullptr && find_aggregate(word) == nullptr &&
         !is_many_aggregate(word) && std::ranges::find(operators, word) == operators.end() &&
         std::ranges::find(kWords, word) == kWords.end();
}

}  // namespace lw::kql
