// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/alert.h"
#include "store/client.h"

/// Alerts of the past. Each began with one row and ended with another; written again, a row
/// replaces itself. All of it blocks.
namespace lw::store {

/// Writes each alert as it became: fired, or resolved.
Result<void> record_alert_changes(Client& client, std::span<const Alert> alerts,
                                  std::uint16_t keep_days);

struct PastAlert {
  Alert alert;  ///< its tests: the first kPastTestsMax
  std::uint64_t test_count = 0;
};
inline constexpr std::size_t kPastTestsMax = 1'000;

/// Those that fired at some time within [from, to), as they are now; the one that fired last comes
/// first, `most` of them.
Result<std::vector<PastAlert>> alerts_between(Client& client, Timestamp from, Timestamp to,
                                              std::size_t most);

/// What fired for a test at some instant.
struct AlertAt {
  int severity = 0;
  std::vector<TestId> tests;
};
Result<std::vector<AlertAt>> alerts_at(Client& client, Timestamp at);

}  // namespace lw::store
