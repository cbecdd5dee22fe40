// SPDX-License-Identifier: Apache-2.0
#include "probe/icmp_checks.h"

namespace lw {
namespace {

// With all headers less than what every host must take (RFC 791: 576 bytes), so that nobody cuts
// it. Linux sends it with DF in either case; where DF is certain to stay, it does not look for an
// IP id that is unique (RFC 6864), which is a fortieth of what an echo costs.
constexpr int kSmallPayload = 500;

}  // namespace

IcmpChecks::IcmpChecks(io::Loop& loop, const Clock& clock, EchoStamps stamps, CheckSink sink)
    : loop_(loop),
      clock_(clock),
      stamps_(stamps),
      sink_(std::move(sink)),
      usual_(loop, clock, {.dont_fragment = true, .stamps = stamps}, sink_) {}

IcmpEngine& IcmpChecks::engine_for(const PacketOptions& packets) {
  if (packets.dont_fragment || packets.payload_bytes.value_or(0) <= kSmallPayload) return usual_;
  const IcmpEngine::Options options{.dont_fragment = false, .stamps = stamps_};
  if (!large_) large_ = std::make_unique<IcmpEngine>(loop_, clock_, options, sink_);
  return *large_;
}

void IcmpChecks::start(const CheckTicket& ticket, const IpAddress& to,
                       std::chrono::nanoseconds timeout, const PacketOptions& packets) {
  IcmpEngine& engine = engine_for(packets);
  engine.stage(ticket, to, timeout, packets);
  if (holds_ == 0) engine.send_staged();
}

void IcmpChecks::release() {
  if (--holds_ > 0) return;
  usual_.send_staged();
  if (large_) large_->send_staged();
}

EchoTracker::Counters IcmpChecks::counters() const {
  EchoTracker::Counters sum = usual_.counters();
  if (!large_) return sum;
  const EchoTracker::Counters& more = large_->counters();
  sum.late += more.late;
  sum.duplicates += more.duplicates;
  sum.foreign += more.foreign;
  return sum;
}

std::uint64_t IcmpChecks::socket_drops() const {
  return usual_.socket_drops() + (large_ ? large_->socket_drops() : 0);
}

}  // namespace lw
