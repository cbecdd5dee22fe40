// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "io/icmp_socket.h"
#include "io/loop.h"
#include "model/test_configuration.h"
#include "probe/echo_tracker.h"

namespace lw {

/// Which ends of an echo the kernel stamps. Receive stamps cost next to nothing; each send stamp is
/// a message of its own, a sixth of the whole cost of a check.
enum class EchoStamps {
  Both,  ///< RTTs are exact to a few microseconds.
  /// Send times are taken around the system call that sends up to 16 echoes, and shared out among
  /// them: RTTs are some microseconds less exact, more on a busy host.
  Receive,
};

/// Makes ICMP checks that may be fragmented, or those that must not be: one socket per family for
/// all of them, opened at once and tried again when a check needs it. On the loop's thread.
class IcmpEngine {
 public:
  struct Options {
    bool dont_fragment = false;
    EchoStamps stamps = EchoStamps::Both;
    std::optional<int> receive_buffer = {};  ///< Bytes, where the usual is not wanted. For tests.
    bool has_driver_stamps = true;           ///< False: as if drivers gave none. For tests.
  };

  /// Loop, clock and sink must outlive it.
  IcmpEngine(io::Loop& loop, const Clock& clock, const Options& options, const CheckSink& sink);

  /// Makes a check that send_staged() will begin; sends what has gathered if that is much. Tells
  /// the sink at once if it cannot be made.
  void stage(const CheckTicket& ticket, const IpAddress& to, std::chrono::nanoseconds timeout,
             const PacketOptions& packets);
  /// Sends what was staged. Tells the sink at once of what this host refuses to send.
  void send_staged();

  [[nodiscard]] const EchoTracker::Counters& counters() const { return tracker_.counters(); }
  [[nodiscard]] std::uint64_t socket_drops() const;
  /// Why ICMP checks do not run, or run with less than raw sockets give; empty when all is well.
  [[nodiscard]] std::string problem() const;
  /// Checks whose time of sending is that of the device's queue, since its driver gives none.
  [[nodiscard]] std::uint64_t queue_stamped() const { return queue_stamped_; }
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

  /// An echo request that has not left yet.
  struct Staged {
    EchoRequest request;
    io::IcmpSocket::Sending how;
    std::uint32_t token = 0;
  };
  using Failures = std::vector<std::pair<CheckTicket, CheckResult>>;

  Family& family_of(const IpAddress& address) { return families_.at(address.is_v6 ? 1 : 0); }
  void open(Family& family, bool is_v6);
  void send_together(std::span<Staged> together, Failures& failures);
  void share_out_send_time(std::span<const Staged> together, Timestamp before);
  static CheckResult result_of_unsent(const Staged& staged, int error_number);
  void on_arrivals(bool is_v6, std::span<const io::IcmpSocket::Arrival> arrivals);
  void on_arrival(bool is_v6, const io::IcmpSocket::Arrival& arrival, const ClockReading& now);
  void on_refusal(const io::IcmpSocket::Refusal& refusal);
  void on_reply(const EchoRequest& request, const io::IcmpSocket::Arrival& arrival,
                const ClockReading& now);
  void note_stamp(const EchoRequest& request);
  [[nodiscard]] bool wants_queue_stamp(const IpAddress& to) const;
  void expire();
  CheckResult result_of_silence(const EchoRequest& request);
  void note_drops(Family& family);
  void arm(std::optional<Instant> deadline);

  io::Loop& loop_;
  const Clock& clock_;
  const Options options_;
  const CheckSink& sink_;
  packet::EchoSecret secret_;
  EchoTracker tracker_;
  std::array<Family, 2> families_;
  /// To how many requests in a row replies came before the driver's send stamp: it gives none.
  std::unordered_map<IpAddress, int> unstamped_;
  std::uint64_t queue_stamped_ = 0;
  std::vector<Staged> staged_;
  std::vector<Staged> leaving_;  ///< Empty but in send_staged().
  std::optional<Instant> armed_for_;
  Instant expired_at_{};
  io::Loop::Timer timer_;
};

}  // namespace lw
