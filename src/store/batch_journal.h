// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/ids.h"

namespace lw::store {

/// The highest sequence of one life of an agent's spool that something holds.
struct SpoolHigh {
  AgentId agent;
  SpoolId spool;
  std::uint64_t sequence = 0;
  bool operator==(const SpoolHigh&) const = default;
};

/// A batch on its way into the store: the very bytes and the very token, so that after a crash it
/// is sent again as it was and the store can tell that it has it.
struct BatchJournal {
  std::string token;
  std::uint64_t rows = 0;
  std::vector<SpoolHigh> highs;
  std::string payload;
  bool operator==(const BatchJournal&) const = default;
};

std::string encode_journal(const BatchJournal& journal);
/// Nothing if the bytes are torn or of another kind.
std::optional<BatchJournal> decode_journal(std::string_view bytes);

std::string encode_highs(const std::vector<SpoolHigh>& highs);
std::optional<std::vector<SpoolHigh>> decode_highs(std::string_view bytes);

/// The files of a round writer in one folder: `journal` (at most one batch), `highs`, and
/// `rejected/TOKEN` for batches that the store refused for good. Every write is synced. Blocks.
class WriterFiles {
 public:
  static Result<WriterFiles> open(const std::string& directory);

  /// The batch that was being inserted; nothing if there was none, or it is torn: then it was never
  /// sent, since sending starts after the journal is synced.
  Result<std::optional<BatchJournal>> read_journal() const;
  Result<void> write_journal(const BatchJournal& journal) const;
  Result<void> remove_journal() const;

  /// Empty for a new folder. A damaged file is an error: without it rounds would be stored twice.
  Result<std::vector<SpoolHigh>> read_highs() const;
  Result<void> write_highs(const std::vector<SpoolHigh>& highs) const;

  /// Keeps a refused batch with the reason beside it.
  Result<void> reject(const BatchJournal& journal, const std::string& reason) const;
  [[nodiscard]] std::size_t rejected_count() const;
  [[nodiscard]] std::string rejected_directory() const { return directory_ + "/rejected"; }

 private:
  explicit WriterFiles(std::string directory) : directory_(std::move(directory)) {}

  std::string directory_;
};

}  // namespace lw::store
