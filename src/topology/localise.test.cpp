// SPDX-License-Identifier: Apache-2.0
#include "topology/localise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "topology/localise_incidence.h"

namespace lw::topology {
namespace {

using std::chrono::milliseconds;

/// Two agents behind one gateway; two providers; two destinations.
struct Network {
  NodeTable nodes;
  std::vector<PathObservation> observations;

  NodeKey router(std::uint8_t number) {
    return nodes.router(IpAddress{.bytes = {10, 0, 0, number}});
  }
  PathObservation& add(std::uint64_t test, std::vector<NodeKey> way, std::uint32_t checks = 100) {
    observations.push_back({.test = TestId{test}, .way = std::move(way), .checks = checks});
    return observations.back();
  }
  /// Every agent to every destination over every provider, by way of 10.0.0.1 and 10.0.0.(2 or 3).
  void add_all() {
    std::uint64_t test = 0;
    for (const char* agent : {"a1", "a2"}) {
      for (const char* destination : {"d1", "d2"}) {
        ++test;
        for (const std::uint8_t provider : {std::uint8_t{2}, std::uint8_t{3}}) {
          add(test,
              {nodes.source(agent), router(1), router(provider), nodes.destination(destination)});
        }
      }
    }
  }
  void lose(const std::vector<NodeKey>& link, std::uint32_t lost) {
    for (PathObservation& observation : observations) {
      const auto at = std::ranges::search(observation.way, link);
      if (!at.empty()) observation.lost = lost;
    }
  }
};

TEST(Localise, says_nothing_without_observations_or_without_loss) {
  Network network;
  EXPECT_TRUE(localise_loss({}, network.nodes).faults.empty());
  network.add_all();
  EXPECT_TRUE(localise_loss(network.observations, network.nodes).faults.empty());
  EXPECT_TRUE(localise_delay(network.observations, network.nodes).faults.empty());
}

TEST(Localise, names_the_one_link_that_all_failing_flows_share_and_healthy_ones_do_not) {
  Network network;
  network.add_all();
  network.lose({network.router(1), network.router(2)}, 20);
  const Localisation result = localise_loss(network.observations, network.nodes);
  ASSERT_EQ(result.faults.size(), 1U);
  const LocalisedFault& fault = result.faults.front();
  ASSERT_EQ(fault.links.size(), 1U);
  EXPECT_EQ(fault.links.front(), (PathLink{.from = network.router(1), .to = network.router(2)}));
  EXPECT_NEAR(fault.loss->value, 20, 0.5);
  EXPECT_GT(fault.loss->low, 15);
  EXPECT_LT(fault.loss->high, 25);
  EXPECT_GT(fault.confidence, 0.95);
  EXPECT_EQ(fault.affected_share, 1);
  EXPECT_EQ(fault.place, FaultPlace::OnTheWay);
  EXPECT_EQ(fault.tests, (std::vector{TestId{1}, TestId{2}, TestId{3}, TestId{4}}));
  EXPECT_EQ(fault.crossing.failing_of, 4U);
  EXPECT_EQ(fault.text.substr(0, 30), "this link loses 20 % (16–24 ");
  EXPECT_TRUE(result.unexplained.empty());
}

TEST(Localise, puts_trouble_of_all_tests_of_one_agent_next_to_the_agent) {
  Network network;
  network.add_all();
  network.lose({network.nodes.source("a1"), network.router(1)}, 10);
  const Localisation result = localise_loss(network.observations, network.nodes);
  ASSERT_EQ(result.faults.size(), 1U);
  EXPECT_EQ(result.faults.front().place, FaultPlace::Source);
  EXPECT_EQ(result.faults.front().crossing.failing, 2U);
  EXPECT_EQ(result.faults.front().crossing.failing_of, 2U);
  EXPECT_EQ(result.faults.front().crossing.healthy, 0U);
  EXPECT_EQ(result.faults.front().crossing.healthy_of, 2U);
  EXPECT_TRUE(result.faults.front().text.starts_with("all tests from agent a1: "));
}

TEST(Localise, puts_trouble_of_all_tests_to_one_destination_next_to_it) {
  Network network;
  network.add_all();
  network.lose({network.router(2), network.nodes.destination("d2")}, 10);
  network.lose({network.router(3), network.nodes.destination("d2")}, 10);
  const Localisation result = localise_loss(network.observations, network.nodes);
  ASSERT_EQ(result.faults.size(), 2U);  // Both links into it: it has no link of its own.
  for (const LocalisedFault& fault : result.faults) {
    EXPECT_EQ(fault.place, FaultPlace::Destination);
    EXPECT_TRUE(fault.text.starts_with("all tests to d2: "));
  }
}

/// d1 behind a chain 2 - 4 - 5, which no measured way divides; d2 behind 2 alone.
Network chain() {
  Network network;
  for (const std::uint64_t test : {1U, 2U}) {
    const NodeKey agent = network.nodes.source("a" + std::to_string(test));
    network
        .add(test, {agent, network.router(1), network.router(2), network.router(4),
                    network.router(5), network.nodes.destination("d1")})
        .lost = 30;
    network.add(test + 10,
                {agent, network.router(1), network.router(2), network.nodes.destination("d2")});
  }
  return network;
}

TEST(Localise, names_all_links_that_nothing_tells_apart_and_asks_for_a_check_half_way) {
  Network network = chain();
  const Localisation result = localise_loss(network.observations, network.nodes);
  ASSERT_EQ(result.faults.size(), 1U);
  const LocalisedFault& fault = result.faults.front();
  EXPECT_EQ(fault.links.size(), 3U);
  ASSERT_TRUE(fault.next_probe);
  EXPECT_EQ(fault.next_probe->until, network.router(4));
  EXPECT_EQ(network.observations[fault.next_probe->observation].lost, 30U);
  EXPECT_NE(fault.text.find("one of these links loses 30 %"), std::string::npos);
}

TEST(Localise, proposes_a_known_way_that_is_not_measured_before_a_part_of_one) {
  Network network = chain();
  network.add(20,
              {network.nodes.source("a1"), network.router(9), network.router(4), network.router(5),
               network.nodes.destination("d1")},
              0);
  const Localisation result = localise_loss(network.observations, network.nodes);
  ASSERT_EQ(result.faults.size(), 1U);
  ASSERT_TRUE(result.faults.front().next_probe);
  EXPECT_EQ(result.faults.front().next_probe->observation, 4U);
  EXPECT_EQ(result.faults.front().next_probe->until, kUnknownNode);
}

TEST(Localise, loss_of_one_flow_among_many_healthy_ones_is_its_own) {
  Network network;
  for (int i = 0; i < 5; ++i) network.add_all();
  network.observations[7].lost = 30;
  const Localisation result = localise_loss(network.observations, network.nodes);
  EXPECT_TRUE(result.faults.empty());
  EXPECT_EQ(result.unexplained, std::vector{network.observations[7].test});
}

TEST(Localise, loss_of_a_third_of_the_flows_of_a_link_is_not_certain_to_be_the_links) {
  Network network;
  for (int i = 0; i < 12; ++i) network.add_all();
  network.lose({network.router(1), network.router(2)}, 8);
  for (std::size_t i = 0; i < network.observations.size(); ++i) {
    if (i % 3 != 0) network.observations[i].lost = 0;
  }
  for (const LocalisedFault& fault : localise_loss(network.observations, network.nodes).faults) {
    EXPECT_LT(fault.affected_share, 0.5);
    EXPECT_LE(fault.confidence, 0.3);
  }
}

TEST(Localise, a_link_that_is_new_is_blamed_on_less_evidence) {
  Network network;
  network.add_all();
  network.lose({network.router(1), network.router(2)}, 3);
  network.observations[0].lost = 0;
  network.observations[2].lost = 1;
  const PathLink link{.from = network.router(1), .to = network.router(2)};
  LocaliseConfig config;
  config.fresh_link_bonus = 0;
  const auto before =
      localise_loss(network.observations, network.nodes, std::span(&link, 1), config);
  config.fresh_link_bonus = 8;
  const auto after =
      localise_loss(network.observations, network.nodes, std::span(&link, 1), config);
  EXPECT_TRUE(before.faults.empty());
  ASSERT_EQ(after.faults.size(), 1U);
  EXPECT_EQ(after.faults.front().links.front(), link);
}

TEST(Localise, names_a_router_that_never_answers_by_its_neighbours) {
  Network network;
  for (const std::uint64_t test : {1U, 2U, 3U, 4U}) {
    const NodeKey agent = network.nodes.source("a" + std::to_string(test));
    const NodeKey destination = network.nodes.destination("d" + std::to_string(test % 2));
    network.add(test, {agent, network.router(1), kUnknownNode, network.router(3), destination})
        .lost = 10;
    network.add(test + 10, {agent, network.router(1), network.router(7), destination});
    network.add(test + 20, {agent, network.router(8), network.router(3), destination});
  }
  const Localisation result = localise_loss(network.observations, network.nodes);
  ASSERT_EQ(result.faults.size(), 1U);
  const PathLink silent{.from = network.router(1), .to = network.router(3), .hidden = 1};
  EXPECT_EQ(std::ranges::count(result.faults.front().links, silent), 1);
}

TEST(Localise, finds_the_link_that_became_slower_and_by_how_much) {
  Network network;
  for (int i = 0; i < 3; ++i) network.add_all();
  std::mt19937 generator(1);
  for (PathObservation& observation : network.observations) {
    const bool is_slow = observation.way[2] == network.router(3);
    const double noise = std::normal_distribution<double>(0, 800)(generator);
    observation.delay_change =
        Microseconds(static_cast<int>(noise)) + (is_slow ? milliseconds(40) : milliseconds(0));
    observation.delay_spread = Microseconds(800);
  }
  const Localisation result = localise_delay(network.observations, network.nodes);
  ASSERT_EQ(result.faults.size(), 1U);
  const LocalisedFault& fault = result.faults.front();
  EXPECT_EQ(fault.links.front(), (PathLink{.from = network.router(1), .to = network.router(3)}));
  ASSERT_TRUE(fault.added);
  EXPECT_GT(fault.added->low, milliseconds(38));
  EXPECT_LT(fault.added->high, milliseconds(42));
  EXPECT_FALSE(fault.loss);
}

TEST(Localise, delay_of_one_flow_and_delay_that_is_small_are_no_findings) {
  Network network;
  for (int i = 0; i < 3; ++i) network.add_all();
  network.observations[2].delay_change = milliseconds(300);
  for (PathObservation& observation : network.observations) {
    if (observation.way[2] == network.router(3)) observation.delay_change += milliseconds(3);
  }
  EXPECT_TRUE(localise_delay(network.observations, network.nodes).faults.empty());
}

TEST(Incidence, takes_a_hop_that_is_silent_now_and_then_for_the_one_that_is_known_there) {
  Network network;
  const NodeKey agent = network.nodes.source("a1");
  const NodeKey destination = network.nodes.destination("d1");
  for (int i = 0; i < 6; ++i) network.add(1, {agent, network.router(1), destination});
  network.add(1, {agent, kUnknownNode, destination});
  const Incidence incidence = build_incidence(network.observations);
  EXPECT_EQ(incidence.links.size(), 2U);
  EXPECT_EQ(incidence.groups.size(), 1U);
  EXPECT_EQ(incidence.measured_of[0].size(), 7U);
}

// The changes tried lay 5 ms off here, which is far for a path that scatters by 0.5 ms.
TEST(Localise, finds_a_change_that_is_large_against_the_scatter) {
  for (const int ms : {6, 20, 80, 333}) {
    Network network;
    network.add_all();
    for (PathObservation& observation : network.observations) {
      const bool is_hit = observation.way.back() == network.nodes.destination("d2");
      observation.delay_change = is_hit ? milliseconds(ms) : std::chrono::microseconds(20);
      observation.delay_spread = std::chrono::microseconds(70);
    }
    const auto faults = localise_delay(network.observations, network.nodes).faults;
    // One over each provider.
    ASSERT_EQ(faults.size(), 2U) << ms;
    for (const LocalisedFault& fault : faults) {
      EXPECT_EQ(fault.tests, (std::vector{TestId{2}, TestId{4}})) << ms;
      EXPECT_EQ(fault.added->value, milliseconds(ms));
    }
  }
}

TEST(Localise, is_quick_with_100000_observations_of_12_links) {
  Network network;
  std::mt19937 generator(3);
  const auto below = [&](std::uint32_t n) {
    return std::uniform_int_distribution<std::uint32_t>(0, n - 1)(generator);
  };
  const auto node = [&](std::uint8_t layer, std::uint32_t number) {
    return network.nodes.router(IpAddress{.bytes = {layer, static_cast<std::uint8_t>(number >> 8),
                                                    static_cast<std::uint8_t>(number)}});
  };
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    std::vector<NodeKey> way{network.nodes.source("a" + std::to_string(i % 500))};
    for (std::uint8_t layer = 1; layer <= 11; ++layer) {
      const std::uint32_t width = layer < 6 ? 400U >> layer : 400U >> (12 - layer);
      way.push_back(node(layer, (i + below(3)) % width));
    }
    way.push_back(network.nodes.destination("d" + std::to_string(i / 10)));
    PathObservation& observation = network.add(i, std::move(way));
    const bool is_hit = observation.way[6] == node(6, 1) && observation.way[7] == node(7, 2);
    observation.lost =
        std::binomial_distribution<std::uint32_t>(100, is_hit ? 0.05 : 0.002)(generator);
  }
  const std::clock_t start = std::clock();
  const Localisation result = localise_loss(network.observations, network.nodes);
  const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  std::printf("100,000 observations x 12 links: %.2f s of CPU\n", took);
  ASSERT_EQ(result.faults.size(), 1U);
  EXPECT_EQ(result.faults.front().links.front(), (PathLink{.from = node(6, 1), .to = node(7, 2)}));
}

}  // namespace
}  // namespace lw::topology
