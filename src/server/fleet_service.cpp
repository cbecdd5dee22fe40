// SPDX-License-Identifier: Apache-2.0
#include "server/fleet_service.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <deque>

#include "base/guarded.h"
#include "base/log.h"
#include "server/enroll_request.h"
#include "server/fleet_session.h"
#include "wire/convert.h"
#include "wire/fleet.grpc.pb.h"
#include "wire/grpc_log.h"
#include "wire/protocol.h"

namespace lw::server {
namespace {

namespace pb = ::linewatch::wire;

/// Several times what an agent sends at once (agent/uplink.cpp).
constexpr int kMessageBytesMax = 4 << 20;
/// What gRPC may hold for all connections together; above, it slows down and refuses new ones.
constexpr std::size_t kMemoryBytesMax = std::size_t{256} << 20;
/// Calls of one connection at once; an agent has one, and now and then a second for a renewal.
constexpr int kCallsPerConnectionMax = 16;

grpc::Status to_status(const Error& error) {
  switch (error.code) {
    case ErrorCode::InvalidInput:
      return {grpc::StatusCode::INVALID_ARGUMENT, error.message};
    case ErrorCode::NotFound:
      return {grpc::StatusCode::NOT_FOUND, error.message};
    case ErrorCode::Conflict:
      return {grpc::StatusCode::ALREADY_EXISTS, error.message};
    case ErrorCode::Unauthenticated:
      return {grpc::StatusCode::UNAUTHENTICATED, error.message};
    case ErrorCode::PermissionDenied:
      return {grpc::StatusCode::PERMISSION_DENIED, error.message};
    case ErrorCode::LimitExceeded:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, error.message};
    case ErrorCode::Unavailable:
    case ErrorCode::NoSpace:
      return {grpc::StatusCode::UNAVAILABLE, error.message};
    case ErrorCode::Internal:
      break;
  }
  return {grpc::StatusCode::INTERNAL, error.message};
}

/// The agent that the call's verified client certificate names.
Result<AgentId> caller_of(const grpc::CallbackServerContext& context) {
  const auto names = context.auth_context()->FindPropertyValues("x509_common_name");
  const std::string prefix =
      wire::agent_common_name(0).substr(0, wire::agent_common_name(0).size() - 16);
  for (const grpc::string_ref& name : names) {
    const std::string_view text(name.data(), name.size());
    if (!text.starts_with(prefix)) continue;
    if (const auto id = parse_hex(text.substr(prefix.size()))) return AgentId{*id};
  }
  return fail(ErrorCode::Unauthenticated,
              "no agent certificate was shown; join first with `linewatch agent --join-token …`");
}

/// One Connect stream. gRPC calls the On… functions; Control calls the rest. Keeps itself alive
/// until OnDone.
class GrpcSession final : public FleetSession,
                          public grpc::ServerBidiReactor<pb::AgentMessage, pb::ServerMessage>,
                          public std::enable_shared_from_this<GrpcSession> {
 public:
  GrpcSession(Control& control, AgentId agent, std::string peer)
      : control_(control), agent_(agent), peer_(std::move(peer)) {}

  void begin() {
    self_ = shared_from_this();
    StartRead(&incoming_);
  }

  [[nodiscard]] AgentId agent() const override { return agent_; }
  [[nodiscard]] std::string peer() const override { return peer_; }

  void send(std::shared_ptr<const pb::ServerMessage> message) override {
    state_.with([&](State& state) {
      if (state.is_finished) return;
      state.outgoing.push_back(std::move(message));
      if (state.outgoing.size() == 1) StartWrite(state.outgoing.front().get());
    });
  }

  void read_next() override {
    state_.with([&](const State& state) {
      if (!state.is_finished) StartRead(&incoming_);
    });
  }

  void close(const Error& reason) override {
    state_.with([&](State& state) {
      if (state.is_finished) return;
      state.is_finished = true;
      Finish(to_status(reason));
    });
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      close({ErrorCode::Unavailable, "the agent has left"});
      return;
    }
    // Emptied before Control gets it: from then on read_next() may let gRPC write into it.
    auto message = std::make_shared<pb::AgentMessage>();
    message->Swap(&incoming_);
    control_.on_message(shared_from_this(), std::move(message));
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return;  // The read fails too, and ends it.
    state_.with([&](State& state) {
      state.outgoing.pop_front();
      if (!state.is_finished && !state.outgoing.empty()) StartWrite(state.outgoing.front().get());
    });
  }

