// SPDX-License-Identifier: Apache-2.0
#include "probe/stamp_reflector.h"

#include <algorithm>
#include <utility>

#include "packet/stamp.h"

namespace lw {
namespace {

/// Of CLOCK_REALTIME as base/time.h gives it.
constexpr std::int64_t kResolutionNs = 1'000;
/// A larger lag is a stepped clock, or a machine that stood still: it says nothing of the next.
constexpr std::int64_t kLagMaxNs = 100'000'000;

std::int64_t wall_ns(const Clock& clock) { return to_unix_us(clock.wall_now()) * 1000; }

}  // namespace

StampReflector::StampReflector(io::Loop& loop, const Clock& clock)
    : loop_(loop), clock_(clock), sessions_(StampSessions::Limits{}) {}

Result<std::unique_ptr<StampReflector>> StampReflector::open(io::Loop& loop, const Clock& clock,
                                                             const IpAddress& address,
                                                             std::uint16_t port) {
  auto reflector = std::make_unique<StampReflector>(loop, clock);
  StampReflector* const self = reflector.get();
  reflector->socket_ = TRY(io::UdpSocket::listen(
      loop, address, port,
      {[self](const io::UdpSocket::Arrival& arrival) { self->on_arrival(arrival); },
       [self](std::uint32_t key, std::int64_t stamp_ns) { self->on_sent(key, stamp_ns); },
       {}}));
  reflector->refresh_clock_error();
  return reflector;
}

void StampReflector::refresh_clock_error() {
  clock_error_ = wall_clock_error();
  lag_before_ = std::exchange(lag_now_, {});
  refresh_ = loop_.after(Seconds(1), [this] { refresh_clock_error(); });
}

StampReflector::Lag StampReflector::lag() const {
  const std::int64_t none = kLagMaxNs;
  const std::int64_t shortest =
      std::min(lag_now_.shortest_ns.value_or(none), lag_before_.shortest_ns.value_or(none));
  return {shortest == none ? 0 : shortest, std::max(lag_now_.longest_ns, lag_before_.longest_ns)};
}

std::uint16_t StampReflector::error_estimate() const {
  const std::int64_t clock_ns = clock_error_.error.count() * 1000;
  const std::int64_t lag_ns = lag().longest_ns;
  return packet::build_stamp_error({.is_synchronized = clock_error_.is_synchronized,
                                    .is_ptp = false,
                                    .error_ns = clock_ns + lag_ns + kResolutionNs});
}

void StampReflector::on_arrival(const io::UdpSocket::Arrival& arrival) {
  const auto request = packet::parse_stamp_request(arrival.bytes);
  // A reply looks like a request: two reflectors would answer each other for ever.
  const bool is_reflector =
      arrival.from_port == packet::kStampPort || arrival.from_port == socket_->port();
  if (!request || arrival.is_cut || is_reflector) {
    ++stats_.malformed;
    return;
  }
  const auto number =
      sessions_.take({arrival.from, arrival.from_port, arrival.to, request->session}, clock_.now());
  if (!number) {
    ++stats_.refused;
    return;
  }
  packet::StampReply reply;
  reply.sequence = *number;
  reply.error = error_estimate();
  reply.session = request->session;
  reply.received = packet::to_ntp_time(arrival.stamp_ns.value_or(wall_ns(clock_)));
  reply.request = *request;
  reply.ttl = arrival.ttl;
  last_written_ns_ = wall_ns(clock_);
  reply.reflected = packet::to_ntp_time(last_written_ns_ + lag().shortest_ns.value_or(0));
  const auto bytes = packet::build_stamp_reply(reply, arrival.bytes);
  if (socket_->answer(arrival, bytes, ++last_key_) == 0) {
    ++stats_.replies;
  } else {
    ++stats_.unsent;
  }
}

void StampReflector::on_sent(std::uint32_t key, std::int64_t stamp_ns) {
  if (key != last_key_) return;
  const std::int64_t lag = stamp_ns - last_written_ns_;
  if (lag < 0 || lag >= kLagMaxNs) return;
  lag_now_.shortest_ns = std::min(lag_now_.shortest_ns.value_or(lag), lag);
  lag_now_.longest_ns = std::max(lag_now_.longest_ns, lag);
}

}  // namespace lw
