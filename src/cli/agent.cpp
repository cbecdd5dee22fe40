// SPDX-License-Identifier: Apache-2.0
// linewatch agent: runs checks on this host; and what an operator does with agents.
#include "agent/agent.h"

#include <fmt/core.h>

#include <map>

#include <CLI/CLI.hpp>

#include "base/files.h"
#include "base/text.h"
#include "cli/agent_doctor.h"
#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/table.h"
#include "io/http_server.h"

namespace lw::cli {
namespace {

struct AgentOptions {
  std::string server, join_token, join_file, name, resource_id, extra_ca;
  std::vector<std::string> labels;
  bool trust_server = false;
  bool self_test = false;
  std::uint64_t spool_mb = 1024;
  std::size_t probe_loops = 0;
  RateLimitsConfig limits;
  bool no_traces = false;
  int trace_interval_s = 2;
  std::string networks_file;
  bool no_names = false;
  EchoStamps stamps = EchoStamps::Both;
  /// "-": not given. Empty: given without a value.
  std::string responder = "-", stamp_responder = "-";
};

Result<std::optional<agent::ListenOn>> read_listen_on(const std::string& text,
                                                      std::uint16_t default_port) {
  if (text == "-") return std::nullopt;
  return std::optional(TRY(agent::parse_listen_on(text, default_port)));
}

Result<agent::AgentConfig> to_config(const Context& context, const AgentOptions& options) {
  agent::AgentConfig config;
  config.data_directory = context.data.empty() ? data_directory(context) + "/agent" : context.data;
  config.server = options.server;
  config.join_token = options.join_token;
  if (!options.join_file.empty()) {
    config.join_token = std::string(trim(TRY(read_file(options.join_file))));
  }
  config.name = options.name;
  config.resource_id = options.resource_id;
  config.extra_ca_file = options.extra_ca;
  config.trust_server_authority = options.trust_server;
  config.spool_bytes_max = options.spool_mb << 20;
  config.probe_loops = options.probe_loops;
  config.limits = options.limits;
  config.paths.is_enabled = !options.no_traces;
  config.paths.schedule.interval = Seconds(options.trace_interval_s);
  config.paths.names.networks_file = options.networks_file;
  config.paths.names.ask_name_servers = !options.no_names;
  config.stamps = options.stamps;
  config.self_test = options.self_test;
  config.responder.tcp = TRY(read_listen_on(options.responder, agent::kResponderPort));
  config.responder.stamp = TRY(read_listen_on(options.stamp_responder, agent::kStampResponderPort));
  for (const std::string& label : options.labels) {
    const auto equals = label.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(ErrorCode::InvalidInput, fmt::format("`{}` is no label; write KEY=VALUE", label));
    }
    config.labels.emplace_back(label.substr(0, equals), label.substr(equals + 1));
  }
  return config;
}

int run(const Context& context, const AgentOptions& options) {
  const auto config = to_config(context, options);
  if (!config) return report(config.error());
  const auto done = agent::run_agent(*config);
  return done ? kExitSuccess : report(done.error());
}

int join_server(const Context& context, const AgentOptions& options) {
  const auto config = to_config(context, options);
  if (!config) return report(config.error());
  const auto done = agent::join_server(*config);
  if (!done) return report(done.error());
  fmt::print("joined {}; start the agent with: linewatch agent\n", options.server);
  return kExitSuccess;
}

int create_token(const Context& context, int hours, int uses) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const Value wish = Value::object({{"lifeSeconds", hours * 3600}, {"uses", uses}});
  const auto answer =
      client->send("POST", "/api/v1/join-tokens", {}, to_json(wish), "application/json");
  if (!answer) return report(answer.error());
  if (context.output.empty() || context.output == "table") {
    fmt::print("{}\n", answer->text("token"));
  } else {
    print_object(context.output, *answer);
  }
  return kExitSuccess;
}

int remove_agent(const Context& context, const std::string& name) {
  auto client = ApiClient::open(context);
  if (!client) return report(client.error());
  const auto removed =
      client->send("DELETE", "/api/v1/agents/" + io::percent_encode(name), {}, "", "");
  if (!removed) return report(removed.error());
  fmt::print("removed {}\n", name);
  return kExitSuccess;
}

/// What an agent says of itself, when it joins and when it runs.
void add_facts(CLI::App& verb, AgentOptions& options) {
  verb.add_option("--name", options.name, "Name of this agent; default: the host's name");
  verb.add_option("--label", options.labels, "KEY=VALUE, for AgentGroup endpoints");
  verb.add_option("--resource-id", options.resource_id,
                  "Azure resource id that this host stands for");
}

/// An option that may stand alone: then `text` becomes empty.
void add_listen_option(CLI::App& verb, const std::string& name, std::string& text,
                       const std::string& help) {
  auto* const option = verb.add_option_function<std::vector<std::string>>(
      name,
      [&text](const std::vector<std::string>& given) { text = given.empty() ? "" : given.front(); },
      help);
  option->expected(0, 1)->type_name("[ADDRESS:PORT]");
}

void add_responders(CLI::App& verb, AgentOptions& options) {
  add_listen_option(verb, "--responder", options.responder,
                    "Accept TCP connections and close them, for tests from other agents; port "
                    "8084 of all addresses if not said otherwise");
  add_listen_option(verb, "--stamp-responder", options.stamp_responder,
                    "Reflect STAMP packets (RFC 8762), for `linewatch check stamp`; UDP port 8085 "
                    "of all addresses if not said otherwise");
}

