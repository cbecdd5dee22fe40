// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "model/path.h"
#include "model/round.h"

namespace lw::store {

/// A path report as it is kept: what was found, where it came from, how long it stays.
struct StoredPathReport {
  PathReport report;
  RoundOrigin origin;
  std::uint16_t keep_days = 30;  ///< one of kKeepDays (schema.h)
  bool operator==(const StoredPathReport&) const = default;
};

/// A block of rows of `paths` in ClickHouse's Native format, and the INSERT that takes it. Pure.
///
/// One row per path, counted by `path_index` in the report's order; a report without paths has one
/// row without hops. `ts` is the end of the report's window. The `hop_…` lists have one element per
/// hop; a silent hop's address is empty; a time that was not measured is 4294967295. Shares are
/// percent. The first row carries what concerns the whole report: `issue_…`, `changes` and, as the
/// JSON of model/path_document.h, `report`.
struct PathBlock {
  std::string sql;
  std::string bytes;
  std::size_t rows = 0;
};
PathBlock encode_paths(std::span<const StoredPathReport> reports);

}  // namespace lw::store
