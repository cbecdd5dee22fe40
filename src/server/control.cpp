// SPDX-License-Identifier: Apache-2.0
#include "server/control.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "io/pki.h"
#include "model/codec.h"
#include "model/expand.h"
#include "model/resource_id.h"
#include "model/validate.h"
#include "wire/fleet.pb.h"
#include "wire/join_token.h"

namespace lw::server {
namespace {

constexpr Milliseconds kLookEvery{500};
/// A log is for people: a failing data centre must not write ten thousand lines.
constexpr Seconds kLogWindow{60};
/// Agents come back within 15 s of a restart; their tests keep their states so long.
constexpr Seconds kReconnectGrace{20};
constexpr std::size_t kLogLinesMax = 100;
constexpr Seconds kFaultsEvery{5};
/// A plan that is made so quickly is made anew at each change of the fleet.
constexpr Milliseconds kReplanningIsQuick{50};
/// Otherwise changes are gathered, so that at most one part in so many of the time goes into it.
constexpr int kReplanningShare = 4;

/// What was read from the stored document before, unless it has changed since.
ConnectionMonitor model_of(const registry::StoredMonitor& stored,
                           std::vector<ConnectionMonitor>& before,
                           const std::unordered_map<std::string, std::string>& etags) {
  const auto etag = etags.find(stored.name);
  const auto known = std::ranges::find(before, stored.name, &ConnectionMonitor::name);
  if (known != before.end() && etag != etags.end() && etag->second == stored.etag) {
    return std::move(*known);
  }
  MonitorRead read = read_monitor_item(stored.document, "", stored.name);
  // It was valid when it was stored; a newer release may be stricter and must still start.
  for (const Diagnostic& fault : read.faults) log::warning("registry", to_string(fault));
  read.monitor.name = stored.name;
  read.monitor.is_stopped = stored.is_stopped;
  return std::move(read.monitor);
}

}  // namespace

Control::Control(registry::Registry registry, const Authority& authority, const Clock& clock,
                 History& history, std::uint16_t keep_days)
    : registry_(std::move(registry)),
      records_(registry_),
      authority_(authority),
      clock_(clock),
      history_(history),
      keep_days_(keep_days) {}

Control::~Control() { stop(); }

Result<void> Control::start(store::RoundWriter& writer, store::PathWriter& path_writer) {
  writer_ = &writer;
  path_writer_ = &path_writer;
  started_ = clock_.wall_now();
  TRY(load());
  thread_ = Thread("control", [this] { run(); });
  return {};
}

void Control::stop() {
  stopping_.raise();
  work_.close();
  thread_.join();
  // Work that was not done is dropped here, so that callers who wait for it are answered.
  while (work_.try_pop()) {
  }
  records_.write();
  if (auto events = events_.take(); !events.empty()) history_.record(std::move(events));
}

void Control::post(std::function<void()> work) { work_.push(std::move(work)); }

Result<void> Control::load() {
  subscription_id_ = TRY(registry_.setting("subscription_id", random_uuid()));
  workspace_id_ = TRY(registry_.setting("workspace_id", random_uuid()));
  operation_key_ = TRY(registry_.setting("operation_key", hex_of(random_bytes(16))));
  adopt_agents(TRY(registry_.agents()));
  TRY(records_.load(clock_.wall_now()));
  TRY(load_models());
  TRY(load_watchers());
  // Microseconds since 1970 outrun any number of changes, so revisions never come back.
  live_.continue_revisions_from(static_cast<std::uint64_t>(to_unix_us(clock_.wall_now())));
  const std::vector<Test> tests = plan_tests(models_, agents_);
  history_.describe_tests(tests);
  adopt_plan(tests);
  restore_states();
  restore_agents();
  return {};
}

void Control::run() {
  while (!stopping_.is_raised()) {
    if (auto work = work_.pop_for(kLookEvery)) (*work)();
    if (clock_.now() - ticked_ >= kLookEvery) tick();
  }
}

void Control::tick() {
  ticked_ = clock_.now();
  const bool may_replan = ticked_ - replanned_ >= kReplanningShare * replanning_took_;
  if (is_plan_stale_ && may_replan) replan();
  store_problem_ = writer_->stats().problem;
  records_.write_if_due(ticked_);
  one_offs_.tick(ticked_);
  retry_waiting();
  if (auto events = events_.take(); !events.empty()) history_.record(std::move(events));
  if (ticked_ - faults_found_ >= kFaultsEvery) find_faults();
  if (ticked_ < absence_from_) return;
  record(live_.tick(clock_.wall_now(), [&](const LiveTest& live) { return absence_facts(live); }));
}

void Control::adopt_agents(std::vector<Agent> agents) {
  agents_ = std::move(agents);
  agent_places_.clear();
  for (std::size_t i = 0; i < agents_.size(); ++i) agent_places_.emplace(agents_[i].id, i);
}

const Agent* Control::find_agent(AgentId id) const {
  const auto found = agent_places_.find(id);
  return found == agent_places_.end() ? nullptr : &agents_[found->second];
}

AbsenceFacts Control::absence_facts(const LiveTest& live) const {
  AbsenceFacts facts;
  facts.last_round = live.last_round;
  facts.assigned_since = live.assigned;
  const Agent* const agent = find_agent(live.test.agent);
  if (agent == nullptr) return facts;
  facts.agent_name = agent->name;
  facts.agent_last_seen = records_.last_seen(agent->id);
  const auto connection = connections_.find(agent->id);
  if (connection == connections_.end()) return facts;
  facts.agent_connected = true;
  facts.agent_connected_since = connection->second.since;
  facts.agent_rounds_waiting = connection->second.spool_records;
  facts.agent_dropped_rounds = connection->second.rounds_dropped > 0;
  facts.store_problem = store_problem_;
  return facts;
}

void Control::find_faults() {
  faults_found_ = ticked_;
  faults_ = faults_among({});
}

std::vector<topology::LocalisedFault> Control::faults_among(
    const std::function<bool(const Test&)>& is_seen) const {
  const auto name_of = [&](AgentId id) {
    const Agent* const agent = find_agent(id);
    return agent != nullptr ? agent->name : to_string(id);
  };
  return fault_finder_.find(live_, paths_, name_of, is_seen);
}

void Control::record(std::vector<StateChange> changes) {
  for (const StateChange& change : changes) log_change(change);
  if (!changes.empty()) history_.record(std::move(changes));
}

void Control::log_change(const StateChange& change) {
  if (clock_.now() - log_window_ >= kLogWindow) {
    if (log_lines_ > kLogLinesMax) {
      log::info("state", fmt::format("… and {} further changes within a minute; all are in "
                                     "`linewatch get changes`",
                                     log_lines_ - kLogLinesMax));
    }
    log_window_ = clock_.now();
    log_lines_ = 0;
  }
  const LiveTest* const live = live_.find(change.test);
  if (live == nullptr || ++log_lines_ > kLogLinesMax) return;
  log::info("state", fmt::format("{}: {} → {}: {}", live->test.full_name(), to_string(change.from),
                                 to_string(change.to.state), change.to.reason.text));
}

void Control::adopt_plan(const std::vector<Test>& tests) {
  live_.replace_tests(tests, clock_.wall_now());
  duties_ = {};
  for (const TestId id : live_.order()) duties_.add(live_.find(id)->test);
  duties_.take_changed();
}

void Control::replan() {
  const Instant began = clock_.now();
  is_plan_stale_ = false;
  const std::vector<Test> tests = plan_tests(models_, agents_);
  history_.describe_tests(tests);
  adopt_plan(tests);
  const auto is_kept = [&](TestId test) { return live_.find(test) != nullptr; };
  paths_.keep_only(is_kept);
  fault_finder_.keep_only(is_kept);
  for (auto& [agent, connection] : connections_) push_assignment(agent, connection);
  const Timestamp now = clock_.wall_now();
  record(live_.tick(now, [&](const LiveTest& live) { return absence_facts(live); }));
  replanned_ = clock_.now();
  replanning_took_ = replanned_ - began;
}

void Control::replan_monitors(const std::vector<std::string>& names) {
  // With the fleet changed as well, there is more to do.
  if (is_plan_stale_) return replan();
  std::vector<LiveState::MonitorTests> changed;
  for (const std::string& name : names) {
    const auto model = std::ranges::find(models_, name, &ConnectionMonitor::name);
    changed.push_back({name, {}});
    if (model != models_.end()) changed.back().tests = expand(*model, agents_);
    history_.describe_tests(changed.back().tests);
    for (const TestId id : live_.tests_of(name)) duties_.remove(live_.find(id)->test);
  }
  std::vector<std::string> order;
  order.reserve(models_.size());
  for (const ConnectionMonitor& model : models_) order.push_back(model.name);
  const Timestamp now = clock_.wall_now();
  for (const TestId id : live_.replace_tests_of(std::move(changed), order, now)) {
    paths_.forget(id);
    fault_finder_.forget(id);
  }
  for (const std::string& name : names) {
    for (const TestId id : live_.tests_of(name)) duties_.add(live_.find(id)->test);
  }
  push_assignments(duties_.take_changed());
  record(live_.tick(now, [&](const LiveTest& live) { return absence_facts(live); }));
}

void Control::replan_soon() {
  is_plan_stale_ = true;
  if (replanning_took_ < kReplanningIsQuick) replan();
}

void Control::push_assignments(const std::unordered_set<AgentId>& agents) {
  for (const AgentId agent : agents) {
    const auto found = connections_.find(agent);
    if (found != connections_.end()) push_assignment(agent, found->second);
  }
}

void Control::push_assignment(AgentId agent, AgentConnection& connection) {
  std::vector<const Test*> tests;
  const Timestamp now = clock_.wall_now();
  for (const TestId id : duties_.tests_of(agent)) {
    tests.push_back(&live_.find(id)->test);
    live_.mark_assigned(id, now);
  }
  for (auto& message : assignments_.update(agent, std::move(tests), duties_.ports_of(agent))) {
    connection.session->send(std::move(message));
  }
  connection.assigned_version = assignments_.version(agent);
}

std::vector<AgentView> Control::agents() const {
  std::vector<AgentView> views;
  for (const Agent& agent : agents_) {
    AgentView view{
        .agent = agent, .last_seen = records_.last_seen(agent.id), .connection = std::nullopt};
    if (const auto found = connections_.find(agent.id); found != connections_.end()) {
      view.connection = found->second;
    }
    views.push_back(std::move(view));
  }
  return views;
}

// --- monitors ---------------------------------------------------------------------------------

Result<std::vector<MonitorChange>> Control::apply(std::vector<ConnectionMonitor> models,
                                                  const std::vector<Value>& documents,
                                                  bool dry_run) {
  std::vector<MonitorChange> changes;
  std::vector<registry::MonitorWrite> to_write;
  std::size_t created = 0;
  for (std::size_t i = 0; i < models.size(); ++i) {
    // As in the registry, names that differ by case are one name.
    const auto has_name = [&](const ConnectionMonitor& model) {
      return equals_ignoring_case(model.name, models[i].name);
    };
    if (std::any_of(models.begin(), models.begin() + static_cast<std::ptrdiff_t>(i), has_name)) {
      return fail(ErrorCode::InvalidInput,
                  fmt::format("the name `{}` stands in the file twice; give each connection "
                              "monitor its own",
                              models[i].name));
    }
    const auto known = std::ranges::find_if(models_, has_name);
    MonitorChange change{.name = models[i].name, .kind = MonitorChange::Kind::Updated};
    if (known == models_.end()) {
      change.kind = MonitorChange::Kind::Created;
      ++created;
    } else {
      models[i].is_stopped = known->is_stopped;
      if (*known == models[i]) change.kind = MonitorChange::Kind::Unchanged;
    }
    if (change.kind != MonitorChange::Kind::Unchanged) {
      to_write.push_back({models[i].name, documents[i], models[i].auto_start});
    }
    changes.push_back(std::move(change));
  }
  if (created > 0) {
    const auto beside = std::ranges::count_if(models_, [](const ConnectionMonitor& model) {
      return place_of(model.name).is_in(kDefaultResourceGroup, kDefaultWatcher);
    });
    if (auto refusal = check_monitor_count(static_cast<std::size_t>(beside) + created - 1)) {
      return fail(ErrorCode::LimitExceeded, *refusal);
    }
  }
  if (dry_run || to_write.empty()) return changes;
  TRY(registry_.write_monitors(to_write, {}, clock_.wall_now()));
  TRY(reload_monitors());
  return changes;
}

Result<void> Control::load_models() {
  stored_ = TRY(registry_.monitors(stored_));
  std::vector<ConnectionMonitor> before = std::exchange(models_, {});
  std::unordered_map<std::string, std::string> etags = std::exchange(model_etags_, {});
  for (const registry::StoredMonitor& stored : stored_) {
    models_.push_back(model_of(stored, before, etags));
    model_etags_.emplace(stored.name, stored.etag);
  }
  return {};
}

Result<void> Control::reload_monitors() {
  const std::unordered_map<std::string, std::string> before = model_etags_;
  TRY(load_models());
  std::vector<std::string> changed;
  for (const auto& [name, etag] : before) {
    if (!model_etags_.contains(name)) changed.push_back(name);
  }
  for (const auto& [name, etag] : model_etags_) {
    const auto known = before.find(name);
    if (known == before.end() || known->second != etag) changed.push_back(name);
  }
  replan_monitors(changed);
  return {};
}

Result<void> Control::check_room(const std::vector<ConnectionMonitor>& changed) const {
  std::set<std::string> replaced;
  for (const ConnectionMonitor& model : changed) {
    if (const auto* const known = find_monitor(model.name)) replaced.insert(known->name);
  }
  std::size_t others = live_.order().size();
  for (const std::string& name : replaced) others -= live_.tests_of(name).size();
  return check_test_count(others, changed, agents_);
}

void Control::restore_states() {
  const std::vector<RestoredState> states = history_.last_states();
  const Timestamp now = clock_.wall_now();
  for (const RestoredState& state : states) {
    std::optional<Timestamp> last_round = state.last_round;
    if (last_round) last_round = std::min(*last_round, now);
    live_.restore(state.test, state.verdict, std::min(state.since, now), last_round);
  }
  if (!states.empty()) absence_from_ = clock_.now() + kReconnectGrace;
}

void Control::restore_agents() {
  for (store::AgentBeat& beat : history_.last_beats()) {
    events_.restore(beat.agent, beat.version,
                    {.problem = std::move(beat.problem),
                     .path_problem = std::move(beat.path_problem),
                     .rounds_dropped = beat.rounds_dropped,
                     .intervals_missed = beat.intervals_missed,
                     .clock_offset = beat.clock_offset});
  }
}

// --- agents -----------------------------------------------------------------------------------

Result<std::string> Control::create_join_token(std::chrono::seconds life, int uses) {
  const wire::JoinToken token{.secret = hex_of(random_bytes(16)),
                              .authority_sha256_hex = authority_.authority_sha256_hex()};
  TRY(registry_.add_join_token({.secret_sha256 = io::sha256(token.secret),
                                .expires = clock_.wall_now() + life,
                                .uses_left = uses}));
  return wire::to_string(token);
}

Result<void> Control::remove_agent(AgentId agent) {
  TRY(registry_.remove_agent(agent));
  if (const Agent* const known = find_agent(agent)) events_.removed(*known, clock_.wall_now());
  records_.removed(agent);
  adopt_agents(TRY(registry_.agents()));
  assignments_.forget(agent);
  if (const auto found = connections_.find(agent); found != connections_.end()) {
    found->second.session->close({ErrorCode::PermissionDenied,
                                  "this agent was removed from the server; join again to return"});
  }
  replan();
  return {};
}

}  // namespace lw::server
