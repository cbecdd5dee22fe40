// SPDX-License-Identifier: Apache-2.0
// The uplink against a server of the test's own, over real gRPC and TLS.
#include "agent/uplink.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "agent/assignment_file.h"
#include "base/guarded.h"
#include "base/test_times.h"
#include "io/host.h"
#include "io/pki.h"
#include "model/path_document.h"
#include "wire/assignment.h"
#include "wire/convert.h"
#include "wire/fleet.grpc.pb.h"
#include "wire/join_token.h"
#include "wire/protocol.h"

namespace lw::agent {
namespace {

namespace pb = ::linewatch::wire;

/// The machine's clock, which can be moved on so that pauses end.
class JumpingClock final : public Clock {
 public:
  [[nodiscard]] Timestamp wall_now() const override { return system_.wall_now(); }
  [[nodiscard]] Instant now() const override {
    return system_.now() + ahead_.with([](const Seconds& ahead) { return ahead; });
  }
  void jump(Seconds by) {
    ahead_.with([&](Seconds& ahead) { ahead += by; });
  }

 private:
  SystemClock system_;
  // A machine that has just started has a small clock.
  Guarded<Seconds> ahead_{Seconds(100'000)};
};

/// One stream as the server holds it.
class Session {
 public:
  using Stream = grpc::ServerReaderWriter<pb::ServerMessage, pb::AgentMessage>;
  Session(grpc::ServerContext* context, Stream* stream) : context_(context), stream_(stream) {}

  void serve() {
    pb::AgentMessage message;
    while (stream_->Read(&message)) received_.push(message);
    received_.close();
  }
  /// The next message of that kind; others are passed over. Fails if none comes.
  pb::AgentMessage next(pb::AgentMessage::MessageCase kind) {
    while (auto message = received_.pop_for(kPatience)) {
      if (message->message_case() == kind) return *message;
    }
    ADD_FAILURE() << "no message of kind " << kind;
    return {};
  }
  /// The very next message, whatever it is.
  std::optional<pb::AgentMessage> next() { return received_.pop_for(kPatience); }
  pb::RoundBatch batch() { return next(pb::AgentMessage::kRounds).rounds(); }
  pb::Hello hello() { return next(pb::AgentMessage::kHello).hello(); }

  void write(const pb::ServerMessage& message) { EXPECT_TRUE(stream_->Write(message)); }
  void welcome() {
    pb::ServerMessage message;
    message.mutable_welcome()->set_protocol(wire::kProtocol);
    write(message);
  }
  void acknowledge(const pb::RoundBatch& batch, std::uint64_t sequence) {
    pb::ServerMessage message;
    message.mutable_ack()->set_spool_id(batch.spool_id());
    message.mutable_ack()->set_sequence(sequence);
    write(message);
  }
  void assign(const pb::Assignment& part) {
    pb::ServerMessage message;
    *message.mutable_assignment() = part;
    write(message);
  }
  void change(const pb::AssignmentDifference& part) {
    pb::ServerMessage message;
    *message.mutable_difference() = part;
    write(message);
  }
  void cut() { context_->TryCancel(); }

 private:
  grpc::ServerContext* context_;
  Stream* stream_;
  Channel<pb::AgentMessage> received_{10'000, WhenFull::Refuse};
};

class FakeFleet final : public pb::Fleet::Service {
 public:
  explicit FakeFleet(Timestamp now)
      : authority_(io::create_certificate_authority("test CA", now).value()) {
    const auto own = io::issue_server_certificate(authority_, {.common_name = "linewatch-server",
                                                               .dns_names = {"linewatch-server"},
                                                               .ip_addresses = {},
                                                               .not_before = now - Seconds(60),
                                                               .not_after = now + Seconds(3600)})
                         .value();
    grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
    tls.pem_root_certs = authority_.certificate_pem;
    tls.pem_key_cert_pairs.push_back(
        {own.private_key_pem, own.certificate_pem + authority_.certificate_pem});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(tls), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~FakeFleet() override {
    server_->Shutdown(gpr_timespec{.tv_sec = 0, .tv_nsec = 0, .clock_type = GPR_TIMESPAN});
  }

  grpc::Status Connect(grpc::ServerContext* context, Session::Stream* stream) override {
    const auto session = std::make_shared<Session>(context, stream);
    sessions_.push(session);
    session->serve();
    return grpc::Status::OK;
  }
  grpc::Status Enroll(grpc::ServerContext* context, const pb::EnrollRequest* request,
                      pb::EnrollResponse* response) override {
    EXPECT_TRUE(context->auth_context()->FindPropertyValues("x509_common_name").empty());
    enrolled_.push(*request);
    answer(request->signing_request_pem(), response);
    return grpc::Status::OK;
  }
  grpc::Status Renew(grpc::ServerContext* context, const pb::RenewRequest* request,
                     pb::EnrollResponse* response) override {
    EXPECT_FALSE(context->auth_context()->FindPropertyValues("x509_common_name").empty());
    answer(request->signing_request_pem(), response);
    return grpc::Status::OK;
  }
  /// The next connection that comes in.
  std::shared_ptr<Session> session() {
    auto session = sessions_.pop_for(kPatience);
    EXPECT_TRUE(session.has_value()) << "the agent does not connect";
    return session.value();
  }
  std::optional<pb::EnrollRequest> enrolled() { return enrolled_.try_pop(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const io::KeyAndCertificate& authority() const { return authority_; }

 private:
  void answer(const std::string& request_pem, pb::EnrollResponse* response) {
    const Timestamp now = SystemClock().wall_now();
    response->set_agent_id(7);
    response->set_certificate_pem(
        io::sign_client_certificate(authority_, request_pem, wire::agent_common_name(7),
                                    now - Seconds(60), now + std::chrono::days(365))
            .value());
    response->set_authority_pem(authority_.certificate_pem);
  }

  const io::KeyAndCertificate authority_;
  Channel<std::shared_ptr<Session>> sessions_{100, WhenFull::Refuse};
  Channel<pb::EnrollRequest> enrolled_{100, WhenFull::Refuse};
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class UplinkTest : public testing::Test {
 protected:
  UplinkTest() {
    char name[] = "/tmp/lw-uplink-XXXXXX";
    folder_ = ::mkdtemp(name);
    identity_ = identity_until(clock_.wall_now() + std::chrono::days(365));
  }
  ~UplinkTest() override {
    // Without its server the uplink does not wait for what is still out.
    fleet_.reset();
    uplink_.reset();
    std::filesystem::remove_all(folder_);
  }

  Identity identity_until(Timestamp not_after) {
    const auto signing = io::create_signing_request("x").value();
    return {.id = AgentId{7},
            .server = fleet_->address(),
            .private_key_pem = signing.private_key_pem,
            .certificate_pem =
                io::sign_client_certificate(fleet_->authority(), signing.request_pem,
                                            wire::agent_common_name(7),
                                            clock_.wall_now() - std::chrono::days(300), not_after)
                    .value(),
            .authority_pem = fleet_->authority().certificate_pem,
            .name = {},
            .labels = {},
            .resource_id = {}};
  }
  Spool open_spool(std::uint64_t id, const std::string& name = "/spool") {
    return Spool::open({.directory = folder_ + name}, SpoolId{id}).value();
  }
  void start(std::uint64_t spool_id = 1, const std::string& server = {}) {
    Agent facts;
    facts.name = "web1";
    facts.addresses = {"192.0.2.1"};
    uplink_ = std::make_unique<Uplink>(
        UplinkConfig{server.empty() ? fleet_->address() : server, folder_, facts}, identity_,
        Spools{open_spool(spool_id), open_spool(spool_id + 1'000, "/path-spool")}, clock_,
        UplinkHandlers{
            .assigned = [this](AssignedWork work) { assigned_.push(std::move(work)); },
            .trace_wanted =
                [this](TestId test, bool with_mtu) {
                  traces_wanted_.push({test, with_mtu});
                },
            .report = [] { return ProbeReport{.intervals_missed = 4, .problem = "late"}; },
            .addresses = [this] { return addresses_.with([](auto& now) { return now; }); }});
  }
  void stop() { uplink_.reset(); }
  std::shared_ptr<Session> welcomed() {
    auto session = fleet_->session();
    session->hello();
    session->welcome();
    return session;
  }
  static Round round(int number) {
    Round round;
    round.test = TestId{5};
    round.started = from_unix_us(1'790'000'000'000'000 + number);
    round.checks = {{CheckOutcome::Success, Microseconds(number), Microseconds(0)}};
    return round;
  }
  void submit(int first, int last) {
    for (int number = first; number <= last; ++number) uplink_->submit(round(number));
  }
  /// Reads batches until `count` rounds have come; they must be `first` and following.
  pb::RoundBatch expect_rounds(Session& session, int first, int count) {
    pb::RoundBatch last;
    for (int number = first; number < first + count;) {
      last = session.batch();
      if (last.rounds().empty()) break;
      EXPECT_EQ(last.first_sequence(), static_cast<std::uint64_t>(number));
      for (const std::string& bytes : last.rounds()) {
        EXPECT_EQ(wire::decode_round(bytes).value(), round(number++));
      }
    }
    return last;
  }
  static std::vector<pb::Assignment> assignment(std::uint64_t version, std::size_t tests) {
    std::vector<lw::Test> list;
    for (std::size_t i = 0; i < tests; ++i) {
      lw::Test test;
      test.id = TestId{i + 1};
      test.destination_address = "192.0.2.1";
      test.configuration = std::make_shared<TestConfiguration>();
      list.push_back(std::move(test));
    }
    return wire::encode_assignment(version, list);
  }
  static lw::Test one_test(std::uint64_t id) {
    lw::Test test;
    test.id = TestId{id};
    test.destination_address = "192.0.2.1";
    test.configuration = std::make_shared<TestConfiguration>();
    return test;
  }
  static std::uint64_t version_of(const std::vector<lw::Test>& tests) {
    wire::Fingerprinter fingerprinter;
    std::vector<std::uint64_t> fingerprints;
    for (const lw::Test& test : tests) fingerprints.push_back(fingerprinter.of(test));
    return wire::assignment_version(fingerprints, {});
  }
  AssignedWork assigned_work() {
    auto work = assigned_.pop_for(kPatience);
    EXPECT_TRUE(work.has_value()) << "no assignment was handed out";
    return work.value_or(AssignedWork{});
  }
  std::vector<lw::Test> assigned() { return assigned_work().tests; }

  std::string folder_;
  JumpingClock clock_;
  std::unique_ptr<FakeFleet> fleet_ = std::make_unique<FakeFleet>(clock_.wall_now());
  Identity identity_;
  Channel<AssignedWork> assigned_{100, WhenFull::Refuse};
  Channel<std::pair<TestId, bool>> traces_wanted_{10, WhenFull::Refuse};
  Guarded<std::vector<std::string>> addresses_{std::vector<std::string>{"192.0.2.1"}};
  std::unique_ptr<Uplink> uplink_;
};

TEST_F(UplinkTest, says_who_it_is_first_and_sends_nothing_before_it_is_welcome) {
  start();
  submit(1, 3);
  const auto session = fleet_->session();
  const auto first = session->next();
  ASSERT_TRUE(first && first->has_hello());
  EXPECT_EQ(first->hello().facts().name(), "web1");
  EXPECT_EQ(first->hello().protocol(), wire::kProtocol);
  EXPECT_EQ(first->hello().assignment_version(), 0U);
  session->welcome();
  expect_rounds(*session, 1, 3);
}

TEST_F(UplinkTest, a_host_that_moves_says_hello_with_its_new_addresses) {
  start();
  const auto before = fleet_->session();
  EXPECT_EQ(before->hello().facts().addresses(0), "192.0.2.1");
  before->welcome();
  ASSERT_TRUE(before->next(pb::AgentMessage::kStatus).has_status());

  const auto set = [&](std::vector<std::string> now) {
    addresses_.with([&](auto& addresses) { addresses = std::move(now); });
  };
  set({});
  clock_.jump(Seconds(10));
  ASSERT_TRUE(before->next(pb::AgentMessage::kStatus).has_status())
      << "no network is nothing to tell of";

  set({"192.0.2.2", "2001:db8::2"});
  clock_.jump(Seconds(10));
  const auto after = fleet_->session();
  const auto hello = after->hello();
  ASSERT_EQ(hello.facts().addresses_size(), 2);
  EXPECT_EQ(hello.facts().addresses(0), "192.0.2.2");
  after->welcome();
  submit(1, 3);
  expect_rounds(*after, 1, 3);
}

TEST_F(UplinkTest, what_is_acknowledged_leaves_the_spool_and_the_rest_stays) {
  start();
  submit(1, 3);
  const auto session = welcomed();
  const pb::RoundBatch batch = expect_rounds(*session, 1, 3);
  session->acknowledge(batch, 2);
  // The status that comes next counts what the acknowledgement left.
  pb::AgentStatus status;
  do {
    clock_.jump(Seconds(10));
    status = session->next(pb::AgentMessage::kStatus).status();
  } while (status.spool_records() == 3);
  EXPECT_EQ(status.spool_records(), 1U);
  EXPECT_EQ(status.intervals_missed(), 4U);
  EXPECT_EQ(status.problem(), "late");
  EXPECT_EQ(status.rounds_dropped(), 0U);
  session->cut();
  stop();
  Spool spool = open_spool(2);
  const SpoolBatch left = spool.read(10, 1 << 20);
  ASSERT_FALSE(left.payloads.empty());
  EXPECT_EQ(wire::decode_round(left.payloads.back()).value(), round(3));
}

TEST_F(UplinkTest, after_a_cut_it_comes_again_with_what_was_not_acknowledged) {
  start();
  submit(1, 4);
  auto session = welcomed();
  const pb::RoundBatch batch = expect_rounds(*session, 1, 4);
  session->acknowledge(batch, 2);
  do {  // until the acknowledgement has been worked in
    clock_.jump(Seconds(10));
  } while (session->next(pb::AgentMessage::kStatus).status().spool_records() > 2);
  session->cut();
  submit(5, 6);
  std::shared_ptr<Session> again;
  while (!again) {
    clock_.jump(Seconds(1));
    again = fleet_->session();
  }
  again->hello();
  again->welcome();
  expect_rounds(*again, 3, 4);
}

TEST_F(UplinkTest, rounds_made_while_no_server_is_there_go_after_a_restart) {
  start(1, "127.0.0.1:" + std::to_string(io::free_loopback_port().value()));
  submit(1, 5);
  stop();
  start(2);
  const auto session = welcomed();
  const pb::RoundBatch batch = expect_rounds(*session, 1, 5);
  EXPECT_EQ(batch.spool_id(), 1U) << "they keep the spool they were made in";
  submit(1, 1);
  const pb::RoundBatch fresh = session->batch();
  EXPECT_EQ(fresh.spool_id(), 2U);
  EXPECT_EQ(fresh.first_sequence(), 1U);
}

TEST_F(UplinkTest, an_assignment_is_handed_out_when_its_last_part_has_come) {
  start();
  const auto session = welcomed();
  const auto parts = assignment(42, wire::kTestsPerAssignmentPart + 1);
  ASSERT_EQ(parts.size(), 2U);
  session->assign(parts[0]);
  session->assign(parts[1]);
  const std::vector<lw::Test> tests = assigned();
  ASSERT_EQ(tests.size(), wire::kTestsPerAssignmentPart + 1);
  EXPECT_EQ(tests.front().agent, identity_.id);
  EXPECT_EQ(assigned_.stats().depth, 0U) << "all of it at once";
  while (session->next(pb::AgentMessage::kStatus).status().assignment_version() != 42) {
    clock_.jump(Seconds(10));
  }
}

TEST_F(UplinkTest, an_agent_without_its_server_goes_on_with_what_it_had) {
  std::vector<std::string> bytes;
  for (const pb::Assignment& part : assignment(42, 3)) bytes.push_back(part.SerializeAsString());
  ASSERT_TRUE(save_assignment(folder_, bytes).has_value());
  start(1, "127.0.0.1:" + std::to_string(io::free_loopback_port().value()));
  EXPECT_EQ(assigned().size(), 3U);
  stop();
  start(2);
  EXPECT_EQ(fleet_->session()->hello().assignment_version(), 42U);
}

TEST_F(UplinkTest, ports_to_listen_on_come_with_the_last_part_and_outlive_a_restart) {
  start();
  auto session = welcomed();
  std::vector<lw::Test> tests(wire::kTestsPerAssignmentPart + 1);
  for (lw::Test& test : tests) test.configuration = std::make_shared<TestConfiguration>();
  for (const pb::Assignment& part : wire::encode_assignment(44, tests, {8084, 9000})) {
    session->assign(part);
  }
  EXPECT_EQ(assigned_work().listen_ports, (std::vector<std::uint16_t>{8084, 9000}));
  stop();
  start(2);
  EXPECT_EQ(assigned_work().listen_ports, (std::vector<std::uint16_t>{8084, 9000}));
  session = welcomed();
  for (const pb::Assignment& part : assignment(45, 1)) session->assign(part);
  EXPECT_TRUE(assigned_work().listen_ports.empty()) << "the test has gone, and the port with it";
}

TEST_F(UplinkTest, an_assignment_with_an_impossible_port_is_refused_whole) {
  start();
  const auto session = welcomed();
  pb::Assignment broken = assignment(46, 1).front();
  broken.add_listen_ports(70'000);
  session->assign(broken);
  for (const pb::Assignment& part : assignment(47, 2)) session->assign(part);
  EXPECT_EQ(assigned().size(), 2U) << "the first that was handed out";
}

TEST_F(UplinkTest, a_difference_changes_the_set_which_outlives_a_restart) {
  start();
  const auto session = welcomed();
  const std::vector<lw::Test> before = {one_test(1), one_test(2)};
  const std::vector<lw::Test> after = {one_test(2), one_test(3)};
  session->assign(wire::encode_assignment(version_of(before), before).front());
  EXPECT_EQ(assigned().size(), 2U);
  session->change(wire::encode_difference({.base = version_of(before),
                                           .version = version_of(after),
                                           .put = {one_test(3)},
                                           .removed = {TestId{1}},
                                           .listen_ports = {}})
                      .front());
  const auto expect_after = [&] {
    const std::vector<lw::Test> tests = assigned();
    ASSERT_EQ(tests.size(), 2U);
    EXPECT_EQ(tests[0].id, TestId{2});
    EXPECT_EQ(tests[1].id, TestId{3});
    EXPECT_EQ(tests[1].agent, identity_.id);
  };
  expect_after();
  stop();
  start(2);
  expect_after();
  EXPECT_EQ(fleet_->session()->hello().assignment_version(), version_of(after));
}

TEST_F(UplinkTest, a_difference_to_a_set_that_the_agent_has_not_makes_it_ask_for_the_whole) {
  start();
  const auto session = welcomed();
  session->assign(assignment(42, 2).front());
  EXPECT_EQ(assigned().size(), 2U);
  const auto change = wire::encode_difference(
      {.base = 41, .version = 43, .put = {one_test(3)}, .removed = {}, .listen_ports = {}});
  session->change(change.front());
  const auto wanted = session->next(pb::AgentMessage::kAssignmentWanted).assignment_wanted();
  EXPECT_EQ(wanted.assignment_version(), 42U);
  EXPECT_NE(wanted.problem().find("is in force"), std::string::npos) << wanted.problem();
  session->assign(assignment(43, 3).front());
  EXPECT_EQ(assigned().size(), 3U) << "the first that was handed out since";
}

TEST_F(UplinkTest, half_an_assignment_is_forgotten_when_the_connection_is_cut) {
  start();
  auto session = welcomed();
  const auto parts = assignment(42, wire::kTestsPerAssignmentPart + 1);
  session->assign(parts[0]);
  submit(1, 1);
  session->batch();
  session->cut();
  clock_.jump(Seconds(60));
  session = fleet_->session();
  EXPECT_EQ(session->hello().assignment_version(), 0U);
  session->welcome();
  for (const pb::Assignment& part : assignment(43, 2)) session->assign(part);
  EXPECT_EQ(assigned().size(), 2U) << "without tests of the half one";
}

TEST_F(UplinkTest, a_certificate_in_its_last_third_is_renewed_and_kept) {
  identity_ = identity_until(clock_.wall_now() + std::chrono::days(30));
  start();
  auto session = welcomed();
  session->next(pb::AgentMessage::kStatus);
  submit(1, 1);
  session->batch();
  std::optional<Identity> saved;
  while (!saved) {
    clock_.jump(Seconds(60));
    session->next(pb::AgentMessage::kStatus);
    saved = load_identity(folder_).value();
  }
  EXPECT_NE(saved->certificate_pem, identity_.certificate_pem);
  EXPECT_NE(saved->private_key_pem, identity_.private_key_pem) << "a new key, too";
  EXPECT_EQ(saved->server, identity_.server);
  session->cut();
  clock_.jump(Seconds(60));
  EXPECT_EQ(fleet_->session()->hello().facts().name(), "web1") << "it connects with the new one";
}

TEST_F(UplinkTest, joining_gives_an_identity_that_connects) {
  const std::string sha =
      io::read_certificate(fleet_->authority().certificate_pem).value().sha256_hex;
  const std::string secret(32, 'a');
  Agent facts;
  facts.name = "web1";
  const auto identity = join(fleet_->address(), wire::to_string({secret, sha}), facts);
  ASSERT_TRUE(identity.has_value()) << identity.error().message;
  const auto request = fleet_->enrolled();
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->token(), secret);
  EXPECT_EQ(request->facts().name(), "web1");
  EXPECT_EQ(request->signing_request_pem().find("PRIVATE"), std::string::npos);
  identity_ = *identity;
  start();
  EXPECT_EQ(fleet_->session()->hello().facts().name(), "web1");
}

PathReport path_report(int number) {
  PathReport report;
  report.test = TestId{5};
  report.from = from_unix_us(1'790'000'000'000'000);
  report.to = report.from + Seconds(number);
  return report;
}

TEST_F(UplinkTest, path_reports_have_a_spool_and_acknowledgements_of_their_own) {
  start();
  const auto session = welcomed();
  submit(1, 1);
  const pb::RoundBatch rounds = expect_rounds(*session, 1, 1);
  uplink_->submit(path_report(1));
  const pb::PathBatch paths = session->next(pb::AgentMessage::kPaths).paths();
  EXPECT_NE(paths.spool_id(), rounds.spool_id());
  EXPECT_EQ(paths.first_sequence(), 1U);
  ASSERT_EQ(paths.reports_size(), 1);
  EXPECT_EQ(decode_path_report(paths.reports(0)).value(), path_report(1));

  // The acknowledged round is gone, the report is not: it comes again on the next connection.
  session->acknowledge(rounds, 1);
  submit(2, 2);
  expect_rounds(*session, 2, 1);
  session->cut();
  clock_.jump(Seconds(60));
  const auto again = welcomed();
  expect_rounds(*again, 2, 1);
  const pb::PathBatch repeated = again->next(pb::AgentMessage::kPaths).paths();
  EXPECT_EQ(repeated.spool_id(), paths.spool_id());
  EXPECT_EQ(repeated.first_sequence(), 1U);

  pb::ServerMessage ack;
  ack.mutable_ack()->set_spool_id(paths.spool_id());
  ack.mutable_ack()->set_sequence(1);
  again->write(ack);
  uplink_->submit(path_report(2));
  EXPECT_EQ(again->next(pb::AgentMessage::kPaths).paths().first_sequence(), 2U);
}

TEST_F(UplinkTest, a_wish_for_traces_is_handed_on) {
  start();
  const auto session = welcomed();
  pb::ServerMessage wish;
  wish.mutable_trace()->set_test_id(77);
  session->write(wish);
  EXPECT_EQ(traces_wanted_.pop_for(kPatience), std::pair(TestId{77}, false));
  wish.mutable_trace()->set_mtu(true);
  session->write(wish);
  EXPECT_EQ(traces_wanted_.pop_for(kPatience), std::pair(TestId{77}, true));
}

}  // namespace
}  // namespace lw::agent
