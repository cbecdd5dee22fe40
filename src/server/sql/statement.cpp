// SPDX-License-Identifier: Apache-2.0
#include "server/sql/statement.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "base/text.h"
#include "server/sql/approval.h"
#include "server/sql/lexer.h"
#include "server/sql/vocabulary.h"

namespace lw::server::sql {
namespace {

using Tokens = std::vector<Token>;

constexpr std::size_t kTokensMax = 50'000;

/// Of the database `system`: told by the surface, and harmless as the engine has them.
constexpr std::array<std::string_view, 3> kTold = {"tables", "columns", "databases"};
constexpr std::array<std::string_view, 9> kHarmless = {"one",
                                                       "numbers",
                                                       "functions",
                                                       "formats",
                                                       "data_type_families",
                                                       "settings",
                                                       "time_zones",
                                                       "keywords",
                                                       "aggregate_function_combinators"};

Token word(std::string text) { return {TokenKind::Word, std::move(text)}; }
Token name(std::string text) { return {TokenKind::Quoted, std::move(text)}; }

std::string written_name(std::string text) {
  return write_tokens(std::array{name(std::move(text))});
}
std::string written_text(std::string text) {
  return write_tokens(std::array{Token{TokenKind::Text, std::move(text)}});
}

template <class List>
bool has(const List& list, std::string_view item) {
  return std::ranges::find(list, item) != std::end(list);
}

bool is_one_of(const std::vector<std::string>& names, std::string_view item) {
  return std::ranges::any_of(names, [&](const auto& n) { return equals_ignoring_case(n, item); });
}

class Preparation {
 public:
  Preparation(Tokens tokens, const Surface& surface)
      : surface_(surface), tokens_(std::move(tokens)) {}

  Outcome<Prepared> run() {
    for (const auto step : {&Preparation::take_end, &Preparation::take_format}) {
      if (auto refused = (this->*step)()) return std::unexpected(std::move(*refused));
    }
    if (tokens_.empty()) return std::unexpected(syntax_error("There is no statement"));
    if (tokens_[0].is_word("SHOW")) return show();
    if (tokens_[0].is_word("EXISTS")) return exists();
    const bool describes = tokens_[0].is_word("DESCRIBE") || tokens_[0].is_word("DESC");
    if (describes && !has_subquery()) return describe();
    Tokens head;
    if (auto refused = take_head(head)) return std::unexpected(std::move(*refused));
    if (auto refused = check()) return std::unexpected(std::move(*refused));
    if (auto refused = replace_names()) return std::unexpected(std::move(*refused));
    if (auto refused = check_functions()) return std::unexpected(std::move(*refused));
    return Prepared{.sql = write_tokens(head) + (head.empty() ? "" : " ") + with_tables(),
                    .format = format_,
                    .is_select = head.empty()};
  }

 private:
  using Refused = std::optional<Refusal>;

  [[nodiscard]] const Token* at(std::size_t i) const {
    return i < tokens_.size() ? &tokens_[i] : nullptr;
  }
  [[nodiscard]] bool is(std::size_t i, std::string_view symbol) const {
    return i < tokens_.size() && tokens_[i].is(symbol);
  }

  Refused take_end() {
    if (!tokens_.empty() && tokens_.back().is(";")) tokens_.pop_back();
    if (tokens_.size() > kTokensMax) return syntax_error("The statement is too long");
    const bool has_more =
        std::ranges::any_of(tokens_, [](const Token& token) { return token.is(";"); });
    if (has_more) return syntax_error("One statement at a time, please");
    return {};
  }

  Refused take_format() {
    if (tokens_.size() < 3 || !tokens_[tokens_.size() - 2].is_word("FORMAT")) return {};
    // Behind these FORMAT is a column's name, and what follows its alias.
    const Token& before = tokens_[tokens_.size() - 3];
    if (before.is(",") || before.is(".") || before.is_word("SELECT")) return {};
    if (tokens_.back().kind != TokenKind::Word) return {};
    format_ = tokens_.back().text;
    if (!is_answer_format(format_)) {
      return Refusal{.status = 400,
                     .number = 73,
                     .name = "UNKNOWN_FORMAT",
                     .message = fmt::format("There is no format `{}` here", format_)};
    }
    tokens_.resize(tokens_.size() - 2);
    return {};
  }

