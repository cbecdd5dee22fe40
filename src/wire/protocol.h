// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace lw::wire {

/// The protocol that this build speaks, and the oldest it still understands. Raise kProtocol when a
/// message gains a meaning that the other side must know of; raise kProtocolOldest to end support.
/// 2: agents answer CheckRequest. 3: agents take AssignmentDifference, servers AssignmentWanted.
inline constexpr std::uint32_t kProtocol = 3;
inline constexpr std::uint32_t kProtocolOldest = 1;

inline constexpr std::uint16_t kAgentPortDefault = 8444;

/// An assignment's part ends with the test that reaches one of these: keeps each message far below
/// gRPC's limit of 4 MB.
inline constexpr std::size_t kTestsPerAssignmentPart = 2000;
inline constexpr std::size_t kBytesPerAssignmentPart = std::size_t{1} << 20;

/// The protocol from which on an agent answers CheckRequest.
inline constexpr std::uint32_t kProtocolOfChecks = 2;
/// The protocol from which on an agent takes differences instead of whole assignments.
inline constexpr std::uint32_t kProtocolOfDifferences = 3;
/// A part of a difference names so many tests that go, at most.
inline constexpr std::size_t kRemovalsPerPart = 50'000;

/// The newest protocol that both speak. `theirs` is the newest of the other side, `their_oldest`
/// the oldest that it still understands (0: the first there was). Fails, in words for both sides'
/// logs that say which of the two to update, if there is none.
Result<std::uint32_t> agree_on_protocol(std::uint32_t theirs, std::uint32_t their_oldest,
                                        const std::string& their_version);

/// "linewatch-agent/<16 hex digits>": the common name of an agent's client certificate.
std::string agent_common_name(std::uint64_t agent_id);

}  // namespace lw::wire
