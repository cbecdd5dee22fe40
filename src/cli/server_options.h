// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "server/server.h"

namespace lw::cli {

/// The options that `linewatch server` and `linewatch up` have in common.
struct ServerOptions {
  std::string listen = "127.0.0.1:8443";
  std::string agent_listen = "127.0.0.1:8444";
  std::vector<std::string> names;
  std::string store_url, store_user, store_password;
  std::string store_database = "linewatch";
  int keep_days = 365;
  std::string remote_write_file;
  std::string oidc_file;
  std::string store_library;
};

void add_server_options(CLI::App& verb, ServerOptions& options);
Result<server::ServerConfig> to_server_config(const Context& context, const ServerOptions& options);

}  // namespace lw::cli
