// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "model/path.h"

/// The ways of many tests put together into one graph, to be drawn. Pure.
namespace lw::topology {

struct GraphIssue {
  PathIssueKind kind = PathIssueKind::ForwardingLoss;
  std::string text;
  bool operator==(const GraphIssue&) const = default;
};

struct GraphNode {
  enum class Kind { Source, Hop, Silent, Destination };
  Kind kind = Kind::Hop;
  /// Stays the same from one graph to the next while the place does.
  std::string id;
  std::optional<IpAddress> address = {};
  std::string name = {};     ///< of the endpoint, or reverse DNS
  std::string network = {};  ///< AS or site
  HopLabels labels = 0;
  std::vector<GraphIssue> issues = {};  ///< each once
  std::size_t tests = 0;                ///< that pass through it
  std::size_t ttl = 0;                  ///< the least at which it was seen; the source has 0
};

struct GraphLink {
  std::size_t from = 0;  ///< of nodes
  std::size_t to = 0;
  std::size_t flows = 0;
  std::size_t tests = 0;
  std::optional<Microseconds> added = {};   ///< mean of what it adds to the round trip
  std::optional<double> loss_percent = {};  ///< mean of what gets lost on it on the way there
  bool is_troubled = false;                 ///< an issue blames it
};

/// One path of one test, from its source to its destination.
struct GraphWay {
  TestId test;
  std::vector<std::size_t> nodes;
  std::size_t flows = 0;
};

struct PathGraph {
  std::vector<GraphNode> nodes;
  std::vector<GraphLink> links;
  std::vector<GraphWay> ways;  ///< of a test the one that most flows take first
};

/// Takes in reports one by one. Hops with one address are one node, whatever their TTL; silent ones
/// are one if they lie between the same two places. Endpoints are told apart by name and address.
class PathGraphMaker {
 public:
  void add(const PathReport& report, std::string_view source, std::string_view destination);
  [[nodiscard]] PathGraph finish() &&;

 private:
  struct Sum {
    double added_us = 0, loss = 0;
    std::size_t added_count = 0, loss_count = 0;
    TestId last_test;
  };
  void add_path(const PathReport& report, const Path& path, std::size_t source,
                std::string_view destination);
  std::size_t node(GraphNode node, TestId test);
  std::size_t hop_node(const Path& path, std::size_t index, std::size_t before, TestId test);
  std::size_t link(std::size_t from, std::size_t to, std::size_t flows, TestId test);
  void add_issues(const PathReport& report, const Path& path,
                  const std::vector<std::size_t>& nodes);

  PathGraph graph_;
  std::map<std::string, std::size_t, std::less<>> known_;
  std::map<std::pair<std::size_t, std::size_t>, std::size_t> links_;
  std::vector<TestId> last_test_;  ///< by node: of the last that was counted
  std::vector<Sum> sums_;          ///< by link
};

}  // namespace lw::topology
