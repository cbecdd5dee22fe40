// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock_error.h"
#include "base/result.h"
#include "io/udp_socket.h"
#include "probe/stamp_sessions.h"

namespace lw {

/// A STAMP session reflector (RFC 8762 §4.3) in unauthenticated and stateful mode: sends each test
/// packet back with its own count, when it came (the kernel's stamp) and when it went. That last
/// moment has to be in the packet before the kernel has it: it is the time of writing plus the
/// shortest time that the kernel's stamps of the latest replies say it took from there, and the
/// error estimate covers the longest. A reply is as long as its request, and goes to its sender
/// only; see StampSessions for the rates. Belongs to the loop's thread, but may be opened before
/// the loop runs.
class StampReflector {
 public:
  /// Loop and clock must outlive it. Errors as io/bind_failure.h says.
  static Result<std::unique_ptr<StampReflector>> open(io::Loop& loop, const Clock& clock,
                                                      const IpAddress& address, std::uint16_t port);

  struct Stats {
    std::uint64_t replies = 0;
    std::uint64_t refused = 0;    ///< too fast, or no room for the session
    std::uint64_t malformed = 0;  ///< no test packet, or from a reflector's port
    std::uint64_t unsent = 0;     ///< replies that this host's network refused
  };
  [[nodiscard]] const Stats& stats() const { return stats_; }
  [[nodiscard]] std::uint16_t port() const { return socket_->port(); }

  StampReflector(io::Loop& loop, const Clock& clock);

 private:
  void on_arrival(const io::UdpSocket::Arrival& arrival);
  void on_sent(std::uint32_t key, std::int64_t stamp_ns);
  void refresh_clock_error();
  [[nodiscard]] std::uint16_t error_estimate() const;

  io::Loop& loop_;
  const Clock& clock_;
  StampSessions sessions_;
  Stats stats_;
  ClockError clock_error_;
  /// From the writing of a reply to its leaving, as the kernel saw it.
  struct Lag {
    std::optional<std::int64_t> shortest_ns;
    std::int64_t longest_ns = 0;
  };
  [[nodiscard]] Lag lag() const;

  std::uint32_t last_key_ = 0;
  std::int64_t last_written_ns_ = 0;
  Lag lag_now_, lag_before_;  ///< of this second and of the one before
  io::Loop::Timer refresh_;
  std::unique_ptr<io::UdpSocket> socket_;
};

}  // namespace lw
