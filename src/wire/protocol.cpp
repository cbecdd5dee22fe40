// SPDX-License-Identifier: Apache-2.0
#include "wire/protocol.h"

#include <fmt/core.h>

#include "base/ids.h"

namespace lw::wire {

Result<void> check_protocol(std::uint32_t theirs, const std::string& their_version) {
  if (theirs >= kProtocolOldest) return {};
  return fail(
      ErrorCode::InvalidInput,
      fmt::format("the other side (version {}) speaks agent protocol {}, this one {} to {}; "
                  "update the older of the two",
                  their_version, theirs, kProtocolOldest, kProtocol));
}

std::string agent_common_name(std::uint64_t agent_id) {
  return "linewatch-agent/" + to_hex(agent_id);
}

}  // namespace lw::wire
