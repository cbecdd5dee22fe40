// SPDX-License-Identifier: Apache-2.0
#include "probe/echo_tracker.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace lw {
namespace {

constexpr Microseconds kLikelySlack{50};

}  // namespace

EchoTime measure_echo(const EchoRequest& request, std::optional<std::int64_t> received_stamp_ns,
                      const ClockReading& now) {
  const EchoTime by_user{to_measured(now.instant - request.sent.instant), StampSource::User};
  if (!received_stamp_ns) return by_user;
  auto rtt =
      stamped_interval(request.sent, request.sent_stamp_ns.value_or(0), *received_stamp_ns, now);
  if (!rtt) return by_user;
  // What is likely is not certain: a reply cannot be there long before its request.
  if (!request.sent_stamp_ns && *rtt > request.likely_after - kLikelySlack) {
    rtt = std::max(*rtt - request.likely_after, std::chrono::nanoseconds(0));
  }
  // A stamp of the queue has this host's own waiting in it.
  const bool is_exact = request.sent_stamp_ns && request.stamped_at == io::SentAt::Driver;
  return {to_measured(*rtt), is_exact ? StampSource::Kernel : StampSource::KernelReceive};
}

EchoTracker::Outgoing EchoTracker::open(const EchoRequest& request) {
  while (requests_.find(next_token_) != nullptr) ++next_token_;
  const std::uint32_t token = next_token_++;
  const auto timeout = std::chrono::duration_cast<Microseconds>(request.timeout);
  requests_.insert(token) = {.round = request.ticket.round,
                             .sent = request.sent.instant,
                             .wall = request.sent.wall,
                             .to = request.to.bytes,
                             .timeout_us = static_cast<std::uint32_t>(timeout.count()),
                             .index = static_cast<std::int16_t>(request.ticket.index),
                             .is_v6 = request.to.is_v6};
  set_answered(token, false);
  expect_end(token, request.sent.instant + request.timeout);
  const auto payload =
      packet::build_echo_payload(secret_, {token, request.sent.instant.time_since_epoch().count()});
  packet::write_echo_request(request.to.is_v6, static_cast<std::uint16_t>(token >> 16),
                             static_cast<std::uint16_t>(token & 0xffff), payload,
                             request.payload_bytes, message_);
  return {token, message_};
}

EchoRequest EchoTracker::request_of(const Pending& pending) {
  EchoRequest request;
  request.ticket = {pending.round, pending.index};
  request.to.is_v6 = pending.is_v6;
  request.to.bytes = pending.to;
  request.sent = {pending.sent, pending.wall};
  request.timeout = Microseconds(pending.timeout_us);
  request.likely_after = Microseconds(pending.likely_after_us);
  if (pending.sent_stamp_ns != 0) request.sent_stamp_ns = pending.sent_stamp_ns;
  request.stamped_at = pending.stamped_at;
  return request;
}

/// One timer for each request would cost as much as the request, and most are answered long before.
void EchoTracker::expect_end(std::uint32_t token, Instant deadline) {
  const auto tick_of = [](Instant when) {
    return when.time_since_epoch() / TimerWheel<Run>::kTick;
  };
  if (newest_.count > 0 && newest_.first + newest_.count == token &&
      tick_of(deadline) == tick_of(newest_deadline_)) {
    ++newest_.count;
    return;
  }
  if (newest_.count > 0) deadlines_.push(newest_deadline_, newest_);
  newest_ = {token, 1};
  newest_deadline_ = deadline;
}

std::optional<Instant> EchoTracker::next_deadline() const {
  const auto next = deadlines_.next();
  if (newest_.count == 0) return next;
  return next ? std::min(*next, newest_deadline_) : newest_deadline_;
}

void EchoTracker::set_sent_time(std::uint32_t token, Timestamp earliest,
                                Microseconds likely_after) {
  Pending* const pending = requests_.find(token);
  if (pending == nullptr) return;
  pending->wall = earliest;
  pending->likely_after_us = static_cast<std::uint16_t>(likely_after.count());
}

void EchoTracker::set_sent_stamp(std::uint32_t token, std::int64_t stamp_ns, io::SentAt at) {
  Pending* const pending = requests_.find(token);
  if (pending == nullptr) return;
  const bool is_known = pending->sent_stamp_ns != 0;
  if (is_known && at == io::SentAt::Queue && pending->stamped_at == io::SentAt::Driver) return;
  pending->sent_stamp_ns = stamp_ns;
  pending->stamped_at = at;
}

std::optional<EchoRequest> EchoTracker::take_reply(const packet::EchoReply& reply) {
  const auto payload = packet::parse_echo_payload(secret_, reply.payload);
  if (!payload) {
    ++counters_.foreign;
    return std::nullopt;
  }
  const Pending* const request = requests_.find(payload->token);
  // The send time tells this request from an earlier one of the same token, 2^32 requests ago.
  if (request == nullptr || request->sent.time_since_epoch().count() != payload->sent_ns) {
    ++(is_answered(payload->token) ? counters_.duplicates : counters_.late);
    return std::nullopt;
  }
  return take(payload->token);
}

std::optional<EchoRequest> EchoTracker::take(std::uint32_t token) {
  const EchoRequest request = request_of(*requests_.find(token));
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
  const Pending* const request = token ? requests_.find(*token) : nullptr;
  if (request == nullptr || request->to != quote.destination.bytes) {
    ++counters_.foreign;
    return std::nullopt;
  }
  return take(*token);
}

std::vector<std::uint32_t> EchoTracker::expired(Instant now) {
  std::vector<std::uint32_t> silent;
  if (newest_.count > 0 && newest_deadline_ <= now) {
    deadlines_.push(newest_deadline_, std::exchange(newest_, {}));
  }
  while (const auto run = deadlines_.pop_due(now)) {
    for (std::uint32_t i = 0; i < run->count; ++i) {
      if (requests_.find(run->first + i) != nullptr) silent.push_back(run->first + i);
    }
  }
  return silent;
}

std::optional<EchoRequest> EchoTracker::give_up(std::uint32_t token) {
  const Pending* const request = requests_.find(token);
  if (request == nullptr) return std::nullopt;
  const EchoRequest silent = request_of(*request);
  requests_.erase(token);
  return silent;
}

}  // namespace lw
