// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace lw {

/// What became of a TCP port that an agent was to listen on for tests. The numbers are stored and
/// sent: never renumber.
enum class ListeningOutcome : std::uint8_t {
  Listening = 0,
  InUse = 1,   ///< Something else on that host has the port, and keeps it.
  Failed = 2,  ///< The system refused; the problem says why.
};

/// The number itself if this release knows it, else Failed.
constexpr ListeningOutcome listening_outcome_of(std::uint32_t number) {
  return number <= 1 ? static_cast<ListeningOutcome>(number) : ListeningOutcome::Failed;
}

/// "Listening", "PortInUse", "Failed".
constexpr std::string_view name_of(ListeningOutcome outcome) {
  switch (outcome) {
    case ListeningOutcome::Listening:
      return "Listening";
    case ListeningOutcome::InUse:
      return "PortInUse";
    case ListeningOutcome::Failed:
      return "Failed";
  }
  return "Failed";
}

/// One port that tests with `destinationPortBehavior: ListenIfAvailable` lead to, on their
/// destination's agent.
struct ListeningPort {
  std::uint16_t port = 0;
  ListeningOutcome outcome = ListeningOutcome::Listening;
  std::string problem = {};  ///< in words; empty when it listens
  bool operator==(const ListeningPort&) const = default;
};

}  // namespace lw
