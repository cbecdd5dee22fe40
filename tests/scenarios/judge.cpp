// SPDX-License-Identifier: Apache-2.0
#include "scenarios/judge.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/text.h"

namespace lw::scenarios {
namespace {

using Complaints = std::vector<std::string>;

double to_ms(Microseconds time) { return static_cast<double>(time.count()) / 1'000; }
double to_s(Microseconds time) { return static_cast<double>(time.count()) / 1'000'000; }

bool has_address(const lab::NodeConfig& node, const IpAddress& address) {
  return std::ranges::find(node.answers.from, address) != node.answers.from.end() ||
         std::ranges::any_of(node.addresses,
                             [&](const IpRange& range) { return range.contains(address); });
}

bool is_via(const lab::NodeConfig& node, const IpAddress& address, std::size_t& to) {
  for (const lab::Edge& edge : node.next) {
    to = edge.to;
    if (std::ranges::find(edge.via, address) != edge.via.end()) return true;
  }
  return false;
}

/// The node's name; the address if it is nobody's.
std::string name_of(const Scenario& scenario, const std::optional<IpAddress>& address) {
  if (!address) return "-";
  const auto& nodes = scenario.network.nodes;
  for (const lab::NodeTimeline& node : nodes) {
    for (const lab::NodePhase& phase : node.phases) {
      std::size_t to = 0;
      if (has_address(phase.config, *address)) return node.name;
      if (is_via(phase.config, *address, to)) return nodes[to].name;
    }
  }
  return to_string(*address);
}

std::string end_name(const Scenario& scenario, std::uint8_t ttl,
                     const std::optional<IpAddress>& address) {
  return ttl == 0 ? "source" : name_of(scenario, address);
}

std::vector<std::string> names_of(const Scenario& scenario, const Path& path) {
  std::vector<std::string> names;
  for (const PathHop& hop : path.hops) names.push_back(name_of(scenario, hop.address));
  return names;
}

std::vector<std::string> names_of(HopLabels labels) {
  std::vector<std::string> names;
  for (const HopLabel label : labels_in(labels)) names.push_back(to_string(label));
  std::ranges::sort(names);
  return names;
}

std::string to_text(const Scenario& scenario, const PathIssue& issue) {
  return fmt::format("{} {} -> {}: {}", to_string(issue.kind),
                     end_name(scenario, issue.from_ttl, issue.from),
                     end_name(scenario, issue.to_ttl, issue.to), issue.text);
}

bool is_within(double value, const Range& range) {
  return range.low <= value && value <= range.high;
}

bool is_named(const std::string& wanted, const std::string& found) {
  return wanted.empty() || wanted == found;
}

bool fits(const Scenario& scenario, const PathIssue& issue, const ExpectedIssue& wanted) {
  return issue.kind == wanted.kind &&
         is_named(wanted.from, end_name(scenario, issue.from_ttl, issue.from)) &&
         is_named(wanted.to, end_name(scenario, issue.to_ttl, issue.to));
}

/// Whether it is put on a part of its path that holds the link.
bool holds(const Scenario& scenario, const PathReport& report, const PathIssue& issue,
           const ExpectedIssue& wanted) {
  const auto path = std::ranges::find(report.paths, issue.path, &Path::id);
  if (issue.kind != wanted.kind || path == report.paths.end()) return false;
  std::vector<std::string> names = names_of(scenario, *path);
  names.insert(names.begin(), "source");
  const auto from = std::ranges::find(names, wanted.from) - names.begin();
  const auto to = std::ranges::find(names, wanted.to) - names.begin();
  return issue.from_ttl <= from && to <= issue.to_ttl &&
         from < static_cast<std::ptrdiff_t>(names.size());
}

bool is_right(const Scenario& scenario, const Observed& observed, const PathIssue& issue) {
  return std::ranges::any_of(scenario.issues, [&](const ExpectedIssue& wanted) {
    const bool is_its_time = wanted.since <= observed.at && observed.at <= wanted.until;
    return is_its_time &&
           (fits(scenario, issue, wanted) || holds(scenario, observed.report, issue, wanted));
  });
}

/// Whether it also says how bad it is.
bool is_exact(const PathIssue& issue, const ExpectedIssue& wanted) {
  if (wanted.loss && (!issue.loss || !is_within(issue.loss->value, *wanted.loss))) return false;
  if (wanted.added_ms && (!issue.added || !is_within(to_ms(*issue.added), *wanted.added_ms))) {
    return false;
  }
  return !wanted.text || issue.text.find(*wanted.text) != std::string::npos;
}

void judge_issues(const Scenario& scenario, const Observation& observation, Complaints& wrong) {
  std::set<std::string> told;
  for (const Observed& observed : observation.reports) {
    for (const PathIssue& issue : observed.report.issues) {
      const bool is_wanted = is_right(scenario, observed, issue);
      const std::string what = to_string(issue.kind) +
                               end_name(scenario, issue.from_ttl, issue.from) + ">" +
                               end_name(scenario, issue.to_ttl, issue.to);
      if (is_wanted || !told.insert(what).second) continue;
      wrong.push_back(fmt::format("wrongly at {:.1f} s: {}\n{}", to_s(observed.at),
                                  to_text(scenario, issue), describe(scenario, observed.report)));
    }
  }
}

void judge_paths(const Scenario& scenario, const Checkpoint& point, const PathReport& report,
                 Complaints& wrong) {
  std::vector<std::string> found;
  for (const Path& path : report.paths) found.push_back(join(names_of(scenario, path), " "));
  std::vector<std::string> wanted;
  for (const auto& path : *point.paths) wanted.push_back(join(path, " "));
  std::ranges::sort(found);
  std::ranges::sort(wanted);
  if (found == wanted) return;
  wrong.push_back(fmt::format("paths are\n    {}\n  and should be\n    {}", join(found, "\n    "),
                              join(wanted, "\n    ")));
}

void judge_hop(const HopExpectation& wanted, const PathHop& hop, Complaints& wrong) {
  const auto complain = [&](std::string_view what, const auto& is, const auto& should) {
    wrong.push_back(fmt::format("{}: {} is {}, should be {}", wanted.node, what, is, should));
  };
  if (wanted.icmp_type && hop.icmp_type != *wanted.icmp_type) {
    complain("ICMP type", hop.icmp_type, *wanted.icmp_type);
  }
  if (wanted.icmp_code && hop.icmp_code != *wanted.icmp_code) {
    complain("ICMP code", hop.icmp_code, *wanted.icmp_code);
  }
  if (wanted.reply_ttl && hop.reply_ttl != *wanted.reply_ttl) {
    complain("reply TTL", hop.reply_ttl.value_or(0), *wanted.reply_ttl);
  }
  if (wanted.added_ms && !is_within(to_ms(hop.added), *wanted.added_ms)) {
    complain("added", to_ms(hop.added), wanted.added_ms->low);
  }
  std::vector<std::uint32_t> labels;
  for (const MplsLabel& label : hop.mpls) labels.push_back(label.label);
  if (!wanted.mpls.empty() && labels != wanted.mpls) {
    complain("label stack's size or labels", labels.size(), wanted.mpls.size());
  }
}

void judge_hops(const Scenario& scenario, const Checkpoint& point, const PathReport& report,
                Complaints& wrong) {
  std::set<std::string> met;
  for (const Path& path : report.paths) {
    for (const PathHop& hop : path.hops) {
      const std::string name = name_of(scenario, hop.address);
      const auto wanted = std::ranges::find(point.hops, name, &HopExpectation::node);
      met.insert(name);
      if (wanted != point.hops.end()) judge_hop(*wanted, hop, wrong);
      std::vector<std::string> labels;
      if (wanted != point.hops.end() && wanted->labels) labels = *wanted->labels;
      if (!hop.address) labels = {to_string(HopLabel::Silent)};
      std::ranges::sort(labels);
      const bool is_free = wanted != point.hops.end() && !wanted->labels && hop.address;
      if (is_free || names_of(hop.labels) == labels) continue;
      wrong.push_back(fmt::format("{} (hop {}): labels are [{}], should be [{}]", name, hop.ttl,
                                  join(names_of(hop.labels), ", "), join(labels, ", ")));
    }
  }
  for (const HopExpectation& hop : point.hops) {
    if (!met.contains(hop.node)) wrong.push_back(hop.node + ": is on no path");
  }
}

void judge_checkpoint(const Scenario& scenario, const Observation& observation,
                      const Checkpoint& point, Complaints& wrong) {
  const Microseconds at = point.at ? Microseconds(*point.at) : Microseconds::max();
  const Observed* last = nullptr;
  for (const Observed& observed : observation.reports) {
    if (observed.at <= at) last = &observed;
  }
  if (last == nullptr) return wrong.push_back("there is no report");
  Complaints here;
  const PathReport& report = last->report;
  if (point.paths) judge_paths(scenario, point, report, here);
  if (point.paths_min && report.paths.size() < static_cast<std::size_t>(*point.paths_min)) {
    here.push_back(fmt::format("there are {} paths only", report.paths.size()));
  }
  const bool is_reached = std::ranges::all_of(report.paths, &Path::is_reached);
  if (point.reached && is_reached != *point.reached) here.emplace_back("reached or not: wrong");
  judge_hops(scenario, point, report, here);
  if (here.empty()) return;
  wrong.push_back(fmt::format("at {:.1f} s:\n  {}\n{}", to_s(last->at), join(here, "\n  "),
                              describe(scenario, report)));
}

void judge_changes(const Scenario& scenario, const Observation& observation, Complaints& wrong) {
  std::vector<std::string> told;
  for (const Observed& observed : observation.reports) {
    for (const std::string& change : observed.report.changes) {
      told.push_back(fmt::format("{:.1f} s: {}", to_s(observed.at), change));
    }
  }
  for (const std::string& wanted : scenario.changes) {
    const bool is_told = std::ranges::any_of(
        told, [&](const std::string& text) { return text.find(wanted) != std::string::npos; });
    if (is_told) continue;
    wrong.push_back(
        fmt::format("no change tells \"{}\"; there are:\n  {}", wanted, join(told, "\n  ")));
  }
  if (scenario.no_changes && !told.empty()) {
    wrong.push_back("changes where nothing changed:\n  " + join(told, "\n  "));
  }
}

/// Whether packets may go from one to the other without anybody between them who answers.
bool are_linked(const Scenario& scenario, const std::string& from, const std::string& to,
                int links) {
  const auto& nodes = scenario.network.nodes;
  const auto node = std::ranges::find(nodes, from, &lab::NodeTimeline::name);
  if (node == nodes.end() || links == 0) return false;
  return std::ranges::any_of(node->phases.front().config.next, [&](const lab::Edge& edge) {
    const std::string& next = nodes[edge.to].name;
    return links == 1 ? next == to : are_linked(scenario, next, to, links - 1);
  });
}

void judge_links(const Scenario& scenario, const Discovery& discovery, Complaints& wrong) {
  for (const trace::MultipathLink& link : discovery.links) {
    const std::string from = name_of(scenario, link.from);
    const std::string to = name_of(scenario, link.to);
    if (are_linked(scenario, from, to, link.to_ttl - link.from_ttl)) continue;
    wrong.push_back(fmt::format("there is no link from {} (hop {}) to {} (hop {})", from,
                                link.from_ttl, to, link.to_ttl));
  }
}

}  // namespace

std::vector<std::string> judge(const Scenario& scenario, const Discovery& discovery) {
  Complaints wrong;
  if (discovery.counters.unknown_answers > 0) wrong.emplace_back("answers belong to no probe");
  judge_links(scenario, discovery, wrong);
  PathReport report;
  for (const trace::MultipathPath& found : discovery.paths) {
    Path path;
    path.is_reached = found.is_reached;
    for (const auto& address : found.hops) {
      PathHop hop;
      hop.ttl = static_cast<std::uint8_t>(path.hops.size() + 1);
      hop.address = address;
      path.hops.push_back(std::move(hop));
    }
    report.paths.push_back(std::move(path));
  }
  for (const Checkpoint& point : scenario.checkpoints) {
    if (point.paths) judge_paths(scenario, point, report, wrong);
  }
  const std::vector<int> ttls(discovery.per_packet_ttls.begin(), discovery.per_packet_ttls.end());
  if (ttls != scenario.per_packet_ttls) wrong.emplace_back("other TTLs split flows");
  return wrong;
}

std::vector<std::string> judge(const Scenario& scenario, const trace::PathMtuResult& result) {
  const auto name_or_none = [&](const std::optional<IpAddress>& address) {
    return address ? name_of(scenario, address) : std::string();
  };
  const auto text = [](trace::PathMtuVerdict verdict, std::uint32_t mtu, std::string_view told_by,
                       std::string_view from) {
    return fmt::format("verdict {}, MTU {}, told by {}, ends behind {}", static_cast<int>(verdict),
                       mtu, told_by, from);
  };
  const ExpectedMtu& wanted = *scenario.mtu;
  const std::string is = text(result.verdict, result.path_mtu.value_or(0),
                              name_or_none(result.told_by), name_or_none(result.from));
  const std::string should = text(wanted.verdict, static_cast<std::uint32_t>(wanted.path_mtu),
                                  wanted.told_by, wanted.from);
  if (is == should) return {};
  return {"is:     " + is + "\nshould: " + should};
}

std::string describe(const Scenario& scenario, const PathReport& report) {
  std::string text;
  for (const Path& path : report.paths) {
    text += fmt::format("  path {}\n", path.is_reached ? "to the destination" : "that ends early");
    for (const PathHop& hop : path.hops) {
      std::vector<std::string> others;
      for (const IpAddress& other : hop.others) others.push_back(name_of(scenario, other));
      text += fmt::format(
          "    {:2} {:10} {:3}/{:3} loss {:.1f} ({:.1f}-{:.1f}) low {:.1f} ms "
          "added {:.1f} [{}] {}\n",
          hop.ttl, name_of(scenario, hop.address), hop.answered, hop.sent,
          hop.forwarding_loss.value, hop.forwarding_loss.low, hop.forwarding_loss.high,
          to_ms(hop.rtt_low.value_or(Microseconds(0))), to_ms(hop.added),
          join(names_of(hop.labels), ","), join(others, ","));
    }
  }
  for (const PathIssue& issue : report.issues) text += "  " + to_text(scenario, issue) + "\n";
  return text;
}

std::vector<std::string> missing_issues(const Scenario& scenario, const Observation& observation) {
  Complaints wrong;
  for (const ExpectedIssue& wanted : scenario.issues) {
    const auto is_found = [&](const Observed& observed) {
      return wanted.since <= observed.at && observed.at <= wanted.by &&
             std::ranges::any_of(observed.report.issues, [&](const PathIssue& issue) {
               const bool is_near = holds(scenario, observed.report, issue, wanted) &&
                                    issue.to_ttl - issue.from_ttl <= wanted.links_max;
               return (fits(scenario, issue, wanted) || is_near) && is_exact(issue, wanted);
             });
    };
    if (wanted.may_be_missing || std::ranges::any_of(observation.reports, is_found)) continue;
    wrong.push_back(
        fmt::format("never found: {} {} -> {}", to_string(wanted.kind), wanted.from, wanted.to));
  }
  return wrong;
}

std::vector<std::string> judge(const Scenario& scenario, const Observation& observation) {
  Complaints wrong;
  if (observation.counters.unknown_answers > 0) {
    wrong.push_back(
        fmt::format("{} answers belong to no probe", observation.counters.unknown_answers));
  }
  judge_issues(scenario, observation, wrong);
  for (const Checkpoint& point : scenario.checkpoints) {
    judge_checkpoint(scenario, observation, point, wrong);
  }
  judge_changes(scenario, observation, wrong);
  return wrong;
}

}  // namespace lw::scenarios
