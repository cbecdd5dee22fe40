// SPDX-License-Identifier: Apache-2.0
#include "server/sql/lexer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/text.h"

namespace lw::server::sql {
namespace {

constexpr std::string_view kBlanks = " \t\n\r\f\v";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

/// Longer ones first.
constexpr std::array<std::string_view, 28> kSymbols = {
    "<=>", "->", "::", "||", "==", "!=", "<>", "<=", ">=", "(", ")", "[", "]", "{",
    "}",   ",",  ".",  ";",  "+",  "-",  "*",  "/",  "%",  "=", "<", ">", "?", ":"};

bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_part(char c) { return is_word_start(c) || kDigits.contains(c); }

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> run() {
    while (TRY(skip_blanks())) TRY(read_one());
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[nodiscard]] std::unexpected<Error> refuse(std::string_view what) const {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} at position {}: '{}'", what, at_ + 1, rest().substr(0, 20)));
  }
  void add(TokenKind kind, std::string text) { tokens_.push_back({kind, std::move(text)}); }

  /// Blanks and comments. False at the end.
  Result<bool> skip_blanks() {
    while (at_ < text_.size()) {
      if (kBlanks.contains(peek())) {
        ++at_;
      } else if (rest().starts_with("--")) {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (rest().starts_with("/*")) {
        const auto end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return refuse("A comment that does not end");
        // Whether these nest differs between engines.
        const std::string_view inside = text_.substr(at_ + 2, end - at_ - 2);
        if (inside.contains("/*")) return refuse("A comment in a comment");
        at_ = end + 2;
      } else {
        return true;
      }
    }
    return false;
  }

  Result<void> read_one() {
    const char c = peek();
    if (is_word_start(c)) return read_word();
    if (kDigits.contains(c) || starts_fraction()) return read_number();
    if (c == '\'' || c == '"' || c == '`') return read_quoted(c);
    if (c == '{' && is_word_start(peek(1))) return read_parameter();
    return read_symbol();
  }

  Result<void> read_word() {
    const std::size_t begin = at_;
    while (is_word_part(peek())) ++at_;
    if (peek() == '$' || peek() == '\'') return refuse("Something that linewatch does not take");
    add(TokenKind::Word, std::string(text_.substr(begin, at_ - begin)));
    return {};
  }

  /// ".5"; behind what has elements it is one of them.
  [[nodiscard]] bool starts_fraction() const {
    if (peek() != '.' || !kDigits.contains(peek(1))) return false;
    if (tokens_.empty()) return true;
    const Token& last = tokens_.back();
    const bool is_element =
        last.kind == TokenKind::Number && tokens_.size() > 1 && tokens_[tokens_.size() - 2].is(".");
    return !last.is_name() && !is_element && !last.is(")") && !last.is("]");
  }

  void take(std::string_view digits) {
    while (at_ < text_.size() && digits.contains(peek())) ++at_;
  }

  Result<void> read_number() {
    const std::size_t begin = at_;
    const bool is_element = !tokens_.empty() && tokens_.back().is(".");
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
      at_ += 2;
      take(kHexDigits);
      if (at_ == begin + 2) return refuse("A number without digits");
    } else {
      take(kDigits);
      if (!is_element) read_fraction();
    }
    if (is_word_part(peek())) return refuse("A number that goes on as a name");
    add(TokenKind::Number, std::string(text_.substr(begin, at_ - begin)));
    return {};
  }

  void read_fraction() {
    if (peek() == '.' && kDigits.contains(peek(1))) {
      ++at_;
      take(kDigits);
    }
    if (peek() != 'e' && peek() != 'E') return;
    const bool is_signed = peek(1) == '+' || peek(1) == '-';
    if (!kDigits.contains(peek(is_signed ? 2 : 1))) return;
    at_ += is_signed ? 2 : 1;
    take(kDigits);
  }

