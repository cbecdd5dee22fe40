// SPDX-License-Identifier: Apache-2.0
#include "trace/multipath.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <vector>

namespace lw::trace {
namespace {

/// The destination is node 0, routers are 1 and up, the first is 1.
IpAddress address_of(int node) {
  IpAddress address;
  address.bytes = {10, 0, static_cast<std::uint8_t>(node / 256),
                   static_cast<std::uint8_t>(node % 256)};
  return address;
}

std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

/// Routers that balance flows (or packets) evenly over their next hops, each by a hash of its own.
struct Network {
  std::map<int, std::vector<int>> next;
  std::set<int> silent;
  std::set<int> per_packet;
  double loss = 0;
  std::uint64_t seed = 1;
  std::mt19937_64 chance{1};
  std::size_t probes = 0;

  int choose(int node, std::uint16_t flow) {
    const auto& ways = next.at(node);
    const std::uint64_t pick =
        per_packet.contains(node)
            ? chance()
            : mixed(seed * 1'000'003 + static_cast<std::uint64_t>(node) * 65'536 + flow);
    return ways[mixed(pick) % ways.size()];
  }

  int node_at(std::uint16_t flow, int ttl) {
    int node = 1;
    for (int i = 1; i < ttl && node != 0; ++i) node = choose(node, flow);
    return node;
  }

  TraceProbe probe(std::uint16_t flow, int ttl) {
    ++probes;
    const int node = node_at(flow, ttl);
    TraceProbe probe{.flow = flow, .ttl = static_cast<std::uint8_t>(ttl), .reply = {}};
    const bool is_lost = std::uniform_real_distribution<>(0, 1)(chance) < loss;
    if (silent.contains(node) || is_lost) return probe;
    probe.reply.answer = node == 0 ? HopAnswer::Destination : HopAnswer::TimeExceeded;
    probe.reply.from = address_of(node);
    return probe;
  }

  Trace trace(const MultipathStep& step) {
    Trace trace;
    for (const std::uint16_t flow : step.flows) {
      for (int ttl = step.first_ttl; ttl <= std::min<int>(step.ttl_max, 30); ++ttl) {
        bool is_end = false;
        for (int i = 0; i < step.probes_per_hop; ++i) {
          trace.probes.push_back(probe(flow, ttl));
          is_end |= trace.probes.back().reply.answer == HopAnswer::Destination;
        }
        if (is_end) break;
      }
    }
    return trace;
  }

  /// All links between routers that answer, by address.
  std::set<std::pair<IpAddress, IpAddress>> true_links() const {
    std::set<std::pair<IpAddress, IpAddress>> links;
    std::set<int> reached{1};
    for (std::size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const int node : std::set<int>(reached)) {
        if (node == 0) continue;
        for (const int to : next.at(node)) {
          links.emplace(address_of(node), address_of(to));
          reached.insert(to);
        }
      }
    }
    return links;
  }
};

void explore(Multipath& multipath, Network& network) {
  int steps = 0;
  while (const auto step = multipath.next()) {
    ASSERT_FALSE(step->flows.empty());
    ASSERT_LT(++steps, 2'000);
    multipath.add(network.trace(*step));
  }
  EXPECT_TRUE(multipath.is_complete());
}

std::set<std::pair<IpAddress, IpAddress>> pairs(const std::set<MultipathLink>& links) {
  std::set<std::pair<IpAddress, IpAddress>> found;
  for (const MultipathLink& link : links) found.emplace(link.from, link.to);
  return found;
}

/// Whatever else: no link and no path that is not there.
void expect_true(const Multipath& multipath, Network& network) {
  const auto truth = network.true_links();
  for (const MultipathLink& link : multipath.links()) {
    if (link.to_ttl == link.from_ttl + 1) {
      EXPECT_TRUE(truth.contains({link.from, link.to}))
          << to_string(link.from) << " " << to_string(link.to);
    }
  }
  for (const MultipathPath& path : multipath.paths()) {
    for (std::size_t i = 0; i < path.hops.size(); ++i) {
      if (!path.hops[i]) continue;
      EXPECT_EQ(*path.hops[i], address_of(network.node_at(path.flow, static_cast<int>(i) + 1)));
    }
  }
}

/// Routers 1, 2, then `ways` beside one another, then two more and the destination.
Network diamond(int ways) {
  Network network;
  network.next = {{1, {2}}, {2, {}}, {200, {201}}, {201, {0}}};
  for (int i = 0; i < ways; ++i) {
    network.next[2].push_back(10 + i);
    network.next[10 + i] = {200};
  }
  return network;
}

TEST(Multipath, has_the_published_stopping_points) {
  const std::array<std::size_t, 16> published = {6,  11, 16, 21, 27, 33, 38, 44,
                                                 51, 57, 63, 70, 76, 83, 90, 96};
  for (std::size_t i = 0; i < published.size(); ++i) EXPECT_EQ(flows_needed(i + 1), published[i]);
  const std::array<std::size_t, 8> at_one_percent = {8, 15, 21, 28, 36, 43, 51, 58};
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(flows_needed(i + 1, 0.01), at_one_percent[i]);
}

TEST(Multipath, needs_more_flows_the_more_ways_there_are_and_the_surer_it_is_to_be) {
  for (std::size_t found = 2; found < 120; ++found) {
    EXPECT_GT(flows_needed(found), flows_needed(found - 1));
    EXPECT_GT(flows_needed(found, 0.001), flows_needed(found));
  }
  EXPECT_EQ(flows_needed(0), flows_needed(1));
}

TEST(Multipath, spends_six_probes_a_hop_on_a_way_without_balancers) {
  Network network = diamond(1);
  Multipath multipath;
  explore(multipath, network);
  EXPECT_EQ(network.probes, 36U);
  ASSERT_EQ(multipath.paths().size(), 1U);
  EXPECT_EQ(multipath.paths()[0].hops.size(), 6U);
  EXPECT_TRUE(multipath.paths()[0].is_reached);
  EXPECT_EQ(multipath.links().size(), 5U);
  EXPECT_FALSE(multipath.is_exhausted());
}

TEST(Multipath, wants_the_same_until_it_is_told_the_outcome) {
  const Multipath multipath;
  EXPECT_EQ(multipath.next(), multipath.next());
  EXPECT_FALSE(multipath.is_complete());
  EXPECT_EQ(multipath.next()->flows.size(), 6U);
  EXPECT_EQ(multipath.next()->ttl_max, 30);
}

/// How often a wide balancer is not found in full, and what it costs.
void check_widths(int ways, bool is_lite, std::size_t probes_max, int seeds) {
  int failures = 0;
  std::size_t probes = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    Network network = diamond(ways);
    network.seed = static_cast<std::uint64_t>(seed);
    Multipath multipath({.is_lite = is_lite});
    explore(multipath, network);
    if (seed % 10 == 0) expect_true(multipath, network);
    ASSERT_FALSE(testing::Test::HasFailure()) << seed;
    const auto found = multipath.routers_at(3).size();
    EXPECT_LE(found, static_cast<std::size_t>(ways));
    failures += found < static_cast<std::size_t>(ways) ? 1 : 0;
    EXPECT_EQ(multipath.paths().size(), found);
    EXPECT_TRUE(multipath.per_packet_ttls().empty());
    probes += network.probes;
  }
  // 5 % and three standard deviations of so many tries.
  EXPECT_LE(failures, 0.05 * seeds + 3 * std::sqrt(0.05 * 0.95 * seeds));
  const std::size_t mean = probes / static_cast<std::size_t>(seeds);
  EXPECT_LE(mean, probes_max);
  testing::Test::RecordProperty("failures", failures);
  testing::Test::RecordProperty("probes", static_cast<int>(mean));
}

TEST(Multipath, finds_two_ways) { check_widths(2, false, 80, 1'000); }
TEST(Multipath, finds_four_ways) { check_widths(4, false, 150, 1'000); }
TEST(Multipath, finds_eight_ways) { check_widths(8, false, 280, 150); }
TEST(Multipath, finds_sixteen_ways) { check_widths(16, false, 560, 60); }
TEST(Multipath, finds_sixteen_ways_with_fewer_probes_if_it_need_not_look_behind_each) {
  check_widths(16, true, 360, 150);
}

TEST(Multipath, finds_all_of_balancers_behind_balancers_nearly_always) {
  int failures = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    // 1 → 2, 3 → each two more → 200 → 201, 202 → 0, meshed at the end.
    Network network;
    network.next = {{1, {2, 3}},       {2, {4, 5}},       {3, {6, 7}}, {4, {200}},
                    {5, {200}},        {6, {200}},        {7, {200}},  {200, {201, 202}},
                    {201, {210, 211}}, {202, {210, 211}}, {210, {0}},  {211, {0}}};
    network.seed = seed;
    Multipath multipath({.failure_max = 0.05 / 6});  // for each of six that balance
    explore(multipath, network);
    expect_true(multipath, network);
    ASSERT_FALSE(HasFailure()) << seed;
    failures += pairs(multipath.links()) == network.true_links() ? 0 : 1;
    // The kept flows hold every link that was found.
    std::set<std::pair<IpAddress, IpAddress>> held;
    for (const MultipathPath& path : multipath.paths()) {
      for (std::size_t i = 1; i < path.hops.size(); ++i) {
        held.emplace(*path.hops[i - 1], *path.hops[i]);
      }
    }
    EXPECT_EQ(held, pairs(multipath.links()));
  }
  EXPECT_LE(failures, 10 + 10);
}

TEST(Multipath, finds_ways_of_unequal_length_without_a_false_link) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Network network;
    network.next = {{1, {2, 3}}, {2, {4}}, {3, {4}}, {4, {5, 6}}, {5, {9}},
                    {6, {7}},    {7, {8}}, {8, {9}}, {9, {0}}};
    network.seed = seed;
    Multipath multipath({.failure_max = 1e-6});
    explore(multipath, network);
    expect_true(multipath, network);
    EXPECT_EQ(pairs(multipath.links()), network.true_links()) << seed;
    EXPECT_GE(multipath.paths().size(), 2U);
    for (const auto& path : multipath.paths()) EXPECT_TRUE(path.is_reached);
  }
}

TEST(Multipath, recognises_balancing_of_packets_and_does_not_follow_it_for_ever) {
  int missed = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Network network = diamond(8);
    network.per_packet = {2};
    network.seed = seed;
    network.chance.seed(seed);
    Multipath multipath;
    explore(multipath, network);
    missed += multipath.per_packet_ttls() == std::vector<std::uint8_t>{3} ? 0 : 1;
    EXPECT_LE(network.probes, 60U);
    ASSERT_EQ(multipath.paths().size(), 1U);
    EXPECT_EQ(multipath.paths()[0].hops[2], std::nullopt);
    for (const auto& link : multipath.links()) EXPECT_NE(link.from_ttl, 3);
  }
  EXPECT_EQ(missed, 0);
}

TEST(Multipath, makes_no_false_link_behind_balancing_of_packets) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    // Two ways of three routers each: at every TTL of them packets part.
    Network network;
    network.next = {{1, {2, 3}}, {2, {4}}, {3, {5}}, {4, {6}},
                    {5, {7}},    {6, {8}}, {7, {8}}, {8, {0}}};
    network.per_packet = {1};
    network.chance.seed(seed);
    Multipath multipath({.repeats = 12});
    explore(multipath, network);
    const auto truth = network.true_links();
    for (const auto& [from, to] : pairs(multipath.links())) {
      EXPECT_TRUE(truth.contains({from, to})) << seed;
    }
    EXPECT_LE(network.probes, 120U);
  }
}

