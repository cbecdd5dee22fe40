// SPDX-License-Identifier: Apache-2.0
// Control's half that deals with agents: joining, sessions, rounds coming in.
#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "io/pki.h"
#include "server/control.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::server {
namespace {

namespace pb = ::linewatch::wire;

constexpr std::size_t kAgentNameMax = 200;

Result<void> check_facts(const Agent& facts) {
  const bool has_control =
      std::ranges::any_of(facts.name, [](unsigned char c) { return c < 0x20; });
  if (facts.name.empty() || facts.name.size() > kAgentNameMax || has_control) {
    return fail(ErrorCode::InvalidInput, "an agent's name must have 1 to 200 printable characters");
  }
  return {};
}

AgentStatusFacts facts_of(const AgentConnection& connection) {
  return {.problem = printable(connection.problem, kLoggedBytesMax),
          .path_problem = printable(connection.path_problem, kLoggedBytesMax),
          .rounds_dropped = connection.rounds_dropped,
          .path_reports_dropped = connection.path_reports_dropped,
          .intervals_missed = connection.intervals_missed,
          .clock_offset = connection.clock_offset};
}

/// What an agent's clock says, kept to times that differ from any other by less than a number
/// holds.
Timestamp wall_time_of(std::uint64_t us) {
  constexpr std::uint64_t kYear9999 = 253'370'764'800'000'000;
  return from_unix_us(static_cast<std::int64_t>(std::min(us, kYear9999)));
}

}  // namespace

void Control::enroll(const pb::EnrollRequest& request, std::string peer, EnrollDone done) {
  post([this, request, peer = std::move(peer), done = std::move(done)] {
    auto answer = enroll_now(request);
    if (!answer) {
      log::warning("fleet", fmt::format("{} could not join from {}: {}",
                                        printable(request.facts().name(), kAgentNameMax), peer,
                                        printable(answer.error().message, kLoggedBytesMax)));
    }
    done(std::move(answer));
  });
}

Result<pb::EnrollResponse> Control::enroll_now(const pb::EnrollRequest& request) {
  TRY(wire::agree_on_protocol(request.protocol(), 0, request.version()));
  Agent agent = wire::decode_facts(request.facts());
  TRY(check_facts(agent));
  const Timestamp now = clock_.wall_now();
  agent.joined = now;
  // Nothing is signed for, or told to, somebody without a token; a faulty request leaves it whole.
  const std::string secret_sha256 = io::sha256(request.token());
  TRY(registry_.check_join_token(secret_sha256, now));
  // A reinstalled host joins under its old name: it takes the old agent's place, unless that one is
  // connected right now.
  const auto namesake = std::ranges::find(agents_, agent.name, &Agent::name);
  if (namesake != agents_.end() && connections_.contains(namesake->id)) {
    return fail(
        ErrorCode::Conflict,
        fmt::format("an agent named `{}` is connected already; pass another --name", agent.name));
  }
  agent.id = namesake != agents_.end() ? namesake->id : AgentId{random_u64()};
  TRY(check_room_for(agent, agents_, models_));
  const std::string certificate =
      TRY(authority_.sign_agent(request.signing_request_pem(), agent.id, now));
  const std::string fingerprint = TRY(io::read_certificate(certificate)).sha256_hex;
  TRY(registry_.redeem_join_token(secret_sha256, agent, fingerprint, now));
  records_.joined(agent.id, fingerprint);
  events_.joined(agent, namesake != agents_.end(), now);
  adopt_agents(TRY(registry_.agents()));
  log::info("fleet", fmt::format("agent {} ({}) has joined", agent.name, to_string(agent.id)));
  replan_soon();
  pb::EnrollResponse response;
  response.set_agent_id(agent.id.value);
  response.set_certificate_pem(certificate);
  response.set_authority_pem(authority_.authority_pem());
  return response;
}

void Control::renew(AgentId agent, std::string certificate_sha256_hex,
                    const std::string& signing_request_pem, EnrollDone done) {
  post([this, agent, shown = std::move(certificate_sha256_hex), signing_request_pem,
        done = std::move(done)] { done(renew_now(agent, shown, signing_request_pem)); });
}

