// SPDX-License-Identifier: Apache-2.0
#include "io/trace_socket.h"

#include "io/plain_trace_socket.h"
#include "io/raw_trace_socket.h"

namespace lw::io {

Result<std::unique_ptr<TraceSocket>> TraceSocket::open(Loop& loop, const Options& options,
                                                       Handlers handlers) {
  if (!options.without_privilege) {
    auto raw = open_raw_trace_socket(loop, options, handlers);
    if (raw || raw.error().code != ErrorCode::PermissionDenied) return raw;
  }
  return open_plain_trace_socket(loop, options, std::move(handlers));
}

}  // namespace lw::io
