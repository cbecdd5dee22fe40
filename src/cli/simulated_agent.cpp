// SPDX-License-Identifier: Apache-2.0
#include "cli/simulated_agent.h"

#include <algorithm>
#include <variant>

#include "base/random.h"
#include "model/path_document.h"
#include "wire/convert.h"
#include "wire/fleet.pb.h"
#include "wire/protocol.h"

namespace lw::cli {
namespace {

namespace pb = ::linewatch::wire;

// As real agents do (agent/uplink.cpp).
constexpr Seconds kStatusEvery{5};
constexpr std::size_t kBatchRecords = 1'000;
constexpr std::size_t kBatchBytes = std::size_t{512} << 10;
constexpr std::size_t kReportsMax = 200;
constexpr std::size_t kReportBatchRecords = 100;
/// Made at once; others want their turn. A report takes as long as some fifty rounds.
constexpr int kItemsPerStep = 500;
constexpr int kReportItems = 50;

simulate::Source::Config source_config(const SimulatedAgentConfig& config) {
  return {.agent = config.index,
          .agents = config.agents,
          .from = config.from,
          .has_paths = config.has_paths,
          .is_steady = config.is_steady};
}

}  // namespace

std::optional<MemoryLane::Batch> MemoryLane::take(std::size_t records_max, std::size_t bytes_max) {
  if (sent_ == records_.size()) return std::nullopt;
  Batch batch{.spool = spool_, .first_sequence = first_sequence_ + sent_, .records = {}};
  std::size_t bytes = 0;
  while (sent_ < records_.size() && batch.records.size() < records_max && bytes < bytes_max) {
    batch.records.push_back(records_[sent_]);
    bytes += records_[sent_++].size();
  }
  return batch;
}

std::size_t MemoryLane::acknowledge(SpoolId spool, std::uint64_t sequence) {
  if (spool != spool_ || sequence < first_sequence_) return 0;
  const std::size_t count =
      std::min<std::uint64_t>(records_.size(), sequence - first_sequence_ + 1);
  records_.erase(records_.begin(), records_.begin() + static_cast<std::ptrdiff_t>(count));
  first_sequence_ += count;
  sent_ -= std::min(sent_, count);
  return count;
}

SimulatedAgent::SimulatedAgent(SimulatedAgentConfig config, agent::Identity identity,
                               const simulate::Weather& weather, const Clock& clock,
                               Channel<agent::ConnectionEvent>& events)
    : config_(std::move(config)),
      identity_(std::move(identity)),
      weather_(weather),
      clock_(clock),
      events_(events),
      clock_offset_(config_.is_steady ? Microseconds(0)
                                      : weather.clock_offset(config_.index, config_.agents)),
      source_(source_config(config_), weather),
      chance_({random_u64()}),
      rounds_(SpoolId{random_u64()}),
      reports_(SpoolId{random_u64()}) {}

Timestamp SimulatedAgent::measured_until() const {
  const Timestamp now = clock_.wall_now();
  return config_.until ? std::min(now, *config_.until) : now;
}

std::uint64_t SimulatedAgent::own_wall_us() const {
  return static_cast<std::uint64_t>(to_unix_us(clock_.wall_now() + clock_offset_));
}

std::uint64_t SimulatedAgent::backlog() const {
  return rounds_.size() + source_.backlog(measured_until());
}

bool SimulatedAgent::is_done() const {
  if (!config_.until || assignment_version_ == 0) return false;
  const auto due = source_.due();
  return rounds_.size() == 0 && reports_.size() == 0 && (!due || *due > *config_.until);
}

void SimulatedAgent::step() {
  follow_presence();
  measure();
  if (!is_away_ && !connection_ && clock_.now() >= retry_at_) connect();
  write_next();
}

void SimulatedAgent::follow_presence() {
  const Timestamp now = clock_.wall_now();
  // Once all is measured it is there, whatever the weather: what it has is to be handed in.
  const bool is_over = config_.until && now >= *config_.until;
  const auto presence = config_.is_steady || is_over
                            ? simulate::Presence::Here
                            : weather_.presence_of(config_.index, config_.agents, now);
  is_away_ = presence != simulate::Presence::Here;
  if (is_away_ && connection_) {
    // Nothing more of this connection counts.
    ++generation_;
    connection_.reset();
    is_welcome_ = false;
    incoming_.restart();
  }
}

void SimulatedAgent::connect() {
  ++generation_;
  ++counters_.connects;
  connection_ = agent::connect(config_.server, identity_,
                               config_.index * kGenerations + generation_, events_);
  Agent facts;
  facts.name = identity_.name;
  facts.labels = identity_.labels;
  facts.addresses = {to_string(simulate::agent_address(config_.index, config_.agents))};
  pb::AgentMessage message;
  pb::Hello& hello = *message.mutable_hello();
  hello.set_protocol(wire::kProtocol);
  hello.set_protocol_oldest(wire::kProtocolOldest);
  hello.set_version(LW_VERSION);
  *hello.mutable_facts() = wire::encode_facts(facts);
  hello.set_assignment_version(assignment_version_);
  hello.add_spool_ids(rounds_.spool().value);
  send(message);
}

void SimulatedAgent::send(const pb::AgentMessage& message) {
  is_writing_ = true;
  connection_->write(message);
}

void SimulatedAgent::handle(const agent::ConnectionEvent& event) {
  const std::uint64_t generation =
      std::visit([](const auto& some) { return some.generation; }, event);
  if (!connection_ || generation % kGenerations != generation_) return;
  if (const auto* const received = std::get_if<agent::MessageReceived>(&event)) {
    on_message(*received->message);
  } else if (std::holds_alternative<agent::MessageWritten>(event)) {
    is_writing_ = false;
  } else {
    on_closed(std::get<agent::ConnectionClosed>(event).reason);
  }
}

void SimulatedAgent::on_closed(const Error& reason) {
  connection_.reset();
  is_welcome_ = false;
  incoming_.restart();
  last_failure_ = reason.message;
  retry_at_ = clock_.now() + pause_.next(chance_.uniform());
}

void SimulatedAgent::on_message(const pb::ServerMessage& message) {
  switch (message.message_case()) {
    case pb::ServerMessage::kWelcome:
      is_welcome_ = true;
      pause_.reset();
      last_failure_.clear();
      rounds_.restart();
      reports_.restart();
      status_at_ = {};
      break;
    case pb::ServerMessage::kAssignment:
      counters_.tests_put += static_cast<std::uint64_t>(message.assignment().tests_size());
      if (message.assignment().last_part()) ++counters_.assignments;
      adopt(incoming_.take(message.assignment()));
      break;
    case pb::ServerMessage::kDifference:
      on_difference(message.difference());
      break;
    case pb::ServerMessage::kAck: {
      const SpoolId spool{message.ack().spool_id()};
      counters_.acknowledged += rounds_.acknowledge(spool, message.ack().sequence());
      counters_.reports_acknowledged += reports_.acknowledge(spool, message.ack().sequence());
      break;
    }
    case pb::ServerMessage::kTrace:
      if (const auto report =
              source_.report_now(TestId{message.trace().test_id()}, clock_.wall_now())) {
        ++counters_.reports;
        reports_.append(encode_path_report(*report));
      }
      break;
    case pb::ServerMessage::kCheck:
      on_check(message.check());
      break;
    case pb::ServerMessage::MESSAGE_NOT_SET:
      break;  // something newer than this agent
  }
}

void SimulatedAgent::on_check(const pb::CheckRequest& request) {
  pb::AgentMessage message;
  pb::CheckAnswer& answer = *message.mutable_check();
  answer.set_number(request.number());
  auto tests = wire::decode_assignment(request.test());
  if (!tests || tests->size() != 1) {
    answer.set_problem("the request names no destination");
  } else {
    const auto test =
        simulate::simulated(std::move(tests->front()), config_.index, config_.agents, weather_);
    const Timestamp now = clock_.wall_now();
    if (!request.next_hop_only()) {
      answer.set_round(wire::encode_round(simulate::simulate_round(test, weather_, now)));
      answer.set_path(encode_path_report(simulate::PathFollower::report_now(test, weather_, now)));
    }
    answer.mutable_next_hop()->set_is_reachable(true);
    answer.mutable_next_hop()->set_router(to_string(test.way.links.front().to));
    answer.mutable_next_hop()->set_interface("eth0");
    answer.mutable_next_hop()->set_source(to_string(test.way.source));
  }
  answers_.push_back(message.SerializeAsString());
}

bool SimulatedAgent::write_answer() {
  if (answers_.empty()) return false;
  pb::AgentMessage message;
  message.ParseFromString(answers_.front());
  answers_.pop_front();
  send(message);
  return true;
}

void SimulatedAgent::on_difference(const pb::AssignmentDifference& part) {
  counters_.tests_put += static_cast<std::uint64_t>(part.put().tests_size());
  counters_.tests_removed += static_cast<std::uint64_t>(part.removed_size());
  if (part.put().last_part()) ++counters_.differences;
  auto set = incoming_.take(part, assignment_version_,
                            [this] { return Result<std::vector<std::string>>(assignment_parts_); });
  if (!set) {
    pb::AgentMessage message;
    message.mutable_assignment_wanted()->set_assignment_version(assignment_version_);
    message.mutable_assignment_wanted()->set_problem(set.error().message);
    answers_.push_back(message.SerializeAsString());
  }
  adopt(std::move(set));
}

void SimulatedAgent::adopt(Result<std::optional<wire::AssignedSet>> set) {
  if (!set) last_failure_ = "assignment refused: " + set.error().message;
  if (!set || !*set) return;
  source_.assign(std::move((*set)->tests), clock_.wall_now());
  assignment_version_ = (*set)->version;
  assignment_parts_ = std::move((*set)->parts);
  status_at_ = {};
}

void SimulatedAgent::measure() {
  const Timestamp until = measured_until();
  for (int made = 0; made < kItemsPerStep; ++made) {
    if (rounds_.size() >= config_.records_max || reports_.size() >= kReportsMax) return;
    auto item = source_.next(until);
    if (!item) return;
    if (auto* const round = std::get_if<Round>(&*item)) {
      round->started += clock_offset_;
      std::string bytes = wire::encode_round(*round);
      ++counters_.rounds;
      counters_.bytes += bytes.size();
      rounds_.append(std::move(bytes));
    } else {
      made += kReportItems;
      ++counters_.reports;
      reports_.append(encode_path_report(std::get<PathReport>(*item)));
    }
  }
}

void SimulatedAgent::write_next() {
  if (!connection_ || !is_welcome_ || is_writing_) return;
  if (clock_.now() - status_at_ >= kStatusEvery) {
    write_status();
  } else if (!write_answer() && !write_rounds()) {
    write_reports();
  }
}

void SimulatedAgent::write_status() {
  status_at_ = clock_.now();
  pb::AgentMessage message;
  pb::AgentStatus& status = *message.mutable_status();
  status.set_assignment_version(assignment_version_);
  status.set_spool_records(backlog());
  status.set_wall_time_us(own_wall_us());
  send(message);
}

bool SimulatedAgent::write_rounds() {
  auto batch = rounds_.take(kBatchRecords, kBatchBytes);
  if (!batch) return false;
  pb::AgentMessage message;
  pb::RoundBatch& rounds = *message.mutable_rounds();
  rounds.set_spool_id(batch->spool.value);
  rounds.set_first_sequence(batch->first_sequence);
  rounds.set_wall_time_us(own_wall_us());
  for (std::string& record : batch->records) rounds.add_rounds(std::move(record));
  send(message);
  return true;
}

bool SimulatedAgent::write_reports() {
  auto batch = reports_.take(kReportBatchRecords, kBatchBytes);
  if (!batch) return false;
  pb::AgentMessage message;
  pb::PathBatch& paths = *message.mutable_paths();
  paths.set_spool_id(batch->spool.value);
  paths.set_first_sequence(batch->first_sequence);
  for (std::string& record : batch->records) paths.add_reports(std::move(record));
  send(message);
  return true;
}

}  // namespace lw::cli
