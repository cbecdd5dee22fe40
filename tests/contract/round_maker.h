// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "store/round_rows.h"

namespace lw::store {

/// Rounds `first` to `last` of one spool, one a second, alternating over ten tests; the content
/// follows from the sequence alone. Every field of a round occurs.
std::vector<StoredRound> make_rounds(AgentId agent, SpoolId spool, std::uint64_t first,
                                     std::uint64_t last, Timestamp start);

}  // namespace lw::store
