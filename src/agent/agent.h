// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "agent/path_monitor.h"
#include "agent/responder.h"
#include "base/result.h"
#include "probe/icmp_engine.h"
#include "probe/rate_limits.h"

namespace lw::agent {

struct AgentConfig {
  std::string data_directory;
  std::string server;      ///< HOST[:PORT] of the server's agent port; empty: the one it joined
  std::string join_token;  ///< Needed once, until the data folder holds an identity.
  std::string name;        ///< The host's name if empty.
  std::vector<std::pair<std::string, std::string>> labels;
  std::string resource_id;              ///< An Azure resource id that this host stands for.
  std::string extra_ca_file;            ///< PEM file of roots to trust besides the system's.
  bool trust_server_authority = false;  ///< Trust the server's own CA in HTTPS checks too.
  std::uint64_t spool_bytes_max = std::uint64_t{1} << 30;
  ResponderConfig responder;    ///< Nothing is opened unless it says so or a test asks for it.
  std::size_t probe_loops = 0;  ///< 0: by the number of cores
  RateLimitsConfig limits;
  EchoStamps stamps = EchoStamps::Both;
  PathMonitorConfig paths;
  bool self_test = false;  ///< Make a short self-test at the start and report it.
};

/// Joins the server of `config` and keeps the identity in the data folder, without running. Refuses
/// a folder that holds an identity already.
Result<void> join_server(const AgentConfig& config);

/// Runs an agent until SIGINT or SIGTERM. The caller has blocked the termination signals in all
/// threads. Returns an error only if it cannot start; afterwards it heals by itself.
Result<void> run_agent(const AgentConfig& config);

}  // namespace lw::agent