  [[nodiscard]] bool has_subquery() const {
    return is(1, "(") || (tokens_.size() > 1 && tokens_[1].is_word("TABLE") && is(2, "("));
  }

  /// What stands before the SELECT: EXPLAIN, DESCRIBE and its parenthesis.
  Refused take_head(Tokens& head) {
    std::size_t size = 0;
    if (tokens_[0].is_word("EXPLAIN")) {
      size = 1;
      for (const char* const kind : {"AST", "SYNTAX", "PLAN", "PIPELINE"}) {
        if (tokens_.size() > 1 && tokens_[1].is_word(kind)) size = 2;
      }
      if (tokens_.size() > 2 && tokens_[1].is_word("QUERY") && tokens_[2].is_word("TREE")) size = 3;
    } else if (tokens_[0].is_word("DESCRIBE") || tokens_[0].is_word("DESC")) {
      size = is(1, "(") ? 1 : 2;
      if (!tokens_.back().is(")")) return syntax_error("DESCRIBE (SELECT …) ends behind it");
    }
    head.assign(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(size));
    tokens_.erase(tokens_.begin(), tokens_.begin() + static_cast<std::ptrdiff_t>(size));
    const bool is_described = size > 0 && !head[0].is_word("EXPLAIN");
    if (is_described) return unwrap(head);
    if (tokens_.empty() ||
        (!tokens_[0].is_word("SELECT") && !tokens_[0].is_word("WITH") && !tokens_[0].is("("))) {
      return syntax_error("Only SELECT, WITH, EXPLAIN, DESCRIBE, SHOW and EXISTS are taken here");
    }
    return {};
  }

  /// The query in the parentheses of DESCRIBE.
  Refused unwrap(Tokens& head) {
    head = {word("DESCRIBE"), word("TABLE")};
    is_in_parentheses_ = true;
    tokens_.erase(tokens_.begin());
    tokens_.pop_back();
    const bool is_query =
        !tokens_.empty() && (tokens_[0].is_word("SELECT") || tokens_[0].is_word("WITH"));
    if (!is_query) return syntax_error("DESCRIBE takes a table or (SELECT …)");
    int depth = 0;
    for (const Token& token : tokens_) {
      depth += token.is("(") ? 1 : token.is(")") ? -1 : 0;
      if (depth < 0) return syntax_error("The parentheses do not fit together");
    }
    return {};
  }

  Refused check() const {
    for (const auto check : {refuse_words, refuse_dots}) {
      if (auto refused = check(tokens_)) return refused;
    }
    return refuse_dotted(tokens_, surface_.engine_databases);
  }

  /// What is named as being in a database, and functions that are answered here.
  Refused replace_names() {
    Tokens made;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      const bool begins = tokens_[i].is_name() && (i == 0 || !is(i - 1, "."));
      const Token* const second = begins && is(i + 1, ".") ? at(i + 2) : nullptr;
      const auto told =
          begins && is(i + 1, "(") && is(i + 2, ")") ? told_by(tokens_[i].text) : std::nullopt;
      if (told) {
        made.push_back({TokenKind::Text, *told});
        i += 2;
      } else if (second != nullptr && equals_ignoring_case(tokens_[i].text, "system")) {
        if (auto refused = take_system(second->text, made)) return refused;
        i += 2;
      } else if (second != nullptr && is_database(tokens_[i].text)) {
        const bool is_ours = tokens_[i].text == surface_.database && second->is_name() &&
                             has(surface_.tables, second->text);
        if (!is_ours) return unknown_table(tokens_[i].text + "." + second->text);
        made.push_back(*second);
        i += 2;
      } else {
        made.push_back(tokens_[i]);
      }
    }
    tokens_ = std::move(made);
    return {};
  }

