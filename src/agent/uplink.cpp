// SPDX-License-Identifier: Apache-2.0
#include "agent/uplink.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "agent/assignment_file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "io/pki.h"
#include "model/path_document.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::agent {
namespace {

namespace pb = ::linewatch::wire;

/// How often the uplink looks for new rounds: batches them a little, and is far below any interval.
constexpr Milliseconds kTick{20};
constexpr Seconds kSyncEvery{1};
constexpr Seconds kStatusEvery{5};
constexpr std::chrono::hours kRenewalCheckEvery{1};
/// Enough on its way to keep the line busy while the store commits.
constexpr Lane::Limits kRoundLimits{
    .in_flight_max = 60'000, .batch_records_max = 2'000, .batch_bytes_max = std::size_t{512} << 10};
constexpr Lane::Limits kPathLimits{
    .in_flight_max = 4'000, .batch_records_max = 200, .batch_bytes_max = std::size_t{512} << 10};

}  // namespace

Uplink::Uplink(UplinkConfig config, Identity identity, Spools spools, const Clock& clock,
               UplinkHandlers handlers)
    : config_(std::move(config)),
      identity_(std::move(identity)),
      round_lane_(std::move(spools.rounds), kRoundLimits),
      path_lane_(std::move(spools.paths), kPathLimits),
      clock_(clock),
      handlers_(std::move(handlers)),
      thread_("uplink", [this] { run(); }) {}

Uplink::~Uplink() {
  stopping_.raise();
  thread_.join();
}

void Uplink::submit(Round round) { rounds_.push(std::move(round)); }

void Uplink::submit(PathReport report) { reports_.push(std::move(report)); }

void Uplink::run() {
  restore_assignment();
  std::optional<Instant> give_up;
  while (true) {
    if (auto event = events_.pop_for(kTick)) handle(std::move(*event));
    while (auto event = events_.try_pop()) handle(std::move(*event));
    drain();
    const Instant now = clock_.now();
    if (now - synced_at_ >= kSyncEvery) {
      round_lane_.spool().sync();
      path_lane_.spool().sync();
      synced_at_ = now;
    }
    if (stopping_.is_raised()) {
      if (!give_up) give_up = now + Seconds(2);
      if (!is_welcome_ || is_all_sent() || now >= *give_up) break;
    } else {
      connect_if_due();
      renew_if_due();
    }
    write_next();
  }
  connection_.reset();
  round_lane_.spool().sync();
  path_lane_.spool().sync();
}

void Uplink::drain() {
  while (auto round = rounds_.try_pop()) {
    round_lane_.spool().append(wire::encode_round(*round));
  }
  while (auto report = reports_.try_pop()) {
    path_lane_.spool().append(encode_path_report(*report));
  }
}

bool Uplink::is_all_sent() const {
  return round_lane_.spool().stats().records == 0 && path_lane_.spool().stats().records == 0;
}

void Uplink::connect_if_due() {
  if (connection_ || clock_.now() < retry_at_) return;
  ++generation_;
  connection_ = connect(config_.server, identity_, generation_, events_);
  pb::AgentMessage message;
  pb::Hello& hello = *message.mutable_hello();
  hello.set_protocol(wire::kProtocol);
  hello.set_protocol_oldest(wire::kProtocolOldest);
  hello.set_version(LW_VERSION);
  *hello.mutable_facts() = wire::encode_facts(config_.facts);
  hello.set_assignment_version(assignment_version_);
  for (const SpoolId spool : round_lane_.spool().held()) hello.add_spool_ids(spool.value);
  is_writing_ = true;
  connection_->write(message);
}

void Uplink::handle(ConnectionEvent event) {
  const std::uint64_t generation =
      std::visit([](const auto& some) { return some.generation; }, event);
  if (generation != generation_ || !connection_) return;
  if (const auto* received = std::get_if<MessageReceived>(&event)) {
    on_received(*received->message);
  } else if (std::holds_alternative<MessageWritten>(event)) {
    is_writing_ = false;
  } else {
    on_closed(std::get<ConnectionClosed>(event).reason);
  }
}

void Uplink::forget_connection() {
  connection_.reset();
  is_welcome_ = false;
  is_writing_ = false;
  incoming_.restart();
  assignment_problem_.reset();
  round_lane_.restart();
  path_lane_.restart();
}

void Uplink::on_closed(const Error& reason) {
  forget_connection();
  retry_at_ = clock_.now() + pause_.next(static_cast<double>(random_u64() >> 11) * 0x1p-53);
  // A server that stays away must not fill the log.
  if (reason.message != last_failure_) {
    log::warning("uplink", fmt::format("{}; trying again, rounds are kept on disk meanwhile",
                                       reason.message));
  }
  last_failure_ = reason.message;
}

void Uplink::on_received(const pb::ServerMessage& message) {
  switch (message.message_case()) {
    case pb::ServerMessage::kWelcome:
      if (const auto agreed =
              wire::agree_on_protocol(message.welcome().protocol(), 0, message.welcome().version());
          !agreed) {
        on_closed(agreed.error());
        break;
      }
      log::info("uplink", fmt::format("connected to {} as agent {}", config_.server,
                                      to_string(identity_.id)));
      is_welcome_ = true;
      pause_.reset();
      last_failure_.clear();
      round_lane_.restart();
      path_lane_.restart();
      break;
    case pb::ServerMessage::kAssignment:
      take_assignment(message.assignment());
      break;
    case pb::ServerMessage::kDifference:
      take_difference(message.difference());
      break;
    case pb::ServerMessage::kAck: {
      const SpoolId spool{message.ack().spool_id()};
      round_lane_.acknowledge(spool, message.ack().sequence());
      path_lane_.acknowledge(spool, message.ack().sequence());
      break;
    }
    case pb::ServerMessage::kTrace:
      handlers_.trace_wanted(TestId{message.trace().test_id()}, message.trace().mtu());
      break;
    case pb::ServerMessage::kCheck:
      take_check(message.check());
      break;
    case pb::ServerMessage::MESSAGE_NOT_SET:
      break;  // something newer than this agent
  }
}

void Uplink::take_assignment(const pb::Assignment& part) {
  auto set = incoming_.take(part);
  if (!set) {
    log::error("uplink",
               "assignment refused, going on with the one before: " + set.error().message);
  } else if (*set) {
    adopt_assignment(std::move(**set));
  }
}

void Uplink::take_difference(const pb::AssignmentDifference& part) {
  // What is in force is on the disk, so that it need not be in memory twice for this.
  auto set = incoming_.take(part, assignment_version_,
                            [this] { return load_assignment(config_.data_directory); });
  if (!set) {
    log::warning("uplink", set.error().message + "; asking for the whole assignment");
    assignment_problem_ = set.error().message;
  } else if (*set) {
    adopt_assignment(std::move(**set));
  }
}

void Uplink::adopt_assignment(wire::AssignedSet set) {
  assignment_version_ = set.version;
  log::info("uplink",
            fmt::format("assignment {}: {} tests", to_hex(assignment_version_), set.tests.size()));
  if (auto saved = save_assignment(config_.data_directory, set.parts); !saved) {
    log::warning("uplink", saved.error().message);
  }
  for (Test& test : set.tests) test.agent = identity_.id;
  handlers_.assigned({std::move(set.tests), std::move(set.listen_ports)});
  status_at_ = {};
}

void Uplink::restore_assignment() {
  auto parts = load_assignment(config_.data_directory);
  if (!parts) {
    log::warning("uplink", parts.error().message);
    return;
  }
  for (const std::string& bytes : *parts) {
    pb::Assignment part;
    if (part.ParseFromString(bytes)) take_assignment(part);
  }
  incoming_.restart();
}

void Uplink::write_next() {
  if (!connection_ || !is_welcome_ || is_writing_) return;
  if (clock_.now() - status_at_ >= kStatusEvery) {
    if (has_moved()) {
      // The server learns addresses from the first message only: a new one is said at once.
      forget_connection();
      connect_if_due();
    } else {
      write_status();
    }
    return;
  }
  is_writing_ = write_assignment_wanted() || write_answer() || write_rounds() || write_paths();
}

/// Whether the host's addresses are others than those that the server was told. None at all is a
/// network that is away for a moment: nothing could be told of it.
bool Uplink::has_moved() {
  if (!handlers_.addresses) return false;
  std::vector<std::string> addresses = handlers_.addresses();
  if (addresses.empty() || addresses == config_.facts.addresses) return false;
  config_.facts.addresses = std::move(addresses);
  log::info("uplink", "this host's addresses are now " + lw::join(config_.facts.addresses, ", "));
  return true;
}

bool Uplink::write_assignment_wanted() {
  if (!assignment_problem_) return false;
  pb::AgentMessage message;
  pb::AssignmentWanted& wanted = *message.mutable_assignment_wanted();
  wanted.set_assignment_version(assignment_version_);
  wanted.set_problem(valid_utf8(*std::exchange(assignment_problem_, std::nullopt)));
  connection_->write(message);
  return true;
}

bool Uplink::write_rounds() {
  std::optional<SpoolBatch> batch = round_lane_.take();
  if (!batch) return false;
  pb::AgentMessage message;
  pb::RoundBatch& rounds = *message.mutable_rounds();
  rounds.set_spool_id(batch->spool.value);
  rounds.set_first_sequence(batch->first_sequence);
  rounds.set_wall_time_us(static_cast<std::uint64_t>(to_unix_us(clock_.wall_now())));
  for (std::string& payload : batch->payloads) rounds.add_rounds(std::move(payload));
  connection_->write(message);
  return true;
}

/// After the rounds, of which never so many are on their way that this could wait for long.
bool Uplink::write_paths() {
  std::optional<SpoolBatch> batch = path_lane_.take();
  if (!batch) return false;
  pb::AgentMessage message;
  pb::PathBatch& paths = *message.mutable_paths();
  paths.set_spool_id(batch->spool.value);
  paths.set_first_sequence(batch->first_sequence);
  for (std::string& payload : batch->payloads) paths.add_reports(std::move(payload));
  connection_->write(message);
  return true;
}

void Uplink::answer(OneOffAnswer answer) { answers_.push(std::move(answer)); }

void Uplink::take_check(const pb::CheckRequest& request) {
  auto tests = wire::decode_assignment(request.test());
  OneOffAnswer refusal{.number = request.number()};
  if (!tests) {
    refusal.problem = tests.error().message;
  } else if (tests->size() != 1) {
    refusal.problem = "the request names no destination";
  } else if (!handlers_.check_wanted) {
    refusal.problem = "this agent makes no checks on request";
  } else {
    handlers_.check_wanted({.number = request.number(),
                            .test = std::move(tests->front()),
                            .next_hop_only = request.next_hop_only()});
    return;
  }
  answer(std::move(refusal));
}

bool Uplink::write_answer() {
  const std::optional<OneOffAnswer> given = answers_.try_pop();
  if (!given) return false;
  pb::AgentMessage message;
  pb::CheckAnswer& answer = *message.mutable_check();
  answer.set_number(given->number);
  answer.set_problem(valid_utf8(given->problem));
  if (given->round) answer.set_round(wire::encode_round(*given->round));
  if (given->path) answer.set_path(encode_path_report(*given->path));
  if (given->route) {
    pb::NextHop& hop = *answer.mutable_next_hop();
    hop.set_is_reachable(given->route->is_reachable);
    if (given->route->router) hop.set_router(to_string(*given->route->router));
    hop.set_interface(valid_utf8(given->route->interface));
    if (given->route->source) hop.set_source(to_string(*given->route->source));
    hop.set_table(given->route->table);
  }
  connection_->write(message);
  return true;
}

void Uplink::write_status() {
  status_at_ = clock_.now();
  const SpoolStats spool = round_lane_.spool().stats();
  const ProbeReport probe = handlers_.report();
  pb::AgentMessage message;
  pb::AgentStatus& status = *message.mutable_status();
  status.set_assignment_version(assignment_version_);
  status.set_spool_records(spool.records);
  status.set_spool_bytes(spool.bytes);
  status.set_rounds_dropped(spool.dropped + rounds_.stats().conflated);
  status.set_intervals_missed(probe.intervals_missed);
  status.set_problem(valid_utf8(spool.problem.empty() ? probe.problem : "spool: " + spool.problem));
  status.set_wall_time_us(static_cast<std::uint64_t>(to_unix_us(clock_.wall_now())));
  status.set_responder_connections(probe.responder_connections);
  status.set_stamp_replies(probe.stamp_replies);
  status.set_path_reports_dropped(path_lane_.spool().stats().dropped + reports_.stats().conflated);
  status.set_path_problem(valid_utf8(probe.path_problem));
  wire::encode_listening(probe.listening, status);
  if (probe.self_test) *status.mutable_self_test() = wire::encode_self_test(*probe.self_test);
  is_writing_ = true;
  connection_->write(message);
}

void Uplink::renew_if_due() {
  if (!is_welcome_ || clock_.now() - renewal_checked_at_ < kRenewalCheckEvery) return;
  renewal_checked_at_ = clock_.now();
  const auto info = io::read_certificate(identity_.certificate_pem);
  if (!info) return;
  // A third of its life before the end, so that a long outage does not lock the agent out.
  const auto life = info->not_after - info->not_before;
  if (clock_.wall_now() < info->not_after - life / 3) return;
  auto renewed = renew(config_.server, identity_);
  if (!renewed) {
    log::warning("uplink", "certificate not renewed yet: " + renewed.error().message);
    return;
  }
  if (auto saved = save_identity(config_.data_directory, *renewed); !saved) {
    log::warning("uplink", saved.error().message);
  }
  identity_ = std::move(*renewed);
  log::info("uplink", "certificate renewed");
}

}  // namespace lw::agent
