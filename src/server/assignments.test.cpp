// SPDX-License-Identifier: Apache-2.0
// What the server says of changing sets against what an agent makes of it, over the bytes of the
// real messages.
#include "server/assignments.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "wire/assignment.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::server {
namespace {

namespace pb = ::linewatch::wire;

constexpr AgentId kAssignee{7};

std::shared_ptr<const TestConfiguration> configuration_of(int number) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->name = "c" + std::to_string(number % 3);
  configuration->frequency = Seconds(30 + number);
  if (number % 2 == 1) configuration->protocol = TcpConfiguration{.port = 443};
  return configuration;
}

lw::Test make_test(std::uint64_t id, int variant = 0) {
  lw::Test test;
  test.id = TestId{id};
  test.connection_monitor = "m";
  test.destination = "d" + std::to_string(id);
  test.destination_address = "192.0.2." + std::to_string(variant % 5);
  test.configuration = configuration_of(variant);
  test.agent = kAssignee;
  return test;
}

/// Something that runs what it is told, as real agents do (agent/uplink.cpp).
class PlayedAgent {
 public:
  explicit PlayedAgent(std::uint32_t protocol = wire::kProtocol) : protocol_(protocol) {}

  /// False if it has to ask for the whole set.
  bool take(const pb::ServerMessage& sent) {
    pb::ServerMessage message;
    EXPECT_TRUE(message.ParseFromString(sent.SerializeAsString()));
    if (message.has_assignment()) {
      ++wholes;
      tests_put += static_cast<std::size_t>(message.assignment().tests_size());
      return adopt(reader_.take(message.assignment()));
    }
    EXPECT_TRUE(message.has_difference());
    ++differences;
    tests_put += static_cast<std::size_t>(message.difference().put().tests_size());
    return adopt(reader_.take(message.difference(), set_.version,
                              [this] { return Result<std::vector<std::string>>(kept); }));
  }
  void lose_connection() { reader_.restart(); }
  [[nodiscard]] std::uint64_t version() const { return set_.version; }
  [[nodiscard]] std::uint32_t protocol() const { return protocol_; }
  [[nodiscard]] const wire::AssignedSet& set() const { return set_; }

  std::size_t wholes = 0;
  std::size_t differences = 0;
  std::size_t tests_put = 0;
  std::vector<std::string> kept;  ///< on its disk

 private:
  bool adopt(Result<std::optional<wire::AssignedSet>> set) {
    if (!set) return false;
    if (!*set) return true;
    set_ = std::move(**set);
    kept = set_.parts;
    return true;
  }
  std::uint32_t protocol_;
  wire::AssignmentReader reader_;
  wire::AssignedSet set_;
};

/// A server with one agent, whose tests are edited.
class AssignmentsTest : public testing::Test {
 protected:
  Assignments::Messages update() {
    std::vector<const lw::Test*> tests;
    for (const auto& [id, test] : wanted_) tests.push_back(&test);
    return assignments_.update(kAssignee, std::move(tests), ports_);
  }
  void hello(const PlayedAgent& agent) {
    assignments_.on_hello(kAssignee, agent.version(), agent.protocol());
  }
  /// All the way: also if the agent has to ask for the whole set.
  void tell(PlayedAgent& agent) {
    bool wants_whole = false;
    for (const auto& message : update()) wants_whole = !agent.take(*message) || wants_whole;
    if (!wants_whole) return;
    ++asked_;
    assignments_.on_wanted(kAssignee);
    for (const auto& message : update()) EXPECT_TRUE(agent.take(*message));
  }
  void put(std::uint64_t id, int variant = 0) { wanted_[id] = make_test(id, variant); }
  void expect_told(const PlayedAgent& agent) const {
    EXPECT_EQ(agent.version(), assignments_.version(kAssignee));
    EXPECT_EQ(agent.set().listen_ports, ports_);
    ASSERT_EQ(agent.set().tests.size(), wanted_.size());
    for (const lw::Test& test : agent.set().tests) {
      const auto wanted = wanted_.find(test.id.value);
      ASSERT_NE(wanted, wanted_.end()) << "a test that was not wanted";
      EXPECT_EQ(test.full_name(), wanted->second.full_name());
      EXPECT_EQ(test.destination_address, wanted->second.destination_address);
      EXPECT_EQ(*test.configuration, *wanted->second.configuration);
    }
  }

