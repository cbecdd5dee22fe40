// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "kql/diagnostic.h"

namespace lw::server::logs {

/// Why a query has no answer, as the query API of Log Analytics says it: a code, a sentence, and
/// the precise cause in `inner`.
struct Failure {
  int status = 400;
  std::string code;
  std::string message;
  Value inner = {};    ///< {code, message, innererror …}; null: none
  Value details = {};  ///< a list of {code, message, line, pos, token}; null: none
};

template <class T>
using Outcome = std::expected<T, Failure>;

/// {"error": {…}}
Value to_document(const Failure& failure);

/// 400 BadArgumentError with one innererror.
Failure bad_argument(const std::string& code, const std::string& message);
/// 403: a workspace that the caller's token is not good for, there or not.
Failure insufficient_access();
/// What the translator found.
Failure from_faults(const kql::Diagnostics& faults);
/// What the engine calls its error: the word in parentheses behind its sentence, in capitals; empty
/// if there is none. Nothing else of the sentence may leave: it can hold values of rows that the
/// query must not see.
std::string engine_error_name(std::string_view message);
/// What the store answered instead of rows. `number` is ClickHouse's, 0 if there was no answer.
Failure from_store(const Error& error, int number);

}  // namespace lw::server::logs
