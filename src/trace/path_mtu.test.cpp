// SPDX-License-Identifier: Apache-2.0
#include "trace/path_mtu.h"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>
#include <vector>

namespace lw::trace {
namespace {

IpAddress router(int ttl) { return *parse_ip_address("10.0." + std::to_string(ttl) + ".1"); }
const IpAddress kDestination = *parse_ip_address("203.0.113.9");

/// A way of links, each with an MTU. Router n stands before link n (0: this host).
struct Way {
  std::vector<std::uint32_t> links;
  bool tells = true;      ///< Routers say "too big".
  std::uint32_t lie = 0;  ///< what they say instead of the truth
  bool is_v6 = false;
  std::set<int> silent{};  ///< TTLs that never answer
  std::function<bool()> loses = [] { return false; };
  int probes = 0;
  std::set<std::uint32_t> sizes{};

  HopReply answer(const PathMtuProbe& probe) {
    ++probes;
    sizes.insert(probe.bytes);
    if (loses()) return {};
    const int ttl = probe.ttl.value_or(64);
    for (std::size_t i = 0; i < links.size(); ++i) {
      const int at = static_cast<int>(i);
      if (i > 0 && at == ttl) return from(HopAnswer::TimeExceeded, at);
      if (probe.bytes > links[i]) return too_big(at, links[i]);
    }
    if (silent.contains(static_cast<int>(links.size()))) return {};
    return {.answer = HopAnswer::Destination, .from = kDestination, .rtt = Microseconds(9)};
  }

  HopReply from(HopAnswer kind, int ttl) const {
    if (silent.contains(ttl)) return {};
    return {.answer = kind, .from = router(ttl), .rtt = Microseconds(9), .icmp_type = 11};
  }

