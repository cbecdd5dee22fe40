// SPDX-License-Identifier: Apache-2.0
#include "server/logs/paths.h"

#include <algorithm>

#include "base/text.h"

namespace lw::server::logs {

bool is_logs_path(const std::vector<std::string>& segments) {
  const auto first =
      std::ranges::find_if(segments, [](const std::string& segment) { return !segment.empty(); });
  if (first == segments.end()) return false;
  return equals_ignoring_case(*first, "v1") || equals_ignoring_case(*first, "workspaces") ||
         equals_ignoring_case(*first, "$batch");
}

bool is_logs_route(const std::vector<std::string>& segments) {
  return !segments.empty() && segments.back() == "query" &&
         std::ranges::find(segments, "Microsoft.OperationalInsights") != segments.end();
}

}  // namespace lw::server::logs
