// SPDX-License-Identifier: Apache-2.0
// Control, fleet service, round writer and registry together, over real gRPC and TLS, with a
// ClickHouse that only pretends.
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/channel.h"
#include "base/guarded.h"
#include "io/http_server.h"
#include "io/pki.h"
#include "model/codec.h"
#include "server/control.h"
#include "server/fleet_service.h"
#include "wire/convert.h"
#include "wire/fleet.grpc.pb.h"
#include "wire/join_token.h"
#include "wire/protocol.h"

namespace lw::server {
namespace {

namespace pb = ::linewatch::wire;

constexpr Seconds kPatience{20};
constexpr std::uint16_t kKeepDays = 30;
const SpoolId kSpool{0x5b001};

/// Takes everything; inserts of rounds wait for release() while held.
class FakeStore {
 public:
  FakeStore() {
    server_ = io::HttpServer::start({}, [this](const io::HttpRequest& request,
                                               io::HttpResponder responder) {
                if (!request.parameter("query").starts_with("INSERT INTO arrivals (")) {
                  // Asked whether a batch is complete: nothing is missing.
                  const bool is_count = request.body.starts_with("SELECT count()");
                  responder.send({200, {}, is_count ? "0\n" : ""});
                  return;
                }
                const bool is_held = held_.with([&](auto& held) {
                  if (held) held->push_back(responder);
                  return held.has_value();
                });
                inserts_.push(request.body);
                if (!is_held) responder.send({});
              }).value();
  }
  store::ClientConfig config() const {
    store::ClientConfig config;
    config.url = "http://127.0.0.1:" + std::to_string(server_->port());
    return config;
  }
  void hold() {
    held_.with([](auto& held) { held.emplace(); });
  }
  void release() {
    const auto waiting = held_.with([](auto& held) { return std::exchange(held, std::nullopt); });
    for (const io::HttpResponder& responder : waiting.value()) responder.send({});
  }
  /// Waits for the next insert.
  std::string next_insert() {
    auto body = inserts_.pop_for(kPatience);
    EXPECT_TRUE(body.has_value()) << "no insert came";
    return body.value_or("");
  }
  std::size_t inserts_waiting() const { return inserts_.stats().depth; }

 private:
  Guarded<std::optional<std::vector<io::HttpResponder>>> held_;
  Channel<std::string> inserts_{1000, WhenFull::Refuse};
  std::unique_ptr<io::HttpServer> server_;
};

/// What an agent has after joining; empty certificate: has not joined.
struct Credential {
  std::uint64_t id = 0;
  std::string key_pem;
  std::string certificate_pem;
};

gpr_timespec deadline() {
  return {.tv_sec = kPatience.count(), .tv_nsec = 0, .clock_type = GPR_TIMESPAN};
}

std::unique_ptr<pb::Fleet::Stub> make_stub(std::uint16_t port, const std::string& ca_pem,
                                           const Credential& credential) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ca_pem;
  tls.pem_private_key = credential.key_pem;
  tls.pem_cert_chain = credential.certificate_pem;
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("linewatch-server");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return pb::Fleet::NewStub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port),
                                                      grpc::SslCredentials(tls), arguments));
}

/// One Connect stream as an agent holds it, blocking.
class Stream {
 public:
  explicit Stream(std::unique_ptr<pb::Fleet::Stub> stub) : stub_(std::move(stub)) {
    context_.set_deadline(deadline());
    stream_ = stub_->Connect(&context_);
  }
  ~Stream() {
    context_.TryCancel();
    if (!is_finished_) stream_->Finish();
  }

