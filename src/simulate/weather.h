// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/time.h"
#include "simulate/landscape.h"

namespace lw::simulate {

/// What a link does to packets at a moment.
struct LinkState {
  double loss = 0;        ///< share of packets
  Microseconds added{0};  ///< to the round trip
  bool is_cut = false;
  bool operator==(const LinkState&) const = default;
};

/// What a destination is like. Most are healthy; one of each other kind among 24.
enum class Temper : std::uint8_t {
  Healthy,
  Down,      ///< answers nothing since two hours before the story
  Faulty,    ///< refuses (TCP), is unreachable (ICMP), shows a certificate that is no good (HTTPS)
  Flapping,  ///< now up, now down, every few minutes
  Slow,      ///< several times the usual
  Sick,      ///< for an hour now and then: 503 (HTTP), resets (TCP), lost echoes (ICMP)
  Nameless,  ///< its name does not resolve for some minutes now and then
};

enum class Presence : std::uint8_t {
  Here,
  CutOff,  ///< probes, but has no connection to the server
  Off,     ///< its host is off
};

/// Everything that goes wrong in a simulated network, as a function of time: any moment may be
/// asked for, before or after another. `story` is the moment around which the things happen that a
/// demo wants to see: then one link of the backbone, which many tests share, loses packets (from 40
/// minutes before to three hours after, and again every eight hours), and with five agents or more
/// one falls silent two minutes later. Pure.
class Weather {
 public:
  Weather(std::uint64_t seed, Timestamp story);

  [[nodiscard]] LinkState link_at(const Link& link, Timestamp at) const;
  /// The link of the backbone that the story is about.
  [[nodiscard]] const Link& troubled_link() const { return troubled_; }
  [[nodiscard]] Temper temper_of(const Place& place) const;
  /// Whether what its temper stands for shows at that time.
  [[nodiscard]] bool shows(Temper temper, const Place& place, Timestamp at) const;
  /// Factor on all times of a way: follows the day, and wanders.
  [[nodiscard]] double drift(std::uint64_t key, Timestamp at) const;
  [[nodiscard]] Presence presence_of(std::size_t agent, std::size_t agents, Timestamp at) const;
  /// Its clock minus true time; one of ten agents has a wrong one.
  [[nodiscard]] Microseconds clock_offset(std::size_t agent, std::size_t agents) const;
  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] Timestamp story() const { return story_; }

 private:
  [[nodiscard]] bool is_story_trouble(Timestamp at) const;

  std::uint64_t seed_;
  Timestamp story_;
  Link troubled_;
};

}  // namespace lw::simulate
