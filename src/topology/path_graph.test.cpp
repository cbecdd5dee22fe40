// SPDX-License-Identifier: Apache-2.0
#include "topology/path_graph.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lw::topology {
namespace {

IpAddress address(const std::string& text) { return parse_ip_address(text).value(); }

/// A path through these hops ("": silent); the last one answered as the destination.
Path path(std::uint64_t id, const std::vector<std::string>& hops,
          std::vector<std::uint16_t> flows = {0}) {
  Path made{.id = PathId{id}, .flows = std::move(flows), .is_reached = true};
  for (std::size_t i = 0; i < hops.size(); ++i) {
    PathHop hop{.ttl = static_cast<std::uint8_t>(i + 1)};
    if (!hops[i].empty()) hop.address = address(hops[i]);
    hop.added = Microseconds(1'000);
    made.hops.push_back(hop);
  }
  return made;
}

PathReport report(std::uint64_t test, std::vector<Path> paths) {
  PathReport made{.test = TestId{test}};
  made.source = address("10.0.0.1");
  made.destination = address("10.0.9.9");
  made.paths = std::move(paths);
  return made;
}

const GraphNode& find(const PathGraph& graph, const std::string& id) {
  const auto found = std::ranges::find(graph.nodes, id, &GraphNode::id);
  EXPECT_NE(found, graph.nodes.end()) << id;
  return found == graph.nodes.end() ? graph.nodes.front() : *found;
}

const GraphLink& link(const PathGraph& graph, const std::string& from, const std::string& to) {
  const auto found = std::ranges::find_if(graph.links, [&](const GraphLink& each) {
    return graph.nodes[each.from].id == from && graph.nodes[each.to].id == to;
  });
  EXPECT_NE(found, graph.links.end()) << from << " > " << to;
  return found == graph.links.end() ? graph.links.front() : *found;
}

TEST(PathGraph, ways_of_several_tests_share_their_hops) {
  PathGraphMaker maker;
  maker.add(report(1, {path(1, {"10.0.1.1", "10.0.2.1", "10.0.9.9"})}), "web1", "db");
  maker.add(report(2, {path(1, {"10.0.1.1", "10.0.3.1", "10.0.9.9"})}), "web1", "db");
  const PathGraph graph = std::move(maker).finish();
  ASSERT_EQ(graph.nodes.size(), 5U);
  EXPECT_EQ(find(graph, "hop 10.0.1.1").tests, 2U);
  EXPECT_EQ(find(graph, "hop 10.0.2.1").tests, 1U);
  EXPECT_EQ(find(graph, "source web1 10.0.0.1").kind, GraphNode::Kind::Source);
  const GraphNode& end = find(graph, "destination db 10.0.9.9");
  EXPECT_EQ(end.kind, GraphNode::Kind::Destination);
  EXPECT_EQ(end.tests, 2U);
  EXPECT_EQ(end.ttl, 3U);
  EXPECT_EQ(link(graph, "source web1 10.0.0.1", "hop 10.0.1.1").tests, 2U);
  ASSERT_EQ(graph.ways.size(), 2U);
  EXPECT_EQ(graph.ways[1].nodes.size(), 4U);
}

TEST(PathGraph, flows_of_one_test_are_one_test) {
  PathGraphMaker maker;
  maker.add(report(1, {path(1, {"10.0.1.1", "10.0.2.1", "10.0.9.9"}, {0, 1, 2}),
                       path(2, {"10.0.1.1", "10.0.3.1", "10.0.9.9"}, {3})}),
            "web1", "db");
  const PathGraph graph = std::move(maker).finish();
  EXPECT_EQ(find(graph, "hop 10.0.1.1").tests, 1U);
  const GraphLink& first = link(graph, "source web1 10.0.0.1", "hop 10.0.1.1");
  EXPECT_EQ(first.tests, 1U);
  EXPECT_EQ(first.flows, 4U);
  EXPECT_EQ(link(graph, "hop 10.0.1.1", "hop 10.0.3.1").flows, 1U);
  EXPECT_EQ(graph.ways.front().flows, 3U) << "what most flows take comes first";
}

TEST(PathGraph, silent_hops_are_one_between_the_same_places_only) {
  PathGraphMaker maker;
  maker.add(report(1, {path(1, {"10.0.1.1", "", "", "10.0.4.1", "10.0.9.9"})}), "web1", "db");
  maker.add(report(2, {path(1, {"10.0.1.1", "", "", "10.0.4.1", "10.0.9.9"})}), "web1", "db");
  maker.add(report(3, {path(1, {"10.0.1.1", "", "10.0.5.1", "10.0.9.9"})}), "web1", "db");
  const PathGraph graph = std::move(maker).finish();
  EXPECT_EQ(std::ranges::count(graph.nodes, GraphNode::Kind::Silent, &GraphNode::kind), 3);
  const auto& shared = graph.ways[0].nodes;
  EXPECT_EQ(shared, graph.ways[1].nodes);
  EXPECT_NE(shared[2], shared[3]) << "two in a row are two";
}

TEST(PathGraph, links_tell_their_own_loss_and_delay) {
  Path one = path(1, {"10.0.1.1", "10.0.2.1", "10.0.9.9"});
  one.hops[0].forwarding_loss.value = 20;
  one.hops[1].forwarding_loss.value = 60;
  one.hops[2].forwarding_loss.value = 60;
  one.hops[1].added = Microseconds(3'000);
  Path other = one;
  other.hops[1].added = Microseconds(5'000);
  PathGraphMaker maker;
  maker.add(report(1, {one}), "web1", "db");
  maker.add(report(2, {other}), "web1", "db");
  const PathGraph graph = std::move(maker).finish();
  const GraphLink& lossy = link(graph, "hop 10.0.1.1", "hop 10.0.2.1");
  EXPECT_DOUBLE_EQ(lossy.loss_percent.value(), 50) << "of the 80 % that came so far";
  EXPECT_EQ(lossy.added, Microseconds(4'000));
  EXPECT_DOUBLE_EQ(link(graph, "hop 10.0.2.1", "destination db 10.0.9.9").loss_percent.value(), 0);
}

TEST(PathGraph, issues_stand_at_their_hop_once_and_trouble_their_link) {
  PathReport bad = report(1, {path(1, {"10.0.1.1", "10.0.2.1", "10.0.9.9"}),
                              path(2, {"10.0.1.1", "10.0.3.1", "10.0.9.9"})});
  bad.issues = {{.kind = PathIssueKind::ForwardingLoss,
                 .path = PathId{1},
                 .from_ttl = 1,
                 .to_ttl = 2,
                 .text = "loses 5 %"},
                {.kind = PathIssueKind::PerPacketBalancing,
                 .path = PathId{2},
                 .from_ttl = 2,
                 .to_ttl = 3,
                 .text = "balances"}};
  PathReport same = bad;
  same.test = TestId{2};
  PathGraphMaker maker;
  maker.add(bad, "web1", "db");
  maker.add(same, "web1", "db");
  const PathGraph graph = std::move(maker).finish();
  const GraphNode& hop = find(graph, "hop 10.0.2.1");
  ASSERT_EQ(hop.issues.size(), 1U);
  EXPECT_EQ(hop.issues.front().text, "loses 5 %");
  EXPECT_TRUE(find(graph, "hop 10.0.3.1").issues.empty());
  EXPECT_TRUE(link(graph, "hop 10.0.1.1", "hop 10.0.2.1").is_troubled);
  EXPECT_FALSE(link(graph, "hop 10.0.1.1", "hop 10.0.3.1").is_troubled);
  EXPECT_FALSE(link(graph, "hop 10.0.3.1", "destination db 10.0.9.9").is_troubled)
      << "balancing is no trouble";
}

TEST(PathGraph, a_way_that_ends_early_still_leads_to_its_destination) {
  Path broken = path(1, {"10.0.1.1", "10.0.2.1"});
  broken.is_reached = false;
  PathReport told = report(1, {broken});
  told.issues = {{.kind = PathIssueKind::Broken,
                  .path = PathId{1},
                  .from_ttl = 2,
                  .to_ttl = 9,
                  .text = "nothing answers behind it"}};
  PathGraphMaker maker;
  maker.add(told, "web1", "db");
  const PathGraph graph = std::move(maker).finish();
  ASSERT_EQ(graph.ways.front().nodes.size(), 4U);
  const GraphLink& last = link(graph, "hop 10.0.2.1", "destination db 10.0.9.9");
  EXPECT_TRUE(last.is_troubled);
  EXPECT_FALSE(last.loss_percent.has_value()) << "not measured";
}

TEST(PathGraph, of_a_report_without_paths_has_the_source_only) {
  PathGraphMaker maker;
  maker.add(report(1, {}), "web1", "db");
  EXPECT_EQ(std::move(maker).finish().nodes.size(), 1U);
  EXPECT_TRUE(PathGraphMaker().finish().nodes.empty());
}

}  // namespace
}  // namespace lw::topology
