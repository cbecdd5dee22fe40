// SPDX-License-Identifier: Apache-2.0
// linewatch server: the control plane alone.
#include "server/server.h"

#include <CLI/CLI.hpp>

#include "cli/context.h"
#include "cli/server_options.h"

namespace lw::cli {

void add_server_options(CLI::App& verb, ServerOptions& options) {
  verb.add_option("--listen", options.listen, "Address of the API")->capture_default_str();
  verb.add_option("--agent-listen", options.agent_listen, "Address that agents dial")
      ->capture_default_str();
  verb.add_option("--name", options.names,
                  "A further host name or address for the server's certificate");
  verb.add_option("--keep-days", options.keep_days,
                  "How long results are kept: 7, 30, 90, 365 or 730 days")
      ->check(CLI::IsMember({7, 30, 90, 365, 730}))
      ->capture_default_str();
  verb.add_option("--store-url", options.store_url,
                  "Keep results in this ClickHouse instead of an own store");
  verb.add_option("--store-user", options.store_user, "User at --store-url")
      ->envname("LINEWATCH_STORE_USER");
  verb.add_option(
          "--store-password", options.store_password,
          "Password at --store-url; others on this machine see it in `ps`, so rather set the "
          "variable")
      ->envname("LINEWATCH_STORE_PASSWORD");
  verb.add_option("--store-database", options.store_database, "Database at --store-url")
      ->capture_default_str();
  verb.add_option("--remote-write", options.remote_write_file,
                  "File that says where to push the tests' series by Prometheus' remote write "
                  "(docs/metrics.md)")
      ->check(CLI::ExistingFile);
  verb.add_option("--oidc", options.oidc_file,
                  "File that says with which OpenID provider people sign in, and who may do what "
                  "(docs/sign-in.md)")
      ->check(CLI::ExistingFile);
  verb.add_option("--store-library", options.store_library, "Path of libchdb.so");
}

Result<server::ServerConfig> to_server_config(const Context& context,
                                              const ServerOptions& options) {
  server::ServerConfig config;
  config.data_directory = data_directory(context);
  config.listen = TRY(server::parse_listen(options.listen));
  config.agent_listen = TRY(server::parse_listen(options.agent_listen));
  config.names = options.names;
  config.store_url = options.store_url;
  config.store_user = options.store_user;
  config.store_password = options.store_password;
  config.store_database = options.store_database;
  config.keep_days = options.keep_days;
  config.remote_write_file = options.remote_write_file;
  config.oidc_file = options.oidc_file;
  config.store_library = options.store_library;
  return config;
}

void add_server(CLI::App& app, Context& context) {
  auto* const verb = app.add_subcommand("server", "Run the server: API, fleet, states, store");
  auto options = std::make_shared<ServerOptions>();
  add_server_options(*verb, *options);
  verb->callback([=, &context] {
    context.action = [=, &context] {
      const auto config = to_server_config(context, *options);
      if (!config) return report(config.error());
      const auto done = server::run_server(*config);
      return done ? kExitSuccess : report(done.error());
    };
  });
}

}  // namespace lw::cli
