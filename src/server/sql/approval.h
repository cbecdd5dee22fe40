// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_set>

#include "server/sql/lexer.h"
#include "server/sql/refusal.h"

namespace lw::server::sql {

/// Names in lower case.
using Names = std::unordered_set<std::string>;

// What is not taken in a query, whatever it is about: each looks for one kind of it. Pure.

/// Keywords of other statements and of clauses that do more than read, and parentheses that do not
/// fit together: what stands behind must not get out of the place where ours puts it.
std::optional<Refusal> refuse_words(std::span<const Token> tokens);
/// Dots that stand elsewhere than between names, so that no number is read into one.
std::optional<Refusal> refuse_dots(std::span<const Token> tokens);
/// Calls of functions that are not on the list, and names of functions of the engine that are not:
/// without a parenthesis they are functions too, where one is asked for (`arrayMap(file, …)`).
std::optional<Refusal> refuse_functions(std::span<const Token> tokens, const Names& of_engine);
/// Names in quotes that begin like something in a database of the engine: it takes a common table
/// expression that is called so for the table.
std::optional<Refusal> refuse_dotted(std::span<const Token> tokens,
                                     std::span<const std::string> engine_databases);

}  // namespace lw::server::sql