  void hello(const std::string& name, std::uint32_t protocol = wire::kProtocol) {
    pb::AgentMessage message;
    message.mutable_hello()->set_protocol(protocol);
    message.mutable_hello()->set_version("0.9-test");
    message.mutable_hello()->mutable_facts()->set_name(name);
    stream_->Write(message);
  }
  void rounds(std::uint64_t first, const std::vector<std::string>& encoded) {
    pb::AgentMessage message;
    message.mutable_rounds()->set_spool_id(kSpool.value);
    message.mutable_rounds()->set_first_sequence(first);
    for (const std::string& bytes : encoded) message.mutable_rounds()->add_rounds(bytes);
    stream_->Write(message);
  }
  void send(const pb::AgentMessage& message) { stream_->Write(message); }
  /// The next message; nothing if the stream has ended.
  std::optional<pb::ServerMessage> read() {
    pb::ServerMessage message;
    if (!stream_->Read(&message)) return std::nullopt;
    return message;
  }
  /// The sequence of the next message, which must be an Ack; 0 if it is another.
  std::uint64_t ack() {
    const auto message = read();
    EXPECT_TRUE(message && message->has_ack());
    return message ? message->ack().sequence() : 0;
  }
  /// Why the server ended the stream.
  grpc::Status end() {
    while (read()) {
    }
    is_finished_ = true;
    return stream_->Finish();
  }
  void leave() {
    stream_->WritesDone();
    end();
  }

 private:
  std::unique_ptr<pb::Fleet::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::AgentMessage, pb::ServerMessage>> stream_;
  bool is_finished_ = false;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

class FleetTest : public testing::Test {
 protected:
  FleetTest() {
    char name[] = "/tmp/lw-fleet-XXXXXX";
    folder_ = ::mkdtemp(name);
    authority_.emplace(Authority::open(folder_, {}, clock_.wall_now()).value());
    start();
  }
  ~FleetTest() override {
    stop();
    std::filesystem::remove_all(folder_);
  }

  void start() {
    history_ = std::make_unique<History>(store_.config(), clock_, kKeepDays);
    control_ =
        std::make_unique<Control>(registry::Registry::open(folder_ + "/registry.sqlite").value(),
                                  *authority_, clock_, *history_, kKeepDays);
    writer_ =
        store::RoundWriter::open({.directory = folder_ + "/ingest", .max_delay = Milliseconds(5)},
                                 store_.config(), clock_,
                                 [this](AgentId agent, SpoolId spool, std::uint64_t sequence) {
                                   control_->on_durable(agent, spool, sequence);
                                 })
            .value();
    ASSERT_TRUE(control_->start(*writer_).has_value());
    history_->start();
    fleet_ = FleetService::start("127.0.0.1:0", *authority_, *control_).value();
  }
  void stop() {
    fleet_.reset();
    control_->stop();
    history_->stop();
    writer_.reset();
    control_.reset();
  }

  /// Runs `work` on the control thread and gives what it returns.
  template <class Work>
  auto ask(Work work) {
    // Shared: push still touches the channel when pop has returned already.
    const auto answer = std::make_shared<Channel<decltype(work())>>(1, WhenFull::Refuse);
    control_->post([&work, answer] { answer->push(work()); });
    return answer->pop().value();
  }
  std::string make_token(int uses = 1) {
    return ask([&] { return control_->create_join_token(Seconds(60), uses).value(); });
  }
  std::optional<AgentView> agent(const std::string& name) {
    return ask([&]() -> std::optional<AgentView> {
      for (AgentView& view : control_->agents()) {
        if (view.agent.name == name) return std::move(view);
      }
      return std::nullopt;
    });
  }
  void wait_until_gone(const std::string& name) {
    const Instant give_up = clock_.now() + kPatience;
    while (agent(name)->connection && clock_.now() < give_up) {
    }
    ASSERT_FALSE(agent(name)->connection.has_value());
  }
  std::vector<MonitorChange> apply(const std::string& destination, const std::string& name = "m") {
    return apply_text(
        "connectionMonitors:\n"
        "  - name: " +
        name +
        "\n"
        "    endpoints:\n"
        "      - {name: here, type: Agent, address: web1}\n"
        "      - {name: there, address: " +
        destination +
        "}\n"
        "    testConfigurations: [{name: ping, protocol: Icmp, testFrequencySec: 30}]\n"
        "    testGroups:\n"
        "      - {name: g, sources: [here], destinations: [there], testConfigurations: [ping]}\n");
  }
  std::vector<MonitorChange> apply_text(const std::string& text) {
    const auto document = parse_yaml(text);
    const MonitorsRead read = read_monitor_file(document.value(), "test.yaml");
    for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
    const auto documents = document->find("connectionMonitors")->as_array();
    return ask([&] { return control_->apply(read.monitors, documents, false).value(); });
  }
  /// The one test that apply() defines.
  LiveTest live() {
    return ask([&] { return *control_->live().find(test_id("m", "g", "here", "there", "ping")); });
  }
  std::string round(int number, CheckOutcome outcome = CheckOutcome::TimedOut) {
    Round round;
    round.test = test_id("m", "g", "here", "there", "ping");
    round.started = began_ + Seconds(number);
    round.checks = {{outcome, std::nullopt, Microseconds(0)}};
    if (outcome == CheckOutcome::Success) round.checks[0].rtt = Microseconds(900);
    return wire::encode_round(round);
  }

