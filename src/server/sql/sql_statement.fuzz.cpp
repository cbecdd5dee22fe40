// SPDX-License-Identifier: Apache-2.0
// Whatever the statement: it is refused in words, or what the engine is given for it is one reading
// statement that names nothing but what is offered, whoever reads it.
#include <algorithm>
#include <array>

#include "base/assert.h"
#include "base/text.h"
#include "server/sql/lexer.h"
#include "server/sql/statement.h"
#include "server/sql/vocabulary.h"
#include "tests/fuzz/input.h"

namespace lw::server::sql {
namespace {

using Tokens = std::vector<Token>;

const Surface& two_tables() {
  static const Surface kSurface = [] {
    Surface made;
    made.database = "team-a";
    made.tables = {"Rounds", "Tests"};
    made.engine_databases = {"linewatch", "linewatch_sql", "default", "system"};
    made.engine_functions = {"file", "hostname", "getsetting", "upper", "day"};
    made.rows = [](const std::string& table, const Reads& reads) {
      return "SELECT '" + table + (reads.all ? " with all" : "") + "'";
    };
    made.system_rows = [](const std::string& table) { return "SELECT '" + table + "'"; };
    return made;
  }();
  return kSurface;
}

/// Outside of quotes only what a reader of any dialect reads in the same way: no comment, no other
/// quote, no second statement.
void check_characters(std::string_view sql) {
  constexpr std::string_view kOwn =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ()[]{},.+-*/%<>=!:|?";
  for (std::size_t at = 0; at < sql.size(); ++at) {
    const char c = sql[at];
    if (c == '\'' || c == '`') {
      for (++at; at < sql.size() && sql[at] != c; ++at) at += sql[at] == '\\' ? 1U : 0U;
      LW_ASSERT(at < sql.size());
      continue;
    }
    LW_ASSERT(kOwn.find(c) != std::string_view::npos);
    LW_ASSERT(!sql.substr(at).starts_with("--") && !sql.substr(at).starts_with("/*"));
  }
}

bool is_harmless_of_system(const Token& token) {
  constexpr std::array<std::string_view, 9> kHarmless = {"one",
                                                         "numbers",
                                                         "functions",
                                                         "formats",
                                                         "settings",
                                                         "time_zones",
                                                         "keywords",
                                                         "data_type_families",
                                                         "aggregate_function_combinators"};
  return std::ranges::find(kHarmless, token.text) != kHarmless.end();
}

void check_name(const Tokens& tokens, std::size_t i, std::size_t head) {
  const auto is_next = [&](std::string_view symbol) {
    return i + 1 < tokens.size() && tokens[i + 1].is(symbol);
  };
  const Token& token = tokens[i];
  const Surface& surface = two_tables();
  const bool is_word = token.kind == TokenKind::Word;
  const bool is_allowed = is_allowed_function(token.text);
  if (i >= head && is_next("(")) {
    LW_ASSERT(is_allowed || (is_word && is_word_before_parenthesis(token.text)));
  }
  if (i > 0 && tokens[i - 1].is(".")) return;
  LW_ASSERT(i < head || !is_word || !is_forbidden_word(token.text));
  LW_ASSERT(is_allowed || !surface.engine_functions.contains(to_lower(token.text)));
  for (const std::string& database : surface.engine_databases) {
    LW_ASSERT(!to_lower(token.text).starts_with(database + "."));
    if (!is_next(".") || !equals_ignoring_case(token.text, database)) continue;
    LW_ASSERT(database == "system" && is_harmless_of_system(tokens.at(i + 2)));
  }
}

void check_tokens(const Tokens& tokens) {
  const bool explains = tokens.at(0).is_word("EXPLAIN"), describes = tokens[0].is_word("DESCRIBE");
  LW_ASSERT(explains || describes || tokens[0].is_word("SELECT") || tokens[0].is_word("WITH") ||
            tokens[0].is("("));
  std::size_t head = 0;  // of words that are no part of the query
  while ((explains || describes) && !tokens.at(head).is_word("SELECT") &&
         !tokens[head].is_word("WITH") && !tokens[head].is("(")) {
    ++head;
  }
  LW_ASSERT(head <= 3);
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    depth += tokens[i].is("(") ? 1 : tokens[i].is(")") ? -1 : 0;
    LW_ASSERT(depth >= 0 && !tokens[i].is(";"));
    if (tokens[i].is_name()) check_name(tokens, i, head);
    if (tokens[i].kind == TokenKind::Parameter) {
      const std::string_view type =
          std::string_view(tokens[i].text).substr(tokens[i].text.find(':'));
      LW_ASSERT(!to_lower(type).contains("identifier"));
    }
  }
  LW_ASSERT(depth == 0);
}

}  // namespace
}  // namespace lw::server::sql

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  using namespace lw::server;
  const auto prepared = sql::prepare(fuzz::Input(data, size).text(), sql::two_tables());
  if (!prepared) {
    LW_ASSERT(prepared.error().status >= 400 && prepared.error().status < 500);
    LW_ASSERT(!prepared.error().name.empty() && !prepared.error().message.empty());
    return 0;
  }
  LW_ASSERT(prepared->format.empty() || sql::is_answer_format(prepared->format));
  sql::check_characters(prepared->sql);
  // Read anew it is the same: there is one way to read it.
  const auto tokens = sql::read_tokens(prepared->sql);
  LW_ASSERT(tokens);
  sql::check_tokens(*tokens);
  const std::string again = sql::write_tokens(*tokens);
  LW_ASSERT(sql::write_tokens(sql::read_tokens(again).value()) == again);
  return 0;
}
