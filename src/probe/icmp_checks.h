// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"
#include "model/test_configuration.h"
#include "probe/check_result.h"
#include "probe/icmp_engine.h"

namespace lw {

/// Makes ICMP checks. The kernel knows only per socket whether packets may be fragmented, so there
/// are two engines: one for echoes that must not be, or are too small to be, and one, opened when
/// the first comes, for large ones. On the loop's thread.
class IcmpChecks {
 public:
  /// Loop and clock must outlive it.
  IcmpChecks(io::Loop& loop, const Clock& clock, EchoStamps stamps, CheckSink sink);

  /// Sends at once unless held. The sink may be called at once.
  void start(const CheckTicket& ticket, const IpAddress& to, std::chrono::nanoseconds timeout,
             const PacketOptions& packets);

  /// From hold() to release(), echoes gather to leave together. May be nested.
  void hold() { ++holds_; }
  void release();

  [[nodiscard]] EchoTracker::Counters counters() const;
  [[nodiscard]] std::uint64_t socket_drops() const;
  /// Why ICMP checks do not run, or run with less than raw sockets give; empty when all is well.
  [[nodiscard]] std::string problem() const { return usual_.problem(); }

 private:
  IcmpEngine& engine_for(const PacketOptions& packets);

  io::Loop& loop_;
  const Clock& clock_;
  const EchoStamps stamps_;
  const CheckSink sink_;
  int holds_ = 0;
  IcmpEngine usual_;
  std::unique_ptr<IcmpEngine> large_;
};

}  // namespace lw
