// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "base/ip_address.h"
#include "base/time.h"
#include "base/timer_queue.h"
#include "packet/echo_payload.h"
#include "packet/icmp.h"
#include "probe/check_result.h"

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
  std::optional<std::int64_t> sent_stamp_ns;  ///< Kernel, CLOCK_REALTIME.
  bool answered = false;
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

  /// The ICMP message to send, and what the tracker calls it.
  struct Outgoing {
    std::uint32_t token = 0;
    std::vector<std::uint8_t> message;
  };
  Outgoing open(const EchoRequest& request);
  /// Forgets a request that could not be sent.
  void close(std::uint32_t token) { requests_.erase(token); }
  void set_sent_stamp(std::uint32_t token, std::int64_t stamp_ns);

  /// The request that a reply answers, once. Duplicates, late and foreign replies are counted.
  std::optional<EchoRequest> take_reply(const packet::EchoReply& reply);
  /// The request that an ICMP error is about, once. `is_datagram`: the id is the kernel's.
  std::optional<EchoRequest> take_error(const packet::QuotedEcho& quote, bool is_datagram);
  /// The next request whose time is over without an answer.
  std::optional<EchoRequest> take_expired(Instant now);
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

  packet::EchoSecret secret_;
  std::uint32_t next_token_ = 0;
  /// Answered ones stay until their deadline, to know duplicates.
  std::unordered_map<std::uint32_t, EchoRequest> requests_;
  TimerQueue<std::uint32_t> deadlines_;
  Counters counters_;
};

}  // namespace lw
