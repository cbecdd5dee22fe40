// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "cli/line_editor.h"

namespace lw::cli {

/// What can be written in a query, for completion. Pure.
struct QueryWords {
  std::vector<std::string> operators;                      ///< "where", "summarize" …
  std::vector<std::string> functions;                      ///< scalar and aggregate
  std::map<std::string, std::vector<std::string>> tables;  ///< name → columns
};

/// Out of the server's documents (`/api/v1/kql/schema` and `…/capabilities`).
QueryWords query_words_of(const Value& schema, const Value& capabilities);

/// What fits behind the text: tables at the beginning of a query, operators behind a bar, else
/// columns of the tables that the text names, and functions. Commands behind a dot. Without regard
/// to case.
Completion complete_query(const QueryWords& words, std::string_view text);

/// Whether the query goes on in the next line: a bracket or a quote is open, or it ends in what
/// wants more (a bar, a comma, a semicolon, an operator).
bool is_unfinished(std::string_view query);

}  // namespace lw::cli