Result<pb::EnrollResponse> Control::renew_now(AgentId agent,
                                              const std::string& certificate_sha256_hex,
                                              const std::string& signing_request_pem) {
  if (find_agent(agent) == nullptr) {
    return fail(ErrorCode::PermissionDenied, "this agent was removed from the server");
  }
  TRY(records_.check_certificate(agent, certificate_sha256_hex));
  const std::string fresh =
      TRY(authority_.sign_agent(signing_request_pem, agent, clock_.wall_now()));
  const std::string fingerprint = TRY(io::read_certificate(fresh)).sha256_hex;
  TRY(records_.renewed(agent, certificate_sha256_hex, fingerprint));
  events_.certificate_renewed(*find_agent(agent), clock_.wall_now());
  pb::EnrollResponse response;
  response.set_agent_id(agent.value);
  response.set_certificate_pem(fresh);
  response.set_authority_pem(authority_.authority_pem());
  return response;
}

void Control::on_message(std::shared_ptr<FleetSession> session,
                         std::shared_ptr<pb::AgentMessage> message) {
  post([this, session = std::move(session), message = std::move(message)] {
    handle_message(session, *message);
  });
}

void Control::on_session_end(std::shared_ptr<FleetSession> session) {
  post([this, session = std::move(session)] {
    // What it still had to hand over was not acknowledged, so the agent sends it again.
    std::erase_if(waiting_, [&](const WaitingBatch& batch) { return batch.session == session; });
    const AgentConnection* const connection = connection_of(*session);
    if (connection == nullptr) return;
    const Agent* const agent = find_agent(session->agent());
    // An agent that was removed is not remembered.
    if (agent != nullptr) {
      const Timestamp now = clock_.wall_now();
      records_.left(agent->id, now);
      events_.disconnected(*agent, connection->since, now);
    }
    connections_.erase(session->agent());
    one_offs_.fail_all(session->agent(),
                       {ErrorCode::Unavailable, "the agent's connection was lost"});
    if (agent == nullptr) assignments_.forget(session->agent());
    log::info("fleet", fmt::format("agent {} is gone",
                                   agent != nullptr ? agent->name : to_string(session->agent())));
  });
}

void Control::on_durable(AgentId agent, SpoolId spool, std::uint64_t sequence) {
  post([this, agent, spool, sequence] {
    const auto found = connections_.find(agent);
    if (found == connections_.end()) return;
    auto message = std::make_shared<pb::ServerMessage>();
    message->mutable_ack()->set_spool_id(spool.value);
    message->mutable_ack()->set_sequence(sequence);
    found->second.session->send(std::move(message));
  });
}

AgentConnection* Control::connection_of(const FleetSession& session) {
  const auto found = connections_.find(session.agent());
  const bool is_current = found != connections_.end() && found->second.session.get() == &session;
  return is_current ? &found->second : nullptr;
}

void Control::handle_message(const std::shared_ptr<FleetSession>& session,
                             const pb::AgentMessage& message) {
  if (message.has_hello()) {
    handle_hello(session, message.hello());
    return;
  }
  AgentConnection* const connection = connection_of(*session);
  if (connection == nullptr) {
    session->close({ErrorCode::InvalidInput, "say Hello first; or a newer connection took over"});
    return;
  }
  records_.saw(session->agent(), clock_.wall_now());
  if (message.has_rounds()) {
    handle_rounds(session, message.rounds());
    return;
  }
  if (message.has_paths()) {
    handle_paths(session, message.paths());
    return;
  }
  if (message.has_check()) handle_check(*session, message.check());
  if (message.has_assignment_wanted()) {
    handle_assignment_wanted(*session, *connection, message.assignment_wanted());
  }
  if (message.has_status()) {
    const Agent* const agent = find_agent(session->agent());
    if (agent != nullptr) handle_status(*agent, *connection, message.status());
  }
  session->read_next();
}

Result<void> Control::check_may_connect(const FleetSession& session) const {
  if (find_agent(session.agent()) == nullptr) {
    return fail(ErrorCode::PermissionDenied,
                "this agent was removed from the server; join again with a new token");
  }
  return records_.check_certificate(session.agent(), session.certificate_sha256_hex());
}

void Control::make_way_for(AgentId agent) {
  if (const auto old = connections_.find(agent); old != connections_.end()) {
    old->second.session->close(
        {ErrorCode::Unavailable, "a newer connection of this agent took over"});
    one_offs_.fail_all(agent, {ErrorCode::Unavailable, "the agent's connection was lost"});
  }
  std::erase_if(waiting_,
                [&](const WaitingBatch& batch) { return batch.session->agent() == agent; });
}

