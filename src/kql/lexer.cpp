// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/text.h"
#include "kql/literal.h"
#include "kql/token.h"
#include "kql/type.h"

namespace lw::kql {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_letter(c) || is_digit(c) || c == '$'; }

constexpr std::array<std::string_view, 11> kSigns = {"..", "==", "=~", "!=", "!~", "<>",
                                                     "<=", ">=", "=>", "||", "&&"};

class Lexer {
 public:
  Lexer(std::string_view query, DiagnosticSink& sink) : query_(query), sink_(sink) {}

  std::vector<Token> run() {
    while (skip_blanks(), at_ < query_.size()) read_one();
    add(TokenKind::End, query_.size());
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] char peek(std::size_t ahead = 0) const {
    return at_ + ahead < query_.size() ? query_[at_ + ahead] : '\0';
  }
  [[nodiscard]] bool starts(std::string_view text) const {
    return query_.substr(at_).starts_with(text);
  }

  Token& add(TokenKind kind, std::size_t begin) {
    tokens_.push_back(Token{.kind = kind, .span = {begin, at_}, .text = {}, .raw = {}});
    return tokens_.back();
  }

  void skip_blanks() {
    while (at_ < query_.size()) {
      if (std::string_view(" \t\r\n\f\v").find(query_[at_]) != std::string_view::npos) {
        ++at_;
      } else if (starts("\xC2\xA0")) {  // U+00A0, which web pages put between words.
        at_ += 2;
      } else if (starts("\xEF\xBB\xBF") || starts("\xE2\x80\x8B")) {  // Byte order mark, U+200B.
        at_ += 3;
      } else if (starts("//")) {
        at_ = std::min(query_.find('\n', at_), query_.size());
      } else {
        return;
      }
    }
  }

  void read_one() {
    const char c = peek();
    if (is_digit(c)) return read_number();
    if (c == '"' || c == '\'') return read_string(at_);
    if (starts("```") || starts("~~~")) return read_block(at_);
    if (c == '@' && (peek(1) == '"' || peek(1) == '\'')) return read_verbatim(at_);
    if ((c == 'h' || c == 'H') && read_obfuscated()) return;
    if (is_letter(c) || c == '$') return read_name();
    if (c == '!' && is_letter(peek(1))) return read_negated();
    read_sign();
  }

  bool read_obfuscated() {
    const std::size_t begin = at_;
    const char next = peek(1);
    if (next == '"' || next == '\'') {
      ++at_;
      read_string(begin);
      return true;
    }
    if (next == '@' && (peek(2) == '"' || peek(2) == '\'')) {
      ++at_;
      read_verbatim(begin);
      return true;
    }
    return false;
  }

  void read_sign() {
    const std::size_t begin = at_;
    for (const std::string_view sign : kSigns) {
      if (!starts(sign)) continue;
      at_ += sign.size();
      add(TokenKind::Sign, begin).text = sign;
      return;
    }
    ++at_;
    if (std::string_view("|=<>+-*/%()[]{},;:.?").find(query_[begin]) != std::string_view::npos) {
      add(TokenKind::Sign, begin).text = query_[begin];
      return;
    }
    while (at_ < query_.size() && (static_cast<unsigned char>(query_[at_]) & 0xC0) == 0x80) ++at_;
    const std::string shown = printable(valid_utf8(query_.substr(begin, at_ - begin)), 20);
    sink_.add(Fault::Syntax, {begin, at_}, "The character '" + shown + "' has no meaning here.");
  }

  void read_name() {
    const std::size_t begin = at_;
    while (is_name_part(peek())) ++at_;
    const std::string_view text = query_.substr(begin, at_ - begin);
    if (peek() == '~' && text == "in") ++at_;
    if (read_typed(begin, text)) return;
    add(TokenKind::Name, begin).text = query_.substr(begin, at_ - begin);
  }

  /// `!has`, `!in~`: one word.
  void read_negated() {
    const std::size_t begin = at_++;
    while (is_name_part(peek())) ++at_;
    if (peek() == '~' && query_.substr(begin, at_ - begin) == "!in") ++at_;
    add(TokenKind::Name, begin).text = query_.substr(begin, at_ - begin);
  }