TEST(Multipath, looks_past_silent_routers_and_says_which_links_hide_them) {
  Network network = diamond(4);
  network.silent = {200};
  Multipath multipath({.failure_max = 0.001});
  explore(multipath, network);
  const auto links = multipath.links();
  EXPECT_EQ(links.size(), 1U + 4U + 4U + 1U);
  EXPECT_TRUE(links.contains({3, 5, address_of(10), address_of(201)}));
  EXPECT_EQ(multipath.paths().size(), 4U);
}

TEST(Multipath, ends_behind_the_last_router_that_answers) {
  Network network = diamond(2);
  network.silent = {0};
  Multipath multipath;
  explore(multipath, network);
  ASSERT_GE(multipath.paths().size(), 1U);
  EXPECT_EQ(multipath.paths()[0].hops.size(), 5U);
  EXPECT_FALSE(multipath.paths()[0].is_reached);
}

TEST(Multipath, ends_where_nothing_answers) {
  Network network = diamond(2);
  network.loss = 1.1;
  Multipath multipath;
  explore(multipath, network);
  EXPECT_TRUE(multipath.links().empty());
  EXPECT_LE(network.probes, 6U * 30U);
}

TEST(Multipath, finds_the_ways_though_answers_get_lost) {
  int failures = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Network network = diamond(4);
    network.loss = 0.1;
    network.seed = seed;
    network.chance.seed(seed);
    Multipath multipath;
    explore(multipath, network);
    expect_true(multipath, network);
    ASSERT_FALSE(HasFailure()) << seed;
    failures += multipath.routers_at(3).size() < 4 ? 1 : 0;
  }
  EXPECT_LE(failures, 5 + 7);
}

