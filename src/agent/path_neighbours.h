// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "agent/path_target.h"

namespace lw::agent {

/// The way to a destination as those to the addresses next to it let one suppose: routes are made
/// for prefixes, so ways to such are alike more often than not. Looks at the nearest `max` of
/// `targets`, those whose addresses share the longest beginning; of each hop the nearest that knows
/// it counts. Pure.
trace::Way supposed_way(const std::map<TargetKey, std::uint64_t>& targets, const TargetKey& key,
                        const std::function<const PathTarget&(std::uint64_t)>& target_of,
                        std::size_t max = 8);

}  // namespace lw::agent
