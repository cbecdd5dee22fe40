// SPDX-License-Identifier: Apache-2.0
#include "agent/fleet_channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/status.h>

namespace lw::agent {
namespace {

/// gRPC dials port 443 where none is named, and wants IPv6 addresses in brackets.
std::string dial_target(const std::string& server) {
  const auto address = parse_server(server);
  if (!address) return server;
  const bool is_v6 = address->host.find(':') != std::string::npos;
  return (is_v6 ? "[" + address->host + "]" : address->host) + ":" + std::to_string(address->port);
}

}  // namespace

std::shared_ptr<grpc::Channel> open_channel(const std::string& server,
                                            const std::string& authority_pem,
                                            const Identity* identity) {
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = authority_pem;
  if (identity != nullptr) {
    tls.pem_private_key = identity->private_key_pem;
    tls.pem_cert_chain = identity->certificate_pem;
  }
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(kServerName);
  // A cut cable shows itself by nothing at all: ask every 10 s, give up after 5 s.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // The uplink does the backing off; a shared subchannel would remember the last failure.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  // A proxy of the environment is not meant for this.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(dial_target(server), grpc::SslCredentials(tls), arguments);
}

Error to_error(const grpc::Status& status, const std::string& server) {
  const std::string message = "server " + server + ": " + status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::CANCELLED:
      return {ErrorCode::Unavailable, message};
    case grpc::StatusCode::UNAUTHENTICATED:
      return {ErrorCode::Unauthenticated, message};
    case grpc::StatusCode::PERMISSION_DENIED:
      return {ErrorCode::PermissionDenied, message};
    case grpc::StatusCode::ALREADY_EXISTS:
      return {ErrorCode::Conflict, message};
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::FAILED_PRECONDITION:
      return {ErrorCode::InvalidInput, message};
    default:
      return {ErrorCode::Internal, message};
  }
}

}  // namespace lw::agent
