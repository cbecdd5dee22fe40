// SPDX-License-Identifier: Apache-2.0
#include "scenarios/many_ways.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "scenarios/virtual_tracer.h"

namespace lw::scenarios {
namespace {

constexpr std::uint32_t kTargets = 10'000;

/// The promise of docs/paths.md, "No router is asked too often", at the scale of `bench/trace`.
TEST(ManyWays, ten_thousand_are_known_in_three_minutes_and_routers_are_left_alone) {
  ManyWays ways(kTargets, Seconds(60));
  constexpr Seconds kBegin{180};
  ways.run_until(kStart + kBegin);
  const RouterTree::Asked begin = ways.tree().asked();
  fmt::print("{} ways known, {} of {} questions too soon\n", ways.known().whole, begin.too_soon,
             begin.routers);
  EXPECT_GE(ways.known().whole, kTargets - 50);
  EXPECT_EQ(ways.known().wrong_hops, 0U);
  EXPECT_LE(begin.too_soon, begin.routers / 100);
  // Each that comes too soon takes a blind turn of its TTL with it, and may make two pairs.
  const auto turns_max = static_cast<std::uint64_t>(32 + kBegin.count());
  for (const std::uint64_t too_soon : begin.too_soon_at) EXPECT_LE(too_soon, 2 * turns_max);

  ways.run_until(kStart + kBegin + Seconds(60));
  const RouterTree::Asked& asked = ways.tree().asked();
  fmt::print("then {} of {}; {} silences\n", asked.too_soon - begin.too_soon,
             asked.routers - begin.routers, ways.known().silences);
  EXPECT_LE(asked.too_soon - begin.too_soon, (asked.routers - begin.routers) / 1'000);
  EXPECT_EQ(ways.known().silences, 0U);
}

TEST(ManyWays, routers_are_left_alone_by_udp_as_well) {
  ManyWays ways(2'000, Seconds(60), TraceProtocol::Udp);
  ways.run_until(kStart + Seconds(180));
  const RouterTree::Asked begin = ways.tree().asked();
  fmt::print("{} ways known, {} of {} questions too soon\n", ways.known().whole, begin.too_soon,
             begin.routers);
  ways.run_until(kStart + Seconds(240));
  const RouterTree::Asked& asked = ways.tree().asked();
  fmt::print("then {} of {}; {} silences\n", asked.too_soon - begin.too_soon,
             asked.routers - begin.routers, ways.known().silences);
  // Before searches took blind turns: 71,774 of 137,379.
  EXPECT_LE(begin.too_soon, begin.routers / 25);
  EXPECT_LE(asked.too_soon - begin.too_soon, (asked.routers - begin.routers) / 40);
  for (const std::uint64_t too_soon : begin.too_soon_at) EXPECT_LE(too_soon, 2 * (32 + 180U));
  // Fewer than by ICMP: what a limited destination keeps back hides hops before it as well.
  EXPECT_GE(ways.known().whole, 1'300U);
  EXPECT_EQ(ways.known().wrong_hops, 0U);
}

TEST(ManyWays, who_asks_for_a_trace_mostly_gets_all_of_it_though_others_ask_all_the_time) {
  ManyWays ways(2'000, Seconds(10));
  ways.run_until(kStart + Seconds(4));
  int whole = 0;
  for (std::uint32_t i = 0; i < 20; ++i) whole += ways.request(1'900 - 90 * i) ? 1 : 0;
  EXPECT_GE(whole, 10);
}

}  // namespace
}  // namespace lw::scenarios
