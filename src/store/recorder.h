// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/time.h"
#include "model/test.h"
#include "store/client.h"
#include "store/reader.h"

/// Small writes that are harmless to repeat: the tables keep one row for each key.
namespace lw::store {

/// Notes what the tests mean from `valid_from` on. Call with the tests that are new or have
/// changed.
Result<void> record_tests(Client& client, std::span<const Test> tests, Timestamp valid_from);

Result<void> record_state_changes(Client& client, std::span<const StateChange> changes,
                                  std::uint16_t keep_days);

}  // namespace lw::store
