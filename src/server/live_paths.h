// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "model/path.h"

namespace lw::server {

/// What of a test's newest path report is kept in memory: enough to say what is wrong on the way
/// and which tests share a link. The report itself is in the store.
struct LivePath {
  Timestamp to{};  ///< end of the report's window
  IpAddress source{};
  /// The hops of each path in order; nothing for a silent one. The first path is the main one.
  std::vector<std::vector<std::optional<IpAddress>>> paths;
  std::vector<PathIssue> issues;
};

/// The newest paths of all tests. Pure; the control loop owns it.
class LivePaths {
 public:
  /// An older report than the newest changes nothing.
  void on_report(const PathReport& report);
  [[nodiscard]] const LivePath* find(TestId test) const;
  /// Forgets the tests of which `is_kept` says no.
  void keep_only(const std::function<bool(TestId)>& is_kept);
  void forget(TestId test) { paths_.erase(test); }
  [[nodiscard]] std::size_t size() const { return paths_.size(); }

 private:
  std::unordered_map<TestId, LivePath> paths_;
};

}  // namespace lw::server
