// SPDX-License-Identifier: Apache-2.0
#include "probe/first_check.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/time.h"

namespace lw {

std::string note_of_slow_first_check(const Round& round) {
  // With fewer others nobody knows what is usual.
  constexpr std::size_t kChecksMin = 3;
  if (round.checks.size() < kChecksMin || !round.checks.front().rtt) return {};
  const Microseconds first = *round.checks.front().rtt;
  Microseconds slowest{0};
  for (std::size_t i = 1; i < round.checks.size(); ++i) {
    if (!round.checks[i].rtt) return {};
    slowest = std::max(slowest, *round.checks[i].rtt);
  }
  if (first <= 2 * slowest || first - slowest < kSlowFirstMin) return {};
  return fmt::format(
      "the first check took {}, the others {} at most: the next hop's address had to be "
      "found out, or caches were cold",
      to_human(first), to_human(slowest));
}

}  // namespace lw
