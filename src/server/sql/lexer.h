// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

/// SQL that others write, on its way to the engine (docs/sql.md, decision 0026). Pure.
namespace lw::server::sql {

enum class TokenKind {
  Word,       ///< a name or a keyword, as written
  Quoted,     ///< a name in "…" or `…`
  Text,       ///< '…'
  Number,     ///< as written
  Symbol,     ///< one of the engine's operators or a bracket
  Parameter,  ///< {name:Type}, as written
};

struct Token {
  TokenKind kind = TokenKind::Symbol;
  std::string text;  ///< of Quoted and Text what they mean, without quotes and escapes

  [[nodiscard]] bool is(std::string_view symbol) const {
    return kind == TokenKind::Symbol && text == symbol;
  }
  /// Whether it is that keyword, whatever its case.
  [[nodiscard]] bool is_word(std::string_view word) const;
  [[nodiscard]] bool is_name() const {
    return kind == TokenKind::Word || kind == TokenKind::Quoted;
  }
};

/// The statement without comments. What this does not know for certain it refuses (InvalidInput):
/// the engine must never read a text in another way than this did.
Result<std::vector<Token>> read_tokens(std::string_view sql);

/// The tokens as SQL in one plain form: every name and text is quoted anew, and what stands beside
/// each other cannot run together. So the engine sees what was read here, whatever was written.
std::string write_tokens(std::span<const Token> tokens);

}  // namespace lw::server::sql