  HopReply too_big(int ttl, std::uint32_t mtu) const {
    if (ttl == 0) return {.answer = HopAnswer::LocalError, .detail = "Message too long"};
    if (!tells) return {};
    HopReply reply = from(HopAnswer::Unreachable, ttl);
    reply.icmp_type = is_v6 ? 2 : 3;
    reply.icmp_code = is_v6 ? 0 : 4;
    reply.mtu = lie != 0 ? lie : mtu;
    return reply;
  }
};

PathMtuResult find(Way& way, PathMtuConfig config = {}) {
  config.is_v6 = way.is_v6;
  PathMtu search(config);
  while (const auto probe = search.next()) {
    EXPECT_LE(probe->bytes, config.bytes_max);
    search.add(way.answer(*probe));
    if (way.probes > 1'000) {
      ADD_FAILURE() << "does not end";
      break;
    }
  }
  EXPECT_TRUE(search.is_complete());
  return search.result();
}

TEST(PathMtu, needs_two_packets_where_all_is_well) {
  Way way{.links = {1'500, 1'500, 1'500}};
  const auto result = find(way);
  EXPECT_EQ(result.verdict, PathMtuVerdict::Full);
  EXPECT_EQ(result.path_mtu, 1'500U);
  EXPECT_EQ(way.probes, 2);
}

TEST(PathMtu, goes_by_what_a_router_tells_and_proves_it) {
  Way way{.links = {1'500, 1'500, 1'437, 1'500}};
  const auto result = find(way);
  EXPECT_EQ(result.verdict, PathMtuVerdict::Told);
  EXPECT_EQ(result.path_mtu, 1'437U);
  EXPECT_EQ(result.told_by, router(2));
  EXPECT_EQ(result.told_mtu, 1'437U);
  EXPECT_EQ(way.probes, 3);
}

TEST(PathMtu, follows_several_routers_down) {
  Way way{.links = {9'000, 4'470, 1'500, 1'480, 1'400}};
  const auto result = find(way, {.bytes_max = 9'000});
  EXPECT_EQ(result.path_mtu, 1'400U);
  EXPECT_EQ(result.told_by, router(4));
  EXPECT_EQ(way.probes, 6);
}

TEST(PathMtu, tells_a_black_hole_from_a_told_limit) {
  for (const std::uint32_t mtu : {1'492U, 1'480U, 1'476U, 1'420U, 1'400U, 1'280U}) {
    Way way{.links = {1'500, mtu, 1'500}, .tells = false};
    const auto result = find(way);
    EXPECT_EQ(result.verdict, PathMtuVerdict::BlackHole);
    EXPECT_EQ(result.path_mtu, mtu);
    EXPECT_EQ(result.told_by, std::nullopt);
    EXPECT_LE(way.probes, 28);
  }
}

TEST(PathMtu, finds_every_size_exactly) {
  for (std::uint32_t mtu = 577; mtu <= 1'500; ++mtu) {
    for (const bool tells : {false, true}) {
      Way way{.links = {1'500, mtu}, .tells = tells};
      EXPECT_EQ(find(way).path_mtu, mtu);
      EXPECT_LE(way.probes, 53);
    }
  }
}

TEST(PathMtu, finds_jumbo_frames) {
  for (const std::uint32_t mtu : {9'000U, 8'192U, 4'470U, 1'500U, 2'000U, 1'492U}) {
    Way way{.links = {9'000, mtu}, .tells = false};
    EXPECT_EQ(find(way, {.bytes_max = 9'000}).path_mtu, mtu);
  }
}

TEST(PathMtu, is_content_with_the_precision_that_is_wanted) {
  Way way{.links = {1'500, 1'433}, .tells = false};
  const auto result = find(way, {.precision = 16});
  EXPECT_LE(*result.path_mtu, 1'433U);
  EXPECT_GT(*result.path_mtu + 16, 1'433U);
}

TEST(PathMtu, does_not_believe_a_router_that_lies) {
  for (const std::uint32_t lie : {0U, 20U, 600U, 1'499U, 1'500U, 4'000'000'000U}) {
    Way way{.links = {1'500, 1'400}, .lie = lie};
    const auto result = find(way);
    // If less than it could be is told, that is what hosts will use.
    EXPECT_EQ(result.path_mtu, lie == 600 ? 600U : 1'400U) << lie;
    EXPECT_EQ(result.verdict, PathMtuVerdict::Told);
  }
}

TEST(PathMtu, tells_a_black_hole_behind_a_told_limit) {
  Way way{.links = {1'500, 1'480, 1'400}};
  PathMtu search({});
  while (const auto probe = search.next()) {
    HopReply reply = way.answer(*probe);
    if (reply.from == router(2) && reply.answer == HopAnswer::Unreachable) reply = {};
    search.add(reply);
  }
  EXPECT_EQ(search.result().verdict, PathMtuVerdict::BlackHole);
  EXPECT_EQ(search.result().path_mtu, 1'400U);
  EXPECT_EQ(search.result().told_mtu, 1'480U);
}

TEST(PathMtu, counts_a_size_as_lost_only_after_several_losses) {
  std::mt19937 chance(7);
  int wrong = 0;
  for (int i = 0; i < 1'000; ++i) {
    Way way{.links = {1'500, 1'500}};
    way.loses = [&chance] { return chance() % 10 == 0; };
    wrong += find(way).verdict == PathMtuVerdict::Full ? 0 : 1;
  }
  EXPECT_LE(wrong, 8);  // 0.1³ for each of two sizes: two in a thousand
}

TEST(PathMtu, never_takes_loss_of_packets_of_all_sizes_for_a_black_hole) {
  for (const unsigned percent : {10U, 30U, 50U, 70U, 90U}) {
    std::mt19937 chance(percent);
    int wrong = 0;
    for (int i = 0; i < 1'000; ++i) {
      Way way{.links = {1'500, 1'500}};
      way.loses = [&chance, percent] { return chance() % 100 < percent; };
      wrong += find(way).verdict == PathMtuVerdict::BlackHole ? 1 : 0;
    }
    // Half lost: a large one 7 times of 7 (0.8 %), of four small ones at most one (31 %).
    EXPECT_LE(wrong, 8) << percent << " % lost";
  }
}

TEST(PathMtu, finds_a_black_hole_though_a_tenth_of_all_packets_is_lost) {
  std::mt19937 chance(11);
  int right = 0;
  for (int i = 0; i < 1'000; ++i) {
    Way way{.links = {1'500, 1'400, 1'500}, .tells = false};
    way.loses = [&chance] { return chance() % 10 == 0; };
    const auto result = find(way);
    right += result.verdict == PathMtuVerdict::BlackHole && result.path_mtu == 1'400 ? 1 : 0;
  }
  EXPECT_GE(right, 900);
}

TEST(PathMtu, says_when_size_explains_nothing) {
  std::mt19937 chance(5);
  int unclear = 0;
  for (int i = 0; i < 1'000; ++i) {
    Way way{.links = {1'500, 1'500}};
    way.loses = [&chance] { return chance() % 10 < 7; };
    const auto verdict = find(way).verdict;
    unclear += verdict == PathMtuVerdict::Unclear ? 1 : 0;
    EXPECT_NE(verdict, PathMtuVerdict::Told);
  }
  EXPECT_GE(unclear, 30);  // others: no small one came through, or a large one did
}

TEST(PathMtu, says_nothing_where_small_packets_are_not_answered_either) {
  Way way{.links = {1'500, 1'500}, .silent = {2}};
  const auto result = find(way);
  EXPECT_EQ(result.verdict, PathMtuVerdict::NoAnswer);
  EXPECT_EQ(result.path_mtu, std::nullopt);
  EXPECT_EQ(way.probes, 3);
}

TEST(PathMtu, begins_smaller_where_even_the_first_packet_is_too_large) {
  Way way{.links = {1'500, 296}};
  EXPECT_EQ(find(way).path_mtu, 296U);
  Way old{.links = {1'500, 296}, .lie = 1};
  EXPECT_EQ(find(old).path_mtu, 296U);
}

TEST(PathMtu, knows_the_limit_of_this_host) {
  Way way{.links = {1'400, 1'500}};
  const auto result = find(way);
  EXPECT_EQ(result.verdict, PathMtuVerdict::Told);
  EXPECT_EQ(result.path_mtu, 1'400U);
  EXPECT_EQ(result.told_by, std::nullopt);
}

TEST(PathMtu, never_goes_below_what_ipv6_must_pass) {
  Way way{.links = {1'500, 1'300}, .is_v6 = true};
  EXPECT_EQ(find(way).path_mtu, 1'300U);
  EXPECT_GE(*way.sizes.begin(), 1'280U);
  Way broken{.links = {1'500, 1'000}, .is_v6 = true};
  EXPECT_EQ(find(broken).path_mtu, std::nullopt);
  EXPECT_GE(*broken.sizes.begin(), 1'280U);
}

TEST(PathMtu, names_the_hop_where_large_packets_end) {
  for (int hole = 0; hole <= 9; ++hole) {
    std::vector<std::uint32_t> links(10, 1'500);
    links[static_cast<std::size_t>(hole)] = 1'400;
    Way way{.links = links, .tells = false};
    if (hole == 0) continue;  // That is this host, which knows.
    const auto result = find(way, {.destination_ttl = 10});
    EXPECT_EQ(result.verdict, PathMtuVerdict::BlackHole);
    EXPECT_EQ(result.from_ttl, hole);
    EXPECT_EQ(result.to_ttl, hole + 1);
    EXPECT_EQ(result.from, router(hole));
    EXPECT_LE(way.probes, 48);
  }
}

TEST(PathMtu, names_the_hops_around_when_some_never_answer) {
  std::vector<std::uint32_t> links(10, 1'500);
  links[5] = 1'400;
  Way way{.links = links, .tells = false, .silent = {4, 5, 6}};
  const auto result = find(way, {.destination_ttl = 10});
  EXPECT_EQ(result.from_ttl, 3);
  EXPECT_EQ(result.to_ttl, 7);
  EXPECT_EQ(result.from, router(3));
}

TEST(PathMtu, names_no_hop_where_a_router_told_or_the_ttl_is_not_known) {
  Way told{.links = {1'500, 1'400}};
  EXPECT_EQ(find(told, {.destination_ttl = 2}).to_ttl, std::nullopt);
  Way unknown{.links = {1'500, 1'400}, .tells = false};
  EXPECT_EQ(find(unknown).to_ttl, std::nullopt);
}

TEST(PathMtu, says_that_large_packets_do_not_even_reach_the_first_router) {
  Way way{.links = {1'500, 1'500}, .tells = false};
  PathMtu search({.destination_ttl = 2});
  while (const auto probe = search.next()) {
    search.add(probe->bytes > 1'000 ? HopReply{} : way.answer(*probe));
  }
  EXPECT_EQ(search.result().path_mtu, 1'000U);
  EXPECT_EQ(search.result().from_ttl, 0);
  EXPECT_EQ(search.result().to_ttl, 1);
  EXPECT_EQ(search.result().from, std::nullopt);
}

TEST(PathMtu, ends_whatever_comes) {
  std::mt19937 chance(3);
  for (int i = 0; i < 20'000; ++i) {
    PathMtuConfig config{.is_v6 = chance() % 2 == 0,
                         .bytes_min = static_cast<std::uint32_t>(chance() % 3'000),
                         .bytes_max = static_cast<std::uint32_t>(chance() % 70'000),
                         .attempts = static_cast<int>(chance() % 5) - 1,
                         .precision = static_cast<std::uint32_t>(chance() % 20),
                         .destination_ttl = static_cast<std::uint8_t>(chance() % 40)};
    PathMtu search(config);
    int probes = 0;
    while (const auto probe = search.next()) {
      ASSERT_LT(++probes, 1'000);
      ASSERT_GE(probe->bytes, config.is_v6 ? 1'280U : 68U);
      ASSERT_LE(probe->bytes, 65'535U);
      HopReply reply;
      reply.answer = static_cast<HopAnswer>(chance() % 6);
      reply.icmp_type = chance() % 2 == 0 ? 3 : 2;
      reply.icmp_code = 4;
      reply.mtu = chance() % 2 == 0 ? static_cast<std::uint32_t>(chance() % 2'000)
                                    : static_cast<std::uint32_t>(chance());
      search.add(reply);
    }
    ASSERT_NE(search.result().verdict, PathMtuVerdict::Unknown);
  }
}

}  // namespace
}  // namespace lw::trace
