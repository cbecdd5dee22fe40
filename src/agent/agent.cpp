// SPDX-License-Identifier: Apache-2.0
#include "agent/agent.h"

#include <fmt/core.h>

#include <array>
#include <memory>

#include "agent/identity.h"
#include "agent/one_off.h"
#include "agent/probe_loops.h"
#include "agent/responder.h"
#include "agent/self_test_run.h"
#include "agent/sleep_watch.h"
#include "agent/spool.h"
#include "agent/uplink.h"
#include "base/descriptor_limit.h"
#include "base/environment.h"
#include "base/files.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/privileges.h"
#include "base/random.h"
#include "base/signals.h"
#include "io/host.h"
#include "io/loop.h"
#include "probe/prober.h"
#include "wire/grpc_log.h"

namespace lw::agent {
namespace {

/// What the operator says now, or else said when the agent joined.
Agent facts_of(const AgentConfig& config, const std::optional<Identity>& identity) {
  Agent facts;
  facts.name = config.name.empty() ? host_name() : config.name;
  facts.labels = config.labels;
  facts.resource_id = config.resource_id;
  if (identity) {
    if (config.name.empty() && !identity->name.empty()) facts.name = identity->name;
    if (config.labels.empty()) facts.labels = identity->labels;
    if (config.resource_id.empty()) facts.resource_id = identity->resource_id;
  }
  facts.addresses = io::local_addresses();
  return facts;
}

Result<Identity> join_and_save(const AgentConfig& config, const Agent& facts) {
  Identity identity = TRY(join(config.server, config.join_token, facts));
  TRY(save_identity(config.data_directory, identity));
  log::info("agent",
            fmt::format("joined {} as {} ({})", config.server, facts.name, to_string(identity.id)));
  return identity;
}

/// The identity on disk, or a new one by joining. A server that is away is waited for, unless the
/// operator stops us meanwhile (then: nothing).
Result<std::optional<Identity>> ensure_identity(const AgentConfig& config, const Agent& facts) {
  auto identity = TRY(load_identity(config.data_directory));
  if (identity) return identity;
  if (config.join_token.empty() || config.server.empty()) {
    return fail(ErrorCode::InvalidInput,
                "this agent has not joined a server yet; run `linewatch agent token create` on the "
                "server, then `linewatch agent join HOST --token TOKEN` here");
  }
  std::string last_failure;
  while (true) {
    auto joined = join_and_save(config, facts);
    if (joined) return std::optional<Identity>(std::move(*joined));
    if (joined.error().code != ErrorCode::Unavailable) return std::unexpected(joined.error());
    if (joined.error().message != last_failure) {
      log::warning("agent", "cannot join yet: " + joined.error().message);
    }
    last_failure = joined.error().message;
    if (wait_for_termination(Seconds(2)) != 0) return std::nullopt;
  }
}

/// What the parts of this agent have to say, as one.
ProbeReport join_reports(ProbeReport report, const Responder& responder, const PathMonitor& paths,
                         const SelfTestRun& test, const std::string& slept) {
  const Responder::Report responding = responder.report();
  report.responder_connections = responding.connections;
  report.stamp_replies = responding.stamp_replies;
  report.listening = responding.listening;
  if (!report.problem.empty() && !responding.problem.empty()) report.problem += "; ";
  report.problem += responding.problem;
  if (!report.problem.empty() && !slept.empty()) report.problem += "; ";
  report.problem += slept;
  report.path_problem = paths.problem();
  report.self_test = test.result();
  return report;
}

Result<Spools> open_spools(const AgentConfig& config) {
  const std::string& folder = config.data_directory;
  Spool rounds =
      TRY(Spool::open({.directory = folder + "/spool", .bytes_max = config.spool_bytes_max},
                      SpoolId{random_u64()}));
  // Reports are few and small; a sixteenth of the room holds weeks of them.
  Spool paths = TRY(
      Spool::open({.directory = folder + "/path-spool", .bytes_max = config.spool_bytes_max / 16},
                  SpoolId{random_u64()}));
  return Spools{std::move(rounds), std::move(paths)};
}

Result<std::string> read_extra_roots(const AgentConfig& config) {
  if (config.extra_ca_file.empty()) return "";
  return read_file(config.extra_ca_file);
}

}  // namespace

Result<void> join_server(const AgentConfig& config) {
  wire::adopt_grpc_log();
  TRY(make_directories(config.data_directory));
  const DirectoryLock lock = TRY(DirectoryLock::acquire(config.data_directory));
  if (TRY(load_identity(config.data_directory))) {
    return fail(ErrorCode::Conflict,
                config.data_directory +
                    " has joined a server already; remove its identity.json to join another");
  }
  TRY(join_and_save(config, facts_of(config, std::nullopt)));
  return {};
}

Result<void> run_agent(const AgentConfig& config) {
  raise_descriptor_limit();
  wire::adopt_grpc_log();
  TRY(make_directories(config.data_directory));
  // Before the first thread. What only root may read (--extra-ca, --join-file) has been read.
  const std::string extra_roots_pem = TRY(read_extra_roots(config));
  const SystemClock clock;
  Responder responder(config.responder, clock);
  ProberConfig prober_config;
  prober_config.extra_ca_pem = extra_roots_pem;
  prober_config.limits = config.limits;
  prober_config.stamps = config.stamps;
  std::unique_ptr<Uplink> uplink;
  // paths → uplink, probe → paths, probe → uplink. Early: large socket buffers need a right that
  // goes with what follows.
  PathMonitor paths(config.paths, clock,
                    [&](PathReport&& report) { uplink->submit(std::move(report)); });
  ProbeLoops probe(config.probe_loops > 0 ? config.probe_loops : default_probe_loops(core_count()),
                   prober_config, clock, [&](Round&& round) {
                     paths.observe(round);
                     uplink->submit(std::move(round));
                   });
  // one-off → uplink
  OneOffRuns one_offs(prober_config, clock,
                      [&](OneOffAnswer answer) { uplink->answer(std::move(answer)); });
  const std::string left = keep_only_raw_sockets(std::array{config.data_directory});
  log::debug("agent", "capabilities: " + (left.empty() ? "none" : left));
  const DirectoryLock lock = TRY(DirectoryLock::acquire(config.data_directory));
  const auto identity = TRY(ensure_identity(config, facts_of(config, std::nullopt)));
  if (!identity) return {};
  const Agent facts = facts_of(config, identity);

  Spools spools = TRY(open_spools(config));
  if (config.trust_server_authority) {
    probe.trust(identity->authority_pem);
    one_offs.trust(identity->authority_pem);
  }
  SelfTestRun self_test(clock);
  SleepWatch sleep_watch(time_suspended());  // of the uplink's thread
  // uplink → probe, uplink → paths, uplink → responder
  uplink = std::make_unique<Uplink>(
      UplinkConfig{config.server.empty() ? identity->server : config.server, config.data_directory,
                   facts},
      *identity, std::move(spools), clock,
      UplinkHandlers{
          .assigned =
              [&](AssignedWork work) {
                paths.assign(work.tests);
                probe.assign(std::move(work.tests));
                responder.listen(std::move(work.listen_ports));
              },
          .trace_wanted = [&](TestId test, bool with_mtu) { paths.request(test, with_mtu); },
          .report =
              [&] {
                const std::string slept = sleep_watch.look(time_suspended(), clock.wall_now());
                return join_reports(probe.report(), responder, paths, self_test, slept);
              },
          .check_wanted = [&](OneOffOrder order) { one_offs.start(std::move(order)); },
          .addresses = io::local_addresses});
  responder.start();
  paths.start();
  probe.start();
  if (config.self_test) self_test.start();
  wait_for_termination();
  log::info("agent", "stopping");
  probe.stop();
  paths.stop();
  one_offs.stop();
  uplink.reset();
  return {};
}

}  // namespace lw::agent
