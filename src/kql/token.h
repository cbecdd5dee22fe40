// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kql/diagnostic.h"

namespace lw::kql {

enum class TokenKind {
  Name,      ///< An identifier or a keyword, "!has", "in~" and the like included. `text` has it.
  String,    ///< `text` is the value, adjacent literals not yet joined.
  Long,      ///< `number`.
  Real,      ///< `real`.
  TimeSpan,  ///< `number` is ticks.
  Typed,  ///< `datetime(…)`, `long(…)` …: `text` is the type's name, `raw` what is in parentheses.
  Sign,  ///< Operator or punctuation; `text` has it.
  End,
};

struct Token {
  TokenKind kind = TokenKind::End;
  Span span;
  std::string text;
  std::string raw;
  std::int64_t number = 0;
  double real = 0;

  [[nodiscard]] bool is(std::string_view sign) const {
    return kind == TokenKind::Sign && text == sign;
  }
  [[nodiscard]] bool is_word(std::string_view word) const {
    return kind == TokenKind::Name && text == word;
  }
};

/// Cuts a query into tokens; the last one is End. What is no token goes to `sink` and is left out.
/// Never fails otherwise, and takes time linear in the text.
std::vector<Token> read_tokens(std::string_view query, DiagnosticSink& sink);

}  // namespace lw::kql
