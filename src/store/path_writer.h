// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "store/client.h"
#include "store/path_rows.h"

namespace lw::store {

struct PathWriterConfig {
  std::size_t max_reports = 2'000;  ///< A batch goes off when it has so many reports …
  Milliseconds max_delay{1'000};    ///< … or when its first has waited so long.
  std::size_t queue_max = 20'000;   ///< Reports held in memory; more are refused.
  Milliseconds retry_first{100};    ///< Doubles with each failure, up to:
  Milliseconds retry_longest{5'000};
  /// A batch that the store has called wrong for so long is given up, and counted.
  Milliseconds refused_longest{600'000};
};

/// Numbers of a writer for /metrics and issues.
struct PathWriterStats {
  std::uint64_t reports_inserted = 0;
  std::uint64_t rows_inserted = 0;
  std::uint64_t retries = 0;
  std::uint64_t reports_rejected = 0;
  std::size_t waiting = 0;
  std::string problem;  ///< What goes wrong now, in words; empty when fine.
};

/// Puts path reports into the store, in batches, on a thread of its own, and says when they are
/// there. Needs no journal: whoever was not told sends a report again, and its rows, which carry
/// where it came from, replace those that are there already. All functions are thread-safe.
class PathWriter {
 public:
  /// Called on the writer's thread: all reports of that spool up to `sequence` that were offered
  /// are in the store. Must not block for long, nor destroy the writer.
  using OnDurable = std::function<void(AgentId, SpoolId, std::uint64_t sequence)>;

  PathWriter(const PathWriterConfig& config, const ClientConfig& client, const Clock& clock,
             OnDurable on_durable);
  /// Tries once to insert what waits; what then is left was never acknowledged.
  ~PathWriter();

  /// Takes reports, of one spool in rising order of sequence. False: full, nothing was taken.
  bool offer(std::vector<StoredPathReport> reports);
  [[nodiscard]] PathWriterStats stats() const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::store
