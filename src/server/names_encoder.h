// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "server/snapshot.h"

namespace lw::server {

/// Encodes the names of all tests with the help of those of before: a test that stays has its names
/// already, and only their numbers are translated. Of a hundred thousand tests few are new when a
/// plan changes, so that this takes a fraction of what looking each text up would. Pure.
class NamesEncoder {
 public:
  /// `before` may be null: then all is new.
  explicit NamesEncoder(std::shared_ptr<const SnapshotNames> before);

  void add(const TestNames& names);
  std::shared_ptr<const SnapshotNames> take();

 private:
  /// A column, with the new number of each text that the old one had.
  struct Translated {
    const TextColumn* before = nullptr;
    TextColumn* column = nullptr;
    std::vector<std::uint32_t> numbers = {};

    Translated(const TextColumn* old, TextColumn& fresh);
    /// The text that stood in that row, which is still so.
    void keep(std::size_t row);
    /// Likewise if it is still so.
    void add(std::size_t row, std::string_view text);
  };

  std::optional<std::size_t> row_before(TestId test);

  std::shared_ptr<const SnapshotNames> before_;
  std::shared_ptr<SnapshotNames> names_ = std::make_shared<SnapshotNames>();
  /// The five that make a test's id, and those that may be others.
  std::vector<Translated> of_id_;
  Translated address_, agent_, protocol_;
  std::size_t next_ = 0;  ///< the row of before that most likely comes next
  std::unordered_map<std::uint64_t, std::size_t> rows_;  ///< of before; made when the order differs
};

}  // namespace lw::server