  void OnCancel() override { close({ErrorCode::Unavailable, "the agent has left"}); }

  void OnDone() override {
    control_.on_session_end(shared_from_this());
    self_.reset();
  }

 private:
  struct State {
    std::deque<std::shared_ptr<const pb::ServerMessage>> outgoing;
    bool is_finished = false;
  };
  Control& control_;
  const AgentId agent_;
  const std::string peer_;
  pb::AgentMessage incoming_;
  Guarded<State> state_;
  std::shared_ptr<GrpcSession> self_;
};

/// Answers a Connect call that is refused before it begins.
class RefusedSession final : public grpc::ServerBidiReactor<pb::AgentMessage, pb::ServerMessage> {
 public:
  explicit RefusedSession(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

class Service final : public pb::Fleet::CallbackService {
 public:
  explicit Service(Control& control) : control_(control) {}

  grpc::ServerUnaryReactor* Enroll(grpc::CallbackServerContext* context,
                                   const pb::EnrollRequest* request,
                                   pb::EnrollResponse* response) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    if (const auto checked = check_enroll_request(*request); !checked) {
      reactor->Finish(to_status(checked.error()));
      return reactor;
    }
    control_.enroll(*request, context->peer(),
                    [reactor, response](Result<pb::EnrollResponse> answer) {
                      if (answer) *response = std::move(*answer);
                      reactor->Finish(answer ? grpc::Status::OK : to_status(answer.error()));
                    });
    return reactor;
  }

  grpc::ServerUnaryReactor* Renew(grpc::CallbackServerContext* context,
                                  const pb::RenewRequest* request,
                                  pb::EnrollResponse* response) override {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    const auto caller = caller_of(*context);
    const auto checked = check_renew_request(*request);
    if (!caller || !checked) {
      reactor->Finish(to_status(caller ? checked.error() : caller.error()));
      return reactor;
    }
    control_.renew(*caller, request->signing_request_pem(),
                   [reactor, response](Result<pb::EnrollResponse> answer) {
                     if (answer) *response = std::move(*answer);
                     reactor->Finish(answer ? grpc::Status::OK : to_status(answer.error()));
                   });
    return reactor;
  }

  grpc::ServerBidiReactor<pb::AgentMessage, pb::ServerMessage>* Connect(
      grpc::CallbackServerContext* context) override {
    const auto caller = caller_of(*context);
    if (!caller) return new RefusedSession(to_status(caller.error()));
    auto session = std::make_shared<GrpcSession>(control_, *caller, context->peer());
    session->begin();
    return session.get();
  }

 private:
  Control& control_;
};

}  // namespace

struct FleetService::Impl {
  explicit Impl(Control& control) : service(control) {}
  Service service;
  std::unique_ptr<grpc::Server> server;
  int port = 0;
};

FleetService::FleetService(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

FleetService::~FleetService() {
  // A deadline of now cancels what is running; agents reconnect by themselves.
  impl_->server->Shutdown(gpr_timespec{.tv_sec = 0, .tv_nsec = 0, .clock_type = GPR_TIMESPAN});
  impl_->server->Wait();
}

std::uint16_t FleetService::port() const { return static_cast<std::uint16_t>(impl_->port); }

Result<std::unique_ptr<FleetService>> FleetService::start(const std::string& address,
                                                          const Authority& authority,
                                                          Control& control) {
  wire::adopt_grpc_log();
  auto impl = std::make_unique<Impl>(control);
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  tls.pem_root_certs = authority.authority_pem();
  tls.pem_key_cert_pairs.push_back({authority.server_key_pem(), authority.server_chain_pem()});
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::SslServerCredentials(tls), &impl->port);
  builder.RegisterService(&impl->service);
  builder.SetMaxReceiveMessageSize(kMessageBytesMax);
  builder.SetResourceQuota(grpc::ResourceQuota("fleet").Resize(kMemoryBytesMax));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kCallsPerConnectionMax);
  // Two servers must not share the port by accident.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  impl->server = builder.BuildAndStart();
  if (!impl->server || impl->port == 0) {
    return fail(ErrorCode::Unavailable,
                "cannot listen for agents on " + address +
                    "; is the port in use? Choose another with --agent-listen");
  }
  return std::make_unique<FleetService>(std::move(impl));
}

}  // namespace lw::server
