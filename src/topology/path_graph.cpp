// SPDX-License-Identifier: Apache-2.0
#include "topology/path_graph.h"

#include <algorithm>
#include <utility>

namespace lw::topology {
namespace {

bool blames_link(PathIssueKind kind) {
  return kind != PathIssueKind::PerPacketBalancing && kind != PathIssueKind::LocalError;
}

/// Where the path comes to an address again; its end if it does not.
std::string next_named(const Path& path, std::size_t index) {
  for (std::size_t i = index; i < path.hops.size(); ++i) {
    if (path.hops[i].address) return to_string(*path.hops[i].address);
  }
  return "";
}

/// What is lost between two hops: losses are told from the source on.
double lost_between(const Path& path, std::size_t index) {
  const double before = index == 0 ? 0 : path.hops[index - 1].forwarding_loss.value;
  const double reaching = std::clamp(100 - before, 1e-9, 100.0);
  const double lost = path.hops[index].forwarding_loss.value - before;
  return std::clamp(100 * lost / reaching, 0.0, 100.0);
}

}  // namespace

std::size_t PathGraphMaker::node(GraphNode node, TestId test) {
  const auto [known, is_new] = known_.try_emplace(node.id, graph_.nodes.size());
  const std::size_t index = known->second;
  if (is_new) {
    graph_.nodes.push_back(std::move(node));
    last_test_.emplace_back();
  } else {
    GraphNode& there = graph_.nodes[index];
    there.labels |= node.labels;
    there.ttl = std::min(there.ttl, node.ttl);
    if (there.name.empty()) there.name = std::move(node.name);
    if (there.network.empty()) there.network = std::move(node.network);
  }
  GraphNode& counted = graph_.nodes[index];
  if (counted.tests == 0 || last_test_[index] != test) ++counted.tests;
  last_test_[index] = test;
  return index;
}

std::size_t PathGraphMaker::hop_node(const Path& path, std::size_t index, std::size_t before,
                                     TestId test) {
  const PathHop& hop = path.hops[index];
  GraphNode made{.kind = GraphNode::Kind::Hop, .id = {}};
  made.labels = hop.labels;
  made.ttl = index + 1;
  if (hop.address) {
    made.id = "hop " + to_string(*hop.address);
    made.address = hop.address;
    made.name = hop.name;
    made.network = hop.network;
  } else {
    made.kind = GraphNode::Kind::Silent;
    made.id = "silent " + graph_.nodes[before].id + " > " + next_named(path, index);
  }
  return node(std::move(made), test);
}

std::size_t PathGraphMaker::link(std::size_t from, std::size_t to, std::size_t flows, TestId test) {
  const auto [known, is_new] = links_.try_emplace({from, to}, graph_.links.size());
  const std::size_t index = known->second;
  if (is_new) {
    graph_.links.push_back({.from = from, .to = to});
    sums_.emplace_back();
  }
  GraphLink& counted = graph_.links[index];
  counted.flows += flows;
  if (counted.tests == 0 || sums_[index].last_test != test) ++counted.tests;
  sums_[index].last_test = test;
  return index;
}

void PathGraphMaker::add_path(const PathReport& report, const Path& path, std::size_t source,
                              std::string_view destination) {
  GraphWay way{.test = report.test, .nodes = {source}, .flows = path.flows.size()};
  // The destination's own answer is the endpoint, not a hop.
  const std::size_t hops =
      path.is_reached && !path.hops.empty() ? path.hops.size() - 1 : path.hops.size();
  for (std::size_t i = 0; i < hops; ++i) {
    way.nodes.push_back(hop_node(path, i, way.nodes.back(), report.test));
  }
  GraphNode end{
      .kind = GraphNode::Kind::Destination,
      .id = "destination " + std::string(destination) + " " + to_string(report.destination)};
  end.address = report.destination;
  end.name = destination;
  end.ttl = hops + 1;
  if (path.is_reached && !path.hops.empty()) {
    end.labels = path.hops.back().labels;
    end.network = path.hops.back().network;
  }
  way.nodes.push_back(node(std::move(end), report.test));
  for (std::size_t i = 0; i + 1 < way.nodes.size(); ++i) {
    const std::size_t index = link(way.nodes[i], way.nodes[i + 1], way.flows, report.test);
    const bool is_measured = i < path.hops.size() && path.hops[i].address.has_value();
    if (!is_measured) continue;
    Sum& sum = sums_[index];
    sum.added_us += static_cast<double>(path.hops[i].added.count());
    ++sum.added_count;
    sum.loss += lost_between(path, i);
    ++sum.loss_count;
  }
  add_issues(report, path, way.nodes);
  graph_.ways.push_back(std::move(way));
}

void PathGraphMaker::add_issues(const PathReport& report, const Path& path,
                                const std::vector<std::size_t>& nodes) {
  for (const PathIssue& issue : report.issues) {
    const bool is_of_another =
        issue.path != path.id &&
        std::ranges::find(report.paths, issue.path, &Path::id) != report.paths.end();
    if (is_of_another) continue;
    const std::size_t from = std::min<std::size_t>(issue.from_ttl, nodes.size() - 1);
    const std::size_t to = std::clamp<std::size_t>(issue.to_ttl, from, nodes.size() - 1);
    auto& issues = graph_.nodes[nodes[to]].issues;
    const GraphIssue told{issue.kind, issue.text};
    if (std::ranges::find(issues, told) == issues.end()) issues.push_back(told);
    if (!blames_link(issue.kind)) continue;
    for (std::size_t i = from; i < to; ++i) {
      graph_.links[links_.at({nodes[i], nodes[i + 1]})].is_troubled = true;
    }
  }
}

void PathGraphMaker::add(const PathReport& report, std::string_view source,
                         std::string_view destination) {
  GraphNode begin{.kind = GraphNode::Kind::Source,
                  .id = "source " + std::string(source) + " " + to_string(report.source)};
  begin.address = report.source;
  begin.name = source;
  const std::size_t from = node(std::move(begin), report.test);
  for (const Path& path : report.paths) add_path(report, path, from, destination);
}

PathGraph PathGraphMaker::finish() && {
  for (std::size_t i = 0; i < graph_.links.size(); ++i) {
    const Sum& sum = sums_[i];
    if (sum.added_count > 0) {
      graph_.links[i].added = Microseconds(
          static_cast<std::int64_t>(sum.added_us / static_cast<double>(sum.added_count)));
    }
    if (sum.loss_count > 0) {
      graph_.links[i].loss_percent = sum.loss / static_cast<double>(sum.loss_count);
    }
  }
  return std::move(graph_);
}

}  // namespace lw::topology
