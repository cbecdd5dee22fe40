// SPDX-License-Identifier: Apache-2.0
// Checks on request, from the control loop to an agent and back, over real gRPC.
#include "server/fleet_fixture.h"

namespace lw::server {
namespace {

class FleetChecks : public FleetTest {
 protected:
  /// Asks the agent on the control thread; the outcome comes by the channel.
  void ask_for_check(AgentId agent, const std::string& destination = "192.0.2.9") {
    ask([&] {
      OneOffCheck check{.destination = destination, .configuration = {}, .next_hop_only = false};
      control_->check_once(agent, check, [results = results_](Result<OneOffResult> result) {
        results->push(std::move(result));
      });
      return true;
    });
  }
  Result<OneOffResult> result() {
    auto given = results_->pop_for(kPatience);
    return given ? std::move(*given) : fail(ErrorCode::Internal, "no result came");
  }
  // Shared: push still touches the channel when pop has returned already.
  std::shared_ptr<Channel<Result<OneOffResult>>> results_ =
      std::make_shared<Channel<Result<OneOffResult>>>(100, WhenFull::Refuse);
};

TEST_F(FleetChecks, TheAgentsAnswerComesBack) {
  const Credential web1 = joined("web1");
  const auto stream = connect(web1, "web1");
  ask_for_check(AgentId{web1.id});
  const auto request = stream->read();
  ASSERT_TRUE(request && request->has_check());
  ASSERT_EQ(request->check().test().tests_size(), 1);
  EXPECT_EQ(request->check().test().tests(0).destination_address(), "192.0.2.9");
  pb::AgentMessage message;
  pb::CheckAnswer& answer = *message.mutable_check();
  answer.set_number(request->check().number());
  answer.set_round(round(0));
  answer.mutable_next_hop()->set_is_reachable(true);
  answer.mutable_next_hop()->set_router("192.0.2.1");
  stream->send(message);
  const auto told = result();
  ASSERT_TRUE(told.has_value()) << told.error().message;
  ASSERT_TRUE(told->round && told->next_hop);
  EXPECT_EQ(to_string(*told->next_hop->router), "192.0.2.1");
  EXPECT_FALSE(told->path.has_value());
}

TEST_F(FleetChecks, GarbageAndProblemsAreErrors) {
  const Credential web1 = joined("web1");
  const auto stream = connect(web1, "web1");
  for (const bool is_garbage : {true, false}) {
    ask_for_check(AgentId{web1.id});
    const auto request = stream->read();
    ASSERT_TRUE(request && request->has_check());
    pb::AgentMessage message;
    message.mutable_check()->set_number(request->check().number());
    if (is_garbage) message.mutable_check()->set_round("garbage");
    if (!is_garbage) message.mutable_check()->set_problem("too much to do");
    stream->send(message);
    const auto told = result();
    ASSERT_FALSE(told.has_value());
    if (!is_garbage) {
      EXPECT_EQ(told.error().message, "too much to do");
    }
  }
}

TEST_F(FleetChecks, AnAgentThatIsAwayTooOldOrLostIsSaidToBeSo) {
  const Credential web1 = joined("web1");
  ask_for_check(AgentId{web1.id});
  EXPECT_TRUE(contains(result().error().message, "not connected"));
  {
    const auto old = std::make_unique<Stream>(stub(web1));
    old->hello("web1", wire::kProtocolOfChecks - 1);
    const auto welcome = old->read();
    ASSERT_TRUE(welcome && welcome->has_welcome());
    EXPECT_EQ(welcome->welcome().protocol(), wire::kProtocolOfChecks - 1);
    ask_for_check(AgentId{web1.id});
    EXPECT_TRUE(contains(result().error().message, "too old"));
    old->read();
    old->leave();
  }
  wait_until_gone("web1");
  const auto stream = connect(web1, "web1");
  ask_for_check(AgentId{web1.id});
  ASSERT_TRUE(stream->read()->has_check());
  stream->leave();
  EXPECT_TRUE(contains(result().error().message, "lost"));
}

TEST_F(FleetChecks, AnAnswerOfAnotherAgentMeansNothing) {
  const Credential web1 = joined("web1");
  const Credential web2 = joined("web2");
  const auto asked = connect(web1, "web1");
  const auto liar = connect(web2, "web2");
  ask_for_check(AgentId{web1.id});
  const std::uint64_t number = asked->read()->check().number();
  pb::AgentMessage message;
  message.mutable_check()->set_number(number);
  message.mutable_check()->set_problem("a lie");
  liar->send(message);
  message.mutable_check()->set_problem("the truth");
  // Its status after it has been taken in: then the lie was, too.
  liar->leave();
  wait_until_gone("web2");
  asked->send(message);
  EXPECT_EQ(result().error().message, "the truth");
}

TEST_F(FleetChecks, AnAgentThatIsTooNewIsToldWhomToUpdate) {
  const Credential web1 = joined("web1");
  Stream stream(stub(web1));
  pb::AgentMessage message;
  message.mutable_hello()->set_protocol(wire::kProtocol + 3);
  message.mutable_hello()->set_protocol_oldest(wire::kProtocol + 1);
  message.mutable_hello()->set_version("9.9.9");
  stream.send(message);
  const grpc::Status status = stream.end();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(contains(status.error_message(), "update this side")) << status.error_message();
  EXPECT_TRUE(contains(status.error_message(), "9.9.9"));
}

}  // namespace
}  // namespace lw::server
