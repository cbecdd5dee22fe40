// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/guarded.h"
#include "base/result.h"
#include "base/time.h"
#include "kql/saved.h"
#include "registry/documents.h"

namespace lw::server::logs {

struct SavedQuery {
  kql::SavedFunction function;
  std::string description;
  std::string author;  ///< the name of the token that wrote it last
  Timestamp updated{};
};

/// Queries that are kept under a name, in the registry. Any thread; writes block on the disk.
class SavedQueries {
 public:
  static constexpr std::size_t kQueriesMax = 1'000;
  static constexpr std::size_t kTextMax = 64UL * 1024;

  /// All are read at once. `documents` must outlive this.
  Result<void> open(Guarded<std::optional<registry::Documents>>& documents);
  /// New, or in place of the one of its name. InvalidInput if it is no query, or its name is taken
  /// by the language or a table.
  Result<void> put(const SavedQuery& query);
  Result<void> remove(const std::string& name);

  /// By name.
  [[nodiscard]] std::vector<SavedQuery> all() const;
  [[nodiscard]] std::optional<SavedQuery> find(const std::string& name) const;
  [[nodiscard]] std::vector<kql::SavedFunction> functions() const;

 private:
  using Queries = std::map<std::string, SavedQuery>;
  Guarded<std::optional<registry::Documents>>* documents_ = nullptr;
  Guarded<Queries> queries_;
};

Value to_value(const SavedQuery& query);

}  // namespace lw::server::logs
