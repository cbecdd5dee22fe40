// SPDX-License-Identifier: Apache-2.0
// linewatch up: everything on one machine, as supervised child processes.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "base/environment.h"
#include "base/files.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/supervisor.h"
#include "base/time.h"
#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/monitor_file.h"
#include "cli/server_options.h"
#include "cli/table.h"
#include "io/host.h"

namespace lw::cli {
namespace {

constexpr Milliseconds kStepEvery{100};
constexpr Seconds kStartPatience{120};

struct UpOptions {
  ServerOptions server;
  std::string config_file;
};

void append_option(std::vector<std::string>& arguments, const char* flag,
                   const std::string& value) {
  if (value.empty()) return;
  arguments.emplace_back(flag);
  arguments.push_back(value);
}

ChildSpecification server_child(const std::string& folder, const ServerOptions& options) {
  ChildSpecification child;
  child.name = "server";
  child.arguments = {executable_path(), "server", "--data", folder};
  append_option(child.arguments, "--listen", options.listen);
  append_option(child.arguments, "--agent-listen", options.agent_listen);
  for (const std::string& name : options.names) append_option(child.arguments, "--name", name);
  append_option(child.arguments, "--keep-days", std::to_string(options.keep_days));
  append_option(child.arguments, "--store-url", options.store_url);
  append_option(child.arguments, "--store-user", options.store_user);
  append_option(child.arguments, "--store-database", options.store_database);
  append_option(child.arguments, "--remote-write", options.remote_write_file);
  append_option(child.arguments, "--oidc", options.oidc_file);
  append_option(child.arguments, "--store-library", options.store_library);
  if (!options.store_password.empty()) {
    child.environment.emplace_back("LINEWATCH_STORE_PASSWORD", options.store_password);
  }
  child.grace = Seconds(20);
  return child;
}

/// The agent of this machine: named `local`, trusting the server's CA so that it can watch the API.
ChildSpecification agent_child(const std::string& folder, const std::string& address) {
  ChildSpecification child;
  child.name = "agent";
  child.arguments = {executable_path(),  "agent",
                     "--data",           folder + "/agent",
                     "--connect",        address,
                     "--name",           "local",
                     "--join-file",      folder + "/local-agent.token",
                     "--trust-server-ca"};
  return child;
}

/// Where the agent reaches the server: any address means this machine.
std::string dial_address(const std::string& listen_host, int port) {
  const bool is_any = listen_host == "0.0.0.0" || listen_host == "::";
  const std::string host = is_any ? "127.0.0.1" : listen_host;
  return host.find(':') != std::string::npos ? fmt::format("[{}]:{}", host, port)
                                             : fmt::format("{}:{}", host, port);
}

/// What the placeholders of a monitor file mean on this machine.
std::vector<std::pair<std::string, std::string>> placeholders(const std::string& url) {
  const std::string authority = url.substr(url.find("://") + 3);
  const auto colon = authority.rfind(':');
  const auto resolvers = io::configured_name_servers();
  // Documentation addresses (RFC 5737) stand for what this machine lacks: the test is there, fails,
  // and says why.
  return {{"gateway", io::default_gateway().value_or("192.0.2.1")},
          {"resolver", resolvers.empty() ? "192.0.2.53" : resolvers.front()},
          {"api_host", authority.substr(0, colon)},
          {"api_port", authority.substr(colon + 1)}};
}

Result<void> apply_config(const Context& context, const std::string& file) {
  ApiClient client = TRY(ApiClient::open(context));
  const std::string text = TRY(substitute(TRY(read_file(file)), placeholders(client.url())));
  TRY(client.send("POST", "/api/v1/apply", {{"file", file}}, text, "application/yaml"));
  return {};
}

void print_welcome(const std::string& folder, const Value& facts) {
  fmt::print(
      "\nlinewatch is running.\n"
      "  web UI        {0}/\n"
      "  sign in       with the token in {1}/admin.token\n"
      "  API           {0}/api/v1, with Authorization: Bearer $(cat {1}/admin.token)\n"
      "  trust         {1}/ca.pem\n"
      "  subscription  {2}\n"
      "  workspace     {3}\n"
      "  data          {1}\n"
      "  look          linewatch get tests{4}\n"
      "  stop          Ctrl-C\n\n",
      facts.text("url"), folder, facts.text("subscriptionId"), facts.text("workspaceId"),
      folder == "/var/lib/linewatch" ? "" : " --data " + folder);
  std::fflush(stdout);
}

/// What the running server wrote of itself; nothing before it is up.
std::optional<Value> server_facts(const std::string& folder) {
  const auto text = read_file(folder + "/server.json");
  if (!text) return std::nullopt;
  auto facts = parse_json(*text);
  if (!facts) return std::nullopt;
  return std::move(*facts);
}

class Up {
 public:
  Up(Context context, UpOptions options)
      : context_(std::move(context)),
        options_(std::move(options)),
        folder_(data_directory(context_)),
        supervisor_([this](std::string_view name, std::string_view how) {
          log::error("up", fmt::format("{} ended: {}", name, how));
          if (!is_ready_ && name == "server") failed_starts_++;
        }) {
    // The client of our own server must not be sent elsewhere by the environment.
    context_ = Context{};
    context_.data = folder_;
  }

