// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/core.h>
#include <sqlite3.h>

#include <string_view>

#include "base/result.h"

namespace lw::registry {

/// Runs `action`, turning SQLiteCpp's exceptions into errors that begin with `what`. For this
/// module's own files; nobody else catches them.
template <class Action>
auto guarded(std::string_view what, Action&& action) -> decltype(action()) {
  try {
    return action();
  } catch (const SQLite::Exception& failure) {
    const int code = failure.getErrorCode();
    const bool is_full = code == SQLITE_FULL || code == SQLITE_IOERR;
    const bool is_taken = code == SQLITE_CONSTRAINT;
    return fail(is_full    ? ErrorCode::NoSpace
                : is_taken ? ErrorCode::Conflict
                           : ErrorCode::Internal,
                fmt::format("{}: {}", what, failure.what()));
  }
}

}  // namespace lw::registry
