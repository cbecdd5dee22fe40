// SPDX-License-Identifier: Apache-2.0
#include "agent/identity.h"

#include <fmt/core.h>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "agent/fleet_channel.h"
#include "base/document.h"
#include "base/files.h"
#include "base/ip_address.h"
#include "base/number.h"
#include "base/text.h"
#include "io/pki.h"
#include "wire/convert.h"
#include "wire/fleet.grpc.pb.h"
#include "wire/join_token.h"
#include "wire/protocol.h"

namespace lw::agent {
namespace {

namespace pb = ::linewatch::wire;

constexpr Seconds kCallTimeout{10};

/// As gRPC wants it: a span that it starts counting itself.
gpr_timespec deadline_after(Seconds span) {
  return {.tv_sec = span.count(), .tv_nsec = 0, .clock_type = GPR_TIMESPAN};
}

std::string identity_path(const std::string& data_directory) {
  return data_directory + "/identity.json";
}

/// `before` with what the server answered: a new certificate, and who this is.
Identity with_answer(Identity before, const pb::EnrollResponse& answer,
                     std::string private_key_pem) {
  before.id = AgentId{answer.agent_id()};
  before.private_key_pem = std::move(private_key_pem);
  before.certificate_pem = answer.certificate_pem();
  before.authority_pem = answer.authority_pem();
  return before;
}

/// The CA that the server shows, once its fingerprint is the token's.
Result<std::string> trusted_authority(const std::string& server, const wire::JoinToken& token) {
  const HostPort address = TRY(parse_server(server));
  const std::vector<std::string> chain =
      TRY(io::fetch_certificate_chain(address.host, address.port, Seconds(5)));
  for (const std::string& pem : chain) {
    const io::CertificateInfo info = TRY(io::read_certificate(pem));
    if (io::equal_secrets(info.sha256_hex, token.authority_sha256_hex)) return pem;
  }
  return fail(ErrorCode::Unauthenticated,
              "the server at " + server +
                  " is not the one that made this join token (its CA has another fingerprint); "
                  "check the address, or make a new token there");
}

}  // namespace

Result<HostPort> parse_server(const std::string& server) {
  if (const auto address = parse_ip_address(server)) {
    return HostPort{to_string(*address), wire::kAgentPortDefault};
  }
  const auto colon = server.rfind(':');
  std::string host = server.substr(0, colon);
  std::uint16_t port = wire::kAgentPortDefault;
  bool has_port = true;
  if (colon != std::string::npos) {
    const std::string_view text = std::string_view(server).substr(colon + 1);
    port = parse_number<std::uint16_t>(text).value_or(0);
    has_port = port != 0;
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const bool is_host = !host.empty() && (host.find_first_of(":[]/ ") == std::string::npos ||
                                         parse_ip_address(host).has_value());
  if (!is_host || !has_port) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("`{}` is no server address; write HOST or HOST:PORT", server));
  }
  return HostPort{host, port};
}

Result<std::optional<Identity>> load_identity(const std::string& data_directory) {
  const std::string path = identity_path(data_directory);
  if (!file_exists(path)) return std::nullopt;
  const std::string advice = path + " is not whole; remove it and join again with a new token";
  const std::string content = TRY(read_file(path));
  const auto parsed = parse_json(content);
  if (!parsed) return fail(ErrorCode::InvalidInput, advice + " (" + parsed.error().message + ")");
  const Value& document = *parsed;
  const auto id = parse_hex(document.text("agentId"));
  Identity identity{.id = AgentId{id.value_or(0)},
                    .server = document.text("server"),
                    .private_key_pem = document.text("privateKey"),
                    .certificate_pem = document.text("certificate"),
                    .authority_pem = document.text("authority"),
                    .name = document.text("name"),
                    .labels = {},
                    .resource_id = document.text("resourceId")};
  if (const Value* const labels = document.find("labels"); labels && labels->is_object()) {
    for (const auto& label : labels->as_object()) {
      identity.labels.emplace_back(label.key,
                                   label.value.is_string() ? label.value.as_string() : "");
    }
  }
  if (!id || identity.private_key_pem.empty() || identity.certificate_pem.empty() ||
      identity.authority_pem.empty()) {
    return fail(ErrorCode::InvalidInput, advice);
  }
  return identity;
}

Result<void> save_identity(const std::string& data_directory, const Identity& identity) {
  Value document;
  document.set("agentId", to_string(identity.id));
  document.set("server", identity.server);
  document.set("privateKey", identity.private_key_pem);
  document.set("certificate", identity.certificate_pem);
  document.set("authority", identity.authority_pem);
  document.set("name", identity.name);
  Value labels = Value::object();
  for (const auto& [key, value] : identity.labels) labels.set(key, value);
  document.set("labels", std::move(labels));
  document.set("resourceId", identity.resource_id);
  return write_file_atomically(identity_path(data_directory), to_json(document, 2), 0600);
}

Result<Identity> join(const std::string& server, const std::string& join_token,
                      const Agent& facts) {
  const wire::JoinToken token = TRY(wire::parse_join_token(join_token));
  const std::string authority = TRY(trusted_authority(server, token));
  io::SigningRequest signing = TRY(io::create_signing_request("linewatch-agent"));
  pb::EnrollRequest request;
  request.set_protocol(wire::kProtocol);
  request.set_version(LW_VERSION);
  request.set_token(token.secret);
  *request.mutable_facts() = wire::encode_facts(facts);
  request.set_signing_request_pem(signing.request_pem);

  const auto stub = pb::Fleet::NewStub(open_channel(server, authority, nullptr));
  grpc::ClientContext context;
  context.set_deadline(deadline_after(kCallTimeout));
  pb::EnrollResponse answer;
  const grpc::Status status = stub->Enroll(&context, request, &answer);
  if (!status.ok()) return std::unexpected(to_error(status, server));
  Identity identity;
  identity.server = server;
  identity.name = facts.name;
  identity.labels = facts.labels;
  identity.resource_id = facts.resource_id;
  return with_answer(std::move(identity), answer, std::move(signing.private_key_pem));
}

Result<Identity> renew(const std::string& server, const Identity& identity) {
  io::SigningRequest signing = TRY(io::create_signing_request("linewatch-agent"));
  pb::RenewRequest request;
  request.set_signing_request_pem(signing.request_pem);
  const auto stub = pb::Fleet::NewStub(open_channel(server, identity.authority_pem, &identity));
  grpc::ClientContext context;
  context.set_deadline(deadline_after(kCallTimeout));
  pb::EnrollResponse answer;
  const grpc::Status status = stub->Renew(&context, request, &answer);
  if (!status.ok()) return std::unexpected(to_error(status, server));
  return with_answer(identity, answer, std::move(signing.private_key_pem));
}

}  // namespace lw::agent
