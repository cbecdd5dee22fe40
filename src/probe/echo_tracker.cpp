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
  while (requests_.find(next_token_) != nullptr) ++next_token_;
  const std::uint32_t token = next_token_++;
  requests_.insert(token) = request;
  set_answered(token, false);
  deadlines_.push(request.sent.instant + request.timeout, token);
  const auto payload =
      packet::build_echo_payload(secret_, {token, request.sent.instant.time_since_epoch().count()});
  packet::write_echo_request(request.to.is_v6, static_cast<std::uint16_t>(token >> 16),
                             static_cast<std::uint16_t>(token & 0xffff), payload,
                             request.payload_bytes, message_);
  return {token, message_};
}

void EchoTracker::set_sent_stamp(std::uint32_t token, std::int64_t stamp_ns) {
  if (EchoRequest* const request = requests_.find(token)) request->sent_stamp_ns = stamp_ns;
}

std::optional<EchoRequest> EchoTracker::take_reply(const packet::EchoReply& reply) {
  const auto payload = packet::parse_echo_payload(secret_, reply.payload);
  if (!payload) {
    ++counters_.foreign;
    return std::nullopt;
  }
  const EchoRequest* const request = requests_.find(payload->token);
  // The send time tells this request from an earlier one of the same token, 2^32 requests ago.
  if (request == nullptr || request->sent.instant.time_since_epoch().count() != payload->sent_ns) {
    ++(is_answered(payload->token) ? counters_.duplicates : counters_.late);
    return std::nullopt;
  }
  return take(payload->token);
}

std::optional<EchoRequest> EchoTracker::take(std::uint32_t token) {
  std::optional<EchoRequest> request = *requests_.find(token);
  requests_.erase(token);
  set_answered(token, true);
  return request;
}

void EchoTracker::set_answered(std::uint32_t token, bool is_answered) {
  std::uint64_t& word = answered_[token % kRemembered / 64];
  const std::uint64_t bit = std::uint64_t{1} << (token % 64);
  word = is_answered ? word | bit : word & ~bit;
}

bool EchoTracker::is_answered(std::uint32_t token) const {
  return next_token_ - token <= kRemembered &&
         (answered_[token % kRemembered / 64] >> (token % 64) & 1) != 0;
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
  const EchoRequest* const request = token ? requests_.find(*token) : nullptr;
  if (request == nullptr || request->to.bytes != quote.destination.bytes) {
    ++counters_.foreign;
    return std::nullopt;
  }
  return take(*token);
}

std::vector<std::uint32_t> EchoTracker::expired(Instant now) {
  std::vector<std::uint32_t> silent;
  while (const auto token = deadlines_.pop_due(now)) {
    if (requests_.find(*token) != nullptr) silent.push_back(*token);
  }
  return silent;
}

std::optional<EchoRequest> EchoTracker::give_up(std::uint32_t token) {
  const EchoRequest* const request = requests_.find(token);
  if (request == nullptr) return std::nullopt;
  std::optional<EchoRequest> silent = *request;
  requests_.erase(token);
  return silent;
}

}  // namespace lw
