// SPDX-License-Identifier: Apache-2.0
#include "server/live_paths.h"

namespace lw::server {

void LivePaths::on_report(const PathReport& report) {
  LivePath& live = paths_[report.test];
  if (report.to < live.to) return;
  live.to = report.to;
  live.source = report.source;
  live.issues = report.issues;
  live.paths.clear();
  for (const Path& path : report.paths) {
    auto& hops = live.paths.emplace_back();
    hops.reserve(path.hops.size());
    for (const PathHop& hop : path.hops) hops.push_back(hop.address);
  }
}

const LivePath* LivePaths::find(TestId test) const {
  const auto found = paths_.find(test);
  return found == paths_.end() ? nullptr : &found->second;
}

void LivePaths::keep_only(const std::function<bool(TestId)>& is_kept) {
  std::erase_if(paths_, [&](const auto& entry) { return !is_kept(entry.first); });
}

}  // namespace lw::server
