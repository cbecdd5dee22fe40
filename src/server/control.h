// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "model/agent.h"
#include "model/connection_monitor.h"
#include "model/listening.h"
#include "model/self_test.h"
#include "registry/registry.h"
#include "server/agent_events.h"
#include "server/agent_records.h"
#include "server/assignments.h"
#include "server/authority.h"
#include "server/fault_finder.h"
#include "server/fleet_session.h"
#include "server/history.h"
#include "server/live_paths.h"
#include "server/live_state.h"
#include "server/one_off.h"
#include "server/plan.h"
#include "store/path_writer.h"
#include "store/round_writer.h"

namespace linewatch::wire {
class AgentMessage;
class AgentStatus;
class AssignmentWanted;
class CheckAnswer;
class EnrollRequest;
class EnrollResponse;
class Hello;
class PathBatch;
class RoundBatch;
}  // namespace linewatch::wire

namespace lw::server {

/// A connected agent as the control loop sees it.
struct AgentConnection {
  std::shared_ptr<FleetSession> session;
  Timestamp since{};
  std::string version;
  std::uint32_t protocol = 0;          ///< that both sides speak
  std::uint64_t assigned_version = 0;  ///< sent
  std::uint64_t running_version = 0;   ///< reported
  std::uint64_t spool_records = 0;
  std::uint64_t rounds_dropped = 0;
  std::uint64_t intervals_missed = 0;
  std::string problem;
  std::optional<Microseconds> clock_offset;  ///< its wall clock minus ours, when it last reported
  std::uint64_t responder_connections = 0;
  std::uint64_t stamp_replies = 0;
  std::optional<SelfTest> self_test;  ///< if it made one
  std::uint64_t path_reports_dropped = 0;
  std::string path_problem;  ///< why it traces nothing, or not all; empty when all is well
  std::vector<ListeningPort> listening;  ///< of tests that want it to listen
};

/// What the server knows of one agent, connected or not.
struct AgentView {
  Agent agent;
  std::optional<Timestamp> last_seen;
  std::optional<AgentConnection> connection;
};

/// What happened to each monitor in an apply.
struct MonitorChange {
  enum class Kind { Created, Updated, Unchanged, Removed };
  std::string name;
  Kind kind = Kind::Unchanged;
};

/// The server's one loop of decisions: owns the registry, the live states, the fleet and the plan
/// of which agent runs which test. Everything happens on its thread; other threads hand in work
/// with post() and get answers by callbacks, which run on this thread and must not block.
class Control {
 public:
  /// `keep_days` is the retention of the default workspace, one of store::kKeepDays.
  Control(registry::Registry registry, const Authority& authority, const Clock& clock,
          History& history, std::uint16_t keep_days);
  ~Control();

  /// Connects the writers and starts the thread. Their on_durable must call on_durable().
  Result<void> start(store::RoundWriter& writer, store::PathWriter& path_writer);
  /// Ends the thread; what is posted afterwards is dropped.
  void stop();

  /// Any thread. Blocks only while ten thousands of items wait.
  void post(std::function<void()> work);

  // From the fleet service, any thread.
  using EnrollDone = std::function<void(Result<::linewatch::wire::EnrollResponse>)>;
  void enroll(const ::linewatch::wire::EnrollRequest& request, std::string peer, EnrollDone done);
  /// `certificate_sha256_hex` is of the certificate that the agent shows.
  void renew(AgentId agent, std::string certificate_sha256_hex,
             const std::string& signing_request_pem, EnrollDone done);
  void on_message(std::shared_ptr<FleetSession> session,
                  std::shared_ptr<::linewatch::wire::AgentMessage> message);
  void on_session_end(std::shared_ptr<FleetSession> session);
  // From the writers' threads.
  void on_durable(AgentId agent, SpoolId spool, std::uint64_t sequence);

