// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/connection.h"
#include "agent/identity.h"
#include "agent/reconnect_pause.h"
#include "base/channel.h"
#include "base/time.h"
#include "simulate/dice.h"
#include "simulate/source.h"
#include "wire/assignment.h"

namespace linewatch::wire {
class AgentMessage;
class Assignment;
class AssignmentDifference;
class CheckRequest;
}  // namespace linewatch::wire

namespace lw::cli {

/// Records that the server has not acknowledged, in memory: the most that are on their way at once.
/// What comes later is made when there is room, since simulated results can be made at any time.
class MemoryLane {
 public:
  explicit MemoryLane(SpoolId spool) : spool_(spool) {}

  void append(std::string record) { records_.push_back(std::move(record)); }
  struct Batch {
    SpoolId spool;
    std::uint64_t first_sequence = 0;
    std::vector<std::string> records;
  };
  /// The next records to send, which then count as on their way.
  std::optional<Batch> take(std::size_t records_max, std::size_t bytes_max);
  /// Returns how many records that are the server's now.
  std::size_t acknowledge(SpoolId spool, std::uint64_t sequence);
  /// What was on its way is lost.
  void restart() { sent_ = 0; }
  [[nodiscard]] std::size_t size() const { return records_.size(); }
  [[nodiscard]] SpoolId spool() const { return spool_; }

 private:
  SpoolId spool_;
  std::deque<std::string> records_;
  std::uint64_t first_sequence_ = 1;  ///< of the front
  std::size_t sent_ = 0;              ///< records from the front that are on their way
};

struct SimulatedAgentConfig {
  std::size_t index = 0;
  std::size_t agents = 1;
  std::string server;
  Timestamp from{};                ///< begin of the history
  std::optional<Timestamp> until;  ///< Nothing is measured after it; missing: goes on for ever.
  bool has_paths = true;
  bool is_steady = false;           ///< never away
  std::size_t records_max = 2'000;  ///< unacknowledged rounds held at once
};

/// One agent without a network of its own: speaks the protocol of real ones (wire/fleet.proto) over
/// a real connection, with results out of simulate/. Of one thread, and never blocks.
class SimulatedAgent {
 public:
  /// Events of connection number n of agent i carry the generation i × kGenerations + n.
  static constexpr std::uint64_t kGenerations = std::uint64_t{1} << 32;

  /// All references must outlive it.
  SimulatedAgent(SimulatedAgentConfig config, agent::Identity identity,
                 const simulate::Weather& weather, const Clock& clock,
                 Channel<agent::ConnectionEvent>& events);

  void handle(const agent::ConnectionEvent& event);
  /// Connects, measures and sends what is due. Call about once a second, and after each event.
  void step();
  /// Everything up to `until` was measured and acknowledged.
  [[nodiscard]] bool is_done() const;

  struct Counters {
    std::uint64_t rounds = 0;        ///< made
    std::uint64_t acknowledged = 0;  ///< of these
    std::uint64_t reports = 0;
    std::uint64_t reports_acknowledged = 0;
    std::uint64_t connects = 0;
    std::uint64_t bytes = 0;          ///< of rounds, as encoded
    std::uint64_t assignments = 0;    ///< whole sets taken over
    std::uint64_t differences = 0;    ///< sets taken over that came as differences
    std::uint64_t tests_put = 0;      ///< tests that came in either
    std::uint64_t tests_removed = 0;  ///< tests that differences took away
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] bool is_welcome() const { return is_welcome_; }
  [[nodiscard]] std::size_t tests() const { return source_.tests(); }
  [[nodiscard]] std::uint64_t backlog() const;
  /// Why there is no connection; empty if there is one.
  [[nodiscard]] const std::string& last_failure() const { return last_failure_; }

 private:
  void follow_presence();
  void connect();
  void on_message(const ::linewatch::wire::ServerMessage& message);
  void on_difference(const ::linewatch::wire::AssignmentDifference& part);
  void adopt(Result<std::optional<wire::AssignedSet>> set);
  void on_check(const ::linewatch::wire::CheckRequest& request);
  void on_closed(const Error& reason);
  void measure();
  void write_next();
  void write_status();
  bool write_answer();
  bool write_rounds();
  bool write_reports();
  void send(const ::linewatch::wire::AgentMessage& message);
  [[nodiscard]] Timestamp measured_until() const;
  [[nodiscard]] std::uint64_t own_wall_us() const;

  const SimulatedAgentConfig config_;
  const agent::Identity identity_;
  const simulate::Weather& weather_;
  const Clock& clock_;
  Channel<agent::ConnectionEvent>& events_;
  const Microseconds clock_offset_;
  simulate::Source source_;
  simulate::Dice chance_;
  MemoryLane rounds_;
  MemoryLane reports_;
  Counters counters_;

  std::unique_ptr<agent::Connection> connection_;
  std::uint64_t generation_ = 0;
  bool is_welcome_ = false;
  bool is_writing_ = false;
  bool is_away_ = false;
  Instant retry_at_{};
  agent::ReconnectPause pause_;
  std::string last_failure_;
  Instant status_at_{};
  std::uint64_t assignment_version_ = 0;
  std::vector<std::string> assignment_parts_;  ///< what differences are applied to
  wire::AssignmentReader incoming_;
  std::deque<std::string> answers_;  ///< what goes out before rounds, as encoded
};

}  // namespace lw::cli
