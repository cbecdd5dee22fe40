// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"

namespace lw {

/// One fault of a document: where it is and what to do about it.
struct Diagnostic {
  std::string file;  ///< Empty for a body that came over the API.
  Location at;       ///< Line 0 where the document has no lines.
  std::string path;  ///< "connectionMonitors[0].testGroups[1].sources[0]"
  std::string message;
  std::string code = {};  ///< Azure's for this fault, where it is known
};

/// "quickstart.yaml:12:5: connectionMonitors[0].testGroups[1]: …"; parts that are empty are left
/// out.
std::string to_string(const Diagnostic& diagnostic);

/// Collects the faults of one document. Keeps the first kFaultsMax and says that there were more:
/// ten megabytes of nonsense must not become a gigabyte of advice.
class Diagnostics {
 public:
  static constexpr std::size_t kFaultsMax = 100;

  explicit Diagnostics(std::string_view file) : file_(file) {}

  void add(Location at, std::string path, std::string message, std::string code = {});
  /// Whether further faults are dropped; then advice need not be worked out either.
  [[nodiscard]] bool is_full() const { return faults_.size() > kFaultsMax; }
  /// Whether a fault of this very path, or of something that contains it, was added.
  [[nodiscard]] bool covers(std::string_view path) const;
  [[nodiscard]] std::size_t size() const { return faults_.size(); }
  /// In the order of the document, where it has lines; else in the order of adding.
  std::vector<Diagnostic> take();

 private:
  std::string file_;
  std::vector<Diagnostic> faults_;
};

}  // namespace lw
