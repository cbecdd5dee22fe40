// SPDX-License-Identifier: Apache-2.0
#include "topology/path_history.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "topology/path_issues.h"

namespace lw::topology {
namespace {

constexpr Microseconds kTimeMin{5'000};
constexpr int kTimePercentMin = 25;
/// A path that so few traces could have shown is not called gone.
constexpr std::uint32_t kTracesMin = 3;
/// What fills up hop by hop is told once it is whole, or this long after the last report.
constexpr Seconds kFillingUp{10};

bool is_same_issue(const PathIssue& a, const PathIssue& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == PathIssueKind::LocalError) return true;
  // A link between silent hops may be told more or less exactly from report to report.
  return a.from_ttl <= b.to_ttl && b.from_ttl <= a.to_ttl && (a.path == b.path || a.to == b.to);
}

/// Whether all that both know is the same: one may have met a hop that was silent for the other.
bool is_like(const Path& a, const Path& b) {
  if (a.id == b.id) return true;
  if (a.is_reached && b.is_reached && a.hops.size() != b.hops.size()) return false;
  for (std::size_t i = 0; i < std::min(a.hops.size(), b.hops.size()); ++i) {
    const PathHop& one = a.hops[i];
    const PathHop& two = b.hops[i];
    const bool is_any = has(one.labels | two.labels, HopLabel::PerPacketBalanced);
    if (one.address && two.address && one.address != two.address && !is_any) return false;
  }
  return true;
}

const Path* find_like(const std::vector<Path>& paths, const Path& wanted) {
  const auto same = std::ranges::find(paths, wanted.id, &Path::id);
  if (same != paths.end()) return &*same;
  const auto like =
      std::ranges::find_if(paths, [&](const Path& path) { return is_like(path, wanted); });
  return like == paths.end() ? nullptr : &*like;
}

std::string words_for(const Path& path) {
  std::string text;
  for (const PathHop& hop : path.hops) {
    if (!text.empty()) text += ", ";
    text += hop.address ? to_string(*hop.address) : "*";
  }
  return text.empty() ? "nothing" : text;
}

/// The path that `flow` takes; nothing if the report does not know the flow.
const Path* path_of(const PathReport& report, std::uint16_t flow) {
  const auto found = std::ranges::find_if(report.paths, [&](const Path& path) {
    return std::ranges::find(path.flows, flow) != path.flows.end();
  });
  return found == report.paths.end() ? nullptr : &*found;
}

std::size_t count_flows(const PathReport& report) {
  std::size_t count = 0;
  for (const Path& path : report.paths) count += path.flows.size();
  return count;
}

/// "hop 3 was 10.0.3.1, is 10.0.3.9" for each hop that is another; hops that are more or fewer.
std::vector<std::string> compare_hops(const Path& before, const Path& after) {
  std::vector<std::string> changes;
  const std::size_t common = std::min(before.hops.size(), after.hops.size());
  for (std::size_t i = 0; i < common; ++i) {
    const PathHop& was = before.hops[i];
    const PathHop& is = after.hops[i];
    if (!was.address || !is.address || was.address == is.address) continue;
    changes.push_back(fmt::format("hop {} was {}, is {}", is.ttl, to_string(*was.address),
                                  to_string(*is.address)));
  }
  if (before.is_reached && after.is_reached && before.hops.size() != after.hops.size()) {
    changes.push_back(fmt::format("the destination was {} hops away, is {}", before.hops.size(),
                                  after.hops.size()));
  }
  return changes;
}

/// What became of the path of each flow that both reports know. A path that a flow has left stays
/// in its window for some minutes, without flows: that is history, not a change.
void compare_flows(const PathReport& before, const PathReport& after,
                   std::vector<std::string>& changes) {
  const bool is_one = count_flows(after) == 1;
  for (const Path& path : after.paths) {
    for (const std::uint16_t flow : path.flows) {
      const Path* was = path_of(before, flow);
      if (was == nullptr || is_like(*was, path)) continue;
      for (std::string& change : compare_hops(*was, path)) {
        if (!is_one) change += fmt::format(" (flow {})", flow);
        changes.push_back(std::move(change));
      }
    }
  }
}

void compare_paths(const PathReport& before, const PathReport& after,
                   std::vector<std::string>& changes) {
  compare_flows(before, after, changes);
  for (const Path& path : after.paths) {
    const bool is_known = std::ranges::any_of(
        path.flows, [&](std::uint16_t flow) { return path_of(before, flow) != nullptr; });
    if (is_known || path.flows.empty() || find_like(before.paths, path) != nullptr) continue;
    changes.push_back("new path: " + words_for(path));
  }
  if (after.traces < kTracesMin) return;
  for (const Path& path : before.paths) {
    const bool is_known = std::ranges::any_of(
        path.flows, [&](std::uint16_t flow) { return path_of(after, flow) != nullptr; });
    if (is_known || path.flows.empty() || find_like(after.paths, path) != nullptr) continue;
    changes.push_back("path is gone: " + words_for(path));
  }
}

bool is_reached(const PathReport& report) {
  return std::ranges::any_of(report.paths, [&](const Path& path) {
    const bool is_cut = std::ranges::any_of(report.issues, [&](const PathIssue& issue) {
      return issue.kind == PathIssueKind::Broken && issue.path == path.id;
    });
    return path.is_reached && !is_cut;
  });
}

void compare_reach(const PathReport& before, const PathReport& after,
                   std::vector<std::string>& changes) {
  if (after.paths.empty() || before.paths.empty()) return;
  if (is_reached(before) && !is_reached(after)) {
    changes.emplace_back("the destination is not reached any more");
  }
  if (!is_reached(before) && is_reached(after)) {
    changes.emplace_back("the destination is reached");
  }
}

const PathIssue* find_same(const std::vector<PathIssue>& issues, const PathIssue& wanted) {
  const auto found = std::ranges::find_if(
      issues, [&](const PathIssue& issue) { return is_same_issue(issue, wanted); });
  return found == issues.end() ? nullptr : &*found;
}

/// Whether the two shares lie outside of each other's bounds.
bool is_clear_of(const Share& a, const Share& b) { return a.high < b.low || b.high < a.low; }

void compare_issues(const PathReport& before, const PathReport& after,
                    std::vector<std::string>& changes) {
  for (const PathIssue& issue : after.issues) {
    const PathIssue* was = find_same(before.issues, issue);
    if (was == nullptr) {
      changes.push_back("began: " + issue.text);
    } else if (issue.loss && was->loss && is_clear_of(*issue.loss, *was->loss)) {
      changes.push_back(fmt::format("loss was {}: {}", to_text(*was->loss), issue.text));
    }
  }
  for (const PathIssue& issue : before.issues) {
    if (find_same(after.issues, issue) == nullptr) changes.push_back("ended: " + issue.text);
  }
}

bool is_other_time(Microseconds before, Microseconds after) {
  const Microseconds difference = before > after ? before - after : after - before;
  return difference >= kTimeMin && 100 * difference >= kTimePercentMin * before;
}

void compare_times(const PathReport& before, const PathReport& after,
                   std::vector<std::string>& changes) {
  for (const Path& path : after.paths) {
    const Path* was = find_like(before.paths, path);
    if (was == nullptr || !path.is_reached || !was->is_reached || path.hops.empty()) continue;
    const auto& rtt_before = was->hops.back().rtt_median;
    const auto& rtt_after = path.hops.back().rtt_median;
    if (!rtt_before || !rtt_after || !is_other_time(*rtt_before, *rtt_after)) continue;
    changes.push_back(fmt::format("the round trip took {}, takes {}", to_human(*rtt_before),
                                  to_human(*rtt_after)));
  }
}

/// Nobody has asked who stands there: the routers had no turn left (trace/hop_budget.h).
bool was_not_asked(const PathHop& hop) { return !hop.address && hop.sent == 0; }

/// A way that ended short of the destination, as far as had been asked, goes on.
bool goes_further(const Path& before, const Path& after) {
  if (before.is_reached || after.hops.size() <= before.hops.size()) return false;
  return std::any_of(after.hops.begin() + static_cast<std::ptrdiff_t>(before.hops.size()),
                     after.hops.end(), [](const PathHop& hop) { return hop.address.has_value(); });
}

bool is_filled_in(const Path& before, const Path& after) {
  if (goes_further(before, after)) return true;
  for (std::size_t i = 0; i < std::min(before.hops.size(), after.hops.size()); ++i) {
    if (was_not_asked(before.hops[i]) && !was_not_asked(after.hops[i])) return true;
  }
  return false;
}

/// Whether `after` tells of hops that nobody had asked before.
bool knows_more(const PathReport& before, const PathReport& after) {
  return std::ranges::any_of(after.paths, [&](const Path& path) {
    const Path* was = find_like(before.paths, path);
    return was != nullptr && is_filled_in(*was, path);
  });
}

bool is_whole(const PathReport& report) {
  return std::ranges::all_of(report.paths, [](const Path& path) {
    return std::ranges::none_of(path.hops, was_not_asked);
  });
}

}  // namespace

std::vector<std::string> changes_between(const PathReport& before, const PathReport& after) {
  std::vector<std::string> changes;
  if (before.problem != after.problem) {
    changes.push_back(after.problem.empty() ? "traces are made again"
                                            : "no traces can be made: " + after.problem);
  }
  // Without traces nothing is known of paths; that they are missing is no news.
  if (!after.problem.empty() || !before.problem.empty()) return changes;
  compare_reach(before, after, changes);
  compare_issues(before, after, changes);
  compare_paths(before, after, changes);
  compare_times(before, after, changes);
  return changes;
}

std::optional<PathReport> PathHistory::consider(PathReport report) {
  if (!kept_) {
    report.cause = PathReportCause::First;
    report.changes.clear();
    kept_ = report;
    return report;
  }
  report.changes = changes_between(*kept_, report);
  const auto since_kept = report.to - kept_->to;
  const bool is_filled_up =
      knows_more(*kept_, report) && (is_whole(report) || since_kept >= kFillingUp);
  if (!report.changes.empty()) {
    report.cause = PathReportCause::Change;
  } else if (is_filled_up) {
    report.cause = PathReportCause::First;
  } else if (since_kept >= every_) {
    report.cause = PathReportCause::Hourly;
  } else {
    return std::nullopt;
  }
  kept_ = report;
  return report;
}

}  // namespace lw::topology
