// SPDX-License-Identifier: Apache-2.0
#include "probe/stamp_tally.h"

#include <algorithm>
#include <cstdlib>

namespace lw {
namespace {

/// The two clocks drift apart by far less than this within a session, and no step that matters is
/// smaller.
constexpr Microseconds kStepMin{1000};

std::int64_t wall_ns(const ClockReading& reading) { return to_unix_us(reading.wall) * 1000; }

bool has_stepped_between(const ClockReading& a, const ClockReading& b) {
  const auto by_wall = b.wall - a.wall;
  const auto by_instant = std::chrono::duration_cast<Microseconds>(b.instant - a.instant);
  return std::chrono::abs(by_wall - by_instant) > kStepMin;
}

/// Of each delay and the next.
class VariationMean {
 public:
  void add(std::int64_t delay_ns, std::int64_t next_delay_ns) {
    sum_ += std::abs(next_delay_ns - delay_ns);
    ++pairs_;
  }
  [[nodiscard]] std::optional<DelayVariation> mean() const {
    if (pairs_ == 0) return std::nullopt;
    return DelayVariation{pairs_, Nanoseconds(sum_ / pairs_)};
  }

 private:
  std::int64_t sum_ = 0;
  int pairs_ = 0;
};

}  // namespace

std::int64_t StampTally::Request::left_ns() const { return sent_stamp_ns.value_or(wall_ns(sent)); }

std::int64_t StampTally::Request::arrived_ns() const {
  return received_stamp_ns.value_or(wall_ns(received));
}

bool StampTally::Request::has_stepped() const { return has_stepped_between(sent, received); }

Nanoseconds StampTally::Request::rtt() const {
  const std::int64_t away = has_stepped() ? Nanoseconds(received.instant - sent.instant).count()
                                          : arrived_ns() - left_ns();
  // A reflector whose own clock stepped meanwhile has no residence time to speak of.
  const std::int64_t inside = reflector_sent_ns - reflector_received_ns;
  const bool is_possible = inside >= 0 && inside <= away;
  return Nanoseconds(std::max<std::int64_t>(is_possible ? away - inside : away, 0));
}

StampSource StampTally::Request::stamps() const {
  if (!received_stamp_ns || has_stepped()) return StampSource::User;
  return sent_stamp_ns ? StampSource::Kernel : StampSource::KernelReceive;
}

std::uint32_t StampTally::send(const ClockReading& at) {
  requests_.emplace_back().sent = at;
  return static_cast<std::uint32_t>(requests_.size());
}

void StampTally::take_back() {
  requests_.pop_back();
  ++unsent_;
}

void StampTally::set_sent_stamp(std::uint32_t sequence, std::int64_t stamp_ns) {
  if (sequence == 0 || sequence > requests_.size()) return;
  requests_[sequence - 1].sent_stamp_ns = stamp_ns;
}

std::uint64_t StampTally::sent_ntp(std::uint32_t sequence) const {
  return packet::to_ntp_time(wall_ns(requests_[sequence - 1].sent));
}

bool StampTally::receive(const packet::StampReply& reply, std::optional<std::int64_t> stamp_ns,
                         const ClockReading& at) {
  const std::uint32_t sequence = reply.request.sequence;
  const bool is_ours =
      sequence >= 1 && sequence <= requests_.size() && reply.request.sent == sent_ntp(sequence);
  if (!is_ours) return false;
  Request& request = requests_[sequence - 1];
  reflector_clock_ = packet::parse_stamp_error(reply.error);
  newest_reflected_ = std::max(newest_reflected_, reply.sequence);
  if (reply.sequence != sequence) has_own_numbers_ = true;
  if (request.is_answered) {
    ++duplicates_;
    if (reply.sequence != request.reflector_sequence) ++duplicated_requests_;
    return true;
  }
  request.is_answered = true;
  request.reflector_sequence = reply.sequence;
  request.reflector_received_ns = packet::stamp_time_ns(reply.received, reflector_clock_);
  request.reflector_sent_ns = packet::stamp_time_ns(reply.reflected, reflector_clock_);
  request.received_stamp_ns = stamp_ns;
  request.received = at;
  ++answered_;
  if (sequence < newest_) ++reordered_;
  newest_ = std::max(newest_, sequence);
  return true;
}

StampOutcome StampTally::outcome() const {
  StampOutcome outcome;
  outcome.sent = sent();
  outcome.received = answered_;
  outcome.unsent = unsent_;
  outcome.reordered = reordered_;
  outcome.duplicates = duplicates_;
  outcome.reflector_clock = reflector_clock_;
  add_losses(outcome);
  add_delays(outcome);
  return outcome;
}

void StampTally::add_losses(StampOutcome& outcome) const {
  outcome.lost_unknown = outcome.lost();
  if (answered_ == 0) return;
  // One that counts begins at 0, and our numbers begin at 1.
  outcome.is_stateful = has_own_numbers_;
  if (!has_own_numbers_) return;
  // Up to the newest answered request the reflector's count says how many it got; of what was sent
  // after that, nothing is known.
  const int reflected = static_cast<int>(newest_reflected_) + 1 - duplicated_requests_;
  const int forward = static_cast<int>(newest_) - reflected;
  const int backward = reflected - answered_;
  if (forward < 0 || backward < 0) return;
  outcome.lost_forward = forward;
  outcome.lost_backward = backward;
  outcome.lost_unknown = outcome.lost() - forward - backward;
}

bool StampTally::has_stepped() const {
  if (requests_.empty()) return false;
  const ClockReading& first = requests_.front().sent;
  return std::ranges::any_of(requests_, [&](const Request& request) {
    return has_stepped_between(first, request.sent) ||
           (request.is_answered && has_stepped_between(first, request.received));
  });
}

void StampTally::add_delays(StampOutcome& outcome) const {
  outcome.has_clock_stepped = has_stepped();
  if (answered_ == 0) return;
  Nanoseconds sum{0};
  VariationMean forward, backward;
  const Request* before = nullptr;
  outcome.stamps = StampSource::Hardware;
  for (const Request& request : requests_) {
    if (request.is_answered) {
      const Nanoseconds rtt = request.rtt();
      sum += rtt;
      outcome.rtt_min = std::min(outcome.rtt_min.value_or(rtt), rtt);
      outcome.rtt_max = std::max(outcome.rtt_max.value_or(rtt), rtt);
      outcome.stamps = std::min(outcome.stamps, request.stamps());
    }
    if (request.is_answered && before != nullptr && before->is_answered) {
      forward.add(before->reflector_received_ns - before->left_ns(),
                  request.reflector_received_ns - request.left_ns());
      backward.add(before->arrived_ns() - before->reflector_sent_ns,
                   request.arrived_ns() - request.reflector_sent_ns);
    }
    before = &request;
  }
  outcome.rtt_avg = sum / answered_;
  if (outcome.has_clock_stepped) return;
  outcome.forward = forward.mean();
  outcome.backward = backward.mean();
}

}  // namespace lw