TEST(Multipath, says_when_flows_ran_out) {
  Network network = diamond(16);
  Multipath multipath({.flows_max = 20});
  explore(multipath, network);
  EXPECT_TRUE(multipath.is_exhausted());
  expect_true(multipath, network);
}

TEST(Multipath, does_not_ask_for_ever_for_what_cannot_be_sent) {
  Multipath multipath;
  int steps = 0;
  while (multipath.next() && ++steps < 1'000) multipath.add(Trace{});
  EXPECT_LT(steps, 100);
  EXPECT_TRUE(multipath.paths().size() <= 1);
}

TEST(Multipath, stays_true_in_any_network) {
  for (std::uint64_t seed = 1; seed <= 80; ++seed) {
    std::mt19937 chance(static_cast<std::uint32_t>(seed));
    const auto pick = [&](int below) {
      return static_cast<int>(chance() % static_cast<std::uint32_t>(below));
    };
    Network network;
    // Layers of routers; each leads on to some of the next, at times to one further on.
    const int layers = 2 + pick(6);
    std::vector<std::vector<int>> nodes{{1}};
    for (int i = 1, id = 2; i < layers; ++i) {
      nodes.emplace_back();
      for (int n = pick(5); n >= 0; --n) nodes.back().push_back(id++);
    }
    nodes.push_back({0});
    for (std::size_t i = 0; i + 1 < nodes.size(); ++i) {
      for (const int node : nodes[i]) {
        for (int n = pick(4); n >= 0; --n) {
          const auto& to = i + 2 < nodes.size() && pick(6) == 0 ? nodes[i + 2] : nodes[i + 1];
          const int way = to[static_cast<std::size_t>(pick(static_cast<int>(to.size())))];
          if (std::count(network.next[node].begin(), network.next[node].end(), way) == 0) {
            network.next[node].push_back(way);
          }
        }
        if (pick(12) == 0) network.silent.insert(node);
      }
    }
    network.seed = seed;
    network.chance.seed(seed);
    network.loss = pick(3) == 0 ? 0.2 : 0;
    Multipath multipath({.is_lite = pick(2) == 0});
    explore(multipath, network);
    for (const auto& path : multipath.paths()) EXPECT_FALSE(path.hops.empty());
    expect_true(multipath, network);
    ASSERT_FALSE(HasFailure()) << seed;
  }
}

}  // namespace
}  // namespace lw::trace
