// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/agent.h"

namespace lw::agent {

/// Who this agent is to its server: kept in DATA/identity.json (mode 0600) after joining.
struct Identity {
  AgentId id;
  std::string server;  ///< HOST:PORT that it joined
  std::string private_key_pem;
  std::string certificate_pem;
  std::string authority_pem;
  /// What the operator said of this host when it joined; later starts need not repeat it.
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  std::string resource_id;
};

/// Nothing if this data folder has not joined yet.
Result<std::optional<Identity>> load_identity(const std::string& data_directory);
Result<void> save_identity(const std::string& data_directory, const Identity& identity);

/// Joins: checks the server's CA against the token's fingerprint, makes a key, and has it signed.
/// Blocks up to some seconds. Unavailable means that trying again may help; anything else does not.
Result<Identity> join(const std::string& server, const std::string& join_token, const Agent& facts);

/// A fresh certificate for a new key, asked for with the present one. Blocks likewise.
Result<Identity> renew(const std::string& server, const Identity& identity);

/// "host:port" taken apart; port 8444 if none is given.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostPort> parse_server(const std::string& server);

}  // namespace lw::agent
