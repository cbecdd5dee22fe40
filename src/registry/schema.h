// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace lw::registry {

/// The statements that lead from version n to n + 1, in order; the first leads from an empty file
/// to 1. Append only: a released migration is never edited.
std::span<const char* const> migrations();

}  // namespace lw::registry
