// SPDX-License-Identifier: Apache-2.0
#include "server/fleet_service.h"

#include <grpc/grpc_security_constants.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <deque>

#include "base/guarded.h"
#include "base/log.h"
#include "io/pki.h"
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
/// A renewed certificate (server/authority.h) is in use after so long.
constexpr unsigned kCertificateReadEverySeconds = 5;

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

/// Whom a verified client certificate names, and which one it is.
struct ConnectedAgent {
  AgentId agent;
  std::string certificate_sha256_hex;
};

/// The agent of a certificate's subject; nothing if it is no agent's.
std::optional<AgentId> agent_of(std::string_view common_name) {
  const std::string prefix =
      wire::agent_common_name(0).substr(0, wire::agent_common_name(0).size() - 16);
  if (!common_name.starts_with(prefix)) return std::nullopt;
  const auto id = parse_hex(common_name.substr(prefix.size()));
  return id ? std::optional(AgentId{*id}) : std::nullopt;
}

Result<ConnectedAgent> caller_of(const grpc::CallbackServerContext& context) {
  for (const grpc::string_ref& pem :
       context.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME)) {
    const auto shown = io::read_certificate(std::string(pem.data(), pem.size()));
    const auto agent = shown ? agent_of(shown->subject_common_name) : std::nullopt;
    if (agent) return ConnectedAgent{*agent, shown->sha256_hex};
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
  GrpcSession(Control& control, ConnectedAgent caller, std::string peer)
      : control_(control), caller_(std::move(caller)), peer_(std::move(peer)) {}

  void begin() {
    self_ = shared_from_this();
    StartRead(&incoming_);
  }

  [[nodiscard]] AgentId agent() const override { return caller_.agent; }
  [[nodiscard]] const std::string& certificate_sha256_hex() const override {
    return caller_.certificate_sha256_hex;
  }
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
  const ConnectedAgent caller_;
  const std::string peer_;
  pb::AgentMessage incoming_;
  Guarded<State> state_;
  std::shared_ptr<GrpcSession> self_;
};

/// The server's certificate as the authority's files have it, read again when they change.
std::shared_ptr<grpc::ServerCredentials> credentials_of(const Authority& authority) {
  namespace tls = grpc::experimental;
  // Key and chain come out of one file, which is replaced as a whole, so they always fit.
  const std::string identity = authority.server_identity_path();
  tls::TlsServerCredentialsOptions options(std::make_shared<tls::FileWatcherCertificateProvider>(
      identity, identity, authority.authority_path(), kCertificateReadEverySeconds));
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
  return tls::TlsServerCredentials(options);
}

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
    control_.renew(caller->agent, caller->certificate_sha256_hex, request->signing_request_pem(),
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
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, credentials_of(authority), &impl->port);
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
