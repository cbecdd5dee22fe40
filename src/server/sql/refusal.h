// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>

#include "base/result.h"

namespace lw::server::sql {

/// Why a request has no answer, as ClickHouse's clients understand it.
struct Refusal {
  int status = 400;
  int number = 62;   ///< ClickHouse's
  std::string name;  ///< of that number, in capitals
  std::string message;
};

template <class T>
using Outcome = std::expected<T, Refusal>;

/// "Code: 62. DB::Exception: What is wrong. (SYNTAX_ERROR)"
std::string text_of(const Refusal& refusal);

// What is refused before the engine sees it.
Refusal syntax_error(const std::string& message);
Refusal unknown_function(const std::string& name);
Refusal access_denied(const std::string& message);
/// A name of something that is not there for this caller.
Refusal unknown_database(const std::string& name);
Refusal unknown_table(const std::string& name);
/// As the engine says it of what it counts itself.
Refusal result_too_large();

/// What the engine answered instead of rows; `number` is ClickHouse's, 0 if there was no answer.
/// The engine's words go on only where they are about the statement's text: others can hold values
/// of rows, or the names of what the caller may not see.
Refusal from_store(const Error& error, int number);

}  // namespace lw::server::sql