/// How much of the host and of the network an agent may use.
void add_load(CLI::App& verb, AgentOptions& options) {
  constexpr double kRateMax = 1e9;
  const std::map<std::string, EchoStamps> stamps{{"both", EchoStamps::Both},
                                                 {"receive", EchoStamps::Receive}};
  verb.add_option("--stamps", options.stamps,
                  "Kernel timestamps of echoes: of sending and receiving (both), or of receiving "
                  "only (receive), which makes a check cheaper and its RTT some microseconds less "
                  "exact; default: both")
      ->transform(CLI::Transformer(stamps))
      ->option_text("both|receive");
  verb.add_option("--probe-loops", options.probe_loops,
                  "Threads that make checks; default: one less than cores, 1 to 4")
      ->check(CLI::Range(1, 64));
  verb.add_option(
          "--max-rate", options.limits.checks_per_second,
          "Checks a second of this agent; more are not made and not counted; default: no limit")
      ->check(CLI::Range(0.0, kRateMax));
  verb.add_option("--max-rate-per-destination", options.limits.checks_per_second_per_destination,
                  "Checks a second to one address, by all tests together; default: no limit")
      ->check(CLI::Range(0.0, kRateMax));
}

void add_traces(CLI::App& verb, AgentOptions& options) {
  verb.add_flag("--no-traces", options.no_traces, "Do not follow the ways to the destinations");
  verb.add_option("--trace-interval", options.trace_interval_s,
                  "Seconds between two traces of a way while all is well; one a second while "
                  "something seems wrong")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  verb.add_flag("--no-names", options.no_names, "Do not ask name servers for the names of hops");
  verb.add_option(
      "--network-names", options.networks_file,
      "MaxMind database (.mmdb) of autonomous systems, or of one's own sites, that says "
      "which network a hop is in");
}

void add_join(CLI::App& agent, Context& context, const std::shared_ptr<AgentOptions>& options) {
  auto* const join_verb = agent.add_subcommand("join", "Join a server, once");
  join_verb->add_option("server", options->server, "The server's agent address, HOST[:8444]")
      ->required();
  join_verb
      ->add_option(
          "--token", options->join_token,
          "What `agent token create` printed; seen in `ps`, so rather use --token-file or the "
          "variable")
      ->envname("LINEWATCH_JOIN_TOKEN");
  join_verb->add_option("--token-file", options->join_file, "File that holds the token");
  add_facts(*join_verb, *options);
  join_verb->callback(
      [=, &context] { context.action = [=, &context] { return join_server(context, *options); }; });
}

void add_join_token(CLI::App& agent, Context& context) {
  auto* const token = agent.add_subcommand("token", "Join tokens for new agents");
  token->require_subcommand(1);
  auto* const create = token->add_subcommand("create", "Make a join token and print it");
  auto hours = std::make_shared<int>(24);
  auto uses = std::make_shared<int>(1);
  create->add_option("--hours", *hours, "How long it is good")
      ->check(CLI::Range(1, 8760))
      ->capture_default_str();
  create->add_option("--uses", *uses, "How many agents may join with it")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  create->callback([=, &context] {
    context.action = [=, &context] { return create_token(context, *hours, *uses); };
  });
}

}  // namespace

void add_agent(CLI::App& app, Context& context) {
  auto* const agent = app.add_subcommand("agent", "Run an agent, or manage agents");
  agent->require_subcommand(0, 1);
  auto options = std::make_shared<AgentOptions>();
  agent->add_option("--connect,--server", options->server,
                    "The server's agent address, HOST[:8444]; default: the one it joined");
  agent
      ->add_option("--join-token", options->join_token,
                   "Needed at the first start only; seen in `ps`, so rather use --join-file or the "
                   "variable")
      ->envname("LINEWATCH_JOIN_TOKEN");
  agent->add_option("--join-file", options->join_file, "File that holds the join token");
  add_facts(*agent, *options);
  agent->add_option("--extra-ca", options->extra_ca, "PEM file of roots to trust in HTTPS checks");
  agent->add_flag("--trust-server-ca", options->trust_server,
                  "Trust the linewatch server's CA in HTTPS checks");
  add_load(*agent, *options);
  add_traces(*agent, *options);
  agent->add_option("--spool-mb", options->spool_mb, "Limit of the spool on disk, in MB")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_responders(*agent, *options);
  agent->add_flag("--selftest", options->self_test,
                  "Measure this agent's own error for a second at the start, and report it");
  add_join(*agent, context, options);
  add_join_token(*agent, context);
  add_doctor(*agent, context);
  auto* const remove_verb = agent->add_subcommand("remove", "Forget an agent and refuse it");
  auto name = std::make_shared<std::string>();
  remove_verb->add_option("name", *name, "Name or id")->required();
  remove_verb->callback(
      [=, &context] { context.action = [=, &context] { return remove_agent(context, *name); }; });
  agent->callback([=, &context] {
    if (agent->get_subcommands().empty()) {
      context.action = [=, &context] { return run(context, *options); };
    }
  });
}

}  // namespace lw::cli
