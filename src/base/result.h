// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace lw {

/// What kind of failure an Error is. The API maps each to one HTTP status, the CLI to one exit
/// code.
enum class ErrorCode {
  InvalidInput,      ///< The caller sent something wrong; the message says what to change.
  NotFound,          ///< The named thing does not exist.
  Conflict,          ///< It exists already, or was changed by somebody else.
  Unauthenticated,   ///< No credentials, or wrong ones.
  PermissionDenied,  ///< Known caller, not allowed; or the operating system refused.
  LimitExceeded,     ///< A documented limit of the product.
  Unavailable,       ///< A peer, the store or the disk does not work now; trying again may help.
  NoSpace,           ///< The disk is full. Probing goes on; the spool or the store waits.
  Internal,          ///< None of the above.
};

/// Why something could not be done, in words for the person who asked. Never used for a failed
/// check: that is a measurement (model/round.h).
struct Error {
  ErrorCode code = ErrorCode::Internal;
  std::string message;

  /// The same error seen from one level up: "open store: lock file: busy".
  [[nodiscard]] Error during(std::string_view what) const {
    return {code, std::string(what) + ": " + message};
  }
};

/// The value, or why there is none. Dropping one is a compile error.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// Shorthand for `return std::unexpected(Error{code, message})`.
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{code, std::move(message)});
}

/// An Error from errno: "open /x/y: No such file or directory", with a fitting code.
std::unexpected<Error> fail_errno(std::string_view what, int error_number);

namespace impl {
template <class T>
T take(Result<T>&& result) {
  return std::move(*result);
}
inline void take(Result<void>&&) {}
}  // namespace impl

/// The value of `expression`; or returns its error from the enclosing function.
#define TRY(expression) LW_TRY_1_(expression, __COUNTER__)
#define LW_TRY_1_(expression, id) LW_TRY_2_(expression, id)
#define LW_TRY_2_(expression, id)                                                   \
  __extension__({                                                                   \
    auto lw_result_##id = (expression);                                             \
    if (!lw_result_##id) return std::unexpected(std::move(lw_result_##id).error()); \
    ::lw::impl::take(std::move(lw_result_##id));                                    \
  })

}  // namespace lw
