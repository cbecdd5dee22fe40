// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "io/icmp_socket.h"
#include "io/loop.h"
#include "model/test_configuration.h"
#include "probe/echo_tracker.h"

namespace lw {

/// Makes ICMP checks that may be fragmented, or those that must not be: one socket per family for
/// all of them, opened at once and tried again when a check needs it. On the loop's thread.
class IcmpEngine {
 public:
  /// Loop, clock and sink must outlive it.
  IcmpEngine(io::Loop& loop, const Clock& clock, bool dont_fragment, const CheckSink& sink);

  void start(const CheckTicket& ticket, const IpAddress& to, std::chrono::nanoseconds timeout,
             const PacketOptions& packets);

  [[nodiscard]] const EchoTracker::Counters& counters() const { return tracker_.counters(); }
  [[nodiscard]] std::uint64_t socket_drops() const;
  /// Why ICMP checks do not run, or run with less than raw sockets give; empty when all is well.
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] std::size_t in_flight() const { return tracker_.in_flight(); }

 private:
  struct Family {
    std::unique_ptr<io::IcmpSocket> socket;
    std::optional<Error> failure;  ///< Why there is no socket.
    Instant retry_at{};            ///< When to try again.
    bool was_told = false;         ///< The log has it.
    std::uint32_t drops_seen = 0;
    Instant last_drop{};
  };

  Family& family_of(const IpAddress& address) { return families_.at(address.is_v6 ? 1 : 0); }
  void open(Family& family, bool is_v6);
  void on_arrival(bool is_v6, const io::IcmpSocket::Arrival& arrival);
  void on_refusal(const io::IcmpSocket::Refusal& refusal);
  void on_reply(const EchoRequest& request, const io::IcmpSocket::Arrival& arrival);
  void expire();
  CheckResult result_of_silence(const EchoRequest& request);
  void note_drops(Family& family);
  void arm(std::optional<Instant> deadline);

  io::Loop& loop_;
  const Clock& clock_;
  const bool dont_fragment_;
  const CheckSink& sink_;
  packet::EchoSecret secret_;
  EchoTracker tracker_;
  std::array<Family, 2> families_;
  std::optional<Instant> armed_for_;
  Instant expired_at_{};
  io::Loop::Timer timer_;
};

}  // namespace lw
