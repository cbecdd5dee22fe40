// SPDX-License-Identifier: Apache-2.0
#include "agent/path_neighbours.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/test_times.h"

namespace lw::agent {
namespace {

/// Targets with the ways that one trace found.
class Ways {
 public:
  /// `hops`: who answered at each TTL, "" for nobody, "-" if nobody was asked.
  void add(const std::string& address, const std::vector<std::string>& hops) {
    const TargetKey key{*parse_ip_address(address), {}};
    ids_[key] = targets_.size();
    PathTarget& target = targets_.emplace_back(key, kNow);
    target.add(TestId{targets_.size()});
    Trace trace{.started = kNow};
    trace.destination = key.address;
    for (const std::string& hop : hops) {
      TraceProbe probe{.ttl = static_cast<std::uint8_t>(trace.probes.size() + 1)};
      if (hop == "-") probe.reply.answer = HopAnswer::NotAsked;
      if (!hop.empty() && hop != "-") {
        const bool is_end = *parse_ip_address(hop) == key.address;
        probe.reply = {.answer = is_end ? HopAnswer::Destination : HopAnswer::TimeExceeded,
                       .from = *parse_ip_address(hop),
                       .rtt = Milliseconds(1)};
      }
      trace.probes.push_back(probe);
    }
    target.take(trace, false, kNow);
  }

  [[nodiscard]] trace::Way supposed(const std::string& address) const {
    return supposed_way(ids_, {*parse_ip_address(address), {}},
                        [this](std::uint64_t id) -> const PathTarget& { return targets_[id]; });
  }

 private:
  std::map<TargetKey, std::uint64_t> ids_;
  std::vector<PathTarget> targets_;
};

trace::Way way(const std::vector<std::string>& hops) {
  trace::Way found;
  for (const std::string& hop : hops) {
    found.push_back(hop.empty() ? std::nullopt : parse_ip_address(hop));
  }
  return found;
}

TEST(PathNeighbours, who_shares_the_longest_beginning_is_asked_first) {
  Ways ways;
  ways.add("10.9.7.255", {"10.0.0.1", "10.0.0.7", "10.9.7.255"});
  ways.add("10.9.8.9", {"10.0.0.1", "10.0.0.8", "10.9.8.9"});
  ways.add("2001:db8::1", {"fe80::1", "2001:db8::1"});
  EXPECT_EQ(ways.supposed("10.9.8.1"), way({"10.0.0.1", "10.0.0.8", "10.9.8.1"}))
      << "10.9.7.255 is nearer in number, and on another side of a prefix";
  EXPECT_EQ(ways.supposed("2001:db8::2"), way({"fe80::1", "2001:db8::2"}));
}

TEST(PathNeighbours, each_hop_is_that_of_the_nearest_that_knows_it) {
  Ways ways;
  ways.add("10.9.8.2", {"-", "10.0.0.8", "-", "10.9.8.2"});
  ways.add("10.9.8.4", {"10.0.0.1", "10.0.0.9", "10.0.1.9", "10.0.2.9", "10.9.8.4"});
  EXPECT_EQ(ways.supposed("10.9.8.3"), way({"10.0.0.1", "10.0.0.8", "10.0.1.9", "10.9.8.3"}));
}

TEST(PathNeighbours, without_any_nothing_is_supposed) {
  EXPECT_TRUE(Ways{}.supposed("10.0.0.1").empty());
  Ways ways;
  ways.add("10.9.9.9", {"", ""});
  EXPECT_TRUE(ways.supposed("10.9.9.8").empty());
}

}  // namespace
}  // namespace lw::agent