  // On the control thread only (inside post).
  [[nodiscard]] const LiveState& live() const { return live_; }
  [[nodiscard]] const LivePaths& paths() const { return paths_; }
  /// The worst alert that fires for a test, for snapshots and streams (server/alerts).
  void set_alert(TestId test, AlertCode alert) { live_.set_alert(test, alert); }
  /// Links that explain what many tests meet; some seconds old at most.
  [[nodiscard]] const std::vector<topology::LocalisedFault>& faults() const { return faults_; }
  /// The same as if there were no other tests than those that `is_seen` names; found at once.
  [[nodiscard]] std::vector<topology::LocalisedFault> faults_among(
      const std::function<bool(const Test&)>& is_seen) const;
  /// Asks the test's agent for traces now, and for the path's MTU if `with_mtu`; the report comes
  /// in like others.
  Result<void> request_trace(TestId test, bool with_mtu = false);
  /// Asks an agent to check a connection now that need be no test of its. `done` gets the answer on
  /// this thread, or why there is none: the agent is away, too old, busy, or silent for a minute.
  void check_once(AgentId agent, const OneOffCheck& check, const OneOffRequests::Done& done);
  /// Answers of work that takes longer than a request, by ids that only those know who asked.
  [[nodiscard]] Operations& operations() { return operations_; }
  [[nodiscard]] std::vector<AgentView> agents() const;
  [[nodiscard]] const std::vector<registry::StoredMonitor>& monitors() const { return stored_; }
  [[nodiscard]] const std::vector<ConnectionMonitor>& models() const { return models_; }
  /// LimitExceeded if putting these would make more tests than a server runs (server/plan.h).
  [[nodiscard]] Result<void> check_room(const std::vector<ConnectionMonitor>& changed) const;
  /// Puts all of `documents` or none. They must have been validated.
  Result<std::vector<MonitorChange>> apply(std::vector<ConnectionMonitor> models,
                                           const std::vector<Value>& documents, bool dry_run);
  /// Puts one resource, equal or not to what was there: the write gives it a new etag. `model` is
  /// what was read from `document`, under the monitor's key (model/resource_id.h).
  Result<MonitorChange::Kind> put_monitor(ConnectionMonitor model, Value document);
  Result<void> remove_monitor(const std::string& name);
  /// All tests of a stopped monitor are Not Running.
  Result<void> set_monitor_stopped(const std::string& name, bool is_stopped);
  /// The monitor of that key, whatever its case, or null.
  [[nodiscard]] const registry::StoredMonitor* find_monitor(std::string_view name) const;
  [[nodiscard]] const std::vector<registry::NetworkWatcher>& watchers() const { return watchers_; }
  [[nodiscard]] const registry::NetworkWatcher* find_watcher(std::string_view resource_group,
                                                             std::string_view name) const;
  Result<void> put_watcher(const registry::NetworkWatcher& watcher);
  /// Its monitors go with it.
  Result<void> remove_watcher(const registry::NetworkWatcher& watcher);
  Result<std::string> create_join_token(std::chrono::seconds life, int uses);
  Result<void> remove_agent(AgentId agent);
  Result<std::vector<registry::ApiToken>> api_tokens();
  /// The new token's text, shown this once. Conflict if the name is taken.
  Result<std::string> create_api_token(const std::string& name, registry::Role role,
                                       std::optional<std::chrono::seconds> life,
                                       std::optional<std::vector<std::string>> scopes = {});
  Result<void> remove_api_token(const std::string& name);
  /// Enters it with the present time. A log that cannot be written is said in the process's own.
  void audit(registry::AuditEntry entry);
  Result<std::vector<registry::AuditEntry>> audit_entries(std::size_t limit);
  /// Those behind that number, oldest first, at most `limit`.
  Result<std::vector<registry::NumberedAuditEntry>> audit_entries_behind(std::int64_t number,
                                                                         std::size_t limit);
  [[nodiscard]] const std::string& subscription_id() const { return subscription_id_; }
  [[nodiscard]] const std::string& workspace_id() const { return workspace_id_; }
  /// A secret of this server for the ids of its operations (arm/operations.h).
  [[nodiscard]] const std::string& operation_key() const { return operation_key_; }
  [[nodiscard]] std::uint16_t keep_days() const { return keep_days_; }
  [[nodiscard]] Timestamp started() const { return started_; }

 private:
  struct WaitingBatch {
    std::shared_ptr<FleetSession> session;
    std::vector<store::StoredRound> rounds;
    std::vector<store::StoredPathReport> paths;
  };

  void run();
  void tick();
  Result<void> load();
  Result<void> load_models();
  Result<void> load_watchers();
  Result<void> reload_monitors();
  void restore_states();
  void restore_agents();
  void adopt_agents(std::vector<Agent> agents);
  void adopt_plan(const std::vector<Test>& tests);
  void replan();
  /// As replan(), where nothing but these monitors has changed since.
  void replan_monitors(const std::vector<std::string>& names);
  /// As replan(), which many agents may want at one moment: later if it takes long, once for all.
  void replan_soon();
  /// Tells those of the agents that are connected what changed for them.
  void push_assignments(const std::unordered_set<AgentId>& agents);
  void push_assignment(AgentId agent, AgentConnection& connection);
  void find_faults();
  void record(std::vector<StateChange> changes);
  void log_change(const StateChange& change);
  [[nodiscard]] AbsenceFacts absence_facts(const LiveTest& live) const;

