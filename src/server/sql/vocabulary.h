// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

/// Which words of SQL are taken: everything else is refused, so that what a newer engine can do is
/// not offered before somebody has looked at it.
namespace lw::server::sql {

/// A function that computes from its arguments alone, a type, or an aggregate with combinators
/// ("avgIf"). Names are compared as the engine does: most with, SQL's own without case.
bool is_allowed_function(std::string_view name);
/// A keyword that may stand before a parenthesis without being a function.
bool is_word_before_parenthesis(std::string_view word);
/// A keyword of statements that do not read: it may stand nowhere outside of quotes.
bool is_forbidden_word(std::string_view word);
/// A format that an answer can have.
bool is_answer_format(std::string_view name);
/// A format whose pieces joined are the document, so that an answer need not be kept whole.
bool is_streamed_format(std::string_view name);

}  // namespace lw::server::sql
