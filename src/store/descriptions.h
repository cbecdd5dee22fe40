// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <unordered_map>

#include "base/result.h"
#include "model/test.h"
#include "store/client.h"

/// What the store's `tests` table says already, so that a server writes only what has changed.
namespace lw::store {

/// A hash over everything that `tests` keeps of a test.
std::uint64_t description_hash(const Test& test);

/// description_hash of the newest row of each test. Blocks.
Result<std::unordered_map<TestId, std::uint64_t>> known_descriptions(Client& client);

}  // namespace lw::store