  Result<void> read_quoted(char quote) {
    std::string meant;
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) return refuse("A quote that does not end");
      const char c = peek();
      if (c == quote && peek(1) == quote) {
        ++at_;
      } else if (c == quote) {
        break;
      } else if (c == '\\') {
        ++at_;
        TRY(read_escape(meant));
        continue;
      }
      meant += c;
    }
    ++at_;
    if (quote == '\'') {
      add(TokenKind::Text, std::move(meant));
      return {};
    }
    if (meant.empty() || meant.contains('\0')) return refuse("An empty name");
    add(TokenKind::Quoted, std::move(meant));
    return {};
  }

  /// At the character behind the backslash; ends at the last one of the escape.
  Result<void> read_escape(std::string& meant) {
    constexpr std::string_view kNames = "bfrntav0e";
    constexpr std::string_view kValues("\b\f\r\n\t\a\v\0\x1b", 9);
    const char c = peek();
    if (at_ >= text_.size() || c == 'N') return refuse("An escape that linewatch does not take");
    if (c == 'x') {
      if (!kHexDigits.contains(peek(1)) || !kHexDigits.contains(peek(2)) || at_ + 2 >= text_.size())
        return refuse("An escape without its digits");
      const std::string digits(text_.substr(at_ + 1, 2));
      meant += static_cast<char>(std::stoi(digits, nullptr, 16));
      at_ += 2;
      return {};
    }
    const auto known = kNames.find(c);
    if (known != std::string_view::npos) {
      meant += kValues[known];
      return {};
    }
    // As the engine has it: of others the backslash stays, for LIKE and regular expressions.
    if (c != '\\' && c != '\'' && c != '"' && c != '`' && c != '/' && c != '=') meant += '\\';
    meant += c;
    return {};
  }

  /// {name:Type}; else the brace is one of a map.
  Result<void> read_parameter() {
    const std::size_t begin = at_;
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_word_part(text_[end])) ++end;
    if (end >= text_.size() || text_[end] != ':') return read_symbol();
    const auto close = text_.find('}', end);
    const std::string_view type = text_.substr(end + 1, std::min(close, text_.size()) - end - 1);
    const bool is_type =
        close != std::string_view::npos && !type.empty() && std::ranges::all_of(type, [](char c) {
          return is_word_part(c) || std::string_view(" (),").contains(c);
        });
    // A parameter of that type is a name, which nobody could look at before the engine has it.
    if (!is_type || to_lower(type).contains("identifier")) {
      return refuse("A parameter of a type that linewatch does not take");
    }
    at_ = close + 1;
    add(TokenKind::Parameter, std::string(text_.substr(begin, at_ - begin)));
    return {};
  }

  Result<void> read_symbol() {
    for (const std::string_view symbol : kSymbols) {
      if (!rest().starts_with(symbol)) continue;
      at_ += symbol.size();
      add(TokenKind::Symbol, std::string(symbol));
      return {};
    }
    return refuse("A character that linewatch does not take outside of quotes");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

std::string quoted(std::string_view text, char quote) {
  std::string result(1, quote);
  for (const char c : text) {
    if (c == '\0') {
      result += "\\0";
      continue;
    }
    if (c == quote || c == '\\') result += '\\';
    result += c;
  }
  return result + quote;
}

std::string text_of(const Token& token) {
  switch (token.kind) {
    case TokenKind::Quoted:
      return quoted(token.text, '`');
    case TokenKind::Text:
      return quoted(token.text, '\'');
    case TokenKind::Word:
    case TokenKind::Number:
    case TokenKind::Symbol:
    case TokenKind::Parameter:
      break;
  }
  return token.text;
}

}  // namespace

bool Token::is_word(std::string_view word) const {
  return kind == TokenKind::Word && equals_ignoring_case(text, word);
}

Result<std::vector<Token>> read_tokens(std::string_view sql) { return Lexer(sql).run(); }

std::string write_tokens(std::span<const Token> tokens) {
  std::string sql;
  bool is_after_dot = true;
  for (const Token& token : tokens) {
    const bool is_dot = token.is(".");
    if (!is_after_dot && !is_dot) sql += ' ';
    sql += text_of(token);
    is_after_dot = is_dot;
  }
  return sql;
}

}  // namespace lw::server::sql
