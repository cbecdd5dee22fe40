// SPDX-License-Identifier: Apache-2.0
// The ways of many tests as one graph.
#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "server/api/shapes.h"
#include "server/api/views.h"
#include "server/past_states.h"
#include "store/view_reader.h"
#include "topology/path_graph.h"

namespace lw::server::api {
namespace {

/// A graph of more is no picture; their reports would be hundreds of megabytes.
constexpr std::size_t kGraphTestsMax = 2'000;
/// Reports are made at least hourly.
constexpr auto kReportsBack = std::chrono::hours(2);

std::string kind_name(topology::GraphNode::Kind kind) {
  using Kind = topology::GraphNode::Kind;
  switch (kind) {
    case Kind::Source:
      return "source";
    case Kind::Hop:
      return "hop";
    case Kind::Silent:
      return "silent";
    case Kind::Destination:
      return "destination";
  }
  return "hop";
}

/// How much an issue matters.
std::string severity_of(PathIssueKind kind) {
  switch (kind) {
    case PathIssueKind::Broken:
    case PathIssueKind::Loop:
    case PathIssueKind::Prohibited:
    case PathIssueKind::Unreachable:
      return "error";
    case PathIssueKind::ForwardingLoss:
    case PathIssueKind::AddedLatency:
    case PathIssueKind::MtuTooSmall:
    case PathIssueKind::LocalError:
      return "warning";
    case PathIssueKind::PerPacketBalancing:
      return "info";
  }
  return "info";
}

Value node_value(const topology::GraphNode& node) {
  Value labels = Value::array();
  for (const HopLabel label : labels_in(node.labels)) labels.push(to_string(label));
  Value issues = Value::array();
  for (const topology::GraphIssue& issue : node.issues) {
    issues.push(Value::object({{"kind", to_string(issue.kind)},
                               {"severity", severity_of(issue.kind)},
                               {"text", issue.text}}));
  }
  return Value::object({{"id", node.id},
                        {"kind", kind_name(node.kind)},
                        {"address", node.address ? Value(to_string(*node.address)) : Value()},
                        {"name", node.name},
                        {"network", node.network},
                        {"labels", std::move(labels)},
                        {"issues", std::move(issues)},
                        {"tests", std::uint64_t{node.tests}},
                        {"ttl", std::uint64_t{node.ttl}}});
}

Value link_value(const topology::PathGraph& graph, const topology::GraphLink& link) {
  return Value::object(
      {{"from", graph.nodes[link.from].id},
       {"to", graph.nodes[link.to].id},
       {"flows", std::uint64_t{link.flows}},
       {"tests", std::uint64_t{link.tests}},
       {"addedMs", ms_value(link.added)},
       {"forwardingLossPercent", link.loss_percent ? Value(*link.loss_percent) : Value()},
       {"troubled", link.is_troubled}});
}

/// How a test of the graph stands.
struct Standing {
  TestState state = TestState::Indeterminate;
  std::optional<Microseconds> rtt;
  std::optional<double> checks_failed_percent;
};
using Standings = std::unordered_map<TestId, Standing>;

Value way_value(const topology::PathGraph& graph, const topology::GraphWay& way,
                const Standings& standings) {
  Value nodes = Value::array();
  for (const std::size_t node : way.nodes) nodes.push(graph.nodes[node].id);
  const auto known = standings.find(way.test);
  const Standing standing = known != standings.end() ? known->second : Standing{};
  const auto& failed = standing.checks_failed_percent;
  return Value::object({{"testId", to_string(way.test)},
                        {"state", to_string(standing.state)},
                        {"nodes", std::move(nodes)},
                        {"flows", std::uint64_t{way.flows}},
                        {"rttMs", ms_value(standing.rtt)},
                        {"checksFailedPercent", failed ? Value(*failed) : Value()}});
}

Value graph_value(const topology::PathGraph& graph, const Standings& standings) {
  Value nodes = Value::array(), links = Value::array(), paths = Value::array();
  for (const auto& node : graph.nodes) nodes.push(node_value(node));
  for (const auto& link : graph.links) links.push(link_value(graph, link));
  for (const auto& way : graph.ways) paths.push(way_value(graph, way, standings));
  return Value::object(
      {{"nodes", std::move(nodes)}, {"links", std::move(links)}, {"paths", std::move(paths)}});
}

/// A test with what its endpoints are called.
struct Asked {
  TestId test;
  std::string source, destination;
};

/// The tests that `ids` and the names ask for.
Result<std::vector<Asked>> asked_tests(const SnapshotNames& names, const io::HttpRequest& request) {
  const auto ids = TRY(read_ids(request, kGraphTestsMax));
  const std::unordered_set<TestId> only(ids.begin(), ids.end());
  std::vector<Asked> asked;
  for (const std::size_t row : matching_rows(names, request)) {
    const TestId test{names.ids[row]};
    if (!only.empty() && !only.contains(test)) continue;
    asked.push_back({test, names.source.dictionary.texts().at(names.source.numbers[row]),
                     names.destination.dictionary.texts().at(names.destination.numbers[row])});
  }
  if (asked.size() <= kGraphTestsMax) return asked;
  return fail(ErrorCode::InvalidInput,
              fmt::format("that is the ways of {} tests; ask for at most {}, by connectionMonitor, "
                          "testGroup, source, destination or ids",
                          asked.size(), kGraphTestsMax));
}

Standings live_standings(const Control& control, const std::vector<Asked>& asked) {
  Standings standings;
  for (const Asked& each : asked) {
    const LiveTest* const live = control.live().find(each.test);
    if (live == nullptr) continue;
    Standing& standing = standings[each.test];
    standing.state = live->verdict.state;
    standing.rtt = live->summary.rtt_avg;
    if (live->summary.total > 0) {
      standing.checks_failed_percent = live->summary.checks_failed_percent();
    }
  }
  return standings;
}

Result<Standings> past_standings(store::Client& client, Timestamp at,
                                 const std::vector<TestId>& tests) {
  Standings standings;
  for (const auto& [test, past] : TRY(past_states(client, at, tests))) {
    Standing& standing = standings[test];
    standing.state = past.verdict.state;
    if (!past.round || past.round->summary.total == 0) continue;
    standing.rtt = past.round->summary.rtt_avg;
    standing.checks_failed_percent = past.round->summary.checks_failed_percent();
  }
  return standings;
}

/// `standings`: of now; nothing: those of `at`.
Result<Value> topology_of(store::Client& client, const std::vector<Asked>& asked, Timestamp at,
                          std::optional<Standings> standings) {
  std::vector<TestId> tests;
  std::unordered_map<TestId, const Asked*> by_test;
  for (const Asked& each : asked) {
    tests.push_back(each.test);
    by_test[each.test] = &each;
  }
  topology::PathGraphMaker maker;
  for (const PathReport& report :
       TRY(store::path_reports_at(client, at - kReportsBack, at, tests))) {
    const auto known = by_test.find(report.test);
    if (known == by_test.end()) continue;
    maker.add(report, known->second->source, known->second->destination);
  }
  if (!standings && !tests.empty()) standings = TRY(past_standings(client, at, tests));
  return graph_value(std::move(maker).finish(), standings.value_or(Standings{}));
}

void topology_on_control(Services& services, const Call& call, std::optional<Timestamp> at) {
  const auto names = visible_names(services, call);
  auto asked = asked_tests(*names, call.request);
  if (!asked) return answer_error(call.responder, asked.error());
  std::optional<Standings> standings;
  if (!at) standings = live_standings(services.control, *asked);
  ask_store(services, call,
            [asked = std::move(*asked), standings = std::move(standings),
             when = at.value_or(services.clock.wall_now())](store::Client& client) {
              return topology_of(client, asked, when, standings);
            });
}

void topology(Services& services, Call call) {
  std::optional<Timestamp> at;
  if (call.request.has_parameter("at")) {
    const auto read = read_time(call.request, "at", services.clock.wall_now());
    if (!read) return answer_error(call.responder, read.error());
    at = *read;
  }
  on_control(services, std::move(call),
             [&services, at](const Call& inner) { topology_on_control(services, inner, at); });
}

}  // namespace

void add_topology_routes(Router& router, Services& services) {
  router.add("GET", "/api/v1/topology", {Access::Reader, Reach::Own},
             [&](Call call) { topology(services, std::move(call)); });
}

}  // namespace lw::server::api
