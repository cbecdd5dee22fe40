// SPDX-License-Identifier: Apache-2.0
#include "probe/icmp_checks.h"

namespace lw {

IcmpChecks::IcmpChecks(io::Loop& loop, const Clock& clock, CheckSink sink)
    : loop_(loop), clock_(clock), sink_(std::move(sink)), usual_(loop, clock, false, sink_) {}

void IcmpChecks::start(const CheckTicket& ticket, const IpAddress& to,
                       std::chrono::nanoseconds timeout, const PacketOptions& packets) {
  if (!packets.dont_fragment) return usual_.start(ticket, to, timeout, packets);
  if (!unfragmented_) unfragmented_ = std::make_unique<IcmpEngine>(loop_, clock_, true, sink_);
  unfragmented_->start(ticket, to, timeout, packets);
}

EchoTracker::Counters IcmpChecks::counters() const {
  EchoTracker::Counters sum = usual_.counters();
  if (!unfragmented_) return sum;
  const EchoTracker::Counters& more = unfragmented_->counters();
  sum.late += more.late;
  sum.duplicates += more.duplicates;
  sum.foreign += more.foreign;
  return sum;
}

std::uint64_t IcmpChecks::socket_drops() const {
  return usual_.socket_drops() + (unfragmented_ ? unfragmented_->socket_drops() : 0);
}

}  // namespace lw
