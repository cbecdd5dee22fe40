// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace lw::server {

/// Address and port to listen on.
struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
};
/// Reads "HOST:PORT", "[::1]:8443" or ":8443" (all addresses).
Result<ListenAddress> parse_listen(const std::string& text);

struct ServerConfig {
  std::string data_directory;
  ListenAddress listen{"127.0.0.1", 8443};        ///< API, for people and tools
  ListenAddress agent_listen{"127.0.0.1", 8444};  ///< for agents
  std::vector<std::string> names;  ///< further names and addresses for the server's certificate
  std::string store_url;           ///< an external ClickHouse; empty: linewatch-store of our own
  std::string store_user;
  std::string store_password;
  std::string store_database = "linewatch";
  int keep_days = 365;            ///< retention; the next class of store::kKeepDays is used
  std::string remote_write_file;  ///< remote_write/settings.h; empty: samples are pushed nowhere
  std::string oidc_file;          ///< oidc/settings.h; empty: people sign in with tokens only
  std::string store_library;      ///< libchdb.so for our own store; empty: it looks for it itself
};

/// Runs the server until SIGINT or SIGTERM, from the main thread with signals blocked
/// (base/signals.h). Returns an error only if it cannot start.
Result<void> run_server(const ServerConfig& config);

}  // namespace lw::server
