// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/round.h"
#include "packet/stamp.h"
#include "probe/echo_tracker.h"

namespace lw {

using Nanoseconds = std::chrono::nanoseconds;

/// Mean of the absolute differences of the one-way delays of neighbouring packets (RFC 3393, the
/// selection being each packet and the next). It needs no clocks that agree, only clocks that do
/// not step.
struct DelayVariation {
  int pairs = 0;
  Nanoseconds mean{0};
};

/// What a STAMP session found out.
struct StampOutcome {
  int sent = 0;
  int received = 0;  ///< requests that were answered
  int unsent = 0;    ///< refused by this host; not in `sent`
  /// Whether the reflector counts for itself. Missing if nothing came back. If it does not, or its
  /// numbers make no sense, the losses have no direction.
  std::optional<bool> is_stateful;
  std::optional<int> lost_forward;   ///< never reached the reflector
  std::optional<int> lost_backward;  ///< reflected, but the reply was lost
  int lost_unknown = 0;              ///< no telling which way
  /// Round trips without the time in the reflector.
  std::optional<Nanoseconds> rtt_min, rtt_avg, rtt_max;
  std::optional<DelayVariation> forward, backward;
  int reordered = 0;               ///< replies that came after one to a later request
  int duplicates = 0;              ///< second replies to one request
  bool has_clock_stepped = false;  ///< This host's clock did; then delays have no variation.
  StampSource stamps = StampSource::User;  ///< of this host; the worst
  packet::StampError reflector_clock;      ///< of the last reply
  std::string detail;                      ///< evidence of why replies are missing; may be empty

  [[nodiscard]] int lost() const { return sent - received; }
};

/// Keeps what one session sent and got back, and makes the outcome of it. Sequence numbers begin at
/// 1: a reflector that counts for itself begins at 0, and so is told from one that copies ours,
/// for which a packet 0 was lost on the way. Pure: no sockets, no clock.
class StampTally {
 public:
  /// The next request's number, sent at `at`.
  std::uint32_t send(const ClockReading& at);
  /// Takes the last send back: this host refused it.
  void take_back();
  void set_sent_stamp(std::uint32_t sequence, std::int64_t stamp_ns);
  /// A reply, whose copy of our timestamp must be what we sent. False if it is not ours.
  bool receive(const packet::StampReply& reply, std::optional<std::int64_t> stamp_ns,
               const ClockReading& at);

  [[nodiscard]] int sent() const { return static_cast<int>(requests_.size()); }
  [[nodiscard]] int answered() const { return answered_; }
  [[nodiscard]] bool has_last() const { return !requests_.empty() && requests_.back().is_answered; }
  /// T1 of a request as it stands in its packet.
  [[nodiscard]] std::uint64_t sent_ntp(std::uint32_t sequence) const;
  [[nodiscard]] StampOutcome outcome() const;

 private:
  struct Request {
    ClockReading sent;
    std::optional<std::int64_t> sent_stamp_ns;
    bool is_answered = false;
    std::uint32_t reflector_sequence = 0;
    std::int64_t reflector_received_ns = 0;  ///< T2
    std::int64_t reflector_sent_ns = 0;      ///< T3
    std::optional<std::int64_t> received_stamp_ns;
    ClockReading received;

    [[nodiscard]] std::int64_t left_ns() const;
    [[nodiscard]] std::int64_t arrived_ns() const;
    [[nodiscard]] bool has_stepped() const;
    [[nodiscard]] Nanoseconds rtt() const;
    [[nodiscard]] StampSource stamps() const;
  };

  void add_losses(StampOutcome& outcome) const;
  void add_delays(StampOutcome& outcome) const;
  [[nodiscard]] bool has_stepped() const;

  std::vector<Request> requests_;  ///< the one with sequence number i + 1 at i
  int unsent_ = 0;
  int answered_ = 0;
  int reordered_ = 0;
  int duplicates_ = 0;
  int duplicated_requests_ = 0;         ///< on their way there: they were reflected twice
  std::uint32_t newest_ = 0;            ///< highest sequence number that was answered
  std::uint32_t newest_reflected_ = 0;  ///< highest number of the reflector
  bool has_own_numbers_ = false;        ///< The reflector does not copy ours.
  packet::StampError reflector_clock_;
};

}  // namespace lw
