// SPDX-License-Identifier: Apache-2.0
#include "scenarios/many_ways.h"

#include <algorithm>
#include <string>

#include "agent/path_neighbours.h"
#include "base/hash.h"
#include "scenarios/virtual_tracer.h"

namespace lw::scenarios {
namespace {

/// How many bits of a destination's number choose the router at each TTL.
constexpr std::array<int, RouterTree::kHops - 1> kTreeBits = {0, 0, 2, 4, 6, 8, 10, 11, 12};
constexpr int kNumberBits = 14;
/// All hops, one bit for each.
constexpr std::uint16_t kWhole = (1U << RouterTree::kHops) - 1U;
constexpr double kLimitBurst = 6;
// As in agent/path_monitor.cpp and trace/tracer.cpp.
constexpr int kRunningMax = 8;
constexpr Seconds kForgetEvery{30};
// As in agent/path_target.cpp: so long a step of a search waits for routers.
constexpr Seconds kSearchPatience{15};
/// Deals the numbers out.
constexpr std::uint32_t kPrime = 7'919;
constexpr Milliseconds kEachHop{2};

IpAddress v4(std::uint32_t number) {
  IpAddress address;
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  }
  return address;
}

}  // namespace

IpAddress RouterTree::destination(std::uint32_t number) {
  return v4((198U << 24U) + (18U << 16U) + number);
}

IpAddress RouterTree::router(std::uint32_t number, std::uint8_t ttl) {
  const std::uint32_t index = number >> (kNumberBits - kTreeBits[ttl - 1U]);
  return v4((10U << 24U) + (std::uint32_t{ttl} << 16U) + index);
}

bool RouterTree::answers(const IpAddress& router, Instant now) {
  Limit& limit = limits_[router];
  const double since = std::chrono::duration<double>(now - limit.at).count();
  limit.tokens = std::min(kLimitBurst, limit.tokens + since);
  limit.at = now;
  if (limit.tokens < 1) return false;
  limit.tokens -= 1;
  return true;
}

void RouterTree::note_question(const IpAddress& router, std::uint8_t ttl, Instant now) {
  Limit& limit = limits_[router];
  ++asked_.routers;
  if (limit.asked != Instant{} && now - limit.asked < Seconds(1)) {
    ++asked_.too_soon;
    ++asked_.too_soon_at[ttl];
  }
  limit.asked = now;
}

ManyWays::ManyWays(std::uint32_t count, Seconds interval, TraceProtocol protocol)
    : now_(kStart),
      protocol_(protocol),
      silence_max_(interval + interval / 10 + kSearchPatience),
      schedule_([&] {
        agent::PathScheduleConfig config;
        config.interval = interval;
        return config;
      }()) {
  for (std::uint32_t i = 0; i < count; ++i) {
    const IpAddress address = RouterTree::destination(i + 1);
    Followed& followed = targets_.emplace_back();
    followed.path = std::make_unique<agent::PathTarget>(
        agent::TargetKey{address, {.protocol = protocol}}, wall_at(now_));
    ids_[followed.path->key()] = i;
    followed.path->add(TestId{i + 1});
    followed.sent = now_;
    schedule_.add(i, stable_hash({to_string(address)}), now_);
  }
  // Some are traced at once: whichever come first out of a hash table.
  for (std::uint32_t i = 0; i < agent::PathScheduleConfig{}.suspicious_max; ++i) {
    schedule_.trace_now(i * kPrime % count, now_, TraceTrigger::Schedule);
  }
}

void ManyWays::run_until(Instant end) {
  while (true) {
    const Instant due = schedule_.next().value_or(Instant::max());
    const Instant next = std::min(due, events_.empty() ? Instant::max() : events_.top().at);
    if (next > end) break;
    now_ = std::max(now_, next);
    if (now_ - forgot_ > kForgetEvery) budget_.forget_old(forgot_ = now_);
    if (due <= now_) start_due();
    while (!events_.empty() && events_.top().at <= now_) {
      const Event event = events_.top();
      events_.pop();
      const auto found = running_.find(event.trace);
      if (found == running_.end()) continue;
      if (event.is_answer) found->second.round->received(event.order, event.reply, now_);
      if (!event.is_answer && event.at != found->second.wake_at) continue;
      step(event.trace, found->second);
    }
  }
  now_ = end;
}

void ManyWays::start_due() {
  for (const auto& due : schedule_.take_due(now_)) {
    start(static_cast<std::uint32_t>(due.target), due.trigger);
  }
}