  std::unique_ptr<pb::Fleet::Stub> stub(const Credential& credential = {}) {
    return make_stub(fleet_->port(), authority_->authority_pem(), credential);
  }
  struct Joined {
    grpc::Status status;
    Credential credential;
  };
  Joined join(const std::string& secret, const std::string& name) {
    const auto signing = io::create_signing_request("whoever").value();
    pb::EnrollRequest request;
    request.set_protocol(wire::kProtocol);
    request.set_token(secret);
    request.mutable_facts()->set_name(name);
    request.set_signing_request_pem(signing.request_pem);
    grpc::ClientContext context;
    context.set_deadline(deadline());
    pb::EnrollResponse response;
    const grpc::Status status = stub()->Enroll(&context, request, &response);
    return {status, {response.agent_id(), signing.private_key_pem, response.certificate_pem()}};
  }
  static std::string secret_of(const std::string& token) {
    return wire::parse_join_token(token).value().secret;
  }
  Credential joined(const std::string& name) {
    Joined done = join(secret_of(make_token()), name);
    EXPECT_TRUE(done.status.ok()) << done.status.error_message();
    return done.credential;
  }
  /// A stream that has said Hello and was welcomed with its (maybe empty) assignment.
  std::unique_ptr<Stream> connect(const Credential& credential, const std::string& name,
                                  int tests = 0) {
    auto stream = std::make_unique<Stream>(stub(credential));
    stream->hello(name);
    const auto welcome = stream->read();
    EXPECT_TRUE(welcome && welcome->has_welcome());
    EXPECT_TRUE(welcome && welcome->welcome().agent_id() == credential.id);
    const auto assignment = stream->read();
    EXPECT_TRUE(assignment && assignment->has_assignment());
    EXPECT_TRUE(assignment && assignment->assignment().tests_size() == tests);
    return stream;
  }

  std::string folder_;
  SystemClock clock_;
  const Timestamp began_ = clock_.wall_now();
  FakeStore store_;
  std::optional<Authority> authority_;
  std::unique_ptr<History> history_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<store::RoundWriter> writer_;
  std::unique_ptr<FleetService> fleet_;
};

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
  while (acknowledged < kMessages + 1) acknowledged = stream->ack();
  EXPECT_EQ(writer_->stats().rows_inserted, std::uint64_t{kMessages + 1});
}

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
  const auto signing = io::create_signing_request("x").value();
  const auto renew = [&](const Credential& with, pb::EnrollResponse& response) {
    pb::RenewRequest request;
    request.set_signing_request_pem(signing.request_pem);
    grpc::ClientContext context;
    context.set_deadline(deadline());
    return stub(with)->Renew(&context, request, &response);
  };
  pb::EnrollResponse response;
  EXPECT_EQ(renew({}, response).error_code(), grpc::StatusCode::UNAUTHENTICATED);
  ASSERT_TRUE(renew(credential, response).ok());
  EXPECT_EQ(response.agent_id(), credential.id);
  connect({credential.id, signing.private_key_pem, response.certificate_pem()}, "web1");
  EXPECT_TRUE(ask([&] { return control_->remove_agent(AgentId{credential.id}).has_value(); }));
  EXPECT_EQ(renew(credential, response).error_code(), grpc::StatusCode::PERMISSION_DENIED);
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
