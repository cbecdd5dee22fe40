// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_round.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace lw::trace {
namespace {

/// An "unreachable" is rare and decides much: asking again waits for the router's next turn.
constexpr Milliseconds kConfirmationWait{1'500};
/// Blind turns come back with answers, and nobody knows when: worth to look again after about a
/// round trip.
constexpr Milliseconds kBlindRetry{50};
/// Keeps what one byte counts from running over.
constexpr std::uint8_t kTurnsMax = 250;

/// The nearest configuration that makes sense, so that the rules need not look out for others.
TraceConfig made_sane(TraceConfig config) {
  config.first_ttl = std::max<std::uint8_t>(config.first_ttl, 1);
  config.ttl_max = std::clamp<std::uint8_t>(config.ttl_max, config.first_ttl, 254);
  config.first_ttl = std::min(config.first_ttl, config.ttl_max);
  config.probes_per_hop = std::clamp(config.probes_per_hop, 1, 200);
  config.retries = std::clamp(config.retries, 0, 20);
  config.timeout = std::max(config.timeout, Milliseconds(1));
  config.pace = std::max(config.pace, Microseconds(0));
  config.silent_tail_max = std::clamp(config.silent_tail_max, 1, 255);
  config.ahead_max = std::clamp(config.ahead_max, 1, 255);
  if (config.flows.empty()) config.flows = {0};
  return config;
}

/// Grows by less than a vector would by itself: most rounds need some ten places.
template <class T>
void make_room(std::vector<T>& items, std::size_t size) {
  if (size > items.capacity()) items.reserve(size + 2 + size / 8);
}

}  // namespace

TraceRound::TraceRound(TraceConfig config, IpAddress destination, HopBudget* budget,
                       std::vector<TraceHint> hints, Instant now)
    : config_(made_sane(std::move(config))),
      destination_(destination),
      budget_(budget),
      hints_(std::move(hints)),
      start_(now),
      next_send_(now) {
  for (const std::uint16_t id : config_.flows) {
    const bool is_known =
        std::any_of(flows_.begin(), flows_.end(), [id](const Flow& flow) { return flow.id == id; });
    if (!is_known && flows_.size() < UINT16_MAX) flows_.push_back({.id = id});
  }
  config_.flows = {};
  flows_running_ = static_cast<std::uint32_t>(flows_.size());
  read_hints();
  refresh_all();
}

/// Where the destination stands, within what may be asked; 0: nowhere.
std::uint8_t TraceRound::goal_in(const Way& hops) const {
  const auto end = hops.begin() +
                   static_cast<std::ptrdiff_t>(std::min<std::size_t>(hops.size(), config_.ttl_max));
  const auto goal = std::find(hops.begin(), end, destination_);
  return goal == end ? std::uint8_t{0} : static_cast<std::uint8_t>(goal - hops.begin() + 1);
}

void TraceRound::read_hints() {
  for (std::uint32_t i = 0; i < hints_.size(); ++i) {
    const auto& hops = hints_[i].hops;
    const auto flow = std::find_if(flows_.begin(), flows_.end(), [&](const Flow& candidate) {
      return candidate.id == hints_[i].flow;
    });
    if (flow == flows_.end()) continue;
    flow->hint = i;
    flow->known = static_cast<std::uint8_t>(std::min<std::size_t>(hops.size(), UINT8_MAX));
    flow->goal = goal_in(hops);
    if (flow->goal == 0) flow->goal = goal_in(hints_[i].supposed);
  }
}

std::vector<ProbeOrder> TraceRound::take_due(Instant now) {
  expire(now);
  std::vector<ProbeOrder> orders;
  while (flows_running_ > 0 && now >= next_send_) {
    const auto turn = take_turn(now);
    if (!turn) break;
    if (const auto order = ask(*turn, now)) {
      orders.push_back(*order);
      next_send_ = now + config_.pace;
    }
    refresh(turn->flow);
  }
  return orders;
}

std::optional<Instant> TraceRound::next_due() const {
  if (flows_running_ == 0) return std::nullopt;
  std::optional<Instant> due;
  const auto consider = [&due](Instant at) { due = due ? std::min(*due, at) : at; };
  const bool has_turn = std::any_of(flows_.begin(), flows_.end(),
                                    [](const Flow& flow) { return flow.next_ttl != 0; });
  if (has_turn) consider(next_send_);
  for (const Turn& turn : waiting_) consider(std::max(next_send_, turn.not_before));
  if (oldest_open_ < records_.size()) consider(deadline(records_[oldest_open_]));
  return due;
}

/// Time-outs are one length, so that they come in the order of sending.
void TraceRound::expire(Instant now) {
  while (flows_running_ > 0 && oldest_open_ < records_.size()) {
    Record& record = records_[oldest_open_];
    if (record.is_open) {
      if (now < deadline(record)) return;
      close(record);
      if (is_silence_expected(record)) give_back_turn(record);
      record.is_blind = false;
      ask_again_if_silent(record, now);
      refresh(record.flow);
    }
    ++oldest_open_;
  }
}

/// What is asked again goes first: it is the oldest. Then TTLs in turn, in each all flows.
std::optional<TraceRound::Turn> TraceRound::take_turn(Instant now) {
  const auto ready = std::find_if(waiting_.begin(), waiting_.end(),
                                  [now](const Turn& turn) { return turn.not_before <= now; });
  if (ready != waiting_.end()) {
    const Turn turn = *ready;
    waiting_.erase(ready);
    --cell(turn.flow, turn.ttl).waiting;
    return turn;
  }
  const auto order = [](const Flow& flow) {
    // A flow without a turn comes last.
    return std::tuple(flow.next_ttl == 0, flow.next_turn, flow.next_ttl);
  };
  const auto first =
      std::min_element(flows_.begin(), flows_.end(),
                       [&](const Flow& a, const Flow& b) { return order(a) < order(b); });
  if (first->next_ttl == 0) return std::nullopt;
  return Turn{static_cast<std::uint16_t>(first - flows_.begin()), first->next_ttl, false, now, now};
}

bool TraceRound::is_needed(const Turn& turn) const {
  const Flow& flow = flows_[turn.flow];
  if (turn.ttl > end_of(flow) || cell_at(turn.flow, turn.ttl).asked >= kTurnsMax) return false;
  return !turn.is_confirmation || flow.refusals == 1;
}

std::optional<ProbeOrder> TraceRound::ask(const Turn& turn, Instant now) {
  const Whom whom = budget_ == nullptr ? Whom{} : whom_to_ask(turn);
  if (!may_ask(turn, whom, now)) {
    wait_or_spare(turn, whom, now);
    return std::nullopt;
  }
  Record& record = add_record(turn, now);
  record.from = whom.router.value_or(IpAddress{});
  record.is_blind = whom.is_blind;
  Flow& flow = flows_[turn.flow];
  flow.asked_to = std::max(flow.asked_to, turn.ttl);
  ++cell(turn.flow, turn.ttl).open;
  return ProbeOrder{flow.id, record.ttl, record.attempt};
}

bool TraceRound::may_ask(const Turn& turn, const Whom& whom, Instant now) {
  const bool is_v6 = destination_.is_v6;
  if (whom.is_blind && !budget_->take_blind_turn(is_v6, turn.ttl, now, worth_of(turn))) {
    return false;
  }
  if (!whom.router || budget_->may_ask(*whom.router, now, config_.asker)) return true;
  if (whom.is_blind) budget_->give_back_blind_turn(is_v6, turn.ttl);
  return false;
}

/// Of most use is who stands before somebody known: all ways through that one come by there.
HopBudget::Worth TraceRound::worth_of(const Turn& turn) const {
  if (config_.is_urgent) return HopBudget::Worth::Urgent;
  const auto next = static_cast<std::uint8_t>(turn.ttl + 1);
  const bool is_last = next == goal_of(flows_[turn.flow]);
  const bool is_before_known = is_last || known_at(turn.flow, next).has_value();
  return is_before_known ? HopBudget::Worth::Much : HopBudget::Worth::Little;
}

TraceRound::Whom TraceRound::whom_to_ask(const Turn& turn) const {
  Whom whom;
  if (turn.is_confirmation) {
    whom.router = records_[cell_at(turn.flow, turn.ttl).answer].from;
  } else if (const auto known = known_at(turn.flow, turn.ttl)) {
    whom.router = known;
  } else {
    whom = suppose(turn);
    // By UDP the destination limits its answers as well. Of many flows at once by somebody who asks
    // nothing else, it would lose more of them by hops passed over than it spares of others.
    const bool is_alone = flows_.size() > 1 && config_.asker == 0;
    if (config_.protocol == TraceProtocol::Udp && is_alone) whom.is_blind = false;
  }
  if (whom.router == destination_) whom.router.reset();
  return whom;
}

/// Who most likely stands where this flow has met nobody: by its hops behind; by other flows and
/// the neighbours of the destination; by nearly all other traces.
TraceRound::Whom TraceRound::suppose(const Turn& turn) const {
  const bool is_v6 = destination_.is_v6;
  if (const auto router = concluded_at(turn.flow, turn.ttl)) {
    return {.router = router, .is_blind = true};
  }
  if (const auto router = supposed_at(turn.flow, turn.ttl); router && !config_.is_urgent) {
    return {.router = router, .is_blind = true, .is_guess = true};
  }
  const Flow& flow = flows_[turn.flow];
  const bool was_silent = turn.ttl <= flow.known && !was_not_asked(turn.flow, turn.ttl);
  if (was_silent) return {.router = {}, .is_blind = true};
  if (const auto router = budget_->expected_at(is_v6, turn.ttl)) {
    return {.router = router, .is_blind = true};
  }
  return {.router = {}, .is_blind = true};
}

std::optional<IpAddress> TraceRound::supposed_at(std::uint16_t index, std::uint8_t ttl) const {
  const Flow& flow = flows_[index];
  if (flow.hint == kNone || ttl > hints_[flow.hint].supposed.size()) return std::nullopt;
  return hints_[flow.hint].supposed[ttl - 1U];
}

bool TraceRound::was_not_asked(std::uint16_t index, std::uint8_t ttl) const {
  const Flow& flow = flows_[index];
  return ttl <= flow.known && hints_[flow.hint].hops[ttl - 1U] == TraceHint::kNotKnown;
}

/// Who was met there by this trace, or else by the one before.
std::optional<IpAddress> TraceRound::known_at(std::uint16_t index, std::uint8_t ttl) const {
  const Flow& flow = flows_[index];
  const std::uint32_t answer = cell_at(index, ttl).answer;
  if (answer != kNone && records_[answer].answer == HopAnswer::TimeExceeded) {
    return records_[answer].from;
  }
  if (ttl > flow.known || was_not_asked(index, ttl)) return std::nullopt;
  return hints_[flow.hint].hops[ttl - 1U];
}

/// By the nearest hop behind it that is known, and what stood before that on other ways.
std::optional<IpAddress> TraceRound::concluded_at(std::uint16_t index, std::uint8_t ttl) const {
  const int last = std::max(flows_[index].known, flows_[index].furthest);
  for (int behind = ttl + 1; behind <= last; ++behind) {
    auto router = known_at(index, static_cast<std::uint8_t>(behind));
    if (!router) continue;
    for (int at = behind; at > ttl && router; --at) router = budget_->before(*router);
    return router;
  }
  return std::nullopt;
}

void TraceRound::wait_or_spare(Turn turn, const Whom& whom, Instant now) {
  turn.not_before = whom.router ? budget_->free_at(*whom.router, config_.asker) : now;
  if (turn.not_before <= now) {
    turn.not_before = now + std::max<std::chrono::nanoseconds>(kBlindRetry, (now - turn.since) / 2);
  }
  const Milliseconds wait =
      turn.is_confirmation ? std::max(config_.budget_wait, kConfirmationWait) : config_.budget_wait;
  if (turn.not_before <= turn.since + wait) {
    ++cell(turn.flow, turn.ttl).waiting;
    waiting_.push_back(turn);
    return;
  }
  Record& record = add_record(turn, now);
  record.answer = HopAnswer::NotAsked;
  if (whom.router && !whom.is_guess) record.from = *whom.router;
  record.is_open = false;
  Cell& place = cell(turn.flow, turn.ttl);
  if (place.asked > 1) return;
  place.is_passed_over = record.from == IpAddress{};
  if (place.is_passed_over) return;
  // As good as an answer for going on: others met that router there lately.
  place.is_spared = true;
  flows_[turn.flow].furthest = std::max(flows_[turn.flow].furthest, turn.ttl);
}

TraceRound::Record& TraceRound::add_record(const Turn& turn, Instant now) {
  Record record;
  record.flow = turn.flow;
  record.ttl = turn.ttl;
  record.attempt = cell(turn.flow, turn.ttl).asked++;
  record.offset_us = offset(now);
  make_room(records_, records_.size() + 1);
  return records_.emplace_back(record);
}

void TraceRound::close(Record& record) {
  if (!record.is_open) return;
  record.is_open = false;
  --cell(record.flow, record.ttl).open;
}

std::uint32_t TraceRound::find(const ProbeOrder& order) const {
  // What is told of was sent lately.
  for (auto i = static_cast<std::uint32_t>(records_.size()); i-- > 0;) {
    const Record& record = records_[i];
    if (record.ttl == order.ttl && record.attempt == order.attempt &&
        flows_[record.flow].id == order.flow) {
      return i;
    }
  }
  return kNone;
}

void TraceRound::sent(const ProbeOrder& order, Instant at) {
  const std::uint32_t index = find(order);
  if (index == kNone || !records_[index].is_open) return;
  records_[index].offset_us = offset(at);
  next_send_ = std::max(next_send_, at + config_.pace);
}

void TraceRound::not_sent(const ProbeOrder& order, const std::string& reason, Instant at) {
  const std::uint32_t index = find(order);
  if (index == kNone || !records_[index].is_open || flows_running_ == 0) return;
  Record& record = records_[index];
  close(record);
  give_back_turn(record);
  keep(record, {.answer = HopAnswer::LocalError, .detail = reason});
  record.offset_us = offset(at);
  ask_again_if_silent(record, at);
  refresh(record.flow);
}

void TraceRound::received(const ProbeOrder& order, const HopReply& reply, Instant at) {
  const std::uint32_t index = find(order);
  if (index == kNone || flows_running_ == 0) return;
  const Record& record = records_[index];
  if (!record.is_open && record.answer != HopAnswer::Silent) return;
  HopReply timed = reply;
  if (!timed.rtt) {
    timed.rtt =
        std::chrono::duration_cast<Microseconds>(at - start_) - Microseconds(record.offset_us);
  }
  // It may have come in time and be told of late, but not the other way round.
  if (*timed.rtt > config_.timeout || *timed.rtt < Microseconds(0)) return;
  take_answer(index, timed, at);
  while (oldest_open_ < records_.size() && !records_[oldest_open_].is_open) ++oldest_open_;
}

bool TraceRound::is_complete(Instant now) const {
  if (flows_running_ == 0) return true;
  if (oldest_open_ >= records_.size() || now < deadline(records_[oldest_open_])) return false;
  // Time-outs that take_due() has not seen yet may end it, or bring something new to ask.
  TraceRound later = *this;
  later.budget_ = nullptr;
  later.expire(now);
  return later.flows_running_ == 0;
}

Trace TraceRound::outcome() const {
  Trace trace;
  trace.protocol = config_.protocol;
  trace.destination = destination_;
  trace.problem = problem_;
  bool is_only_errors = true;
  for (const Record& record : records_) {
    const Flow& flow = flows_[record.flow];
    if (record.ttl > end_of(flow)) continue;
    HopReply reply = reply_of(record);
    if (reply.answer == HopAnswer::NotAsked && reply.from == IpAddress{} && budget_ != nullptr) {
      if (record.ttl > flow.asked_to) continue;  // It led nowhere.
      // By now the hops behind may tell who stands there.
      reply.from = concluded_at(record.flow, record.ttl).value_or(IpAddress{});
    }
    trace.probes.push_back({flow.id, record.ttl, Microseconds(record.offset_us), reply});
    is_only_errors = is_only_errors && record.answer == HopAnswer::LocalError;
  }
  if (is_only_errors && !trace.probes.empty()) trace.problem = trace.probes[0].reply.detail;
  return trace;
}

TraceRound::Cell& TraceRound::cell(std::uint16_t flow, std::uint8_t ttl) {
  const std::size_t row = static_cast<std::size_t>(ttl - config_.first_ttl);
  if ((row + 1) * flows_.size() > cells_.size()) {
    make_room(cells_, (row + 1) * flows_.size());
    cells_.resize((row + 1) * flows_.size());
  }
  return cells_[row * flows_.size() + flow];
}

TraceRound::Cell TraceRound::cell_at(std::uint16_t flow, std::uint8_t ttl) const {
  const std::size_t row = static_cast<std::size_t>(ttl - config_.first_ttl);
  const std::size_t index = row * flows_.size() + flow;
  return index < cells_.size() ? cells_[index] : Cell{};
}

Instant TraceRound::deadline(const Record& record) const {
  return start_ + Microseconds(record.offset_us) + config_.timeout;
}

std::uint32_t TraceRound::offset(Instant at) const {
  const auto us = std::chrono::duration_cast<Microseconds>(at - start_).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(us, 0, UINT32_MAX));
}

}  // namespace lw::trace
