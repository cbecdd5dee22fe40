// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "model/round.h"

namespace lw {

/// What to note of a round whose first check took much longer than all others, as it does when the
/// next hop's address had to be found out first (ARP, RFC 826; ND, RFC 4861) or caches on the way
/// were cold: more than twice the slowest other and kSlowFirstMin above it. Empty for other rounds.
/// The check counts all the same. Pure.
std::string note_of_slow_first_check(const Round& round);

inline constexpr Microseconds kSlowFirstMin{1'000};

}  // namespace lw
