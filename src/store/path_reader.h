// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/path.h"
#include "store/client.h"

/// Questions to the store about paths, each one query, blocking. A report belongs to the end of its
/// window (`to`).
namespace lw::store {

/// The latest `limit` reports of a test from `from`, included, to `to`, not included; oldest first.
Result<std::vector<PathReport>> path_reports(Client& client, TestId test, Timestamp from,
                                             Timestamp to, std::size_t limit);

/// The report that described the test's paths at `at`: the last one kept before it, if it is not
/// older than `age_max`.
Result<std::optional<PathReport>> path_report_at(Client& client, TestId test, Timestamp at,
                                                 Seconds age_max);

}  // namespace lw::store
