// SPDX-License-Identifier: Apache-2.0
// Control, fleet service, writers and registry together, over real gRPC and TLS, with a ClickHouse
// that only pretends: what tests of the fleet share.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/test_times.h"
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

namespace pb = ::linewatch::wire;

inline constexpr std::uint16_t kKeepDays = 30;
inline const SpoolId kSpool{0x5b001};

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

inline gpr_timespec deadline() {
  return {.tv_sec = kPatience.count(), .tv_nsec = 0, .clock_type = GPR_TIMESPAN};
}

inline std::unique_ptr<pb::Fleet::Stub> make_stub(std::uint16_t port, const std::string& ca_pem,
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

inline bool contains(const std::string& text, const std::string& part) {
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
    path_writer_.emplace(store::PathWriterConfig{.max_delay = Milliseconds(5)}, store_.config(),
                         clock_, [this](AgentId agent, SpoolId spool, std::uint64_t sequence) {
                           control_->on_durable(agent, spool, sequence);
                         });
    ASSERT_TRUE(control_->start(*writer_, *path_writer_).has_value());
    history_->start();
    fleet_ = FleetService::start("127.0.0.1:0", *authority_, *control_).value();
  }
  void stop() {
    fleet_.reset();
    control_->stop();
    history_->stop();
    path_writer_.reset();
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
  std::pair<grpc::Status, Credential> renew(const Credential& with) {
    const auto signing = io::create_signing_request("whoever").value();
    pb::RenewRequest request;
    request.set_signing_request_pem(signing.request_pem);
    grpc::ClientContext context;
    context.set_deadline(deadline());
    pb::EnrollResponse response;
    const grpc::Status status = stub(with)->Renew(&context, request, &response);
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
  std::optional<store::PathWriter> path_writer_;
  std::unique_ptr<FleetService> fleet_;
};

}  // namespace lw::server
