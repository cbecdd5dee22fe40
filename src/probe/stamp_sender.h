// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/udp_socket.h"
#include "probe/stamp_tally.h"

namespace lw {

struct StampPlan {
  int count = 10;
  Microseconds interval{100'000};
  Milliseconds timeout{1'000};  ///< from the last request on
};

/// A STAMP session sender (RFC 8762 §4.2) in unauthenticated mode: sends its requests in their
/// rhythm, whatever comes back, and waits for the last replies. If the last request stays
/// unanswered, up to three more are sent, since only a later reply tells in which direction the
/// ones before it were lost; they count as the others do. Belongs to the loop's thread.
class StampSender {
 public:
  using Done = std::function<void(const StampOutcome&)>;

  /// Loop and clock must outlive it.
  StampSender(io::Loop& loop, const Clock& clock);

  /// Begins; `done` is called once, later, from the loop. Once only. Fails if this host has no way
  /// to the peer.
  Result<void> start(const IpAddress& peer, std::uint16_t port, const StampPlan& plan, Done done);

 private:
  void send_next();
  void send_one();
  void wait();
  void on_arrival(const io::UdpSocket::Arrival& arrival);
  void on_refusal(const io::IcmpReport& report);
  void finish();

  io::Loop& loop_;
  const Clock& clock_;
  StampPlan plan_;
  Done done_;
  StampTally tally_;
  std::uint16_t session_ = 0;
  Instant begun_{};
  int planned_ = 0;  ///< requests made so far, whether this host let them go or not
  int extra_ = 0;    ///< sent after the planned ones
  std::string detail_;
  io::Loop::Timer timer_;
  std::unique_ptr<io::UdpSocket> socket_;
};

}  // namespace lw
