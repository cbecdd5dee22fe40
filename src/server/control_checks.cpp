// SPDX-License-Identifier: Apache-2.0
// Control's part that deals with checks on request.
#include <fmt/core.h>

#include "model/path_document.h"
#include "server/control.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::server {
namespace {

namespace pb = ::linewatch::wire;

/// Ten checks that all time out, and traces through a network that keeps silent.
constexpr Seconds kAnswerPatience{60};

NextHop read_next_hop(const pb::NextHop& message) {
  return {.is_reachable = message.is_reachable(),
          .router = parse_ip_address(message.router()),
          .interface = message.interface().substr(0, 64),
          .source = message.source().substr(0, 64),
          .table = message.table()};
}

/// What an agent answers is checked like all that comes off the wire.
Result<OneOffResult> read_answer(const pb::CheckAnswer& answer) {
  if (!answer.problem().empty()) {
    return fail(ErrorCode::Unavailable, answer.problem().substr(0, 500));
  }
  OneOffResult result;
  if (!answer.round().empty()) result.round = TRY(wire::decode_round(answer.round()));
  if (!answer.path().empty()) result.path = TRY(decode_path_report(answer.path()));
  if (answer.has_next_hop()) result.next_hop = read_next_hop(answer.next_hop());
  return result;
}

}  // namespace

void Control::check_once(AgentId agent, const OneOffCheck& check,
                         const OneOffRequests::Done& done) {
  const auto connection = connections_.find(agent);
  if (connection == connections_.end()) {
    return done(fail(ErrorCode::Conflict, "the agent is not connected"));
  }
  if (connection->second.protocol < wire::kProtocolOfChecks) {
    return done(fail(ErrorCode::Conflict,
                     fmt::format("the agent (version {}) is too old for checks on request; update "
                                 "it",
                                 connection->second.version)));
  }
  // Copied, since it may have to hear of the refusal.
  const auto number = one_offs_.begin(agent, clock_.now() + kAnswerPatience, done);
  if (!number) return done(std::unexpected(number.error()));
  Test test;
  test.destination_address = check.destination;
  test.configuration = std::make_shared<const TestConfiguration>(check.configuration);
  auto message = std::make_shared<pb::ServerMessage>();
  pb::CheckRequest& request = *message->mutable_check();
  request.set_number(*number);
  *request.mutable_test() = wire::encode_assignment(0, {test}).front();
  request.set_next_hop_only(check.next_hop_only);
  connection->second.session->send(std::move(message));
}

void Control::handle_check(const FleetSession& session, const pb::CheckAnswer& answer) {
  one_offs_.finish(session.agent(), answer.number(), read_answer(answer));
}

}  // namespace lw::server
