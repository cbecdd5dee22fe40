// SPDX-License-Identifier: Apache-2.0
#include "kql/regex.h"

#include "kql/sql_text.h"

namespace lw::kql {
namespace {

class RegexReader {
 public:
  explicit RegexReader(std::string_view pattern) : pattern_(pattern) {}

  RegexShape run() {
    while (at_ < pattern_.size() && shape_.is_valid) step();
    if (shape_.is_valid && nesting_ != 0) fail("a parenthesis is not closed");
    return shape_;
  }

 private:
  void fail(std::string fault) {
    shape_.is_valid = false;
    shape_.fault = std::move(fault);
  }
  [[nodiscard]] char peek(std::size_t ahead) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }

  void step() {
    const char c = pattern_[at_];
    if (c == '\\') return escape();
    if (c == '[') return bracket();
    if (c == '(') return open();
    if (c == ')') {
      if (--nesting_ < 0) fail("a parenthesis is closed that was not opened");
      can_repeat_ = true;
    } else if (c == '*' || c == '+' || c == '?') {
      if (!can_repeat_) fail("there is nothing to repeat");
      while (peek(1) == '?' && c != '\0') ++at_;
      can_repeat_ = false;
    } else if (c == '|') {
      can_repeat_ = false;
    } else {
      can_repeat_ = c != '^';
    }
    ++at_;
  }

  void escape() {
    const char next = peek(1);
    if (next == '\0') return fail("a backslash stands at the end");
    if (next >= '1' && next <= '9') return fail("back references are not supported");
    if (next == 'Q') {
      const std::size_t end = pattern_.find("\\E", at_);
      at_ = end == std::string_view::npos ? pattern_.size() : end;
    }
    can_repeat_ = true;
    at_ += 2;
  }

  void bracket() {
    std::size_t end = at_ + 1;
    if (end < pattern_.size() && pattern_[end] == '^') ++end;
    if (end < pattern_.size() && pattern_[end] == ']') ++end;
    while (end < pattern_.size() && pattern_[end] != ']') {
      if (pattern_.substr(end).starts_with("[:")) {
        const std::size_t close = pattern_.find(":]", end);
        if (close != std::string_view::npos) end = close + 1;
      }
      end += pattern_[end] == '\\' ? 2U : 1U;
    }
    if (end >= pattern_.size()) return fail("a bracket is not closed");
    at_ = end + 1;
    can_repeat_ = true;
  }

  void open() {
    ++nesting_;
    can_repeat_ = false;
    if (peek(1) != '?') {
      ++shape_.groups;
      ++at_;
      return;
    }
    const char kind = peek(2);
    if (kind == '=' || kind == '!' || (kind == '<' && (peek(3) == '=' || peek(3) == '!'))) {
      return fail("look-around is not supported");
    }
    if (kind == 'P' || kind == '<') ++shape_.groups;
    at_ += 2;
    while (at_ < pattern_.size() && pattern_[at_] != ':' && pattern_[at_] != ')' &&
           pattern_[at_] != '>') {
      ++at_;
    }
    if (at_ < pattern_.size() && pattern_[at_] != ')') ++at_;
  }

  std::string_view pattern_;
  std::size_t at_ = 0;
  int nesting_ = 0;
  bool can_repeat_ = false;
  RegexShape shape_;
};

}  // namespace

RegexShape read_regex(std::string_view pattern) { return RegexReader(pattern).run(); }

std::string sql_regex(Binder& binder, const Scalar& pattern, Span span) {
  if (pattern.constant && pattern.constant->text() != nullptr) {
    const RegexShape shape = read_regex(*pattern.constant->text());
    if (!shape.is_valid)
      binder.fault(span, "The regular expression is wrong: " + shape.fault + ".");
    return quote_string("(?-s)" + *pattern.constant->text());
  }
  return "concat('(?-s)', " + pattern.sql + ")";
}

}  // namespace lw::kql
