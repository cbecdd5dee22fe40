// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/test_configuration.h"

namespace lw {

/// What of a test its prober must know; kept apart since a prober may hold a million.
struct ProbeTask {
  TestId id;
  std::string destination_address;  ///< IP address or host name that is checked
  std::shared_ptr<const TestConfiguration> configuration;
};

/// One source × one destination × one configuration, after compound endpoints are expanded. What
/// the planner hands to an agent and what states and history hang on. Immutable; cheap to copy
/// since the configuration is shared.
struct Test : ProbeTask {
  std::string connection_monitor;
  std::string test_group;
  std::string source;       ///< Endpoint name; "group/member" for a member of a compound endpoint.
  std::string destination;  ///< likewise
  AgentId agent;            ///< Runs it; 0 while nobody can, which `missing` explains.
  std::string missing;      ///< Why it cannot run ("no agent named `web1` has joined"); else empty.
  bool disabled = false;    ///< Its test group is disabled, or its monitor stopped: Not Running.
  bool monitor_stopped = false;
  /// The agent on the destination's machine; 0 if there is none, and on agents, who need not know.
  AgentId destination_agent;

  /// "monitor/group/source/destination/configuration": for logs and the CLI.
  [[nodiscard]] std::string full_name() const;
};

/// stable_hash of the five names, in this order.
TestId test_id(std::string_view connection_monitor, std::string_view test_group,
               std::string_view source, std::string_view destination,
               std::string_view test_configuration);

}  // namespace lw
