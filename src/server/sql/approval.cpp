// SPDX-License-Identifier: Apache-2.0
#include "server/sql/approval.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "server/sql/vocabulary.h"

namespace lw::server::sql {
namespace {

using TokenSpan = std::span<const Token>;

bool is(TokenSpan tokens, std::size_t i, std::string_view symbol) {
  return i < tokens.size() && tokens[i].is(symbol);
}

bool is_behind_dot(TokenSpan tokens, std::size_t i) { return i > 0 && is(tokens, i - 1, "."); }

std::optional<Refusal> refuse_word(TokenSpan tokens, std::size_t i) {
  const Token& token = tokens[i];
  if (token.kind != TokenKind::Word || is_behind_dot(tokens, i)) return {};
  if (is_forbidden_word(token.text)) {
    return access_denied(fmt::format(
        "`{}` is not taken here; a name that is called so stands in double quotes", token.text));
  }
  const bool opens = i > 0 && is(tokens, i - 1, "(");
  if (opens && (token.is_word("SHOW") || token.is_word("DESCRIBE") || token.is_word("DESC"))) {
    return access_denied("Only queries stand in parentheses");
  }
  return {};
}

}  // namespace

std::optional<Refusal> refuse_words(TokenSpan tokens) {
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    depth += tokens[i].is("(") ? 1 : tokens[i].is(")") ? -1 : 0;
    if (depth < 0) break;
    if (auto refused = refuse_word(tokens, i)) return refused;
  }
  if (depth != 0) return syntax_error("The parentheses do not fit together");
  return {};
}

std::optional<Refusal> refuse_dots(TokenSpan tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!is(tokens, i, ".")) continue;
    const Token* const before = i > 0 ? &tokens[i - 1] : nullptr;
    const Token* const behind = i + 1 < tokens.size() ? &tokens[i + 1] : nullptr;
    const bool has_owner = before != nullptr &&
                           (before->is_name() || before->is(")") || before->is("]") ||
                            (before->kind == TokenKind::Number && i > 1 && is(tokens, i - 2, ".")));
    const bool has_element = behind != nullptr && (behind->is_name() || behind->is("*") ||
                                                   behind->kind == TokenKind::Number);
    if (!has_owner || !has_element) return syntax_error("A dot that stands between no names");
  }
  return {};
}

std::optional<Refusal> refuse_functions(TokenSpan tokens, const Names& of_engine) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!tokens[i].is_name()) continue;
    const std::string& text = tokens[i].text;
    const bool is_call = is(tokens, i + 1, "(");
    const bool is_keyword = tokens[i].kind == TokenKind::Word && is_word_before_parenthesis(text);
    if (is_allowed_function(text) || (is_call && is_keyword)) continue;
    if (is_call) return unknown_function(text);
    if (!is_behind_dot(tokens, i) && of_engine.contains(to_lower(text))) {
      return access_denied(fmt::format(
          "`{}` is what the engine calls a function that is not offered here; nothing else can be "
          "called so",
          text));
    }
  }
  return {};
}

std::optional<Refusal> refuse_dotted(TokenSpan tokens,
                                     std::span<const std::string> engine_databases) {
  for (const Token& token : tokens) {
    const auto dot = token.text.find('.');
    if (token.kind != TokenKind::Quoted || dot == std::string::npos) continue;
    const std::string_view begin = std::string_view(token.text).substr(0, dot);
    const bool is_theirs = std::ranges::any_of(
        engine_databases, [&](const auto& name) { return equals_ignoring_case(name, begin); });
    if (is_theirs) return unknown_table(token.text);
  }
  return {};
}

}  // namespace lw::server::sql
