// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "io/loop.h"
#include "model/test_configuration.h"
#include "probe/check_result.h"
#include "probe/icmp_engine.h"

namespace lw {

/// Makes ICMP checks. Those that must not be fragmented have an engine of their own, since the
/// kernel knows that setting per socket only; it is opened when the first one comes. On the loop's
/// thread.
class IcmpChecks {
 public:
  /// Loop and clock must outlive it.
  IcmpChecks(io::Loop& loop, const Clock& clock, CheckSink sink);

  /// The sink may be called at once.
  void start(const CheckTicket& ticket, const IpAddress& to, std::chrono::nanoseconds timeout,
             const PacketOptions& packets);

  [[nodiscard]] EchoTracker::Counters counters() const;
  [[nodiscard]] std::uint64_t socket_drops() const;
  /// Why ICMP checks do not run, or run with less than raw sockets give; empty when all is well.
  [[nodiscard]] std::string problem() const { return usual_.problem(); }

 private:
  io::Loop& loop_;
  const Clock& clock_;
  const CheckSink sink_;
  IcmpEngine usual_;
  std::unique_ptr<IcmpEngine> unfragmented_;
};

}  // namespace lw