Agent Control::facts_to_keep(const Agent& known, Agent told) const {
  told.id = known.id;
  told.joined = known.joined;
  if (!check_facts(told)) told.name = known.name;
  const auto namesake = std::ranges::find_if(agents_, [&](const Agent& other) {
    return other.id != told.id && equals_ignoring_case(other.name, told.name);
  });
  if (namesake != agents_.end()) {
    log::warning("fleet", fmt::format("agent {} wants to be called `{}`, which is another agent's "
                                      "name; it stays {} (start it with another --name)",
                                      known.name, told.name, known.name));
    told.name = known.name;
  }
  if (told == known) return told;
  if (const auto room = check_room_for(told, agents_, models_); !room) {
    log::warning("fleet", fmt::format("what agent {} says of itself now was not taken over: {}",
                                      known.name, room.error().message));
    return known;
  }
  return told;
}

void Control::take_over_facts(const Agent& known, const Agent& facts, Timestamp at) {
  if (auto put = registry_.put_agent(facts); !put) {
    log::warning("fleet", fmt::format("what agent {} says of itself was not taken over: {}",
                                      known.name, put.error().message));
  } else if (auto agents = registry_.agents()) {
    events_.changed(known, facts, at);
    adopt_agents(std::move(*agents));
    replan_soon();
  }
}

void Control::handle_hello(const std::shared_ptr<FleetSession>& session, const pb::Hello& hello) {
  const Agent* const known = find_agent(session->agent());
  const auto refuse = [&](const Error& reason) {
    const std::string name = known != nullptr ? known->name : to_string(session->agent());
    events_.refused(session->agent(), name, reason.message, clock_.wall_now());
    session->close(reason);
  };
  if (auto allowed = check_may_connect(*session); !allowed) return refuse(allowed.error());
  const auto protocol =
      wire::agree_on_protocol(hello.protocol(), hello.protocol_oldest(), hello.version());
  if (!protocol) return refuse(protocol.error());
  make_way_for(session->agent());
  // An agent that does not say what it holds may hold anything.
  if (hello.spool_ids_size() > 0) {
    std::vector<SpoolId> held;
    held.reserve(static_cast<std::size_t>(hello.spool_ids_size()));
    for (const std::uint64_t id : hello.spool_ids()) held.push_back(SpoolId{id});
    writer_->forget_spools(session->agent(), held);
  }
  const Agent facts = facts_to_keep(*known, wire::decode_facts(hello.facts()));
  log::info("fleet", fmt::format("agent {} connected from {}", facts.name, session->peer()));
  AgentConnection connection;
  connection.session = session;
  connection.since = clock_.wall_now();
  connection.version = hello.version();
  connection.protocol = *protocol;
  connection.running_version = hello.assignment_version();
  assignments_.on_hello(session->agent(), hello.assignment_version(), *protocol);
  records_.saw(session->agent(), connection.since);
  events_.connected(facts, connection.version, session->peer(), connection.since);

  auto welcome = std::make_shared<pb::ServerMessage>();
  welcome->mutable_welcome()->set_protocol(*protocol);
  welcome->mutable_welcome()->set_version(LW_VERSION);
  welcome->mutable_welcome()->set_agent_id(session->agent().value);
  session->send(std::move(welcome));
  const Timestamp connection_began = connection.since;
  AgentConnection& entered = connections_[session->agent()] = std::move(connection);
  if (facts != *known) take_over_facts(*known, facts, connection_began);
  // A plan to come would only be another one; it is handed out when it is made.
  if (!is_plan_stale_) push_assignment(session->agent(), entered);
  session->read_next();
}

void Control::handle_assignment_wanted(const FleetSession& session, AgentConnection& connection,
                                       const pb::AssignmentWanted& wanted) {
  const Agent* const agent = find_agent(session.agent());
  log::warning("fleet", fmt::format("agent {} asks for its whole assignment: {}",
                                    agent != nullptr ? agent->name : to_string(session.agent()),
                                    printable(wanted.problem(), kLoggedBytesMax)));
  assignments_.on_wanted(session.agent());
  connection.running_version = wanted.assignment_version();
  // A plan to come is handed out when it is made.
  if (!is_plan_stale_) push_assignment(session.agent(), connection);
}