  Assignments assignments_;
  std::map<std::uint64_t, lw::Test> wanted_;
  std::vector<std::uint16_t> ports_;
  std::size_t asked_ = 0;
};

TEST_F(AssignmentsTest, only_what_changes_is_said) {
  for (std::uint64_t id = 1; id <= 100; ++id) put(id);
  PlayedAgent agent;
  hello(agent);
  tell(agent);
  EXPECT_EQ(agent.wholes, 1U);
  EXPECT_EQ(agent.tests_put, 100U);
  put(5, 1);
  put(101);
  wanted_.erase(9);
  const auto messages = update();
  ASSERT_EQ(messages.size(), 1U);
  ASSERT_TRUE(messages.front()->has_difference());
  const pb::AssignmentDifference& said = messages.front()->difference();
  EXPECT_EQ(said.base(), agent.version());
  EXPECT_EQ(said.put().tests_size(), 2);
  ASSERT_EQ(said.removed_size(), 1);
  EXPECT_EQ(said.removed(0), 9U);
  EXPECT_TRUE(agent.take(*messages.front()));
  expect_told(agent);
  EXPECT_TRUE(update().empty()) << "nothing new";
  ports_ = {80};
  tell(agent);
  EXPECT_EQ(agent.tests_put, 102U) << "ports alone";
  expect_told(agent);
}

TEST_F(AssignmentsTest, an_agent_that_comes_back_with_its_set_is_told_what_changed_meanwhile) {
  for (std::uint64_t id = 1; id <= 10; ++id) put(id);
  PlayedAgent agent;
  hello(agent);
  tell(agent);
  agent.lose_connection();
  hello(agent);
  EXPECT_TRUE(update().empty());
  put(3, 2);
  agent.lose_connection();
  hello(agent);
  tell(agent);
  EXPECT_EQ(agent.differences, 1U);
  EXPECT_EQ(agent.tests_put, 11U);
  expect_told(agent);
}

TEST_F(AssignmentsTest, after_a_restart_of_the_server_an_agent_is_told_nothing_or_all) {
  for (std::uint64_t id = 1; id <= 10; ++id) put(id);
  PlayedAgent agent;
  hello(agent);
  tell(agent);
  assignments_ = {};
  hello(agent);
  EXPECT_TRUE(update().empty()) << "it runs that";
  put(1, 1);
  tell(agent);
  EXPECT_EQ(agent.differences, 1U) << "from then on its set is known again";
  expect_told(agent);
  assignments_ = {};
  put(2, 1);
  hello(agent);
  tell(agent);
  EXPECT_EQ(agent.wholes, 2U);
  expect_told(agent);
}

TEST_F(AssignmentsTest, older_agents_get_whole_sets_with_each_connection) {
  for (std::uint64_t id = 1; id <= 10; ++id) put(id);
  PlayedAgent agent(wire::kProtocolOfDifferences - 1);
  hello(agent);
  tell(agent);
  EXPECT_TRUE(update().empty());
  put(1, 1);
  tell(agent);
  hello(agent);
  tell(agent);
  EXPECT_EQ(agent.differences, 0U);
  EXPECT_EQ(agent.wholes, 3U);
  expect_told(agent);
}

TEST_F(AssignmentsTest, an_agent_whose_set_is_not_what_it_says_asks_for_the_whole) {
  for (std::uint64_t id = 1; id <= 10; ++id) put(id);
  PlayedAgent agent;
  hello(agent);
  tell(agent);
  pb::Assignment damaged;
  ASSERT_TRUE(damaged.ParseFromString(agent.kept.front()));
  damaged.mutable_tests()->RemoveLast();
  agent.kept.front() = damaged.SerializeAsString();
  put(1, 1);
  tell(agent);
  EXPECT_EQ(asked_, 1U);
  expect_told(agent);
  agent.kept.clear();
  put(2, 1);
  tell(agent);
  EXPECT_EQ(asked_, 2U);
  expect_told(agent);
}

