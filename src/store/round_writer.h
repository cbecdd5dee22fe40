// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "store/client.h"
#include "store/round_rows.h"

namespace lw::store {

struct RoundWriterConfig {
  std::string directory;          ///< For the journal; of this writer alone.
  std::size_t max_rows = 10'000;  ///< A batch goes off when it has so many rounds …
  /// … or bytes (see bytes_of). linewatch-store takes requests of up to 256 MiB.
  std::size_t max_bytes = std::size_t{64} << 20;
  Milliseconds max_delay{1'000};         ///< … or when its first round has waited so long.
  std::size_t queue_rows_max = 200'000;  ///< Rounds held in memory; more are refused …
  std::size_t queue_bytes_max = std::size_t{256} << 20;  ///< … as is what takes more bytes.
  Milliseconds retry_first{100};                         ///< Doubles with each failure, up to:
  Milliseconds retry_longest{5'000};
  /// A batch is set aside once the store has called its data wrong for so long, other troubles not
  /// counted.
  Milliseconds refused_longest{600'000};
};

/// Numbers of a writer for /metrics and issues.
struct WriterStats {
  std::uint64_t rows_inserted = 0;
  std::uint64_t batches = 0;
  std::uint64_t retries = 0;
  std::uint64_t duplicates = 0;        ///< rounds that came again and were dropped
  std::uint64_t rejected_batches = 0;  ///< in DIRECTORY/rejected, also from earlier runs
  std::uint64_t rows_restored = 0;     ///< of rounds, minutes, hours that the store lost in crashes
  std::size_t waiting_rows = 0;
  std::size_t waiting_bytes = 0;  ///< in memory, about
  std::int64_t last_insert_ms = 0;
  std::string problem;  ///< What goes wrong now, in words; empty when fine.
};

/// Puts rounds into the store exactly once, in batches, on a thread of its own, whatever crashes
/// when. A batch is first synced to a journal with a token, then inserted with that token until the
/// store has it, if in doubt compared row by row (reconcile.h), then its highest sequences are
/// synced, and only then is it reported durable. While
/// the store or the disk is away, batches wait and `offer` fills up. All functions are thread-safe.
class RoundWriter {
 public:
  /// Called on the writer's thread: all rounds of that spool up to `sequence` are in the store.
  /// Must not block for long, nor destroy the writer.
  using OnDurable = std::function<void(AgentId, SpoolId, std::uint64_t sequence)>;

  /// Reads what an earlier run left; its last batch is sent again before anything else. `clock`
  /// must outlive the writer. Does not need the store to be there.
  static Result<std::unique_ptr<RoundWriter>> open(const RoundWriterConfig& config,
                                                   const ClientConfig& client, const Clock& clock,
                                                   OnDurable on_durable);
  /// Tries once to insert what waits; what then is left was never acknowledged.
  ~RoundWriter();

  /// Takes rounds, of one spool in rising order of sequence. False: full, nothing was taken, stop
  /// reading and come again. Rounds up to the highest received sequence of their spool are dropped
  /// as duplicates; if they are durable, on_durable is called again.
  bool offer(std::vector<StoredRound> rounds);

  /// Forgets the spools of an agent that are not `still_held` by its disk: each start of an agent
  /// makes a new one. Those with rounds that are not durable yet stay. To be called when the agent
  /// connects, before its rounds are taken, and after its former connection has ended: an old round
  /// that came after this would be taken for a new one.
  void forget_spools(AgentId agent, std::span<const SpoolId> still_held);

  /// The highest sequence that came in, or that the store has, of one spool; 0 if none.
  [[nodiscard]] std::uint64_t received_high(AgentId agent, SpoolId spool) const;
  [[nodiscard]] std::uint64_t durable_high(AgentId agent, SpoolId spool) const;
  [[nodiscard]] WriterStats stats() const;

  struct Impl;
  explicit RoundWriter(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::store