  void handle_message(const std::shared_ptr<FleetSession>& session,
                      const ::linewatch::wire::AgentMessage& message);
  void handle_hello(const std::shared_ptr<FleetSession>& session,
                    const ::linewatch::wire::Hello& hello);
  void handle_rounds(const std::shared_ptr<FleetSession>& session,
                     const ::linewatch::wire::RoundBatch& batch);
  void handle_paths(const std::shared_ptr<FleetSession>& session,
                    const ::linewatch::wire::PathBatch& batch);
  void take_in(AgentId agent, const PathReport& report);
  void handle_assignment_wanted(const FleetSession& session, AgentConnection& connection,
                                const ::linewatch::wire::AssignmentWanted& wanted);
  void handle_check(const FleetSession& session, const ::linewatch::wire::CheckAnswer& answer);
  void handle_status(const Agent& agent, AgentConnection& connection,
                     const ::linewatch::wire::AgentStatus& status);
  Result<::linewatch::wire::EnrollResponse> enroll_now(
      const ::linewatch::wire::EnrollRequest& request);
  Result<::linewatch::wire::EnrollResponse> renew_now(AgentId agent,
                                                      const std::string& certificate_sha256_hex,
                                                      const std::string& signing_request_pem);
  [[nodiscard]] Result<void> check_may_connect(const FleetSession& session) const;
  /// Ends what an earlier connection of the agent left.
  void make_way_for(AgentId agent);
  /// What an agent tells of itself, but for what it may not change.
  [[nodiscard]] Agent facts_to_keep(const Agent& known, Agent told) const;
  /// Afterwards `known` may dangle, if it was one of ours.
  void take_over_facts(const Agent& known, const Agent& facts, Timestamp at);
  store::StoredRound judge(const RoundOrigin& origin, Round round, Timestamp happened);
  void skip_unreadable(AgentId agent, SpoolId spool, std::uint64_t last_sequence);
  bool offer(const WaitingBatch& batch);
  void retry_waiting();
  [[nodiscard]] AgentConnection* connection_of(const FleetSession& session);
  [[nodiscard]] const Agent* find_agent(AgentId id) const;

  registry::Registry registry_;
  AgentRecords records_;
  AgentEvents events_;
  const Authority& authority_;
  const Clock& clock_;
  History& history_;
  const std::uint16_t keep_days_;
  store::RoundWriter* writer_ = nullptr;
  store::PathWriter* path_writer_ = nullptr;

  std::vector<Agent> agents_;
  std::unordered_map<AgentId, std::size_t> agent_places_;  ///< in agents_
  std::vector<registry::StoredMonitor> stored_;
  std::vector<ConnectionMonitor> models_;  ///< same order as stored_
  /// Of each monitor as it was when its model was read, by name.
  std::unordered_map<std::string, std::string> model_etags_;
  std::vector<registry::NetworkWatcher> watchers_;
  LiveState live_;
  Duties duties_;
  Assignments assignments_;
  bool is_plan_stale_ = false;
  Instant replanned_{};                          ///< when the plan was last made …
  std::chrono::nanoseconds replanning_took_{0};  ///< … and for how long
  LivePaths paths_;
  FaultFinder fault_finder_;
  std::vector<topology::LocalisedFault> faults_;
  Instant faults_found_{};
  std::unordered_map<AgentId, AgentConnection> connections_;
  std::string store_problem_;  ///< the writer's, as of the last tick
  OneOffRequests one_offs_;
  Operations operations_;
  std::vector<WaitingBatch> waiting_;  ///< at most one a session: a writer was full
  std::string subscription_id_;
  std::string workspace_id_;
  std::string operation_key_;
  Timestamp started_{};
  Instant ticked_{};
  Instant absence_from_{};     ///< before it, restored states wait for their agents to come back
  Instant log_window_{};       ///< start of the minute in which changes are counted
  std::size_t log_lines_ = 0;  ///< state changes in it, logged or not

  // everybody → control
  Channel<std::function<void()>> work_{50'000, WhenFull::Block};
  Flag stopping_;
  Thread thread_;
};

}  // namespace lw::server
