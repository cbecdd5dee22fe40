// SPDX-License-Identifier: Apache-2.0
#include "server/fleet_fixture.h"

namespace lw::server {
namespace {

TEST_F(FleetTest, messages_in_quick_succession_each_arrive_whole) {
  constexpr int kMessages = 3'000;
  const Credential credential = joined("web1");
  apply("192.0.2.1");
  const auto stream = connect(credential, "web1", 1);
  pb::AgentMessage status;
  status.mutable_status()->set_wall_time_us(1);
  for (int i = 1; i <= kMessages; ++i) {
    stream->rounds(static_cast<std::uint64_t>(i), {round(i), round(i)});
    status.mutable_status()->set_problem(std::string(static_cast<std::size_t>(i % 300), 'x'));
    stream->send(status);
  }
  std::uint64_t acknowledged = 0;
  while (acknowledged < kMessages + 1) {
    acknowledged = stream->ack();
    ASSERT_GT(acknowledged, 0U) << "the stream has ended";
  }
  EXPECT_EQ(writer_->stats().rows_inserted, std::uint64_t{kMessages + 1});
}

TEST_F(FleetTest, an_acknowledgement_comes_only_after_the_store_has_taken_the_rounds) {
  apply("192.0.2.7");
  const auto stream = connect(joined("web1"), "web1", 1);
  store_.hold();
  stream->rounds(1, {round(1), round(2), round(3)});
  EXPECT_FALSE(store_.next_insert().empty());
  // Whatever the server sends now comes before what it sends later, and there is no Ack before
  // this.
  apply("192.0.2.8");
  ASSERT_TRUE(stream->read()->has_assignment());
  EXPECT_EQ(writer_->durable_high(AgentId{agent("web1")->agent.id}, kSpool), 0U);
  EXPECT_EQ(live().verdict.state, TestState::Fail) << "states do not wait for the store";
  store_.release();
  EXPECT_EQ(stream->ack(), 3U);
}

TEST_F(FleetTest, a_batch_that_is_sent_twice_is_stored_once_and_acknowledged_twice) {
  apply("192.0.2.7");
  const Credential credential = joined("web1");
  auto stream = connect(credential, "web1", 1);
  stream->rounds(1, {round(1), round(2)});
  EXPECT_EQ(stream->ack(), 2U);
  stream->rounds(1, {round(1), round(2)});
  EXPECT_EQ(stream->ack(), 2U);
  stream.reset();
  stream = connect(credential, "web1", 1);
  stream->rounds(1, {round(1), round(2)});
  EXPECT_EQ(stream->ack(), 2U) << "after a new connection too";
  stream->rounds(2, {round(2), round(3)});
  EXPECT_EQ(stream->ack(), 3U);
  EXPECT_EQ(writer_->stats().rows_inserted, 3U);
  store_.next_insert();
  store_.next_insert();
  EXPECT_EQ(store_.inserts_waiting(), 0U);
}

TEST_F(FleetTest, what_was_acknowledged_is_known_after_a_restart_of_the_server) {
  apply("192.0.2.7");
  const Credential credential = joined("web1");
  auto stream = connect(credential, "web1", 1);
  stream->rounds(1, {round(1), round(2)});
  EXPECT_EQ(stream->ack(), 2U);
  stream.reset();
  stop();
  start();
  stream = connect(credential, "web1", 1);
  stream->rounds(1, {round(1), round(2)});
  EXPECT_EQ(stream->ack(), 2U);
  EXPECT_EQ(writer_->stats().rows_inserted, 0U);
}

TEST_F(FleetTest, a_damaged_round_is_passed_over_and_the_rest_is_kept) {
  apply("192.0.2.7");
  const auto stream = connect(joined("web1"), "web1", 1);
  stream->rounds(1, {round(1), "\xff\xff\xff", round(3)});
  EXPECT_EQ(stream->ack(), 3U);
  EXPECT_EQ(writer_->stats().rows_inserted, 2U);
}

TEST_F(FleetTest, a_batch_of_damaged_rounds_only_is_acknowledged_and_not_sent_for_ever) {
  const auto stream = connect(joined("web1"), "web1");
  stream->rounds(1, {"\xff\xff\xff"});
  EXPECT_EQ(stream->ack(), 1U);
  stream->rounds(2, {round(2)});
  EXPECT_EQ(stream->ack(), 2U);
}

TEST_F(FleetTest, what_is_not_understood_ends_the_stream_in_words) {
  const Credential credential = joined("web1");
  Stream old(stub(credential));
  old.hello("web1", 0);
  const grpc::Status status = old.end();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(contains(status.error_message(), "0.9-test")) << status.error_message();
  Stream rude(stub(credential));
  rude.rounds(1, {round(1)});
  EXPECT_TRUE(contains(rude.end().error_message(), "Hello"));
}

}  // namespace
}  // namespace lw::server
