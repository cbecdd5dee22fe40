// SPDX-License-Identifier: Apache-2.0
#include "server/fleet_fixture.h"

namespace lw::server {
namespace {

/// A monitor in which all agents of the role "mesh" test each other by 100,000 tests a pair.
std::string mesh_of_fifty() {
  std::string endpoints;
  std::string names;
  std::string configurations;
  std::string configuration_names;
  for (int i = 0; i < 50; ++i) {
    const std::string name = "e" + std::to_string(i);
    endpoints += "      - {name: " + name +
                 ", type: AgentGroup, coverageLevel: Full, linewatch: {labels: {role: mesh}}}\n";
    names += (i > 0 ? ", " : "") + name;
  }
  for (int i = 0; i < 20; ++i) {
    const std::string name = "c" + std::to_string(i);
    configurations += "      - {name: " + name + ", protocol: Icmp, testFrequencySec: 30}\n";
    configuration_names += (i > 0 ? ", " : "") + name;
  }
  std::string groups;
  for (const std::string group : {"g", "h"}) {
    groups += "      - {name: " + group + ", sources: [" + names + "], destinations: [" + names +
              "], testConfigurations: [" + configuration_names + "]}\n";
  }
  return "connectionMonitors:\n  - name: mesh\n    endpoints:\n" + endpoints +
         "    testConfigurations:\n" + configurations + "    testGroups:\n" + groups;
}

TEST_F(FleetTest, a_join_token_gives_one_agent_a_certificate_and_is_used_up) {
  const std::string token = make_token();
  EXPECT_EQ(wire::parse_join_token(token)->authority_sha256_hex,
            authority_->authority_sha256_hex());
  const Joined first = join(secret_of(token), "web1");
  ASSERT_TRUE(first.status.ok()) << first.status.error_message();
  EXPECT_EQ(agent("web1")->agent.id.value, first.credential.id);
  EXPECT_EQ(io::read_certificate(first.credential.certificate_pem)->subject_common_name,
            wire::agent_common_name(first.credential.id));
  const Joined second = join(secret_of(token), "web2");
  EXPECT_EQ(second.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(contains(second.status.error_message(), "used up"));
  EXPECT_FALSE(agent("web2").has_value());
}

// The server may read the next message while it still hands over the one before.
TEST_F(FleetTest, a_wrong_token_or_a_bad_name_joins_nobody_and_spends_nothing) {
  const std::string secret = secret_of(make_token());
  const auto wrong = join(std::string(32, '0'), "web1");
  EXPECT_EQ(wrong.status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  for (const std::string& name : {std::string(), std::string(201, 'x'), std::string("a\nb")}) {
    EXPECT_EQ(join(secret, name).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  EXPECT_TRUE(ask([&] { return control_->agents().size(); }) == 0);
  EXPECT_TRUE(join(secret, "web1").status.ok()) << "the token is still good";
}

TEST_F(FleetTest, nothing_is_signed_without_a_token_and_a_bad_request_does_not_spend_it) {
  const std::string secret = secret_of(make_token());
  const auto enroll = [&](const std::string& token, const std::string& pem) {
    pb::EnrollRequest request;
    request.set_protocol(wire::kProtocol);
    request.set_token(token);
    request.mutable_facts()->set_name("web1");
    request.set_signing_request_pem(pem);
    grpc::ClientContext context;
    context.set_deadline(deadline());
    pb::EnrollResponse response;
    return stub()->Enroll(&context, request, &response).error_code();
  };
  EXPECT_EQ(enroll(std::string(32, '0'), "no request"), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(enroll(secret, "no request"), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(enroll(secret, std::string(17 << 10, 'p')), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(enroll(secret, std::string(5 << 20, 'p')), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(join(secret, "web1").status.ok()) << "the token is still good";
}

TEST_F(FleetTest, a_stream_without_a_certificate_is_refused_in_words) {
  Stream stream(stub());
  const grpc::Status status = stream.end();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_TRUE(contains(status.error_message(), "no agent certificate")) << status.error_message();
}

TEST_F(FleetTest, a_certificate_of_another_ca_is_refused) {
  Credential credential = joined("web1");
  const auto other = io::create_certificate_authority("linewatch CA", clock_.wall_now()).value();
  const auto signing = io::create_signing_request("x").value();
  credential.key_pem = signing.private_key_pem;
  credential.certificate_pem =
      io::sign_client_certificate(other, signing.request_pem,
                                  wire::agent_common_name(credential.id), began_ - Seconds(60),
                                  began_ + Seconds(600))
          .value();
  Stream stream(stub(credential));
  stream.hello("web1");
  EXPECT_FALSE(stream.read().has_value());
  EXPECT_FALSE(agent("web1")->connection.has_value());
}

TEST_F(FleetTest, the_servers_own_certificate_makes_no_agent) {
  Credential credential;
  credential.key_pem = authority_->server_key_pem();
  credential.certificate_pem = authority_->server_chain_pem();
  Stream stream(stub(credential));
  stream.hello("web1");
  EXPECT_FALSE(stream.end().ok());
}

TEST_F(FleetTest, a_connected_agent_is_welcomed_and_gets_its_tests_now_and_later) {
  const Credential credential = joined("web1");
  const auto stream = connect(credential, "web1");
  ASSERT_TRUE(agent("web1")->connection.has_value());
  EXPECT_EQ(agent("web1")->connection->version, "0.9-test");
  apply("192.0.2.7");
  const auto message = stream->read();
  ASSERT_TRUE(message && message->has_assignment());
  ASSERT_EQ(message->assignment().tests_size(), 1);
  EXPECT_EQ(message->assignment().tests(0).destination_address(), "192.0.2.7");
  EXPECT_EQ(live().verdict.reason.code, ReasonCode::NotYetRun);
  apply("192.0.2.8");
  EXPECT_EQ(stream->read()->assignment().tests(0).destination_address(), "192.0.2.8");
}

TEST_F(FleetTest, an_agent_is_told_what_changes_of_its_tests_and_all_of_them_if_it_asks) {
  const Credential credential = joined("web1");
  auto stream = connect(credential, "web1");
  apply("192.0.2.7", "m");
  const auto whole = stream->read();
  ASSERT_TRUE(whole && whole->has_assignment());
  apply("192.0.2.8", "n");
  const auto change = stream->read();
  ASSERT_TRUE(change && change->has_difference());
  EXPECT_EQ(change->difference().base(), whole->assignment().version());
  ASSERT_EQ(change->difference().put().tests_size(), 1);
  EXPECT_EQ(change->difference().put().tests(0).destination_address(), "192.0.2.8");
  EXPECT_EQ(change->difference().removed_size(), 0);
  const std::uint64_t version = change->difference().put().version();
  EXPECT_EQ(agent("web1")->connection->assigned_version, version);

  pb::AgentMessage wanted;
  wanted.mutable_assignment_wanted()->set_problem("for a test");
  stream->send(wanted);
  const auto again = stream->read();
  ASSERT_TRUE(again && again->has_assignment());
  EXPECT_EQ(again->assignment().tests_size(), 2);
  EXPECT_EQ(again->assignment().version(), version);

  // An older agent, which knows no differences, gets all of it each time.
  stream.reset();
  wait_until_gone("web1");
  Stream old(stub(credential));
  old.hello("web1", wire::kProtocolOfDifferences - 1);
  const auto welcome = old.read();
  ASSERT_TRUE(welcome && welcome->has_welcome());
  EXPECT_EQ(welcome->welcome().protocol(), wire::kProtocolOfDifferences - 1);
  EXPECT_EQ(old.read()->assignment().tests_size(), 2);
  apply("192.0.2.9", "n");
  EXPECT_EQ(old.read()->assignment().tests_size(), 2);
}

TEST_F(FleetTest, the_agent_at_the_destination_is_told_where_to_listen_and_when_to_stop) {
  const auto monitor = [](const std::string& behavior, bool disable) {
    return "connectionMonitors:\n"
           "  - name: m\n"
           "    endpoints:\n"
           "      - {name: here, type: Agent, address: web1}\n"
           "      - {name: there, type: Agent, address: 192.0.2.9, linewatch: {agent: web2}}\n"
           "    testConfigurations:\n"
           "      - name: tcp\n"
           "        protocol: Tcp\n"
           "        testFrequencySec: 30\n"
           "        tcpConfiguration: {port: 8084, destinationPortBehavior: " +
           behavior +
           "}\n"
           "    testGroups:\n"
           "      - {name: g, sources: [here], destinations: [there], testConfigurations: [tcp], "
           "disable: " +
           (disable ? "true" : "false") + "}\n";
  };
  const auto source = connect(joined("web1"), "web1");
  const Credential credential = joined("web2");
  auto destination = connect(credential, "web2");
  apply_text(monitor("ListenIfAvailable", false));
  const auto told = destination->read();
  ASSERT_TRUE(told && told->has_assignment());
  ASSERT_EQ(told->assignment().listen_ports_size(), 1);
  EXPECT_EQ(told->assignment().listen_ports(0), 8084U);
  EXPECT_EQ(told->assignment().tests_size(), 0);
  const auto tests = source->read();
  ASSERT_TRUE(tests && tests->has_assignment());
  EXPECT_EQ(tests->assignment().tests_size(), 1);
  EXPECT_EQ(tests->assignment().listen_ports_size(), 0);
  destination.reset();
  wait_until_gone("web2");
  destination = std::make_unique<Stream>(stub(credential));
  destination->hello("web2");
  ASSERT_TRUE(destination->read()->has_welcome());
  EXPECT_EQ(destination->read()->assignment().listen_ports_size(), 1) << "also when it comes back";
  apply_text(monitor("ListenIfAvailable", true));
  EXPECT_EQ(destination->read()->assignment().listen_ports_size(), 0) << "the group is disabled";
  apply_text(monitor("ListenIfAvailable", false));
  EXPECT_EQ(destination->read()->assignment().listen_ports_size(), 1);
  apply_text(monitor("None", false));
  EXPECT_EQ(destination->read()->assignment().listen_ports_size(), 0);
}

TEST_F(FleetTest, a_removed_agent_is_cut_off_and_refused_from_then_on) {
  const Credential credential = joined("web1");
  const auto stream = connect(credential, "web1");
  EXPECT_TRUE(ask([&] { return control_->remove_agent(AgentId{credential.id}).has_value(); }));
  const grpc::Status cut = stream->end();
  EXPECT_EQ(cut.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  Stream again(stub(credential));
  again.hello("web1");
  const grpc::Status refused = again.end();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(contains(refused.error_message(), "removed")) << refused.error_message();
  EXPECT_FALSE(agent("web1").has_value());
  // Its name is free again, for an agent with another id.
  EXPECT_NE(joined("web1").id, credential.id);
}

TEST_F(FleetTest, a_newer_connection_of_an_agent_ends_the_older_one) {
  const Credential credential = joined("web1");
  const auto old = connect(credential, "web1");
  const auto fresh = connect(credential, "web1");
  const grpc::Status status = old->end();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(contains(status.error_message(), "newer connection"));
  EXPECT_TRUE(agent("web1")->connection.has_value()) << "the end of the old one changes nothing";
  fresh->rounds(1, {round(1)});
  EXPECT_EQ(fresh->ack(), 1U);
}

TEST_F(FleetTest, an_agent_that_leaves_is_shown_as_gone) {
  const auto stream = connect(joined("web1"), "web1");
  stream->leave();
  wait_until_gone("web1");
  EXPECT_GE(agent("web1")->last_seen, began_);
}

TEST_F(FleetTest, a_second_host_of_the_same_name_is_refused_while_the_first_is_connected) {
  const Credential first = joined("web1");
  const auto stream = connect(first, "web1");
  const std::string secret = secret_of(make_token());
  const Joined second = join(secret, "web1");
  EXPECT_EQ(second.status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_TRUE(contains(second.status.error_message(), "--name"));
  stream->leave();
  wait_until_gone("web1");
  const Joined reinstalled = join(secret, "web1");
  ASSERT_TRUE(reinstalled.status.ok()) << reinstalled.status.error_message();
  EXPECT_EQ(reinstalled.credential.id, first.id) << "a reinstalled host keeps its place";
  const auto fresh = connect(reinstalled.credential, "web1");
  // The host that was there before may still run.
  for (int round = 0; round < 2; ++round) {
    Stream old(stub(first));
    old.hello("web1");
    const grpc::Status refused = old.end();
    EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED) << round;
    EXPECT_TRUE(contains(refused.error_message(), "no longer good")) << refused.error_message();
    if (round == 0) {
      EXPECT_TRUE(agent("web1")->connection.has_value()) << "it did not push the new one out";
      stop();
      start();
    }
  }
}

TEST_F(FleetTest, an_old_certificate_is_not_renewed_once_another_host_has_joined) {
  const Credential first = joined("web1");
  const Credential second = joined("web1");
  ASSERT_EQ(first.id, second.id);
  EXPECT_EQ(renew(first).first.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  const auto [status, renewed] = renew(second);
  ASSERT_TRUE(status.ok()) << status.error_message();
  connect(second, "web1")->leave();  // It may have ended before it saved the fresh one.
  connect(renewed, "web1");
}

TEST_F(FleetTest, a_renewed_server_certificate_is_shown_to_new_connections) {
  const Credential credential = joined("web1");
  const auto old = connect(credential, "web1");
  const auto shown = [&] {
    const auto chain = io::fetch_certificate_chain("127.0.0.1", fleet_->port(), kPatience);
    return chain ? chain->front() : chain.error().message;
  };
  const std::string before = shown();
  ASSERT_TRUE(authority_->server_chain_pem().starts_with(before));
  ASSERT_TRUE(authority_->renew_if_due({"new.example"}, clock_.wall_now()).value());
  const Instant give_up = clock_.now() + kPatience;
  while (shown() == before && clock_.now() < give_up) {
  }
  EXPECT_TRUE(authority_->server_chain_pem().starts_with(shown()));
  old->rounds(1, {round(1)});
  EXPECT_EQ(old->ack(), 1U) << "a connection of before goes on";
  connect(credential, "web1");
}

TEST_F(FleetTest, when_an_agent_was_last_seen_outlives_the_server) {
  const auto stream = connect(joined("web1"), "web1");
  stop();
  const Timestamp stopped = clock_.wall_now();
  start();
  const auto seen = agent("web1")->last_seen;
  ASSERT_TRUE(seen.has_value());
  EXPECT_GE(*seen, began_ - Microseconds(1));
  EXPECT_LE(*seen, stopped);
}

TEST_F(FleetTest, an_agent_that_would_make_too_many_tests_cannot_join_and_spends_no_token) {
  const auto join_mesh = [&](const std::string& secret, const std::string& name) {
    const auto signing = io::create_signing_request("x").value();
    pb::EnrollRequest request;
    request.set_protocol(wire::kProtocol);
    request.set_token(secret);
    request.mutable_facts()->set_name(name);
    request.mutable_facts()->add_addresses("192.0.2.1");
    pb::Label* const label = request.mutable_facts()->add_labels();
    label->set_key("role");
    label->set_value("mesh");
    request.set_signing_request_pem(signing.request_pem);
    grpc::ClientContext context;
    context.set_deadline(deadline());
    pb::EnrollResponse response;
    return stub()->Enroll(&context, request, &response);
  };
  ASSERT_TRUE(join_mesh(secret_of(make_token()), "web1").ok());
  // 50 x 50 x 20 x 2 tests for each pair of agents; alone, it has nobody to test against.
  apply_text(mesh_of_fifty());
  const std::string secret = secret_of(make_token());
  const grpc::Status refused = join_mesh(secret, "web2");
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(contains(refused.error_message(), "400000 tests")) << refused.error_message();
  EXPECT_FALSE(agent("web2").has_value());
  EXPECT_TRUE(join(secret, "web3").status.ok()) << "one without the label has room";
}

TEST_F(FleetTest, what_an_agent_says_of_itself_is_shown) {
  const auto stream = connect(joined("web1"), "web1");
  pb::AgentMessage message;
  message.mutable_status()->set_spool_records(12);
  message.mutable_status()->set_rounds_dropped(3);
  message.mutable_status()->set_problem("spool: disk full");
  message.mutable_status()->set_responder_connections(5);
  message.mutable_status()->set_stamp_replies(7);
  message.mutable_status()->mutable_self_test()->set_error_us(4);
  message.mutable_status()->set_wall_time_us(
      static_cast<std::uint64_t>(to_unix_us(clock_.wall_now() + Seconds(3600))));
  stream->send(message);
  stream->rounds(1, {round(1)});
  EXPECT_EQ(stream->ack(), 1U);  // the status was before it
  const AgentConnection connection = *agent("web1")->connection;
  EXPECT_EQ(connection.spool_records, 12U);
  EXPECT_EQ(connection.rounds_dropped, 3U);
  EXPECT_EQ(connection.problem, "spool: disk full");
  EXPECT_EQ(connection.responder_connections, 5U);
  EXPECT_EQ(connection.stamp_replies, 7U);
  ASSERT_TRUE(connection.self_test.has_value());
  EXPECT_EQ(connection.self_test->error, Microseconds(4));
  EXPECT_GT(connection.clock_offset, Seconds(3000));
}

TEST_F(FleetTest, renewing_needs_the_present_certificate_and_keeps_the_agent) {
  const Credential credential = joined("web1");
  EXPECT_EQ(renew({}).first.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  const auto [status, renewed] = renew(credential);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(renewed.id, credential.id);
  connect(renewed, "web1");
  EXPECT_TRUE(ask([&] { return control_->remove_agent(AgentId{credential.id}).has_value(); }));
  EXPECT_EQ(renew(credential).first.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(FleetTest, the_workspace_and_subscription_keep_their_ids_over_restarts) {
  const std::string workspace = control_->workspace_id();
  const std::string subscription = control_->subscription_id();
  stop();
  start();
  EXPECT_EQ(control_->workspace_id(), workspace);
  EXPECT_EQ(control_->subscription_id(), subscription);
  EXPECT_NE(workspace, subscription);
}

TEST_F(FleetTest, a_monitor_is_created_once_and_then_unchanged_or_updated) {
  EXPECT_EQ(apply("192.0.2.7").at(0).kind, MonitorChange::Kind::Created);
  EXPECT_EQ(apply("192.0.2.7").at(0).kind, MonitorChange::Kind::Unchanged);
  EXPECT_EQ(apply("192.0.2.8").at(0).kind, MonitorChange::Kind::Updated);
  EXPECT_EQ(ask([&] { return control_->monitors().size(); }), 1U);
}

TEST_F(FleetTest, monitors_whose_names_differ_by_case_are_one_monitor) {
  apply("192.0.2.7");
  EXPECT_EQ(apply("192.0.2.7", "M").at(0).kind, MonitorChange::Kind::Updated);
  const auto names = ask([&] {
    std::vector<std::string> found;
    for (const registry::StoredMonitor& stored : control_->monitors()) found.push_back(stored.name);
    for (const ConnectionMonitor& model : control_->models()) found.push_back(model.name);
    return found;
  });
  EXPECT_EQ(names, (std::vector<std::string>{"M", "M"}));
  ConnectionMonitor other;
  other.name = "x";
  ConnectionMonitor twin = other;
  twin.name = "X";
  const auto refused = ask([&] {
    return control_->apply({other, twin}, {Value(), Value()}, false);
  });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
  EXPECT_EQ(ask([&] { return control_->monitors().size(); }), 1U);
}

}  // namespace
}  // namespace lw::server
