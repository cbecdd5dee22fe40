// SPDX-License-Identifier: Apache-2.0
// linewatch simulate: agents that measure nothing and report all the same, for demos and load.
#include <fmt/core.h>

#include <CLI/CLI.hpp>

#include "agent/identity.h"
#include "base/descriptor_limit.h"
#include "base/files.h"
#include "base/number.h"
#include "base/signals.h"
#include "base/text.h"
#include "cli/api_client.h"
#include "cli/context.h"
#include "cli/simulated_fleet.h"
#include "cli/table.h"
#include "model/codec.h"
#include "simulate/fleet.h"
#include "wire/grpc_log.h"
#include "wire/protocol.h"

namespace lw::cli {
namespace {

constexpr Seconds kProgressEvery{5};
constexpr std::size_t kAgentsMax = 10'000;
constexpr std::size_t kTestsMax = 2'000'000;
/// Monitors are written some at a time: a request has its limit of bytes.
constexpr std::size_t kMonitorsPerRequest = 20;

struct SimulateOptions {
  std::size_t agents = 20;
  std::size_t tests = 400;
  std::string history = "0s";
  std::uint64_t seed = 1;
  int interval_s = 60;
  std::string connect;
  std::string until;
  std::string identities;
  bool once = false;
  bool no_monitors = false;
  bool no_paths = false;
  bool steady = false;
  int for_s = 0;
};

/// "90s", "15m", "24h", "7d".
Result<Seconds> parse_history(const std::string& text) {
  const auto number =
      text.empty() ? std::nullopt : parse_number<std::uint32_t>(text.substr(0, text.size() - 1));
  const std::string unit = text.empty() ? "" : text.substr(text.size() - 1);
  if (number && unit == "s") return Seconds(*number);
  if (number && unit == "m") return std::chrono::minutes(*number);
  if (number && unit == "h") return std::chrono::hours(*number);
  if (number && unit == "d") return std::chrono::days(*number);
  return fail(ErrorCode::InvalidInput,
              fmt::format("`{}` is no length of time; write it like 90s, 15m, 24h or 7d", text));
}

/// Where agents dial: the server's own word on this machine, else the API's host.
Result<std::string> agent_address(const Context& context, const SimulateOptions& options,
                                  const std::string& url) {
  if (!options.connect.empty()) return options.connect;
  int port = wire::kAgentPortDefault;
  if (const auto text = read_file(data_directory(context) + "/server.json")) {
    const auto facts = parse_json(*text);
    if (facts && facts->text("url") == url)
      port = static_cast<int>(facts->number("agentPort", port));
  }
  const std::string authority = url.substr(url.find("://") + 3);
  const agent::HostPort host = TRY(agent::parse_server(authority));
  const bool is_v6 = host.host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", is_v6 ? "[" : "", host.host, is_v6 ? "]" : "", port);
}

Result<void> write_monitors(ApiClient& client, const SimulateOptions& options) {
  const auto monitors = TRY(simulate::make_monitors({.agents = options.agents,
                                                     .tests = options.tests,
                                                     .frequency = Seconds(options.interval_s)}));
  for (std::size_t done = 0; done < monitors.size(); done += kMonitorsPerRequest) {
    Value list = Value::array();
    for (std::size_t i = done; i < std::min(monitors.size(), done + kMonitorsPerRequest); ++i) {
      list.push(to_document(monitors[i]));
    }
    const Value file = Value::object({{"connectionMonitors", std::move(list)}});
    TRY(client.send("POST", "/api/v1/apply", {}, to_json(file), "application/json"));
  }
  return {};
}

Value to_value(const SimulatedFleet::Counters& counters) {
  Value value;
  value.set("agents", std::uint64_t{counters.agents});
  value.set("agentsConnected", std::uint64_t{counters.connected});
  value.set("connects", counters.connects);
  value.set("tests", std::uint64_t{counters.tests});
  value.set("rounds", counters.rounds);
  value.set("roundsAcknowledged", counters.acknowledged);
  value.set("roundsWaiting", counters.backlog);
  value.set("roundBytes", counters.bytes);
  value.set("assignments", counters.assignments);
  value.set("differences", counters.differences);
  value.set("testsPut", counters.tests_put);
  value.set("testsRemoved", counters.tests_removed);
  value.set("pathReports", counters.reports);
  value.set("pathReportsAcknowledged", counters.reports_acknowledged);
  return value;
}

void print_progress(const SimulatedFleet::Counters& counters) {
  fmt::print(stderr,
             "{} of {} agents connected, {} tests, {} rounds made, {} acknowledged, {} waiting; {} "
             "path reports; {} assignments and {} differences put {} and remove {} tests{}{}\n",
             counters.connected, counters.agents, counters.tests, counters.rounds,
             counters.acknowledged, counters.backlog, counters.reports, counters.assignments,
             counters.differences, counters.tests_put, counters.tests_removed,
             counters.last_failure.empty() ? "" : "; ", counters.last_failure);
}

/// Asked now and then whether it is time to go; tells how things are meanwhile.
class Watch {
 public:
  Watch(const SimulatedFleet& fleet, const Clock& clock, int for_s)
      : fleet_(fleet), clock_(clock), began_(clock.now()), for_(for_s) {}
  bool stop() {
    const Instant now = clock_.now();
    if (now - told_ >= kProgressEvery) {
      if (told_ != Instant{}) print_progress(fleet_.counters());
      told_ = now;
    }
    if (for_.count() > 0 && now - began_ >= for_) return true;
    return wait_for_termination(Milliseconds(0)) != 0;
  }

