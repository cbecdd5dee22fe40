// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/tcp_connector.h"
#include "probe/check_result.h"

namespace lw {

/// The measurement that one handshake is. Pure.
CheckResult result_of_connect(const io::ConnectReport& report, const IpAddress& to,
                              std::uint16_t port, std::chrono::nanoseconds timeout);

/// The addresses as RFC 8305 §4 orders them: IPv6 first, then the families in turns. Pure.
std::vector<IpAddress> happy_eyeballs_order(const std::vector<IpAddress>& addresses);

/// Connects as a browser does (Happy Eyeballs, RFC 8305 §5): one address after the other, the next
/// one when the last has failed or 250 ms have gone by; the first connection that stands wins and
/// the others are given up. What the winner hides, such as a broken IPv6, is in the detail. A
/// handshake that needed a second SYN does not win: as elsewhere, that is a lost packet. On the
/// loop's thread.
class ConnectRaces {
 public:
  struct Result {
    CheckResult check;  ///< of the winner, or why nobody won
    IpAddress address;  ///< the winner's; the first one's if nobody won
    std::chrono::nanoseconds took{0};
  };
  using Done = std::function<void(Result&&)>;

  /// All must outlive it.
  ConnectRaces(io::Loop& loop, const Clock& clock, io::TcpConnector& connector)
      : loop_(loop), clock_(clock), connector_(connector) {}

  /// `addresses` are tried in this order, at least one; `timeout` is for the whole race. Calls
  /// `done` once, later, from the loop.
  void start(std::vector<IpAddress> addresses, std::uint16_t port, std::chrono::nanoseconds timeout,
             const io::SocketOptions& socket, Done done);

 private:
  struct Attempt {
    std::uint64_t id = 0;
    Instant started{};
    std::optional<CheckResult> failure;
  };
  struct Race {
    std::vector<IpAddress> addresses;
    std::uint16_t port = 0;
    std::chrono::nanoseconds timeout{0};
    io::SocketOptions socket;
    Instant started{};
    std::vector<Attempt> attempts;  ///< of the first so many addresses
    io::Loop::Timer next;
    Done done;
  };

  void try_next(std::uint64_t id);
  void on_report(std::uint64_t id, std::size_t index, const io::ConnectReport& report);
  void finish(std::uint64_t id, Result&& result);
  [[nodiscard]] Result won_by(const Race& race, std::size_t winner, CheckResult&& check) const;
  [[nodiscard]] static Result lost(const Race& race);

  io::Loop& loop_;
  const Clock& clock_;
  io::TcpConnector& connector_;
  std::map<std::uint64_t, Race> races_;
  std::uint64_t next_race_ = 1;
};

}  // namespace lw