void ManyWays::start(std::uint32_t number, TraceTrigger trigger) {
  Followed& followed = targets_[number];
  if (followed.running >= kRunningMax) return;
  ++followed.running;
  auto order = followed.path->next_order(trigger, wall_at(now_), supposed_way_of(*followed.path));
  const std::uint64_t id = next_id_++;
  Running& running = running_[id];
  running.target = number;
  running.is_search = order.is_search;
  running.trigger = trigger;
  running.started = now_;
  running.round =
      std::make_unique<trace::TraceRound>(std::move(order.task.config), order.task.destination,
                                          &budget_, std::move(order.task.hints), now_);
  step(id, running);
}

trace::Way ManyWays::supposed_way_of(const agent::PathTarget& path) const {
  if (path.is_way_known()) return {};
  return agent::supposed_way(
      ids_, path.key(),
      [this](std::uint64_t id) -> const agent::PathTarget& { return *targets_[id].path; });
}

void ManyWays::step(std::uint64_t id, Running& running) {
  if (running.wake_at <= now_) running.wake_at = Instant::max();
  for (const trace::ProbeOrder& order : running.round->take_due(now_)) send(id, running, order);
  if (running.round->is_complete(now_)) return finish(id);
  const auto next = running.round->next_due();
  if (!next || *next >= running.wake_at) return;
  running.wake_at = std::max(*next, now_);
  events_.push({.at = running.wake_at, .trace = id});
}

void ManyWays::send(std::uint64_t id, const Running& running, const trace::ProbeOrder& order) {
  running.round->sent(order, now_);
  Followed& followed = targets_[running.target];
  if (now_ - std::exchange(followed.sent, now_) > silence_max_) ++known_.silences;
  const std::uint32_t number = running.target + 1;
  Event event{.trace = id, .is_answer = true, .order = order};
  const int hops = std::min<int>(order.ttl, RouterTree::kHops);
  event.at = now_ + hops * kEachHop;
  event.reply.rtt = hops * kEachHop;
  if (order.ttl >= RouterTree::kHops) {
    event.reply.answer = HopAnswer::Destination;
    event.reply.from = RouterTree::destination(number);
    if (protocol_ == TraceProtocol::Udp && !tree_.answers(event.reply.from, now_)) return;
  } else {
    event.reply.answer = HopAnswer::TimeExceeded;
    event.reply.from = RouterTree::router(number, order.ttl);
    event.reply.icmp_type = 11;
    tree_.note_question(event.reply.from, order.ttl, now_);
    if (!tree_.answers(event.reply.from, now_)) return;
  }
  events_.push(std::move(event));
}

void ManyWays::finish(std::uint64_t id) {
  const auto found = running_.find(id);
  const Running running = std::move(found->second);
  running_.erase(found);
  Trace trace = running.round->outcome();
  trace.started = wall_at(running.started);
  trace.trigger = running.trigger;
  Followed& followed = targets_[running.target];
  --followed.running;
  learn(running.target, trace);
  const auto finding = followed.path->take(trace, running.is_search, wall_at(now_));
  if (finding.is_suspicious) schedule_.suspect(running.target, now_);
  if (finding.missing_trace_in) {
    schedule_.trace_now(running.target, now_ + *finding.missing_trace_in, TraceTrigger::Schedule);
  }
}

void ManyWays::learn(std::uint32_t index, const Trace& trace) {
  Followed& followed = targets_[index];
  const bool was_whole = followed.known == kWhole;
  std::uint16_t told = 0;
  for (const TraceProbe& probe : trace.probes) {
    const HopReply& reply = probe.reply;
    if (reply.answer == HopAnswer::Silent || reply.from == IpAddress{}) continue;
    if (probe.ttl > RouterTree::kHops) continue;
    const IpAddress right = probe.ttl == RouterTree::kHops
                                ? RouterTree::destination(index + 1)
                                : RouterTree::router(index + 1, probe.ttl);
    if (reply.from != right) ++known_.wrong_hops;
    if (reply.from == right) told |= static_cast<std::uint16_t>(1U << (probe.ttl - 1U));
  }
  followed.known |= told;
  known_.whole += followed.known == kWhole && !was_whole ? 1 : 0;
  if (trace.trigger == TraceTrigger::Request) is_request_whole_ = told == kWhole;
}

bool ManyWays::request(std::uint32_t number) {
  is_request_whole_.reset();
  schedule_.trace_now(number, now_);
  while (!is_request_whole_) run_until(now_ + Milliseconds(100));
  return *is_request_whole_;
}

}  // namespace lw::scenarios