  /// `datetime(2024-05-06)` and the like: what is in the parentheses is text, not an expression.
  bool read_typed(std::size_t begin, std::string_view name) {
    const auto type = type_named(name);
    if (!type || *type == Type::String || *type == Type::Dynamic) return false;
    std::size_t open = at_;
    while (open < query_.size() && query_[open] == ' ') ++open;
    if (open >= query_.size() || query_[open] != '(') return false;
    std::size_t close = open + 1;
    char quote = '\0';
    for (; close < query_.size() && query_[close] != '\n'; ++close) {
      const char c = query_[close];
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if (c == '"' || c == '\'') {
        quote = c;
      } else if (c == ')') {
        break;
      }
    }
    if (close >= query_.size() || query_[close] != ')') return false;
    at_ = close + 1;
    Token& token = add(TokenKind::Typed, begin);
    token.text = name_of(*type);
    token.raw = query_.substr(open + 1, close - open - 1);
    return true;
  }

  void read_number() {
    const std::size_t begin = at_;
    if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) return read_hex(begin);
    while (is_digit(peek())) ++at_;
    bool is_real = false;
    if (peek() == '.' && peek(1) != '.' && !is_letter(peek(1))) {
      is_real = true;
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    const bool has_sign = peek(1) == '+' || peek(1) == '-';
    if ((peek() == 'e' || peek() == 'E') && is_digit(peek(has_sign ? 2 : 1))) {
      is_real = true;
      at_ += has_sign ? 2 : 1;
      while (is_digit(peek())) ++at_;
    }
    const std::string_view digits = query_.substr(begin, at_ - begin);
    if (is_letter(peek())) return read_suffix(begin, digits, is_real);
    if (is_real) {
      add(TokenKind::Real, begin).real = real_of(digits).value_or(0);
      return;
    }
    const auto number = long_of(digits);
    // One above the largest long can only stand behind a minus, where it is the smallest.
    if (!number && digits != "9223372036854775808") {
      sink_.add(Fault::Syntax, {begin, at_}, "The number is too large for a long.");
    }
    Token& token = add(TokenKind::Long, begin);
    token.text = digits;
    token.number = number.value_or(INT64_MIN);
  }

  void read_hex(std::size_t begin) {
    at_ += 2;
    while (is_name_part(peek())) ++at_;
    const auto number = long_of(query_.substr(begin, at_ - begin));
    if (!number) sink_.add(Fault::Syntax, {begin, at_}, "This is no hexadecimal number.");
    add(TokenKind::Long, begin).number = number.value_or(0);
  }

  /// Letters directly behind a number: a timespan's unit, or a name that begins with digits.
  void read_suffix(std::size_t begin, std::string_view digits, bool is_real) {
    const std::size_t letters = at_;
    while (is_name_part(peek())) ++at_;
    const std::string_view unit = query_.substr(letters, at_ - letters);
    if (const auto ticks = ticks_of_unit(unit)) {
      const auto whole = long_of(digits);
      std::int64_t product = 0;
      const bool fits = whole && !__builtin_mul_overflow(*whole, *ticks, &product);
      const double real = real_of(digits).value_or(0) * static_cast<double>(*ticks);
      if (!fits && std::abs(real) < 9.2e18) product = static_cast<std::int64_t>(std::llround(real));
      add(TokenKind::TimeSpan, begin).number = product;
      return;
    }
    if (is_real) {
      sink_.add(Fault::Syntax, {letters, at_}, "A number cannot be followed by letters.");
    }
    add(TokenKind::Name, begin).text = query_.substr(begin, at_ - begin);
  }

  void read_string(std::size_t begin) {
    const char quote = query_[at_++];
    std::string value;
    while (at_ < query_.size() && query_[at_] != quote && query_[at_] != '\n') {
      if (query_[at_] == '\\') {
        read_escape(value);
      } else {
        value += query_[at_++];
      }
    }
    finish_string(begin, quote, std::move(value));
  }

