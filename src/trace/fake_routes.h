// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "trace/trace_round.h"

/// A network for tests of TraceRound, in virtual time: who answers which probe, and when.
namespace lw::trace {

/// What comes back for one probe, after how long.
struct FakeAnswer {
  HopReply reply;
  Milliseconds after{0};
};

class FakeRoutes {
 public:
  /// The answers to a probe sent then; none: it gets lost. Several: duplicates.
  using Rule = std::function<std::vector<FakeAnswer>(const ProbeOrder&, Instant)>;

  explicit FakeRoutes(Rule rule) : rule_(std::move(rule)) {}

  /// Runs the round to its end, or for `limit`; what it ordered, in order.
  std::vector<std::pair<ProbeOrder, Instant>> run(TraceRound& round, Instant start,
                                                  Seconds limit = Seconds(600));
  [[nodiscard]] Instant ended() const { return now_; }
  /// It was not complete, but there was nothing to wait for; or for ever something due.
  [[nodiscard]] bool is_stuck() const { return is_stuck_; }
  /// next_due() named a time after something was due.
  [[nodiscard]] bool was_due_early() const { return was_due_early_; }

 private:
  Rule rule_;
  std::multimap<Instant, std::pair<ProbeOrder, HopReply>> arriving_;
  Instant now_{};
  bool is_stuck_ = false;
  bool was_due_early_ = false;
};

inline std::vector<std::pair<ProbeOrder, Instant>> FakeRoutes::run(TraceRound& round, Instant start,
                                                                   Seconds limit) {
  std::vector<std::pair<ProbeOrder, Instant>> orders;
  now_ = start;
  int idle = 0;
  while (!round.is_complete(now_) && now_ < start + limit && !is_stuck_) {
    const auto due = round.next_due();
    std::optional<Instant> next = due;
    if (next && !arriving_.empty()) next = std::min(*next, arriving_.begin()->first);
    is_stuck_ = !next || idle > 20;
    if (is_stuck_) break;
    idle = *next > now_ ? 0 : idle + 1;
    if (*next - std::chrono::nanoseconds(1) > now_) {
      was_due_early_ |= !round.take_due(*next - std::chrono::nanoseconds(1)).empty();
    }
    now_ = std::max(now_, *next);
    while (!arriving_.empty() && arriving_.begin()->first <= now_) {
      const auto [order, reply] = arriving_.begin()->second;
      arriving_.erase(arriving_.begin());
      round.received(order, reply, now_);
    }
    for (const ProbeOrder& order : round.take_due(now_)) {
      idle = 0;
      orders.emplace_back(order, now_);
      round.sent(order, now_);
      for (FakeAnswer& answer : rule_(order, now_)) {
        answer.reply.rtt = answer.after;
        arriving_.emplace(now_ + answer.after, std::pair(order, answer.reply));
      }
    }
  }
  return orders;
}

}  // namespace lw::trace
