// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace lw::wire {

/// The protocol that this build speaks, and the oldest it still understands. Raise kProtocol when a
/// message gains a meaning that the other side must know of; raise kProtocolOldest to end support.
inline constexpr std::uint32_t kProtocol = 1;
inline constexpr std::uint32_t kProtocolOldest = 1;

inline constexpr std::uint16_t kAgentPortDefault = 8444;

/// An assignment's part ends with the test that reaches one of these: keeps each message far below
/// gRPC's limit of 4 MB.
inline constexpr std::size_t kTestsPerAssignmentPart = 2000;
inline constexpr std::size_t kBytesPerAssignmentPart = std::size_t{1} << 20;

/// Fails, in words for both sides' logs, if a peer's protocol is too old or this one is.
Result<void> check_protocol(std::uint32_t theirs, const std::string& their_version);

/// "linewatch-agent/<16 hex digits>": the common name of an agent's client certificate.
std::string agent_common_name(std::uint64_t agent_id);

}  // namespace lw::wire