  void finish_string(std::size_t begin, char quote, std::string value) {
    if (peek() == quote) {
      ++at_;
    } else {
      sink_.add(Fault::Syntax, {begin, at_}, "The string is not closed.");
    }
    add(TokenKind::String, begin).text = std::move(value);
  }

  void read_escape(std::string& value) {
    const std::size_t begin = at_++;
    const char c = peek();
    static constexpr std::string_view kLetters = "ntrabfv\\\"'0";
    static constexpr std::string_view kValues("\n\t\r\a\b\f\v\\\"'\0", 11);
    if (c == 'x') return read_code(value, begin, 2);
    if (c == 'u') return read_code(value, begin, 4);
    if (c == 'U') return read_code(value, begin, 8);
    if (c >= '0' && c <= '7' && is_digit(peek(1))) return read_octal(value);
    const std::size_t index = c == '\0' ? std::string_view::npos : kLetters.find(c);
    if (index == std::string_view::npos) {
      sink_.add(Fault::Syntax, {begin, at_ + 1},
                "This escape is not known; write \\\\ for a backslash, or @\"…\".");
      value += '\\';
      return;
    }
    value += kValues[index];
    ++at_;
  }

  void read_octal(std::string& value) {
    unsigned code = 0;
    for (int i = 0; i < 3 && peek() >= '0' && peek() <= '7'; ++i) {
      code = code * 8 + static_cast<unsigned>(query_[at_++] - '0');
    }
    append_utf8(value, code);
  }

  void read_code(std::string& value, std::size_t begin, int digits) {
    ++at_;
    std::uint32_t code = unit_of(digits);
    const bool is_high = code >= 0xD800 && code < 0xDC00;
    if (is_high && starts("\\u")) {
      at_ += 2;
      code = 0x10000 + ((code - 0xD800) << 10) + ((unit_of(4) - 0xDC00) & 0x3FF);
    }
    if (code == UINT32_MAX) {
      sink_.add(Fault::Syntax, {begin, at_}, "The escape needs hexadecimal digits.");
      return;
    }
    append_utf8(value, code);
  }

  std::uint32_t unit_of(int digits) {
    std::uint32_t code = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const char c = peek();
      const std::size_t digit =
          c == '\0' ? std::string_view::npos : std::string_view("0123456789abcdefABCDEF").find(c);
      if (digit == std::string_view::npos) return UINT32_MAX;
      code = code * 16 + static_cast<std::uint32_t>(digit > 15 ? digit - 6 : digit);
    }
    return code;
  }

  static void append_utf8(std::string& text, std::uint32_t code) {
    const auto put = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) return put(code);
    if (code < 0x800) {
      put(0xC0 | code >> 6);
    } else if (code < 0x10000) {
      if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;
      put(0xE0 | code >> 12);
      put(0x80 | (code >> 6 & 0x3F));
    } else {
      if (code > 0x10FFFF) return append_utf8(text, 0xFFFD);
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
      put(0x80 | (code >> 6 & 0x3F));
    }
    put(0x80 | (code & 0x3F));
  }

  void read_verbatim(std::size_t begin) {
    ++at_;
    const char quote = query_[at_++];
    std::string value;
    while (at_ < query_.size()) {
      if (query_[at_] == quote) {
        if (peek(1) != quote) break;
        ++at_;
      }
      value += query_[at_++];
    }
    finish_string(begin, quote, std::move(value));
  }

  void read_block(std::size_t begin) {
    const std::string fence(query_.substr(at_, 3));
    at_ += 3;
    const std::size_t end = query_.find(fence, at_);
    if (end == std::string_view::npos) {
      sink_.add(Fault::Syntax, {begin, at_}, "The string is not closed.");
    }
    const std::size_t stop = std::min(end, query_.size());
    std::string value(query_.substr(at_, stop - at_));
    at_ = std::min(stop + 3, query_.size());
    add(TokenKind::String, begin).text = std::move(value);
  }

  std::string_view query_;
  DiagnosticSink& sink_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> read_tokens(std::string_view query, DiagnosticSink& sink) {
  return Lexer(query, sink).run();
}

}  // namespace lw::kql
