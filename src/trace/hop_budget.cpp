// SPDX-License-Identifier: Apache-2.0
#include "trace/hop_budget.h"

#include <algorithm>

namespace lw::trace {
namespace {

/// A router or TTL that was not met for so long is forgotten.
constexpr Seconds kForgetAfter{300};
/// Turns that may be borrowed for traces that somebody waits for.
constexpr double kBlindDebtMax = 32;

}  // namespace

bool HopBudget::may_ask(const IpAddress& router, Instant now, std::uint64_t asker) {
  Router& known = routers_[router];
  const bool is_same = asker != 0 && asker == known.asker;
  if (now < known.free_at) {
    known.is_wanted |= !is_same;
    return false;
  }
  if (is_same && known.is_wanted) {
    known.is_wanted = false;
    known.yields_until = now + interval_;
  }
  if (is_same && now < known.yields_until) return false;
  known.free_at = now + interval_;
  known.yields_until = {};
  known.asker = asker;
  known.is_wanted = false;
  return true;
}

Instant HopBudget::free_at(const IpAddress& router, std::uint64_t asker) const {
  const auto entry = routers_.find(router);
  if (entry == routers_.end()) return Instant{};
  const Router& known = entry->second;
  const bool is_same = asker != 0 && asker == known.asker;
  return is_same ? std::max(known.free_at, known.yields_until) : known.free_at;
}

HopBudget::Position& HopBudget::position(bool is_v6, std::uint8_t ttl) {
  const std::size_t index = position_of(is_v6, ttl);
  if (index >= positions_.size()) positions_.resize(index + 1);
  return positions_[index];
}

const HopBudget::Position* HopBudget::find_position(bool is_v6, std::uint8_t ttl) const {
  const std::size_t index = position_of(is_v6, ttl);
  return ttl < kTtls && index < positions_.size() ? &positions_[index] : nullptr;
}

double HopBudget::Position::turns_at(Instant now) const {
  const double since = std::chrono::duration<double>(now - std::min(now, counted)).count();
  return std::min(blind_turns_max, blind_turns + since * kBlindTurnsPerSecond);
}

bool HopBudget::take_blind_turn(bool is_v6, std::uint8_t ttl, Instant now, Worth worth) {
  if (ttl >= kTtls) return true;
  Position& place = position(is_v6, ttl);
  const double needed = worth == Worth::Little ? place.blind_turns_max / 2
                        : worth == Worth::Much ? 1
                                               : 1 - kBlindDebtMax;
  const double turns = place.turns_at(now);
  if (turns < needed) return false;
  place.blind_turns = turns - 1;
  place.counted = std::max(place.counted, now);
  return true;
}

void HopBudget::give_back_blind_turn(bool is_v6, std::uint8_t ttl) {
  if (ttl >= kTtls) return;
  Position& place = position(is_v6, ttl);
  const double more = std::min(1.0, kBlindTurnsMax - place.blind_turns_max);
  place.blind_turns_max += more;
  place.blind_turns = std::min(place.blind_turns_max, place.blind_turns + 1 + more);
}

bool HopBudget::note_asked(const IpAddress& router, Instant at, std::uint64_t asker) {
  Router& known = routers_[router];
  const bool was_free = known.free_at <= at;
  known.free_at = std::max(known.free_at, at + interval_);
  if (was_free) known.asker = asker;
  return was_free;
}

void HopBudget::follows(const IpAddress& before, const IpAddress& router) {
  const auto entry = routers_.find(router);
  if (entry == routers_.end() || before == router) return;
  Router& known = entry->second;
  if (known.before && known.before != before) known.has_several_before = true;
  known.before = before;
}

std::optional<IpAddress> HopBudget::before(const IpAddress& router) const {
  const auto entry = routers_.find(router);
  if (entry == routers_.end() || entry->second.has_several_before) return std::nullopt;
  return entry->second.before;
}

void HopBudget::answered(std::uint8_t ttl, const IpAddress& router, Instant now) {
  if (ttl >= kTtls) return;
  Position& place = position(router.is_v6, ttl);
  place.add(router);
  place.last = now;
}

void HopBudget::Position::add(const IpAddress& router) {
  IpAddress& place = recent[count % kRecent];
  if (count >= kRecent && place == usual) --of_usual;
  if (router == usual) ++of_usual;
  place = router;
  ++count;
  if (!has_usual()) find_usual();
}

/// Boyer and Moore's vote finds the only one that can have a majority; then it is counted.
void HopBudget::Position::find_usual() {
  std::size_t lead = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (lead == 0) usual = recent[i];
    recent[i] == usual ? ++lead : --lead;
  }
  const auto end = recent.begin() + static_cast<std::ptrdiff_t>(size());
  of_usual = static_cast<std::size_t>(std::count(recent.begin(), end, usual));
}

std::optional<IpAddress> HopBudget::expected_at(bool is_v6, std::uint8_t ttl) const {
  const Position* const place = find_position(is_v6, ttl);
  if (place == nullptr || place->size() < kRecentMin || !place->has_usual()) return std::nullopt;
  return place->usual;
}

void HopBudget::forget_old(Instant now) {
  std::erase_if(routers_,
                [now](const auto& entry) { return entry.second.free_at + kForgetAfter < now; });
  for (Position& place : positions_) {
    if (place.last + kForgetAfter < now && place.turns_at(now) >= place.blind_turns_max)
      place = Position{};
  }
}

std::size_t HopBudget::size() const { return routers_.size(); }

}  // namespace lw::trace
