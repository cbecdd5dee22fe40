// SPDX-License-Identifier: Apache-2.0
#include "server/logs/recorder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/log.h"
#include "model/resource_id.h"
#include "server/logs/listeners.h"
#include "server/logs/workspaces.h"
#include "server/metrics/dimensions.h"

namespace lw::server::logs {
namespace {

constexpr Milliseconds kLookEvery{2'000};
/// The control loop waits while facts are made of tests: of a few more than so many at a time.
constexpr std::size_t kTestsPerLook = 5'000;
/// Rows of one insert.
constexpr std::size_t kBlockRowsMax = 10'000;
/// The control loop waits while they are read.
constexpr std::size_t kAuditRowsPerLook = 2'000;

store::AgentBeat beat_of(const AgentView& view) {
  const AgentConnection& connection = *view.connection;
  return {.agent = view.agent.id,
          .name = view.agent.name,
          .version = connection.version,
          .resource_id = view.agent.resource_id,
          .addresses = view.agent.addresses,
          .connected_since = connection.since,
          .rounds_waiting = connection.spool_records,
          .rounds_dropped = connection.rounds_dropped,
          .intervals_missed = connection.intervals_missed,
          .clock_offset = connection.clock_offset,
          .problem = connection.problem,
          .path_problem = connection.path_problem};
}

std::vector<store::ListenerResult> listener_results(const Control& control) {
  ListenerResults listeners;
  for (const AgentView& view : control.agents()) {
    if (view.connection) listeners.add_agent(view.agent.id, view.connection->listening);
  }
  if (!listeners.is_anybody_listening()) return {};
  for (const TestId id : control.live().order()) listeners.add_test(control.live().find(id)->test);
  return listeners.results();
}

/// The entries of the audit log behind that number.
std::vector<store::AuditRow> audit_behind(Control& control, std::int64_t number) {
  auto entries = control.audit_entries_behind(number, kAuditRowsPerLook);
  if (!entries) {
    log::debug("logs", entries.error().message);
    return {};
  }
  std::vector<store::AuditRow> rows;
  for (auto& [its_number, entry] : *entries) {
    rows.push_back({.number = its_number,
                    .at = entry.at,
                    .caller = std::move(entry.caller),
                    .address = std::move(entry.address),
                    .method = std::move(entry.method),
                    .target = std::move(entry.target),
                    .status = entry.status,
                    .detail = std::move(entry.detail)});
  }
  return rows;
}

std::vector<std::string> outputs_of(const std::vector<ConnectionMonitor>& monitors) {
  std::vector<std::string> names;
  for (const ConnectionMonitor& monitor : monitors) {
    for (std::string& name : workspaces_of(monitor)) names.push_back(std::move(name));
  }
  return names;
}

std::int64_t minute_of(Timestamp time) { return to_unix_us(time) / 60'000'000; }

}  // namespace

store::TestFacts facts_of(const LiveTest& live, const ConnectionMonitor& monitor,
                          const Agent* agent, const std::string& subscription) {
  using metrics::Dimension;
  const metrics::Dimensions values = metrics::dimensions_of(live, monitor, agent);
  const auto of = [&](Dimension dimension) {
    return values.at(static_cast<std::size_t>(dimension));
  };
  const TestConfiguration& configuration = *live.test.configuration;
  store::TestFacts facts;
  facts.test = live.test.id;
  facts.monitor = monitor.name;
  facts.monitor_id = monitor_id(subscription, place_of(monitor.name));
  facts.test_group = live.test.test_group;
  facts.configuration = configuration.name;
  facts.source = live.test.source;
  facts.source_type = of(Dimension::SourceType);
  facts.source_resource_id = of(Dimension::SourceResourceId);
  facts.source_address = of(Dimension::SourceAddress);
  facts.source_subnet = of(Dimension::SourceSubnet);
  facts.source_ip = of(Dimension::SourceIP);
  facts.destination = live.test.destination;
  facts.destination_type = of(Dimension::DestinationType);
  facts.destination_resource_id = of(Dimension::DestinationResourceId);
  facts.destination_address = live.test.destination_address;
  facts.destination_subnet = of(Dimension::DestinationSubnet);
  facts.destination_agent = live.test.destination_agent;
  facts.agent = agent == nullptr ? std::string() : agent->name;
  facts.protocol = configuration.protocol_name();
  facts.port = configuration.port().value_or(0);
  facts.frequency_s = static_cast<std::uint32_t>(configuration.frequency.count());
  facts.failed_threshold = configuration.threshold.checks_failed_percent;
  facts.rtt_threshold = configuration.threshold.round_trip_time_ms;
  facts.disabled = live.test.disabled;
  facts.workspaces = workspaces_of(monitor);
  return facts;
}

Recorder::Recorder(Control& control, Workspaces& workspaces, store::ClientConfig config,
                   const Clock& clock)
    : control_(control),
      workspaces_(workspaces),
      config_([&] {
        config.give_up = [this] { return stopping_.is_raised(); };
        return std::move(config);
      }()),
      clock_(clock),
      client_(config_) {
  thread_ = Thread("log facts", [this] { run(); });
}

Recorder::~Recorder() {
  stopping_.raise();
  pause_.close();
  thread_.join();
}

void Recorder::look_at_monitors(const Control& control, Seen& seen, Snapshot& snapshot) {
  std::unordered_map<AgentId, const Agent*> agents;
  for (const Agent& agent : seen.agents) agents.emplace(agent.id, &agent);
  for (const ConnectionMonitor& model : control.models()) {
    const auto tests = control.live().tests_of(model.name);
    Seen::Monitor now{model, tests.size()};
    Seen::Monitor& before = seen.monitors[model.name];
    if (before == now) continue;
    if (snapshot.tests.size() >= kTestsPerLook) {
      snapshot.has_more = true;
      break;
    }
    before = std::move(now);
    snapshot.monitors.insert(model.name);
    for (const TestId id : tests) {
      const LiveTest& live = *control.live().find(id);
      const auto agent = agents.find(live.test.agent);
      snapshot.tests.push_back(facts_of(
          live, model, agent == agents.end() ? nullptr : agent->second, control.subscription_id()));
    }
  }
}

std::optional<Recorder::Snapshot> Recorder::look() {
  // Shared: the control loop may answer when nobody waits any more.
  const auto answer = std::make_shared<Channel<Snapshot>>(1, WhenFull::Refuse);
  control_.post([&control = control_, &workspaces = workspaces_, seen = seen_, answer,
                 is_due = minute_of(clock_.wall_now()) != listeners_minute_,
                 audited = audit_.empty() ? std::optional(audited_) : std::nullopt] {
    Snapshot snapshot;
    if (audited) snapshot.audit = audit_behind(control, *audited);
    std::vector<Agent> agents;
    for (const AgentView& view : control.agents()) {
      agents.push_back(view.agent);
      if (view.connection) snapshot.beats.push_back(beat_of(view));
    }
    if (is_due) snapshot.listeners = listener_results(control);
    if (seen->agents != agents) *seen = {{}, std::move(agents)};
    const std::size_t known = seen->monitors.size();
    look_at_monitors(control, *seen, snapshot);
    std::erase_if(seen->monitors,
                  [&](const auto& entry) { return control.find_monitor(entry.first) == nullptr; });
    if (!snapshot.monitors.empty() || seen->monitors.size() != known) {
      workspaces.set_outputs(outputs_of(control.models()));
    }
    answer->push(std::move(snapshot));
  });
  while (!stopping_.is_raised()) {
    if (auto snapshot = answer->pop_for(Milliseconds(200))) return snapshot;
  }
  return std::nullopt;
}

Result<void> Recorder::write_facts() {
  if (facts_.empty()) return {};
  if (!known_) known_ = TRY(store::known_test_facts(client_));
  const Timestamp now = clock_.wall_now();
  while (!facts_.empty()) {
    std::vector<store::DatedFacts> rows;
    const std::size_t size = std::min(facts_.size(), kBlockRowsMax);
    for (std::size_t i = 0; i < size; ++i) {
      const auto known = known_->find(facts_[i].test);
      if (known != known_->end() && known->second == facts_[i].hash()) continue;
      // Of a test that nobody has heard of, nothing else was ever true.
      rows.push_back({facts_[i], known == known_->end() ? Timestamp{} : now});
    }
    TRY(store::record_test_facts(client_, rows));
    for (const store::DatedFacts& row : rows) (*known_)[row.facts.test] = row.facts.hash();
    facts_.erase(facts_.begin(), facts_.begin() + static_cast<std::ptrdiff_t>(size));
  }
  return {};
}

Result<void> Recorder::write_beats() {
  const Timestamp now = clock_.wall_now();
  if (beats_.empty() || minute_of(now) == minute_) return {};
  TRY(store::record_agent_beats(client_, beats_, now, control_.keep_days()));
  minute_ = minute_of(now);
  return {};
}

Result<void> Recorder::write_listeners() {
  if (!listeners_) return {};
  const Timestamp now = clock_.wall_now();
  TRY(store::record_listener_results(client_, *listeners_, now, control_.keep_days()));
  listeners_minute_ = minute_of(now);
  listeners_.reset();
  return {};
}

Result<void> Recorder::write_audit() {
  if (audit_.empty()) return {};
  TRY(store::record_audit(client_, audit_, control_.keep_days()));
  audited_ = audit_.back().number;
  audit_.clear();
  return {};
}

void Recorder::run() {
  while (!stopping_.is_raised()) {
    auto snapshot = look();
    if (!snapshot) return;
    std::erase_if(facts_, [&](const store::TestFacts& facts) {
      return snapshot->monitors.contains(facts.monitor);
    });
    std::ranges::move(snapshot->tests, std::back_inserter(facts_));
    beats_ = std::move(snapshot->beats);
    if (snapshot->listeners) listeners_ = std::move(snapshot->listeners);
    if (audit_.empty()) audit_ = std::move(snapshot->audit);
    const bool has_more = snapshot->has_more || audit_.size() == kAuditRowsPerLook;
    bool is_written = true;
    for (const auto& written : {write_facts(), write_beats(), write_listeners(), write_audit()}) {
      if (!written) log::debug("logs", written.error().message);
      is_written = is_written && written;
    }
    if (!has_more || !is_written) pause_.pop_for(kLookEvery);
  }
}

}  // namespace lw::server::logs
