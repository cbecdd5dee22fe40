// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "trace/trace_round.h"

/// What answers and silence mean for where a flow's trace goes on and ends.
namespace lw::trace {

void TraceRound::take_answer(std::uint32_t index, const HopReply& reply, Instant at) {
  Record& record = records_[index];
  const std::uint16_t flow = record.flow;
  if (reply.answer == HopAnswer::Silent || reply.answer == HopAnswer::NotAsked) return;
  close(record);
  const IpAddress charged = record.from;
  keep(record, reply);
  Cell& place = cell(flow, record.ttl);
  const bool is_first = place.answer == kNone;
  if (is_first || records_[place.answer].answer == HopAnswer::Unreachable) place.answer = index;
  switch (reply.answer) {
    case HopAnswer::TimeExceeded:
      charge(record, charged);
      pass(flow, record);
      break;
    case HopAnswer::Destination:
      give_back_turn(record);
      arrive(flow, record.ttl);
      break;
    case HopAnswer::Unreachable:
      charge(record, charged);
      refuse(flow, record.ttl, at);
      break;
    case HopAnswer::LocalError:
      give_back_turn(record);
      ask_again_if_silent(record, at);
      break;
    case HopAnswer::Silent:
    case HopAnswer::NotAsked:
      break;
  }
  refresh(flow);
}

/// Whoever answered was asked, whomever that was thought to reach.
void TraceRound::charge(Record& record, const IpAddress& charged) {
  if (budget_ == nullptr || record.from == destination_) return give_back_turn(record);
  const Instant sent_at = start_ + Microseconds(record.offset_us);
  if (!record.is_blind) {
    (void)budget_->may_ask(record.from, sent_at, config_.asker);
  } else if (record.from == charged || budget_->note_asked(record.from, sent_at, config_.asker)) {
    give_back_turn(record);
  }
  record.is_blind = false;
  if (record.answer == HopAnswer::TimeExceeded) {
    budget_->answered(record.ttl, record.from, sent_at + Microseconds(record.rtt_us));
    note_neighbours(record);
  }
}

void TraceRound::give_back_turn(Record& record) {
  if (budget_ != nullptr && record.is_blind) {
    budget_->give_back_blind_turn(destination_.is_v6, record.ttl);
  }
  record.is_blind = false;
}

/// Nothing was ever heard there nor behind it: firewalls and hosts that keep silent have no limit.
/// Between hops that answer, silence may be that of a router that was asked too soon.
bool TraceRound::is_silence_expected(const Record& record) const {
  const Flow& flow = flows_[record.flow];
  return flow.known > 0 && record.ttl > std::max(flow.known, flow.furthest);
}

/// By this trace, or by what the flow met last.
void TraceRound::note_neighbours(const Record& record) {
  const auto is_router = [&](const std::optional<IpAddress>& address) {
    return address && *address != destination_;
  };
  const auto ttl = record.ttl;
  if (ttl > 1) {
    const auto before = known_at(record.flow, static_cast<std::uint8_t>(ttl - 1));
    if (is_router(before)) budget_->follows(*before, record.from);
  }
  const auto behind = known_at(record.flow, static_cast<std::uint8_t>(ttl + 1));
  if (is_router(behind)) budget_->follows(record.from, *behind);
}

void TraceRound::arrive(std::uint16_t index, std::uint8_t ttl) {
  Flow& flow = flows_[index];
  refute(flow, ttl);
  flow.end = flow.end == 0 ? ttl : std::min(flow.end, ttl);
  // What is out beyond reaches the destination as well.
  for (Record& record : records_) {
    if (record.is_open && record.flow == index && record.ttl > ttl) give_back_turn(record);
  }
  if (nearest_end_ != 0 && nearest_end_ <= ttl) return;
  nearest_end_ = ttl;
  refresh_all();
}

void TraceRound::pass(std::uint16_t index, const Record& record) {
  Flow& flow = flows_[index];
  flow.furthest = std::max(flow.furthest, record.ttl);
  refute(flow, record.ttl);
  for (std::uint8_t ttl = config_.first_ttl; ttl <= flow.furthest; ++ttl) {
    const std::uint32_t other = cell_at(index, ttl).answer;
    if (ttl != record.ttl && other != kNone && records_[other].from == record.from) {
      flow.has_repeats = true;
    }
  }
}

/// Something came through at or beyond the place that said "unreachable".
void TraceRound::refute(Flow& flow, std::uint8_t ttl) {
  if (flow.refused == 0 || ttl < flow.refused) return;
  flow.refused = 0;
  flow.refusals = 0;
}

void TraceRound::refuse(std::uint16_t index, std::uint8_t ttl, Instant at) {
  Flow& flow = flows_[index];
  flow.furthest = std::max(flow.furthest, ttl);
  if ((flow.end != 0 && flow.end <= ttl) || passes_beyond(index, ttl)) return;
  flow.refused = flow.refused == 0 ? ttl : std::min(flow.refused, ttl);
  if (flow.refusals < 2) ++flow.refusals;
  if (flow.refusals == 2) return;
  ++cell(index, ttl).waiting;
  waiting_.push_back({index, ttl, true, at, at});
}

bool TraceRound::passes_beyond(std::uint16_t flow, std::uint8_t ttl) const {
  for (int beyond = ttl + 1; beyond <= flows_[flow].furthest; ++beyond) {
    const std::uint32_t answer = cell_at(flow, static_cast<std::uint8_t>(beyond)).answer;
    if (answer == kNone) continue;
    if (records_[answer].answer != HopAnswer::Unreachable) return true;
  }
  return false;
}

void TraceRound::ask_again_if_silent(const Record& record, Instant at) {
  const std::uint16_t flow = record.flow;
  if (!is_silent(flow, record.ttl) || record.ttl > end_of(flows_[flow])) return;
  Cell& place = cell(flow, record.ttl);
  if (place.asked >= config_.probes_per_hop + retries_of(flow, record.ttl)) return;
  ++place.waiting;
  waiting_.push_back({flow, record.ttl, false, at, at});
}

/// Hops that have long been silent would only hold every trace up.
int TraceRound::retries_of(std::uint16_t index, std::uint8_t ttl) const {
  const Flow& flow = flows_[index];
  if (ttl > flow.known) return config_.retries;
  return hints_[flow.hint].hops[ttl - 1U] ? config_.retries : 0;
}

/// Keeps in full only what does not fit the record.
void TraceRound::keep(Record& record, const HopReply& reply) {
  record.answer = reply.answer;
  record.from = reply.from;
  record.rtt_us = reply.rtt ? static_cast<std::uint32_t>(reply.rtt->count()) : 0;
  record.icmp_type = reply.icmp_type;
  record.icmp_code = reply.icmp_code;
  record.reply_ttl = reply.reply_ttl;
  record.is_refusal = reply.is_refusal;
  record.rich = kNone;
  if (reply_of(record) == reply) return;
  record.rich = static_cast<std::uint32_t>(rich_.size());
  rich_.push_back(reply);
}

HopReply TraceRound::reply_of(const Record& record) const {
  if (record.rich != kNone) return rich_[record.rich];
  HopReply reply;
  reply.answer = record.answer;
  if (record.answer != HopAnswer::Silent) reply.from = record.from;
  reply.icmp_type = record.icmp_type;
  reply.icmp_code = record.icmp_code;
  reply.reply_ttl = record.reply_ttl;
  reply.is_refusal = record.is_refusal;
  const bool has_rtt = record.answer == HopAnswer::TimeExceeded ||
                       record.answer == HopAnswer::Destination ||
                       record.answer == HopAnswer::Unreachable;
  if (has_rtt) reply.rtt = Microseconds(record.rtt_us);
  return reply;
}

/// One router thrice with other hops between. Neighbouring TTLs with one router are one visit: some
/// routers count twice, or answer for what lies behind them.
void TraceRound::end_loops(std::uint16_t index) {
  const Flow& flow = flows_[index];
  const std::uint8_t limit = std::min(flow.furthest, end_of(flow));
  for (std::uint8_t ttl = config_.first_ttl; ttl <= limit; ++ttl) {
    const std::uint32_t answer = cell_at(index, ttl).answer;
    if (answer == kNone || records_[answer].answer != HopAnswer::TimeExceeded) continue;
    if (ends_in_loop(index, records_[answer].from, limit)) return;
  }
}

bool TraceRound::ends_in_loop(std::uint16_t index, const IpAddress& router, std::uint8_t limit) {
  int visits = 0;
  bool is_there = false;
  std::string ttls;
  for (std::uint8_t ttl = config_.first_ttl; ttl <= limit; ++ttl) {
    const Cell place = cell_at(index, ttl);
    const bool is_other =
        place.answer == kNone ? is_silent(index, ttl) : records_[place.answer].from != router;
    if (is_other) is_there = false;
    if (is_there || place.answer == kNone || is_other) continue;
    is_there = true;
    if (++visits < 3) {
      ttls += (visits == 1 ? "" : ", ") + std::to_string(ttl);
      continue;
    }
    flows_[index].end = ttl;
    problem_ = "loop: " + to_string(router) + " at TTL " + ttls + " and " + std::to_string(ttl);
    return true;
  }
  return false;
}

void TraceRound::refresh_all() {
  for (std::size_t flow = 0; flow < flows_.size(); ++flow) {
    refresh(static_cast<std::uint16_t>(flow));
  }
}

/// What was to be asked again may have become clear meanwhile.
void TraceRound::drop_needless(std::uint16_t flow) {
  std::erase_if(waiting_, [&](const Turn& turn) {
    if (turn.flow != flow || is_needed(turn)) return false;
    --cell(turn.flow, turn.ttl).waiting;
    return true;
  });
}

/// Works out anew whose turn it is in this flow, and whether it is done.
void TraceRound::refresh(std::uint16_t index) {
  Flow& flow = flows_[index];
  if (flow.has_repeats) end_loops(index);
  drop_needless(index);
  flow.next_ttl = 0;
  flow.next_turn = UINT8_MAX;
  const std::uint8_t limit = limit_of(index);
  bool is_under_way = false;
  for (int ttl = config_.first_ttl; ttl <= end_of(flow); ++ttl) {
    const Cell place = cell_at(index, static_cast<std::uint8_t>(ttl));
    is_under_way = is_under_way || place.open > 0 || place.waiting > 0;
    const int turns = place.asked + place.waiting;
    if (ttl > limit || turns >= config_.probes_per_hop || turns >= flow.next_turn) continue;
    flow.next_ttl = static_cast<std::uint8_t>(ttl);
    flow.next_turn = static_cast<std::uint8_t>(turns);
  }
  const bool is_done = flow.next_ttl == 0 && !is_under_way;
  if (is_done != flow.is_done) is_done ? --flows_running_ : ++flows_running_;
  flow.is_done = is_done;
}

/// The last TTL that may be asked now.
std::uint8_t TraceRound::limit_of(std::uint16_t index) const {
  const Flow& flow = flows_[index];
  if (end_of(flow) < config_.ttl_max) return end_of(flow);
  const int begin = std::max<int>(flow.furthest, config_.first_ttl - 1);
  const std::uint8_t goal = goal_of(flow);
  // Behind the destination's usual place there is nothing to ask before that place has been heard.
  if (goal > begin && !is_final(index, goal)) return goal;
  int heard_to = begin;  // So far it is known that nothing comes, or not to be known.
  int passed_over = 0;
  for (; heard_to < config_.ttl_max; ++heard_to) {
    const auto next = static_cast<std::uint8_t>(heard_to + 1);
    const bool is_passed_over = cell_at(index, next).is_passed_over && is_final(index, next);
    if (!is_passed_over && !is_silent(index, next)) break;
    passed_over += is_passed_over ? 1 : 0;
  }
  int limit = std::min(heard_to + config_.ahead_max, begin + config_.silent_tail_max + passed_over);
  limit = std::max({limit, static_cast<int>(flow.known), static_cast<int>(goal)});
  return static_cast<std::uint8_t>(std::min<int>(limit, config_.ttl_max));
}

std::uint8_t TraceRound::goal_of(const Flow& flow) const {
  return flow.goal != 0 ? flow.goal : nearest_end_;
}

/// Beyond it nothing is sent, and nothing counts.
std::uint8_t TraceRound::end_of(const Flow& flow) const {
  std::uint8_t end = config_.ttl_max;
  if (flow.end != 0) end = std::min(end, flow.end);
  if (flow.refused != 0) end = std::min(end, flow.refused);
  return end;
}

bool TraceRound::is_final(std::uint16_t flow, std::uint8_t ttl) const {
  const Cell place = cell_at(flow, ttl);
  return place.asked >= config_.probes_per_hop && place.open == 0 && place.waiting == 0;
}

bool TraceRound::is_silent(std::uint16_t flow, std::uint8_t ttl) const {
  const Cell place = cell_at(flow, ttl);
  const bool was_asked = !place.is_spared && !place.is_passed_over;
  return is_final(flow, ttl) && place.answer == kNone && was_asked;
}

}  // namespace lw::trace