 private:
  const SimulatedFleet& fleet_;
  const Clock& clock_;
  Instant began_;
  Seconds for_;
  Instant told_{};
};

Result<SimulatedFleetConfig> to_config(const SimulateOptions& options, const Clock& clock) {
  SimulatedFleetConfig config;
  config.seed = options.seed;
  config.has_paths = !options.no_paths;
  config.is_steady = options.steady;
  config.identities = options.identities;
  config.story = clock.wall_now();
  if (!options.until.empty()) {
    const auto until = parse_iso8601(options.until);
    if (!until) {
      return fail(ErrorCode::InvalidInput,
                  "--until must be a time like 2026-01-02T03:04:05Z, not `" + options.until + "`");
    }
    config.story = *until;
  }
  if (options.once) config.until = config.story;
  config.from = config.story - TRY(parse_history(options.history));
  return config;
}

Result<void> run(const Context& context, const SimulateOptions& options) {
  raise_descriptor_limit();
  wire::adopt_grpc_log();
  const SystemClock clock;
  SimulatedFleetConfig config = TRY(to_config(options, clock));
  ApiClient client = TRY(ApiClient::open(context));
  config.server = TRY(agent_address(context, options, client.url()));
  const Value wish =
      Value::object({{"lifeSeconds", 86'400}, {"uses", static_cast<std::int64_t>(options.agents)}});
  const Value token =
      TRY(client.send("POST", "/api/v1/join-tokens", {}, to_json(wish), "application/json"));

  SimulatedFleet fleet(config, clock);
  Watch watch(fleet, clock, options.for_s);
  const auto stop = [&] { return watch.stop(); };
  fmt::print(stderr, "{} join {} …\n", counted(options.agents, "agent"), config.server);
  TRY(fleet.join(simulate::make_agents(options.agents), token.text("token"), stop));
  // After the agents, so that the server plans once.
  if (!options.no_monitors) TRY(write_monitors(client, options));
  fleet.run(stop);
  const SimulatedFleet::Counters counters = fleet.counters();
  if (context.output.empty() || context.output == "table") {
    print_progress(counters);
  } else {
    print_object(context.output, to_value(counters));
  }
  return {};
}

void add_options(CLI::App& verb, SimulateOptions& options) {
  verb.add_option("--agents", options.agents, "How many agents")
      ->check(CLI::Range(std::size_t{1}, kAgentsMax))
      ->capture_default_str();
  verb.add_option("--tests", options.tests, "How many tests, of all agents together")
      ->check(CLI::Range(std::size_t{1}, kTestsMax))
      ->capture_default_str();
  verb.add_option("--history", options.history,
                  "First report so much of the past: 90s, 15m, 24h, 7d")
      ->capture_default_str();
  verb.add_option("--seed", options.seed, "Another seed, other results")->capture_default_str();
  verb.add_option("--interval", options.interval_s, "Seconds from round to round of a test")
      ->check(CLI::Range(1, 1800))
      ->capture_default_str();
  verb.add_option("--connect", options.connect,
                  "The server's agent address, HOST[:8444]; default: the API's host");
  verb.add_flag("--once", options.once, "Stop when the history is stored");
  verb.add_option("--until", options.until,
                  "Where the history ends, as 2026-01-02T03:04:05Z; default: now. With --once and "
                  "--seed it makes results repeatable");
  verb.add_option("--for", options.for_s, "Stop after so many seconds")
      ->check(CLI::Range(1, 10'000'000));
  verb.add_flag("--no-monitors", options.no_monitors,
                "Write no connection monitors: run what the server assigns");
  verb.add_flag("--no-paths", options.no_paths, "Report no paths");
  verb.add_flag("--steady", options.steady, "All agents stay and have right clocks");
  verb.add_option("--identities", options.identities,
                  "Folder to keep the agents' identities in, so that the next simulation goes on "
                  "with the same agents");
}

}  // namespace

void add_simulate(CLI::App& app, Context& context) {
  auto* const verb = app.add_subcommand(
      "simulate", "Make up agents and results: for demos, tests of load and of the UI");
  auto options = std::make_shared<SimulateOptions>();
  add_options(*verb, *options);
  verb->callback([=, &context] {
    context.action = [=, &context] {
      const auto done = run(context, *options);
      return done ? kExitSuccess : report(done.error());
    };
  });
}

}  // namespace lw::cli
