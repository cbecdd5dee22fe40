// SPDX-License-Identifier: Apache-2.0
#include "store/host/sql_text.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"

namespace lw::store::host {

namespace {

bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Walks over words, quoted texts and punctuation outside of comments and parentheses.
class Pieces {
 public:
  explicit Pieces(std::string_view text) : text_(text) {}

  /// The next piece at parenthesis depth 0; empty at the end. A quoted text is one piece.
  std::string_view next() {
    while (at_ < text_.size()) {
      if (skip_blank_or_comment()) continue;
      begin_ = at_;
      at_ = piece_end();
      const char c = text_[begin_];
      const bool outside = depth_ == 0;
      depth_ += (c == '(') - (c == ')');
      if (outside) return text_.substr(begin_, at_ - begin_);
    }
    begin_ = at_;
    return {};
  }
  [[nodiscard]] std::size_t begin() const { return begin_; }  ///< of the last piece
  [[nodiscard]] std::size_t end() const { return at_; }

 private:
  bool skip_blank_or_comment() {
    const std::string_view rest = text_.substr(at_);
    if (is_blank(rest.front())) {
      ++at_;
    } else if (rest.starts_with("--") || rest.starts_with("#!") || rest.starts_with("# ")) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (rest.starts_with("/*")) {
      const auto close = text_.find("*/", at_ + 2);
      at_ = close == std::string_view::npos ? text_.size() : close + 2;
    } else {
      return false;
    }
    return true;
  }

  [[nodiscard]] std::size_t piece_end() const {
    const char first = text_[at_];
    std::size_t end = at_ + 1;
    if (is_word(first)) {
      while (end < text_.size() && is_word(text_[end])) ++end;
      return end;
    }
    if (first != '\'' && first != '"' && first != '`') return end;
    while (end < text_.size() && text_[end] != first) end += text_[end] == '\\' ? 2U : 1U;
    return std::min(end + 1, text_.size());
  }

  std::string_view text_;
  std::size_t at_ = 0, begin_ = 0;
  int depth_ = 0;
};

/// Skips what ClickHouse skips between the format's name and the data: blanks, then one line end.
std::string_view data_behind(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t' || text[at] == '\f')) ++at;
  if (at < text.size() && text[at] == '\r') ++at;
  if (at < text.size() && text[at] == '\n') ++at;
  return text.substr(at);
}

/// Steps over `INTO [TABLE] a.b`, so that a table called `format` is no FORMAT clause. False for
/// INSERT INTO FUNCTION, which takes its data like any other.
void skip_target(Pieces& pieces) {
  std::string_view piece = pieces.next();
  if (equals_ignoring_case(piece, "INTO")) piece = pieces.next();
  if (equals_ignoring_case(piece, "TABLE") || equals_ignoring_case(piece, "FUNCTION")) {
    pieces.next();
  }
}

SqlText read_insert(std::string_view text, Pieces& pieces) {
  SqlText result;
  result.is_insert = true;
  result.statement = text;
  skip_target(pieces);
  bool after_dot = false;
  for (std::string_view piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
    const bool is_name = std::exchange(after_dot, piece == ".");
    if (is_name) continue;
    for (const char* const source : {"SELECT", "WITH", "FROM"}) {
      if (equals_ignoring_case(piece, source)) return result;
    }
    const bool is_values = equals_ignoring_case(piece, "VALUES");
    if (!is_values && !equals_ignoring_case(piece, "FORMAT")) continue;
    result.has_data = true;
    result.statement = text.substr(0, pieces.begin());
    result.format = is_values ? "Values" : std::string(pieces.next());
    result.data = is_values ? text.substr(pieces.end()) : data_behind(text, pieces.end());
    return result;
  }
  return result;
}

}  // namespace

SqlText read_sql_text(std::string_view text) {
  Pieces pieces(text);
  std::string_view piece = pieces.next();
  if (equals_ignoring_case(piece, "INSERT")) return read_insert(text, pieces);
  SqlText result;
  result.statement = text;
  for (; !piece.empty(); piece = pieces.next()) {
    if (!equals_ignoring_case(piece, "FORMAT")) continue;
    const std::string_view name = pieces.next();
    const std::string_view behind = pieces.next();
    // Elsewhere FORMAT is a column's name.
    const bool is_clause = behind.empty() || behind == ";" ||
                           equals_ignoring_case(behind, "SETTINGS") ||
                           equals_ignoring_case(behind, "INTO");
    if (is_clause) result.format = name;
    if (behind.empty()) break;
  }
  return result;
}

}  // namespace lw::store::host