  Result<void> run() {
    const server::ServerConfig config = TRY(to_server_config(context_, options_.server));
    TRY(make_directories(folder_));
    if (file_exists(folder_ + "/server.json")) TRY(remove_file(folder_ + "/server.json"));
    supervisor_.add(server_child(folder_, options_.server));
    fmt::print("starting linewatch in {} …\n", folder_);
    std::fflush(stdout);
    const auto facts = TRY(wait_for_server());
    if (!facts) return {};
    is_ready_ = true;
    if (!options_.config_file.empty()) TRY(apply_config(context_, options_.config_file));
    supervisor_.add(agent_child(
        folder_,
        dial_address(config.agent_listen.host, static_cast<int>(facts->number("agentPort")))));
    supervisor_.step(clock_.now());
    print_welcome(folder_, *facts);
    while (wait_for_termination(kStepEvery) == 0) supervisor_.step(clock_.now());
    fmt::print("stopping …\n");
    std::fflush(stdout);
    supervisor_.stop();
    return {};
  }

 private:
  Result<std::optional<Value>> wait_for_server() {
    const Instant give_up = clock_.now() + kStartPatience;
    while (true) {
      supervisor_.step(clock_.now());
      if (auto facts = server_facts(folder_)) return facts;
      // A wrong option or a busy port does not heal by itself; the server has said what is wrong.
      if (failed_starts_ >= 2) {
        return fail(ErrorCode::Unavailable, "the server does not start; see its message above");
      }
      if (clock_.now() > give_up) {
        return fail(ErrorCode::Unavailable,
                    fmt::format("the server was not ready within {} s; see its messages above",
                                kStartPatience.count()));
      }
      if (wait_for_termination(kStepEvery) != 0) return std::nullopt;
    }
  }

  Context context_;
  const UpOptions options_;
  const std::string folder_;
  const SystemClock clock_;
  bool is_ready_ = false;
  int failed_starts_ = 0;
  Supervisor supervisor_;
};

}  // namespace

void add_up(CLI::App& app, Context& context) {
  auto* const verb =
      app.add_subcommand("up", "Run everything on this machine: server, store and an agent");
  auto options = std::make_shared<UpOptions>();
  add_server_options(*verb, options->server);
  verb->add_option("--config", options->config_file, "Monitor file to apply at the start")
      ->check(CLI::ExistingFile);
  verb->callback([=, &context] {
    context.action = [=, &context] {
      const auto done = Up(context, *options).run();
      return done ? kExitSuccess : report(done.error());
    };
  });
}

}  // namespace lw::cli
