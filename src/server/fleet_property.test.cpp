// SPDX-License-Identifier: Apache-2.0
// Random lives of a fleet against a naive model: agents join, leave, come back, change their labels
// and are removed; monitors are edited, disabled, stopped and removed; clocks are wrong; batches
// come twice, late, and from agents whose tests they are not. After each step every test has the
// agent and the state that the model says, every agent was told to run its tests and no others,
// and in the end each round is stored once.
#include <fmt/core.h>

#include <map>
#include <random>
#include <set>

#include "server/fleet_fixture.h"
#include "wire/assignment.h"

namespace lw::server {
namespace {

constexpr Seconds kFrequency{10};
constexpr std::size_t kAgentsMax = 5;

/// Moves only when told to; any thread may look.
class SteppedClock final : public Clock {
 public:
  Timestamp wall_now() const override {
    return parse_iso8601("2026-01-01T00:00:00Z").value() + passed();
  }
  Instant now() const override { return Instant(Seconds(1'000)) + passed(); }
  void step(Microseconds by) {
    passed_.with([&](Microseconds& passed) { passed += by; });
  }

 private:
  [[nodiscard]] Microseconds passed() const {
    return passed_.with([](const Microseconds& passed) { return passed; });
  }
  Guarded<Microseconds> passed_{Microseconds(0)};
};

/// A connection without a network.
class FakeSession final : public FleetSession {
 public:
  FakeSession(AgentId agent, std::string certificate)
      : agent_(agent), certificate_(std::move(certificate)) {}
  AgentId agent() const override { return agent_; }
  const std::string& certificate_sha256_hex() const override { return certificate_; }
  std::string peer() const override { return "test"; }
  void send(std::shared_ptr<const pb::ServerMessage> message) override {
    if (message->has_assignment() || message->has_difference()) {
      assigned_.with([&](auto& messages) { messages.push_back(std::move(message)); });
      return;
    }
    if (!message->has_ack()) return;
    acknowledged_.with([&](auto& highest) {
      std::uint64_t& high = highest[message->ack().spool_id()];
      high = std::max<std::uint64_t>(high, message->ack().sequence());
    });
  }
  void read_next() override {}
  void close(const Error&) override { closed_.raise(); }
  bool is_closed() const { return closed_.is_raised(); }
  using Messages = std::vector<std::shared_ptr<const pb::ServerMessage>>;
  /// What came of assignments since the last call.
  Messages take_assigned() {
    return assigned_.with([](Messages& messages) { return std::exchange(messages, {}); });
  }
  std::uint64_t acknowledged(std::uint64_t spool) const {
    return acknowledged_.with([&](const auto& highest) {
      const auto found = highest.find(spool);
      return found == highest.end() ? 0 : found->second;
    });
  }

 private:
  AgentId agent_;
  std::string certificate_;
  Guarded<std::map<std::uint64_t, std::uint64_t>> acknowledged_;
  Guarded<Messages> assigned_;
  Flag closed_;
};

/// An agent as the test plays it.
struct Played {
  AgentId id;
  std::string name;
  std::string certificate;
  std::string team;                      ///< its label
  std::shared_ptr<FakeSession> session;  ///< null: away
  Microseconds clock_offset{0};
  std::uint64_t spool = 0;
  std::uint64_t next_sequence = 1;
  std::vector<std::string> sent;  ///< all rounds, by sequence
  std::size_t delivered = 0;      ///< of these; the others were measured while it was away
  struct Late {
    TestId test;
    Timestamp started{};  ///< by its clock of then
    bool passes = false;
  };
  std::vector<Late> late;  ///< what waits to be delivered
  wire::AssignmentReader reader;
  wire::AssignedSet set;  ///< what it runs
};

struct PlayedMonitor {
  std::string team;
  std::string address = "192.0.2.1";
  bool is_disabled = false;
  bool is_stopped = false;
  [[nodiscard]] bool is_off() const { return is_disabled || is_stopped; }
};

/// What the model remembers of a test.
struct Expected {
  std::optional<Timestamp> happened;  ///< of the round in force
  bool passes = false;
  bool was_disabled = false;
  TestState last = TestState::Indeterminate;
};

class FleetProperty : public testing::TestWithParam<unsigned> {
 protected:
  FleetProperty() {
    char name[] = "/tmp/lw-fleet-XXXXXX";
    folder_ = ::mkdtemp(name);
    authority_.emplace(Authority::open(folder_, {}, clock_.wall_now()).value());
    history_ = std::make_unique<History>(store_.config(), clock_, kKeepDays);
    control_ =
        std::make_unique<Control>(registry::Registry::open(folder_ + "/registry.sqlite").value(),
                                  *authority_, clock_, *history_, kKeepDays);
    const auto durable = [this](AgentId agent, SpoolId spool, std::uint64_t sequence) {
      control_->on_durable(agent, spool, sequence);
    };
    writer_ =
        store::RoundWriter::open({.directory = folder_ + "/ingest", .max_delay = Milliseconds(2)},
                                 store_.config(), real_clock_, durable)
            .value();
    path_writer_.emplace(store::PathWriterConfig{.max_delay = Milliseconds(2)}, store_.config(),
                         real_clock_, durable);
    EXPECT_TRUE(control_->start(*writer_, *path_writer_).has_value());
    history_->start();
  }
  ~FleetProperty() override {
    control_->stop();
    history_->stop();
    path_writer_.reset();
    writer_.reset();
    control_.reset();
    std::filesystem::remove_all(folder_);
  }

  template <class Work>
  auto ask(Work work) {
    const auto answer = std::make_shared<Channel<decltype(work())>>(1, WhenFull::Refuse);
    control_->post([&work, answer] { answer->push(work()); });
    return answer->pop().value();
  }
  /// What was sent has arrived, time passes, and the control loop has looked around since.
  void pass(Microseconds time) {
    ask([] { return true; });
    clock_.step(time);
    for (int i = 0; i < 2; ++i) ask([] { return true; });
  }

  std::size_t pick(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }
  bool chance(int percent) { return pick(100) < static_cast<std::size_t>(percent); }
  std::string some_team() { return chance(50) ? "red" : "blue"; }

  // --- what may happen -------------------------------------------------------------------------

  void join() {
    if (agents_.size() >= kAgentsMax) return;
    Played agent{.id = {},
                 .name = "a" + std::to_string(joined_++),
                 .certificate = {},
                 .team = some_team(),
                 .session = nullptr,
                 .spool = 0,
                 .sent = {},
                 .late = {},
                 .reader = {},
                 .set = {}};
    const std::string token =
        ask([&] { return control_->create_join_token(Seconds(60), 1).value(); });
    pb::EnrollRequest request;
    request.set_protocol(wire::kProtocol);
    request.set_token(wire::parse_join_token(token).value().secret);
    request.mutable_facts()->set_name(agent.name);
    *request.mutable_facts()->add_labels() = label(agent.team);
    request.set_signing_request_pem(io::create_signing_request("whoever").value().request_pem);
    // Shared: push still touches the channel when pop has returned already.
    const auto answers = std::make_shared<Channel<Result<pb::EnrollResponse>>>(1, WhenFull::Refuse);
    control_->enroll(request, "test", [answers](Result<pb::EnrollResponse> answer) {
      answers->push(std::move(answer));
    });
    const auto answer = answers->pop().value();
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    agent.id = AgentId{answer->agent_id()};
    agent.certificate = io::read_certificate(answer->certificate_pem())->sha256_hex;
    agents_.push_back(std::move(agent));
  }
  static pb::Label label(const std::string& team) {
    pb::Label label;
    label.set_key("team");
    label.set_value(team);
    return label;
  }
  /// Connects, whether it was connected or not: with the labels of now.
  void connect(Played& agent) {
    const auto before = agent.session;
    agent.session = std::make_shared<FakeSession>(agent.id, agent.certificate);
    auto message = std::make_shared<pb::AgentMessage>();
    message->mutable_hello()->set_protocol(chance(20) ? wire::kProtocolOfDifferences - 1
                                                      : wire::kProtocol);
    message->mutable_hello()->mutable_facts()->set_name(agent.name);
    *message->mutable_hello()->mutable_facts()->add_labels() = label(agent.team);
    agent.reader.restart();
    if (chance(20)) agent.set = {};  // its disk was emptied
    message->mutable_hello()->set_assignment_version(agent.set.version);
    if (agent.spool == 0) agent.spool = random_();
    control_->on_message(agent.session, message);
    known_team_[agent.id] = agent.team;
    // gRPC tells of the end of the old one at any time later.
    if (before) control_->on_session_end(before);
    deliver(agent);
  }
  /// Rounds that were measured while the agent was away.
  void deliver(Played& agent) {
    if (agent.delivered == agent.sent.size()) return;
    const std::vector<Owned> tests = owned();
    const Timestamp now = clock_.wall_now();
    for (const Played::Late& late : std::exchange(agent.late, {})) {
      const auto test = std::ranges::find(tests, late.test, &Owned::id);
      if (test == tests.end()) continue;
      // Its clock may have been set meanwhile: then nobody knows better.
      const Microseconds age = now + agent.clock_offset - late.started;
      expect_round(*test, now - std::max(age, Microseconds(0)), late.passes);
    }
    send(agent, agent.delivered, agent.sent.size() - agent.delivered, own_time(agent));
    agent.delivered = agent.sent.size();
  }
  std::uint64_t own_time(const Played& agent) const {
    return static_cast<std::uint64_t>(to_unix_us(clock_.wall_now() + agent.clock_offset));
  }
  void stop_or_start() {
    if (monitors_.empty()) return;
    auto monitor =
        std::next(monitors_.begin(), static_cast<std::ptrdiff_t>(pick(monitors_.size())));
    monitor->second.is_stopped = !monitor->second.is_stopped;
    ask([&] {
      return control_->set_monitor_stopped(monitor->first, monitor->second.is_stopped).has_value();
    });
  }
  void remove_monitor() {
    if (monitors_.empty()) return;
    auto monitor =
        std::next(monitors_.begin(), static_cast<std::ptrdiff_t>(pick(monitors_.size())));
    ask([&] { return control_->remove_monitor(monitor->first).has_value(); });
    monitors_.erase(monitor);
  }
  void leave(Played& agent) {
    if (!agent.session) return;
    control_->on_session_end(std::exchange(agent.session, nullptr));
  }
  void remove(std::size_t index) {
    Played agent = std::move(agents_[index]);
    ask([&] { return control_->remove_agent(agent.id).has_value(); });
    if (agent.session) {
      EXPECT_TRUE(agent.session->is_closed());
      control_->on_session_end(agent.session);
    }
    retired_.push_back(std::move(agent));
    agents_.erase(agents_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  void edit() {
    const std::string name = chance(50) ? "m" : "n";
    PlayedMonitor& monitor = monitors_[name];
    monitor.team = some_team();
    monitor.is_disabled = chance(25);
    monitor.address = "192.0.2." + std::to_string(1 + pick(3));
    const std::string text = fmt::format(
        "connectionMonitors:\n"
        "  - name: {}\n"
        "    endpoints:\n"
        "      - {{name: team, type: AgentGroup, coverageLevel: Full, linewatch: {{labels: {{team: "
        "{}}}}}}}\n"
        "      - {{name: there, address: {}}}\n"
        "    testConfigurations: [{{name: ping, protocol: Icmp, testFrequencySec: {}}}]\n"
        "    testGroups:\n"
        "      - {{name: g, disable: {}, sources: [team], destinations: [there], "
        "testConfigurations: [ping]}}\n",
        name, monitor.team, monitor.address, kFrequency.count(), monitor.is_disabled);
    const auto document = parse_yaml(text);
    const MonitorsRead read = read_monitor_file(document.value(), "test.yaml");
    for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
    const auto documents = document->find("connectionMonitors")->as_array();
    ask([&] { return control_->apply(read.monitors, documents, false).has_value(); });
  }

  // --- rounds -----------------------------------------------------------------------------------

  struct Owned {
    TestId id;
    std::size_t agent;
    std::string monitor;
  };
  /// The tests that there should be: naively, each agent of the team.
  std::vector<Owned> owned() const {
    std::vector<Owned> all;
    for (const auto& [name, monitor] : monitors_) {
      for (std::size_t i = 0; i < agents_.size(); ++i) {
        if (agents_[i].team != monitor.team || !known_team_.contains(agents_[i].id) ||
            known_team_.at(agents_[i].id) != monitor.team) {
          continue;
        }
        all.push_back({test_id(name, "g", "team/" + agents_[i].name, "there", "ping"), i, name});
      }
    }
    return all;
  }
  void send(Played& agent, std::size_t first, std::size_t count, std::uint64_t wall_time) {
    auto message = std::make_shared<pb::AgentMessage>();
    pb::RoundBatch& batch = *message->mutable_rounds();
    batch.set_spool_id(agent.spool);
    batch.set_first_sequence(first + 1);
    batch.set_wall_time_us(wall_time);
    for (std::size_t i = first; i < first + count; ++i) batch.add_rounds(agent.sent[i]);
    control_->on_message(agent.session, message);
  }
  /// Rounds of tests of its own, and now and then of others', as old as `age`. An agent that is
  /// away keeps them.
  void measure(Played& agent, std::size_t index, Microseconds age) {
    std::vector<Owned> tests = owned();
    for (const Owned& test : tests) {
      const bool is_own = test.agent == index;
      if (!is_own && !chance(10)) continue;
      if (is_own && chance(20)) continue;
      const bool passes = chance(60);
      Round round;
      round.test = test.id;
      const Timestamp happened = clock_.wall_now() - age;
      round.started = happened + agent.clock_offset;
      round.checks = {{passes ? CheckOutcome::Success : CheckOutcome::TimedOut,
                       passes ? std::optional(Microseconds(900)) : std::nullopt, Microseconds(0)}};
      agent.sent.push_back(wire::encode_round(round));
      if (is_own) agent.late.push_back({test.id, round.started, passes});
    }
    if (agent.session) deliver(agent);
  }
  void expect_round(const Owned& test, Timestamp happened, bool passes) {
    Expected& expected = expected_[test.id];
    const bool is_history = clock_.wall_now() - happened > tolerance();
    const bool is_late = expected.happened && happened + kFrequency / 2 < *expected.happened;
    if (is_history || is_late || monitors_.at(test.monitor).is_off()) return;
    expected.happened = happened;
    expected.passes = passes;
  }
  static Microseconds tolerance() {
    TestConfiguration configuration;
    configuration.frequency = kFrequency;
    return absence_tolerance(configuration);
  }
  void repeat(Played& agent) {
    if (!agent.session || agent.sent.empty()) return;
    const std::size_t first = pick(agent.sent.size());
    // With another wall time: what is known already must not be judged anew.
    send(agent, first, agent.sent.size() - first, own_time(agent));
  }

  // --- assignments ------------------------------------------------------------------------------

  /// Takes in what came, as real agents do; false if it has to ask for its whole set.
  static bool take_assigned(Played& agent) {
    bool is_well = true;
    for (const auto& message : agent.session->take_assigned()) {
      auto set = message->has_assignment()
                     ? agent.reader.take(message->assignment())
                     : agent.reader.take(message->difference(), agent.set.version, [&] {
                         return Result<std::vector<std::string>>(agent.set.parts);
                       });
      is_well = is_well && set.has_value();
      if (set && *set) agent.set = std::move(**set);
    }
    return is_well;
  }
  void compare_assignments(const std::string& step) {
    for (std::size_t i = 0; i < agents_.size(); ++i) {
      Played& agent = agents_[i];
      if (!agent.session) continue;
      EXPECT_TRUE(take_assigned(agent)) << step << ": a difference to another set";
      std::map<TestId, std::string> wanted;
      for (const Owned& test : owned()) {
        const PlayedMonitor& monitor = monitors_.at(test.monitor);
        if (test.agent == i && !monitor.is_off()) wanted.emplace(test.id, monitor.address);
      }
      std::map<TestId, std::string> has;
      for (const lw::Test& test : agent.set.tests) has.emplace(test.id, test.destination_address);
      ASSERT_EQ(has, wanted) << step << ": " << agent.name;
    }
  }
  /// A disk that went bad: the agent asks for its whole set and gets it.
  void lose_set(Played& agent) {
    if (!agent.session) return;
    agent.set = {};
    agent.reader.restart();
    agent.session->take_assigned();
    auto message = std::make_shared<pb::AgentMessage>();
    message->mutable_assignment_wanted()->set_problem("its disk is bad");
    control_->on_message(agent.session, message);
  }

  // --- the model ---------------------------------------------------------------------------------

  TestState expected_state(const Owned& test) {
    Expected& expected = expected_[test.id];
    const bool is_disabled = monitors_.at(test.monitor).is_off();
    if (std::exchange(expected.was_disabled, is_disabled) != is_disabled) expected.happened.reset();
    if (is_disabled) return TestState::NotRunning;
    const bool is_recent =
        expected.happened && clock_.wall_now() - *expected.happened <= tolerance();
    if (!is_recent) return TestState::Indeterminate;
    return expected.passes ? TestState::Pass : TestState::Fail;
  }
  void compare(const std::string& step) {
    const std::vector<Owned> tests = owned();
    std::set<TestId> ids;
    for (const Owned& test : tests) ids.insert(test.id);
    // What is no test any more is forgotten.
    std::erase_if(expected_, [&](const auto& entry) { return !ids.contains(entry.first); });
    const auto live = ask([&] {
      std::map<TestId, LiveTest> all;
      for (const TestId id : control_->live().order()) {
        const LiveTest& one = *control_->live().find(id);
        if (one.test.missing.empty()) all.emplace(id, one);
      }
      return all;
    });
    ASSERT_EQ(live.size(), tests.size()) << step;
    for (const Owned& test : tests) {
      const auto found = live.find(test.id);
      ASSERT_NE(found, live.end()) << step;
      const Played& agent = agents_[test.agent];
      EXPECT_EQ(found->second.test.agent, agent.id) << step;
      const TestState state = expected_state(test);
      ASSERT_EQ(found->second.verdict.state, state)
          << step << ": " << found->second.test.full_name() << ": "
          << found->second.verdict.reason.text;
      if (state == TestState::Indeterminate && !agent.session) {
        EXPECT_EQ(found->second.verdict.reason.code, ReasonCode::AgentDisconnected) << step;
      }
    }
    compare_assignments(step);
  }

  std::string step() {
    if (agents_.empty() || chance(8)) {
      join();
      if (!agents_.empty()) known_team_[agents_.back().id] = agents_.back().team;
      return "join";
    }
    const std::size_t index = pick(agents_.size());
    Played& agent = agents_[index];
    switch (pick(13)) {
      case 0:
        edit();
        return "edit";
      case 10:
        stop_or_start();
        return "stop or start";
      case 11:
        if (chance(30)) {
          remove_monitor();
          return "remove a monitor";
        }
        lose_set(agent);
        return "ask for the whole assignment";
      case 1:
        leave(agent);
        return "leave";
      case 2:
        agent.team = some_team();
        connect(agent);
        return "connect with other labels";
      case 3:
        connect(agent);
        return "connect";
      case 4:
        repeat(agent);
        return "send again";
      case 5:
        measure(agent, index, tolerance() + Seconds(1 + pick(100)));
        return "send history";
      case 6:
        agent.clock_offset = Microseconds(Seconds(pick(7'200))) - Microseconds(Seconds(3'600));
        return "clock";
      case 7:
        if (chance(15)) {
          remove(index);
          return "remove";
        }
        [[fallthrough]];
      default:
        measure(agent, index, Microseconds(pick(4'000'000)));
        return "measure";
    }
  }
  /// Everything that was sent is stored, once, and acknowledged.
  void settle() {
    std::uint64_t sent = 0;
    for (const auto* const group : {&agents_, &retired_}) {
      for (const Played& agent : *group) sent += agent.delivered;
    }
    const Instant give_up = real_clock_.now() + kPatience;
    while (writer_->stats().rows_inserted < sent && real_clock_.now() < give_up) {
      ask([] { return true; });
    }
    EXPECT_EQ(writer_->stats().rows_inserted, sent);
    // Nothing comes behind.
    ask([] { return true; });
    EXPECT_EQ(writer_->stats().rows_inserted, sent);
  }

  std::string folder_;
  SteppedClock clock_;
  SystemClock real_clock_;
  FakeStore store_;
  std::optional<Authority> authority_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<store::RoundWriter> writer_;
  std::optional<store::PathWriter> path_writer_;

  std::mt19937_64 random_{GetParam()};
  int joined_ = 0;
  std::vector<Played> agents_;
  std::vector<Played> retired_;
  std::map<AgentId, std::string> known_team_;  ///< as the server was told last
  std::map<std::string, PlayedMonitor> monitors_;
  std::map<TestId, Expected> expected_;
};

TEST_P(FleetProperty, EveryTestHasTheAgentAndTheStateThatTheModelSays) {
  edit();
  std::string steps;
  for (int i = 0; i < 150; ++i) {
    const std::string name = step();
    pass(Milliseconds(600 + 100 * static_cast<int>(pick(60))));
    steps += name + ", ";
    compare(fmt::format("step {} ({})", i, name));
    if (HasFatalFailure()) {
      FAIL() << "seed " << GetParam() << ": " << steps;
    }
  }
  settle();
}

INSTANTIATE_TEST_SUITE_P(Seeds, FleetProperty, testing::Range(1U, 13U));

}  // namespace
}  // namespace lw::server