void Control::handle_status(const Agent& agent, AgentConnection& connection,
                            const pb::AgentStatus& status) {
  connection.running_version = status.assignment_version();
  connection.spool_records = status.spool_records();
  connection.rounds_dropped = status.rounds_dropped();
  connection.intervals_missed = status.intervals_missed();
  connection.problem = status.problem();
  connection.responder_connections = status.responder_connections();
  connection.stamp_replies = status.stamp_replies();
  connection.path_reports_dropped = status.path_reports_dropped();
  connection.path_problem = status.path_problem();
  connection.listening = wire::decode_listening(status);
  if (status.has_self_test()) connection.self_test = wire::decode_self_test(status.self_test());
  const Timestamp now = clock_.wall_now();
  connection.clock_offset = wall_time_of(status.wall_time_us()) - now;
  events_.on_status(agent, facts_of(connection), now);
}

store::StoredRound Control::judge(const RoundOrigin& origin, Round round, Timestamp happened) {
  store::StoredRound stored;
  stored.origin = origin;
  stored.keep_days = keep_days_;
  const LiveTest* const live = live_.find(round.test);
  if (live == nullptr) {
    stored.verdict.reason.text = "the test was no longer defined when this round came in";
  } else {
    stored.verdict = evaluate(live->test, round);
    // Another agent's word does not count: the test moved, or somebody lies.
    const bool is_its_agent = live->test.agent == origin.agent;
    const Timestamp now = clock_.wall_now();
    if (is_its_agent) fault_finder_.on_round(round.test, summarize(round));
    if (auto change =
            is_its_agent ? live_.on_round(round, stored.verdict, happened, now) : std::nullopt) {
      record({std::move(*change)});
    }
  }
  stored.round = std::move(round);
  return stored;
}

void Control::handle_rounds(const std::shared_ptr<FleetSession>& session,
                            const pb::RoundBatch& batch) {
  WaitingBatch waiting{.session = session, .rounds = {}, .paths = {}};
  const SpoolId spool{batch.spool_id()};
  const Timestamp now = clock_.wall_now();
  const Timestamp sent = wall_time_of(batch.wall_time_us());
  const std::uint64_t received = writer_->received_high(session->agent(), spool);
  std::uint64_t sequence = batch.first_sequence();
  for (const std::string& bytes : batch.rounds()) {
    auto round = wire::decode_round(bytes);
    if (!round) {
      // The agent would send it again for ever; it is lost either way, so say so and go on.
      log::error("fleet", fmt::format("round {} of agent {} cannot be read: {}", sequence,
                                      to_string(session->agent()), round.error().message));
    } else if (sequence > received) {
      // Its age by the agent's own clock, so that the two clocks need not agree.
      const Microseconds age = std::max(Microseconds(0), Microseconds(sent - round->started));
      waiting.rounds.push_back(
          judge({session->agent(), spool, sequence}, std::move(*round), now - age));
    }
    ++sequence;
  }
  if (waiting.rounds.empty()) {
    if (sequence > received + 1) skip_unreadable(session->agent(), spool, sequence - 1);
    // All seen before: durable ones are acknowledged at once, the others when they are.
    const std::uint64_t durable = writer_->durable_high(session->agent(), spool);
    if (durable > 0) on_durable(session->agent(), spool, durable);
    session->read_next();
    return;
  }
  if (offer(waiting)) {
    session->read_next();
  } else {
    waiting_.push_back(std::move(waiting));
  }
}

void Control::skip_unreadable(AgentId agent, SpoolId spool, std::uint64_t last_sequence) {
  // Only once everything before it is durable, or the acknowledgement would say too much. Otherwise
  // the agent sends it again, and then it is.
  const bool is_all_durable =
      writer_->received_high(agent, spool) == writer_->durable_high(agent, spool);
  if (is_all_durable) on_durable(agent, spool, last_sequence);
}

bool Control::offer(const WaitingBatch& batch) {
  return batch.paths.empty() ? writer_->offer(batch.rounds) : path_writer_->offer(batch.paths);
}

void Control::retry_waiting() {
  std::erase_if(waiting_, [&](const WaitingBatch& batch) {
    if (!offer(batch)) return false;
    batch.session->read_next();
    return true;
  });
}

}  // namespace lw::server
