// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/test.h"

namespace linewatch::wire {
class ServerMessage;
}

namespace lw::server {

/// What each agent was told to run, and how to bring it to what it has to run now: by nothing if it
/// runs that already, by what changes if it understands that and has the set before, or by the
/// whole set (docs/formats/assignment.md). Sets of agents that are away are remembered, so that one
/// that comes back with its set need not be told all of it again. 16 bytes a test. Pure; the
/// control loop owns it.
class Assignments {
 public:
  using Messages = std::vector<std::shared_ptr<const ::linewatch::wire::ServerMessage>>;

  /// A new connection of the agent, which runs the set of that version (0: none).
  void on_hello(AgentId agent, std::uint64_t running, std::uint32_t protocol);
  /// The agent asks for the whole set: the next update() tells it, changed or not.
  void on_wanted(AgentId agent);
  /// The agent was removed.
  void forget(AgentId agent);
  /// Messages for the agent, in order, so that it runs these tests, no two of one id, and listens
  /// on these ports, which are sorted. None if it does already.
  Messages update(AgentId agent, std::vector<const Test*> tests,
                  const std::vector<std::uint16_t>& listen_ports);
  /// Of the set that it was told last; 0 if none was told since it said Hello, and it runs another.
  [[nodiscard]] std::uint64_t version(AgentId agent) const;

 private:
  /// By id, each with its fingerprint.
  using Fingerprints = std::vector<std::pair<TestId, std::uint64_t>>;
  struct Told {
    std::uint64_t version = 0;
    Fingerprints tests;
    bool takes_differences = false;
  };
  static Messages whole(std::uint64_t version, const std::vector<const Test*>& tests,
                        const std::vector<std::uint16_t>& listen_ports);
  static Messages difference(const Told& before, std::uint64_t version,
                             const std::vector<const Test*>& tests, const Fingerprints& after,
                             const std::vector<std::uint16_t>& listen_ports);

  std::unordered_map<AgentId, Told> told_;
};

}  // namespace lw::server
