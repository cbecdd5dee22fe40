// SPDX-License-Identifier: Apache-2.0
#include "probe/echo_tracker.h"

#include <algorithm>
#include <chrono>

namespace lw {
namespace {

using std::chrono::nanoseconds;

// Clock readings are not atomic and NTP slews by up to 0.05 %; more than this is a step.
constexpr nanoseconds kReadingSlack = Milliseconds(1);
constexpr int kSlewDivisor = 1000;

bool has_clock_stepped(const ClockReading& from, const ClockReading& to) {
  const nanoseconds elapsed = to.instant - from.instant;
  const nanoseconds difference = (to.wall - from.wall) - elapsed;
  return std::chrono::abs(difference) > kReadingSlack + elapsed / kSlewDivisor;
}

/// Rounded, and never 0: an RTT of 0 looks like a missing one wherever numbers are stored.
Microseconds to_rtt(nanoseconds duration) {
  return std::max(Microseconds(1), std::chrono::round<Microseconds>(duration));
}

}  // namespace

EchoTime measure_echo(const EchoRequest& request, std::optional<std::int64_t> received_stamp_ns,
                      const ClockReading& now) {
  const nanoseconds elapsed = now.instant - request.sent.instant;
  const EchoTime by_user{to_rtt(elapsed), StampSource::User};
  if (!received_stamp_ns || has_clock_stepped(request.sent, now)) return by_user;
  const std::int64_t sent_ns =
      request.sent_stamp_ns.value_or(nanoseconds(request.sent.wall.time_since_epoch()).count());
  const nanoseconds rtt(*received_stamp_ns - sent_ns);
  // The kernel saw the packets between our two readings, so a longer time is a broken stamp.
  if (rtt < nanoseconds(0) || rtt > elapsed + kReadingSlack) return by_user;
  return {to_rtt(rtt), request.sent_stamp_ns ? StampSource::Kernel : StampSource::KernelReceive};
}

EchoTracker::Outgoing EchoTracker::open(const EchoRequest& request) {
  while (requests_.contains(next_token_)) ++next_token_;
  const std::uint32_t token = next_token_++;
  requests_.emplace(token, request);
  deadlines_.push(request.sent.instant + request.timeout, token);
  const auto payload =
      packet::build_echo_payload(secret_, {token, request.sent.instant.time_since_epoch().count()});
  return {token,
          packet::build_echo_request(request.to.is_v6, static_cast<std::uint16_t>(token >> 16),
                                     static_cast<std::uint16_t>(token & 0xffff), payload)};
}

void EchoTracker::set_sent_stamp(std::uint32_t token, std::int64_t stamp_ns) {
  const auto found = requests_.find(token);
  if (found != requests_.end()) found->second.sent_stamp_ns = stamp_ns;
}

std::optional<EchoRequest> EchoTracker::take_reply(const packet::EchoReply& reply) {
  const auto payload = packet::parse_echo_payload(secret_, reply.payload);
  if (!payload) {
    ++counters_.foreign;
    return std::nullopt;
  }
  const auto found = requests_.find(payload->token);
  // The send time tells this request from an earlier one of the same token, 2^32 requests ago.
  if (found == requests_.end() ||
      found->second.sent.instant.time_since_epoch().count() != payload->sent_ns) {
    ++counters_.late;
    return std::nullopt;
  }
  if (found->second.answered) {
    ++counters_.duplicates;
    return std::nullopt;
  }
  found->second.answered = true;
  return found->second;
}

std::optional<std::uint32_t> EchoTracker::token_of(const packet::QuotedEcho& quote,
                                                   bool is_datagram) const {
  if (quote.payload.size() >= packet::kEchoPayloadSize) {
    const auto payload = packet::parse_echo_payload(secret_, quote.payload);
    if (!payload) return std::nullopt;
    return payload->token;
  }
  if (!is_datagram) return (static_cast<std::uint32_t>(quote.id) << 16) | quote.sequence;
  // Only the low half is left: it is of the latest request of that sequence number.
  const std::uint32_t last = next_token_ - 1;
  const std::uint32_t candidate = (last & 0xffff0000U) | quote.sequence;
  return candidate > last ? candidate - 0x10000U : candidate;
}

std::optional<EchoRequest> EchoTracker::take_error(const packet::QuotedEcho& quote,
                                                   bool is_datagram) {
  const auto token = token_of(quote, is_datagram);
  const auto found = token ? requests_.find(*token) : requests_.end();
  if (found == requests_.end() || found->second.answered ||
      found->second.to.bytes != quote.destination.bytes) {
    ++counters_.foreign;
    return std::nullopt;
  }
  found->second.answered = true;
  return found->second;
}

std::optional<EchoRequest> EchoTracker::take_expired(Instant now) {
  while (const auto token = deadlines_.pop_due(now)) {
    const auto found = requests_.find(*token);
    if (found == requests_.end()) continue;
    const EchoRequest request = found->second;
    requests_.erase(found);
    if (!request.answered) return request;
  }
  return std::nullopt;
}

}  // namespace lw
