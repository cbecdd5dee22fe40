// SPDX-License-Identifier: Apache-2.0
#include "simulate/weather.h"

#include <array>
#include <chrono>
#include <cmath>
#include <numbers>
#include <optional>

#include "simulate/dice.h"

namespace lw::simulate {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// What numbers are drawn for, so that no two draws share a key.
constexpr std::uint64_t kEpisode = 1;
constexpr std::uint64_t kStory = 2;
constexpr std::uint64_t kTemper = 3;
constexpr std::uint64_t kPhase = 4;
constexpr std::uint64_t kDrift = 5;
constexpr std::uint64_t kAbsence = 6;
constexpr std::uint64_t kClock = 7;

constexpr hours kSlot{4};
/// Episodes in a slot of time, by LinkKind.
constexpr std::array<double, 5> kEpisodeChance{0.02, 0.05, 0.10, 0.05, 0.02};

std::uint64_t slot_of(Timestamp at, Microseconds width) {
  return static_cast<std::uint64_t>(at.time_since_epoch() / width);
}

Microseconds in_slot(Timestamp at, Microseconds width) { return at.time_since_epoch() % width; }

Microseconds of_minutes(double count) {
  return Microseconds(static_cast<std::int64_t>(count * 60e6));
}

/// What an episode does; nothing if the time is outside it.
std::optional<LinkState> episode(Dice dice, Microseconds offset) {
  const Microseconds from = of_minutes(dice.between(0, 200));
  const Microseconds to = from + of_minutes(dice.spread(3, 40));
  if (offset < from || offset >= to) return std::nullopt;
  const double what = dice.uniform();
  if (what < 0.5) return LinkState{.loss = dice.spread(0.02, 0.35)};
  if (what < 0.9) return LinkState{.added = of_minutes(dice.spread(0.0003, 0.003))};
  return LinkState{.is_cut = true};
}

/// Minutes are bad and good in turn, in the first hour of three.
bool flaps(Dice dice, Timestamp at) {
  constexpr hours kCycle{3};
  const Microseconds shift = of_minutes(dice.between(0, 180));
  const Microseconds bad = of_minutes(dice.between(2, 4));
  const Microseconds good = of_minutes(dice.between(2, 5));
  const Microseconds offset = in_slot(at + shift, kCycle);
  return offset < hours(1) && offset % (bad + good) < bad;
}

/// An episode of 10 to `minutes_max` minutes in a slot, as likely as `chance` says.
bool happens(Dice dice, Timestamp at, Microseconds slot, double chance, double minutes_max) {
  if (!dice.chance(chance)) return false;
  const Microseconds length = of_minutes(dice.between(10, minutes_max));
  const Microseconds from =
      of_minutes(dice.uniform() * static_cast<double>((slot - length).count()) / 60e6);
  const Microseconds offset = in_slot(at, slot);
  return offset >= from && offset < from + length;
}

/// A smooth curve through random points, from -1 to 1.
double wander(std::uint64_t seed, std::uint64_t key, Timestamp at, Microseconds step) {
  const std::uint64_t slot = slot_of(at, step);
  const double share =
      static_cast<double>(in_slot(at, step).count()) / static_cast<double>(step.count());
  const double left = Dice{seed, kDrift, key, slot}.between(-1, 1);
  const double right = Dice{seed, kDrift, key, slot + 1}.between(-1, 1);
  const double weight = (1 - std::cos(share * std::numbers::pi)) / 2;
  return left + (right - left) * weight;
}

}  // namespace

Weather::Weather(std::uint64_t seed, Timestamp story) : seed_(seed), story_(story) {
  // From Amsterdam to Virginia or Singapore: of few sites, most are in Europe.
  troubled_ = backbone()[Dice{seed_, kStory}.pick(2)];
}

