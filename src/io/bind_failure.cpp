// SPDX-License-Identifier: Apache-2.0
#include "io/bind_failure.h"

#include <fmt/core.h>

#include <cerrno>

namespace lw::io {

Error bind_failure(std::string_view protocol, const IpAddress& address, std::uint16_t port,
                   int error_number) {
  const std::string what = fmt::format("listen on {} {}:{}", protocol, to_url_host(address), port);
  switch (error_number) {
    case EADDRINUSE:
      return {ErrorCode::Conflict, what + ": something else has this port"};
    case EACCES:
    case EPERM:
      return {ErrorCode::PermissionDenied,
              fmt::format("{}: not permitted; allow it with `sysctl "
                          "net.ipv4.ip_unprivileged_port_start={}`, or use a higher port",
                          what, port)};
    default:
      return fail_errno(what, error_number).error();
  }
}

}  // namespace lw::io