TEST_F(AssignmentsTest, large_differences_come_in_parts) {
  const std::size_t many = wire::kRemovalsPerPart + 10;
  const std::uint64_t stays = wire::kTestsPerAssignmentPart + 10;
  for (std::uint64_t id = 1; id <= stays + many; ++id) put(id);
  PlayedAgent agent;
  hello(agent);
  tell(agent);
  agent.tests_put = 0;
  for (std::uint64_t id = stays + 1; id <= stays + many; ++id) wanted_.erase(id);
  for (std::uint64_t id = 2; id <= stays; ++id) put(id, 1);
  const auto messages = update();
  EXPECT_EQ(messages.size(), 3U);
  for (const auto& message : messages) {
    EXPECT_LT(message->ByteSizeLong(), std::size_t{2} << 20);
    EXPECT_TRUE(agent.take(*message));
  }
  EXPECT_EQ(agent.tests_put, stays - 1);
  expect_told(agent);
}

/// Random edits and mishaps: in the end the agent always has what it is to have.
class AssignmentsProperty : public AssignmentsTest, public testing::WithParamInterface<unsigned> {
 protected:
  std::size_t pick(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
  }
  void edit() {
    for (std::size_t edits = pick(8); edits > 0; --edits) {
      const std::uint64_t id = 1 + pick(60);
      if (pick(3) == 0) {
        wanted_.erase(id);
      } else {
        put(id, static_cast<int>(pick(4)));
      }
    }
    if (pick(5) == 0) ports_ = {static_cast<std::uint16_t>(80 + pick(3))};
    if (pick(20) == 0) ports_.clear();
    if (pick(40) == 0) wanted_.clear();
  }
  void mishap(PlayedAgent& agent) {
    switch (pick(12)) {
      case 0:  // The connection is lost under way, maybe within a set.
        for (const auto& message : update()) {
          if (pick(2) == 0) break;
          agent.take(*message);
        }
        [[fallthrough]];
      case 1:
        agent.lose_connection();
        hello(agent);
        break;
      case 2:
        assignments_ = {};
        hello(agent);
        break;
      case 3:
        agent = PlayedAgent(pick(3) == 0 ? wire::kProtocolOfDifferences - 1 : wire::kProtocol);
        hello(agent);
        break;
      case 4:
        agent.kept.clear();
        break;
      default:
        break;
    }
  }
  /// Tests that are other than the agent has them.
  std::size_t changed(const PlayedAgent& agent) const {
    std::map<std::uint64_t, const lw::Test*> has;
    for (const lw::Test& test : agent.set().tests) has[test.id.value] = &test;
    std::size_t count = 0;
    for (const auto& [id, test] : wanted_) {
      const auto known = has.find(id);
      const bool is_same = known != has.end() &&
                           known->second->destination_address == test.destination_address &&
                           *known->second->configuration == *test.configuration;
      if (!is_same) ++count;
    }
    return count;
  }

  std::mt19937_64 random_{GetParam()};
};

TEST_P(AssignmentsProperty, differences_applied_are_the_whole_set) {
  PlayedAgent agent;
  hello(agent);
  std::size_t differences = 0;
  for (int step = 0; step < 200; ++step) {
    edit();
    mishap(agent);
    const std::size_t expected = changed(agent);
    const std::size_t asked = asked_;
    const std::size_t wholes = agent.wholes;
    agent.tests_put = 0;
    tell(agent);
    expect_told(agent);
    if (HasFatalFailure()) FAIL() << "step " << step;
    EXPECT_TRUE(update().empty()) << "step " << step;
    if (asked_ == asked && agent.wholes == wholes) {
      EXPECT_EQ(agent.tests_put, expected) << "only what changed, step " << step;
      ++differences;
    }
  }
  EXPECT_GT(differences, 50U) << "differences are the rule";
}

INSTANTIATE_TEST_SUITE_P(Seeds, AssignmentsProperty, testing::Range(1U, 21U));

}  // namespace
}  // namespace lw::server