bool Weather::is_story_trouble(Timestamp at) const {
  constexpr hours kEvery{8};
  const Microseconds since = (at - story_ + minutes(40)) % kEvery;
  const Microseconds offset = since.count() < 0 ? since + kEvery : since;
  return offset < minutes(220);
}

LinkState Weather::link_at(const Link& link, Timestamp at) const {
  if (link.kind == LinkKind::Backbone && is_story_trouble(at) && link.key == troubled_.key) {
    return {.loss = Dice{seed_, kStory, 1}.between(0.06, 0.14)};
  }
  Dice dice{seed_, kEpisode, link.key, slot_of(at, kSlot)};
  if (!dice.chance(kEpisodeChance.at(static_cast<std::size_t>(link.kind)))) return {};
  return episode(dice, in_slot(at, kSlot)).value_or(LinkState{});
}

Temper Weather::temper_of(const Place& place) const {
  constexpr std::size_t kKinds = 24;
  // Numbered places take turns, so that some twenty destinations have one of nearly each kind.
  const std::size_t index = place.number * data_centre_count() + place.data_centre;
  const std::size_t turn = (index * 5 + mix({seed_, kTemper})) % kKinds;
  return turn > 6 ? Temper::Healthy : static_cast<Temper>(turn);
}

bool Weather::shows(Temper temper, const Place& place, Timestamp at) const {
  const std::uint64_t key = place.data_centre * 10'000 + place.number;
  switch (temper) {
    case Temper::Healthy:
      return false;
    case Temper::Down:
      return at >= story_ - hours(2);
    case Temper::Faulty:
      return at >= story_ - hours(9);
    case Temper::Flapping:
      return flaps(Dice{seed_, kPhase, key}, at);
    case Temper::Slow:
      return true;
    case Temper::Sick:
      return happens(Dice{seed_, kPhase, key, slot_of(at, kSlot)}, at, kSlot, 0.6, 70);
    case Temper::Nameless:
      return happens(Dice{seed_, kPhase, key, slot_of(at, kSlot)}, at, kSlot, 0.4, 25);
  }
  return false;
}

double Weather::drift(std::uint64_t key, Timestamp at) const {
  constexpr hours kDay{24};
  const double day = static_cast<double>(in_slot(at, kDay).count()) /
                     static_cast<double>(Microseconds(kDay).count());
  const double phase = Dice{seed_, kPhase, key, 1}.uniform();
  const double diurnal = 0.06 * (1 + std::sin(2 * std::numbers::pi * (day + phase)));
  return 1.0 + diurnal + 0.05 * (1 + wander(seed_, key, at, minutes(30)));
}

Presence Weather::presence_of(std::size_t agent, std::size_t agents, Timestamp at) const {
  if (agents < 5) return Presence::Here;
  const std::size_t silent = Dice{seed_, kAbsence, agents}.pick(agents);
  const Microseconds since = at - story_;
  if (agent == silent && since >= minutes(2)) {
    return (since - minutes(2)) % minutes(30) < minutes(8) ? Presence::Off : Presence::Here;
  }
  if (agent == (silent + 3) % agents && since >= minutes(5)) {
    return (since - minutes(5)) % minutes(45) < minutes(5) ? Presence::CutOff : Presence::Here;
  }
  // Before the story only what left gaps can be told.
  if (since >= Microseconds(0)) return Presence::Here;
  constexpr hours kHalfDay{12};
  const Dice dice{seed_, kAbsence, agent, slot_of(at, kHalfDay)};
  return happens(dice, at, kHalfDay, 0.12, 40) ? Presence::Off : Presence::Here;
}

Microseconds Weather::clock_offset(std::size_t agent, std::size_t agents) const {
  if (agents < 5) return Microseconds(0);
  Dice dice{seed_, kClock, agent};
  const auto small = Microseconds(static_cast<std::int64_t>(dice.normal() * 3'000));
  return agent % 10 == 7 ? Microseconds(Seconds(3)) + small : small;
}

}  // namespace lw::simulate