  /// What is known here of those that clients ask when they connect.
  [[nodiscard]] std::optional<std::string> told_by(std::string_view function) const {
    constexpr std::array<std::string_view, 4> kOfDatabase = {"currentDatabase", "database",
                                                             "current_database", "schema"};
    const auto is_it = [&](std::string_view name) { return equals_ignoring_case(function, name); };
    if (std::ranges::any_of(kOfDatabase, is_it)) return surface_.database;
    // Else the host's name.
    return is_it("displayName") ? std::optional<std::string>("linewatch") : std::nullopt;
  }

  [[nodiscard]] bool is_database(std::string_view text) const {
    return equals_ignoring_case(text, surface_.database) ||
           equals_ignoring_case(text, "information_schema") ||
           equals_ignoring_case(text, "default") || is_one_of(surface_.engine_databases, text);
  }

  Refused take_system(const std::string& table, Tokens& made) {
    if (has(kTold, table)) {
      told_.insert(table);
      made.push_back(name(table));
    } else if (has(kHarmless, table)) {
      made.insert(made.end(), {word("system"), {TokenKind::Symbol, "."}, name(table)});
    } else {
      return unknown_table("system." + table);
    }
    return {};
  }

  Refused check_functions() const { return refuse_functions(tokens_, surface_.engine_functions); }

  /// Whether the asterisk stands for columns, not for a product or for rows.
  [[nodiscard]] bool is_wildcard(std::size_t i) const {
    if (!is(i, "*") || i == 0) return false;
    const Token& before = tokens_[i - 1];
    if (before.is("(")) return i < 2 || !tokens_[i - 2].is_word("count");
    return before.is(",") || before.is(".") || before.is_word("SELECT") ||
           before.is_word("DISTINCT") || before.is_word("ALL");
  }

  [[nodiscard]] Reads reads() const {
    Reads reads;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
      if (is_wildcard(i)) reads.all = true;
      if (tokens_[i].is_word("COLUMNS") || tokens_[i].is_word("NATURAL")) reads.all = true;
      if (tokens_[i].is_name()) reads.names.insert(tokens_[i].text);
    }
    return reads;
  }

  /// The statement with what it names before it.
  [[nodiscard]] std::string with_tables() const {
    const Reads read = reads();
    std::string list;
    const auto add = [&](const std::string& table, const std::string& rows) {
      list += (list.empty() ? "" : ", ") + written_name(table) + " AS (" + rows + ")";
    };
    for (const std::string& table : surface_.tables) {
      if (read.names.contains(table)) add(table, surface_.rows(table, read));
    }
    for (const std::string& table : told_) add(table, surface_.system_rows(table));
    std::string sql;
    if (list.empty()) {
      sql = write_tokens(tokens_);
    } else if (tokens_[0].is("(")) {
      sql = "WITH " + list + " SELECT * FROM (" + write_tokens(tokens_) + ")";
    } else if (tokens_[0].is_word("WITH")) {
      const bool recurs = tokens_.size() > 1 && tokens_[1].is_word("RECURSIVE");
      sql = (recurs ? "WITH RECURSIVE " : "WITH ") + list + ", " +
            write_tokens(std::span(tokens_).subspan(recurs ? 2 : 1));
    } else {
      sql = "WITH " + list + " " + write_tokens(tokens_);
    }
    return is_in_parentheses_ ? "(" + sql + ")" : sql;
  }

  // ---- statements about tables: answered by what is known here -----------------------------

  /// "table", or "database.table" of ours, at the end of the statement.
  Outcome<std::string> table_at(std::size_t i) const {
    if (i + 2 < tokens_.size() && is(i + 1, ".")) {
      if (!equals_ignoring_case(tokens_[i].text, surface_.database)) {
        return std::unexpected(unknown_database(tokens_[i].text));
      }
      i += 2;
    }
    if (i + 1 != tokens_.size() || !tokens_[i].is_name()) {
      return std::unexpected(syntax_error("A table's name belongs at the end"));
    }
    return tokens_[i].text;
  }

