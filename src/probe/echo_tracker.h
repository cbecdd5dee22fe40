// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/clock_reading.h"
#include "base/ip_address.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "io/sent_at.h"
#include "packet/echo_payload.h"
#include "packet/icmp.h"
#include "probe/check_result.h"
#include "probe/token_table.h"

namespace lw {

/// One echo request that was sent. Its scope is not kept.
struct EchoRequest {
  CheckTicket ticket;
  IpAddress to;
  ClockReading sent;
  std::chrono::nanoseconds timeout{0};                   ///< kept in whole microseconds
  std::size_t payload_bytes = packet::kEchoPayloadSize;  ///< at least that
  Microseconds likely_after{0};               ///< It left so much later than `sent` says.
  std::optional<std::int64_t> sent_stamp_ns;  ///< Kernel, CLOCK_REALTIME.
  io::SentAt stamped_at = io::SentAt::Driver;
};

/// An RTT and how good its stamps are.
struct EchoTime {
  Microseconds rtt{0};
  StampSource stamps = StampSource::User;
};

/// The best RTT that the stamps give. Kernel stamps are of the wall clock: if that clock stepped
/// while the echo was under way, they mean nothing, and the RTT falls back to the monotonic clock.
EchoTime measure_echo(const EchoRequest& request, std::optional<std::int64_t> received_stamp_ns,
                      const ClockReading& now);

/// Knows which echo requests are under way and whose a reply is. The ICMP id and sequence are the
/// halves of a 32-bit token, and a keyed cookie in the payload proves that a reply answers our
/// request. Tests are told apart by token, never by address, so two tests of one address do not
/// mix. Pure: no sockets, no clock.
class EchoTracker {
 public:
  explicit EchoTracker(const packet::EchoSecret& secret) : secret_(secret) {}

  /// The ICMP message to send, good until the next call of open(), and what the tracker calls it.
  struct Outgoing {
    std::uint32_t token = 0;
    packet::Bytes message;
  };
  Outgoing open(const EchoRequest& request);
  /// Forgets a request that could not be sent.
  void close(std::uint32_t token) { requests_.erase(token); }
  /// When it left as far as user space can tell, if that is known better by now: not before
  /// `earliest`, and likely so much later.
  void set_sent_time(std::uint32_t token, Timestamp earliest, Microseconds likely_after);
  /// The driver's stamp is better than that of the queue, whichever comes first.
  void set_sent_stamp(std::uint32_t token, std::int64_t stamp_ns,
                      io::SentAt at = io::SentAt::Driver);

  /// The request that a reply answers, once. Duplicates, late and foreign replies are counted.
  std::optional<EchoRequest> take_reply(const packet::EchoReply& reply);
  /// The request that an ICMP error is about, once. `is_datagram`: the id is the kernel's.
  std::optional<EchoRequest> take_error(const packet::QuotedEcho& quote, bool is_datagram);
  /// The requests whose time is over without an answer, by token. To be given up one by one,
  /// perhaps after a last look for replies.
  std::vector<std::uint32_t> expired(Instant now);
  /// Forgets an expired request, and gives it if it still has no answer.
  std::optional<EchoRequest> give_up(std::uint32_t token);
  /// When to call expired() next, or some milliseconds before.
  [[nodiscard]] std::optional<Instant> next_deadline() const;

  struct Counters {
    std::uint64_t late = 0;        ///< Replies after their time-out.
    std::uint64_t duplicates = 0;  ///< Second replies to one request.
    std::uint64_t foreign = 0;     ///< Replies with a wrong cookie.
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] std::size_t in_flight() const { return requests_.size(); }

 private:
  std::optional<std::uint32_t> token_of(const packet::QuotedEcho& quote, bool is_datagram) const;

  std::optional<EchoRequest> take(std::uint32_t token);
  void set_answered(std::uint32_t token, bool is_answered);
  [[nodiscard]] bool is_answered(std::uint32_t token) const;

  /// What is kept of a request. Small, since after a silence of many destinations there are many.
  struct Pending {
    std::uint64_t round = 0;
    Instant sent{};
    Timestamp wall{};
    std::int64_t sent_stamp_ns = 0;  ///< 0: none
    std::array<std::uint8_t, 16> to{};
    std::uint32_t timeout_us = 0;
    std::uint16_t likely_after_us = 0;
    std::int16_t index = 0;
    bool is_v6 = false;
    io::SentAt stamped_at = io::SentAt::Driver;  ///< if there is a stamp
  };
  /// Requests of consecutive tokens that are over in the same tick of the wheel.
  struct Run {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  static EchoRequest request_of(const Pending& pending);
  void expect_end(std::uint32_t token, Instant deadline);

  /// So many tokens back it is known which were answered, to tell duplicates from late replies.
  static constexpr std::size_t kRemembered = std::size_t{1} << 20;

  packet::EchoSecret secret_;
  std::uint32_t next_token_ = 0;
  TokenTable<Pending> requests_;  ///< those without an answer
  std::vector<std::uint64_t> answered_ = std::vector<std::uint64_t>(kRemembered / 64);  ///< bits
  TimerWheel<Run> deadlines_;
  Run newest_;  ///< Not in the wheel yet, since it may grow.
  Instant newest_deadline_{};
  std::vector<std::uint8_t> message_;
  Counters counters_;
};

}  // namespace lw
