// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "base/timer_wheel.h"
#include "packet/echo_payload.h"
#include "packet/icmp.h"
#include "probe/check_result.h"
#include "probe/token_table.h"

namespace lw {

/// Both clocks at (nearly) one moment.
struct ClockReading {
  Instant instant{};
  Timestamp wall{};
};

/// One echo request that was sent.
struct EchoRequest {
  CheckTicket ticket;
  IpAddress to;
  ClockReading sent;
  std::chrono::nanoseconds timeout{0};
  std::size_t payload_bytes = packet::kEchoPayloadSize;  ///< at least that
  std::optional<std::int64_t> sent_stamp_ns;             ///< Kernel, CLOCK_REALTIME.
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
  void set_sent_stamp(std::uint32_t token, std::int64_t stamp_ns);

  /// The request that a reply answers, once. Duplicates, late and foreign replies are counted.
  std::optional<EchoRequest> take_reply(const packet::EchoReply& reply);
  /// The request that an ICMP error is about, once. `is_datagram`: the id is the kernel's.
  std::optional<EchoRequest> take_error(const packet::QuotedEcho& quote, bool is_datagram);
  /// The requests whose time is over without an answer, by token. To be given up one by one,
  /// perhaps after a last look for replies.
  std::vector<std::uint32_t> expired(Instant now);
  /// Forgets an expired request, and gives it if it still has no answer.
  std::optional<EchoRequest> give_up(std::uint32_t token);
  [[nodiscard]] std::optional<Instant> next_deadline() const { return deadlines_.next(); }

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

  /// So many tokens back it is known which were answered, to tell duplicates from late replies.
  static constexpr std::size_t kRemembered = std::size_t{1} << 20;

  packet::EchoSecret secret_;
  std::uint32_t next_token_ = 0;
  TokenTable<EchoRequest> requests_;  ///< those without an answer
  std::vector<std::uint64_t> answered_ = std::vector<std::uint64_t>(kRemembered / 64);  ///< bits
  TimerWheel<std::uint32_t> deadlines_;
  std::vector<std::uint8_t> message_;
  Counters counters_;
};

}  // namespace lw