  Outcome<Prepared> describe() const {
    const bool says_table = tokens_.size() > 2 && tokens_[1].is_word("TABLE");
    const auto table = table_at(says_table ? 2 : 1);
    if (!table) return std::unexpected(table.error());
    if (!has(surface_.tables, *table)) return std::unexpected(unknown_table(*table));
    return Prepared{
        "SELECT name, type, '' AS default_type, '' AS default_expression, comment, "
        "'' AS codec_expression, '' AS ttl_expression FROM (" +
            surface_.system_rows("columns") + ") WHERE table = " + written_text(*table) +
            " ORDER BY position",
        format_};
  }

  Outcome<Prepared> exists() const {
    const bool says_table = tokens_.size() > 2 && tokens_[1].is_word("TABLE");
    const auto table = table_at(says_table ? 2 : 1);
    if (!table) return std::unexpected(table.error());
    return Prepared{fmt::format("SELECT toUInt8({}) AS result", has(surface_.tables, *table)),
                    format_};
  }

  /// SHOW TABLES [FROM database] [LIKE 'x'], SHOW DATABASES, SHOW [FULL] COLUMNS FROM table.
  Outcome<Prepared> show() const {
    std::size_t i = 1;
    if (at(i) != nullptr && at(i)->is_word("FULL")) ++i;
    const Token* const what = at(i++);
    if (what != nullptr && (what->is_word("DATABASES") || what->is_word("SCHEMAS"))) {
      return show_names("databases", i);
    }
    if (what != nullptr && what->is_word("TABLES")) {
      if (says_from(i)) {
        if (at(i + 1) == nullptr || !equals_ignoring_case(at(i + 1)->text, surface_.database)) {
          return std::unexpected(unknown_database(at(i + 1) == nullptr ? "" : at(i + 1)->text));
        }
        i += 2;
      }
      return show_names("tables", i);
    }
    if (what != nullptr && (what->is_word("COLUMNS") || what->is_word("FIELDS")) && says_from(i)) {
      const auto table = table_at(i + 1);
      if (!table) return std::unexpected(table.error());
      if (!has(surface_.tables, *table)) return std::unexpected(unknown_table(*table));
      return Prepared{
          "SELECT name AS field, type, 'NO' AS `null`, '' AS key, NULL AS `default`, "
          "'' AS extra FROM (" +
              surface_.system_rows("columns") + ") WHERE table = " + written_text(*table) +
              " ORDER BY position",
          format_};
    }
    return std::unexpected(
        access_denied("Of SHOW only TABLES, DATABASES and COLUMNS FROM table are taken here"));
  }

  [[nodiscard]] bool says_from(std::size_t i) const {
    return at(i) != nullptr && (at(i)->is_word("FROM") || at(i)->is_word("IN"));
  }

  [[nodiscard]] Outcome<Prepared> show_names(const std::string& table, std::size_t i) const {
    std::string sql = "SELECT name FROM (" + surface_.system_rows(table) + ")";
    if (at(i) != nullptr && (at(i)->is_word("LIKE") || at(i)->is_word("ILIKE")) &&
        at(i + 1) != nullptr && at(i + 1)->kind == TokenKind::Text) {
      sql += " WHERE name " + to_upper_like(*at(i)) + written_text(at(i + 1)->text);
      i += 2;
    }
    if (i != tokens_.size()) return std::unexpected(syntax_error("SHOW takes no more than LIKE"));
    return Prepared{sql + " ORDER BY name", format_};
  }

  static std::string to_upper_like(const Token& token) {
    return token.is_word("LIKE") ? "LIKE " : "ILIKE ";
  }

  const Surface& surface_;
  Tokens tokens_;
  std::string format_;
  std::set<std::string> told_;  ///< of `system`
  bool is_in_parentheses_ = false;
};

}  // namespace

Outcome<Prepared> prepare(std::string_view text, const Surface& surface) {
  auto tokens = read_tokens(text);
  if (!tokens) return std::unexpected(syntax_error(tokens.error().message));
  return Preparation(std::move(*tokens), surface).run();
}

}  // namespace lw::server::sql
