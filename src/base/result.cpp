// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <cerrno>
#include <system_error>

namespace lw {
namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
      return ErrorCode::NotFound;
    case EEXIST:
      return ErrorCode::Conflict;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::PermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::NoSpace;
    case EAGAIN:
    case EBUSY:
    case EADDRINUSE:
    case ECONNREFUSED:
    case ECONNRESET:
    case ETIMEDOUT:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::Internal;
  }
}

}  // namespace

std::unexpected<Error> fail_errno(std::string_view what, int error_number) {
  return fail(code_of(error_number),
              std::string(what) + ": " + std::generic_category().message(error_number));
}

}  // namespace lw
