// SPDX-License-Identifier: Apache-2.0
#include "wire/protocol.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/ids.h"

namespace lw::wire {

Result<std::uint32_t> agree_on_protocol(std::uint32_t theirs, std::uint32_t their_oldest,
                                        const std::string& their_version) {
  if (theirs < kProtocolOldest) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("the other side (version {}) speaks agent protocol {}, this one {} to "
                            "{}: update the other side",
                            their_version, theirs, kProtocolOldest, kProtocol));
  }
  if (their_oldest > kProtocol) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format("the other side (version {}) speaks agent protocol {} to {}, this one "
                    "(version {}) {} to {}: update this side",
                    their_version, their_oldest, theirs, LW_VERSION, kProtocolOldest, kProtocol));
  }
  return std::min(theirs, kProtocol);
}

std::string agent_common_name(std::uint64_t agent_id) {
  return "linewatch-agent/" + to_hex(agent_id);
}

}  // namespace lw::wire
