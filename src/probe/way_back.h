// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "model/round.h"

namespace lw {

/// How many routers a packet passed that arrived with this TTL or hop limit: what is missing from
/// the next of the numbers that systems begin with (64, 128, 255; RFC 1700 recommends 64). A guess,
/// wrong by a multiple of some 64 for senders that begin with another one. Pure.
int hops_of_ttl(std::uint8_t ttl);

/// Sees from one test's rounds when its replies begin to take another way back: the TTL that they
/// came with for rounds on end is another one. Ways of the same length look alike; those are for
/// traces. Replies that change their ways all the time are no news. Small, since a prober may hold
/// a million. Pure.
class WayBack {
 public:
  /// So many rounds in a row must have had one TTL before another one is news.
  static constexpr int kSteady = 5;

  /// What to note of the round; mostly empty.
  std::string look_at(const Round& round);

 private:
  std::uint32_t address_ = 0;  ///< a hash of it: of another host another TTL is no news
  std::uint8_t ttl_ = 0;       ///< of all replies of the latest rounds; 0: none, or not of all
  std::uint8_t rounds_ = 0;    ///< on end, counted up to kSteady
};

}  // namespace lw
