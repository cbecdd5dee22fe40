// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/agent_event.h"
#include "model/ids.h"
#include "model/listening.h"
#include "store/client.h"

/// What the logs' tables say beside what was measured: the names and settings of tests, and the
/// agents that were there. Each call is one statement, blocking.
namespace lw::store {

/// What is true of a test from some instant on. Empty or missing: not known.
struct TestFacts {
  TestId test;
  std::string monitor, monitor_id;  ///< its key, and its Azure resource id
  std::string test_group, configuration;
  std::string source, source_type, source_resource_id, source_address, source_subnet, source_ip;
  std::string destination, destination_type, destination_resource_id, destination_address,
      destination_subnet;
  AgentId destination_agent;
  std::string agent;  ///< the name of the one that runs it
  std::string protocol;
  std::uint16_t port = 0;
  std::uint32_t frequency_s = 0;
  std::optional<std::int32_t> failed_threshold;  ///< percent
  std::optional<double> rtt_threshold;           ///< milliseconds
  bool disabled = false;
  std::vector<std::string> workspaces;  ///< names in lower case, beside the default one; sorted

  [[nodiscard]] std::uint64_t hash() const;
};

/// Rows of `test_facts`. `valid_from` stands beside the facts it is of.
struct DatedFacts {
  TestFacts facts;
  Timestamp valid_from{};
};
Result<void> record_test_facts(Client& client, std::span<const DatedFacts> rows);

/// The hash of each test's newest facts.
Result<std::unordered_map<TestId, std::uint64_t>> known_test_facts(Client& client);

/// What a connected agent last said of itself.
struct AgentBeat {
  AgentId agent;
  std::string name, version, resource_id;
  std::vector<std::string> addresses;
  Timestamp connected_since{};
  std::uint64_t rounds_waiting = 0, rounds_dropped = 0, intervals_missed = 0;
  std::optional<Microseconds> clock_offset;
  std::string problem, path_problem;
};
/// Rows of `agent_beats`, all of the instant `at`.
Result<void> record_agent_beats(Client& client, std::span<const AgentBeat> beats, Timestamp at,
                                std::uint16_t keep_days);

/// The last one of each agent that has any since then.
Result<std::vector<AgentBeat>> last_agent_beats(Client& client, Timestamp since);

/// Rows of `agent_events`.
Result<void> record_agent_events(Client& client, std::span<const AgentEvent> events,
                                 std::uint16_t keep_days);

/// A row of `audit_log`: an entry of the registry's, which keeps only the newest.
struct AuditRow {
  std::int64_t number = 0;
  Timestamp at{};
  std::string caller, address, method, target;
  int status = 0;
  std::string detail;
};
/// Those that are not in the store yet are written.
Result<void> record_audit(Client& client, std::span<const AuditRow> rows, std::uint16_t keep_days);

/// What became of the port that tests of one configuration lead to on one destination.
struct ListenerResult {
  TestId test;  ///< one of these tests: its monitor, group, configuration and destination count
  ListeningPort port;
};
/// Rows of `listener_results`, all of the instant `at`.
Result<void> record_listener_results(Client& client, std::span<const ListenerResult> results,
                                     Timestamp at, std::uint16_t keep_days);

}  // namespace lw::store
