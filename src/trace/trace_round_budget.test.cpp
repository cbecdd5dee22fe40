// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <tuple>
#include <vector>

#include "trace/fake_routes.h"
#include "trace/trace_round.h"

/// TraceRound under a budget of routers, and under networks made up by chance.
namespace lw::trace {
namespace {

const Instant kStart{Seconds(1'000)};
const IpAddress kDestination = *parse_ip_address("203.0.113.9");

IpAddress router(int number) {
  return *parse_ip_address("10.0." + std::to_string(number / 256) + "." +
                           std::to_string(number % 256));
}

HopReply answer(HopAnswer kind, const IpAddress& from) { return {.answer = kind, .from = from}; }

FakeRoutes::Rule line(int length) {
  return [length](const ProbeOrder& order, Instant) -> std::vector<FakeAnswer> {
    if (order.ttl >= length)
      return {{answer(HopAnswer::Destination, kDestination), Milliseconds(9)}};
    return {{answer(HopAnswer::TimeExceeded, router(order.ttl)), Milliseconds(order.ttl)}};
  };
}

TraceHint hint_of(int length) {
  TraceHint hint;
  for (int ttl = 1; ttl < length; ++ttl) hint.hops.emplace_back(router(ttl));
  hint.hops.emplace_back(kDestination);
  return hint;
}

Trace run(HopBudget& budget, const FakeRoutes::Rule& rule, std::vector<TraceHint> hints,
          Instant start = kStart, const TraceConfig& config = {}) {
  TraceRound round(config, kDestination, &budget, std::move(hints), start);
  FakeRoutes routes(rule);
  routes.run(round, start);
  EXPECT_FALSE(routes.is_stuck());
  EXPECT_FALSE(routes.was_due_early());
  return round.outcome();
}

std::vector<HopAnswer> answers(const Trace& trace) {
  std::vector<HopAnswer> found;
  for (const TraceProbe& probe : trace.probes) found.push_back(probe.reply.answer);
  return found;
}

constexpr auto kExceeded = HopAnswer::TimeExceeded;
constexpr auto kSpared = HopAnswer::NotAsked;
constexpr auto kThere = HopAnswer::Destination;

TEST(TraceRoundBudget, spares_a_router_that_was_just_asked_and_goes_on) {
  HopBudget budget;
  budget.may_ask(router(2), kStart);
  const Trace trace = run(budget, line(4), {hint_of(4)});
  EXPECT_EQ(answers(trace), (std::vector{kExceeded, kSpared, kExceeded, kThere}));
  EXPECT_EQ(trace.probes[1].reply.from, router(2));
  EXPECT_EQ(trace.probes[1].reply.rtt, std::nullopt);
}

TEST(TraceRoundBudget, spares_whom_most_others_met_where_there_is_no_hint) {
  HopBudget budget;
  for (int i = 0; i < 20; ++i) budget.answered(1, router(1), kStart);
  budget.may_ask(router(1), kStart);
  EXPECT_EQ(answers(run(budget, line(3), {})), (std::vector{kSpared, kExceeded, kThere}));
}

TEST(TraceRoundBudget, spares_whom_the_hops_behind_tell_where_the_hint_has_a_gap) {
  HopBudget budget;
  run(budget, line(5), {});
  TraceHint hint = hint_of(5);
  hint.hops[0] = hint.hops[1] = std::nullopt;
  const Instant later = kStart + Seconds(5);
  budget.may_ask(router(1), later);
  budget.may_ask(router(2), later);
  const Trace trace = run(budget, line(5), {hint}, later);
  EXPECT_EQ(answers(trace), (std::vector{kSpared, kSpared, kExceeded, kExceeded, kThere}));
  EXPECT_EQ(trace.probes[0].reply.from, router(1));
  EXPECT_EQ(trace.probes[1].reply.from, router(2));
}

TEST(TraceRoundBudget, asks_where_the_hint_has_a_gap_and_several_routers_stand_there) {
  HopBudget budget;
  run(budget, line(4), {});
  budget.follows(router(77), router(2));
  budget.follows(router(1), router(2));
  TraceHint hint = hint_of(4);
  hint.hops[0] = std::nullopt;
  const Instant later = kStart + Seconds(5);
  budget.may_ask(router(1), later);
  EXPECT_EQ(answers(run(budget, line(4), {hint}, later)),
            (std::vector{kExceeded, kExceeded, kExceeded, kThere}));
}

TEST(TraceRoundBudget, waits_for_a_router_that_is_free_in_a_moment) {
  HopBudget budget;
  budget.may_ask(router(2), kStart - Milliseconds(800));
  const Trace trace = run(budget, line(4), {hint_of(4)});
  EXPECT_EQ(answers(trace), (std::vector{kExceeded, kExceeded, kThere, kExceeded}));
  EXPECT_EQ(trace.probes[3].ttl, 2);
  EXPECT_EQ(trace.probes[3].offset, Milliseconds(200));
}

TEST(TraceRoundBudget, waits_as_long_as_told) {
  HopBudget budget;
  TraceConfig config{.probes_per_hop = 3};
  config.budget_wait = Milliseconds(2'100);
  EXPECT_EQ(answers(run(budget, line(2), {hint_of(2)}, kStart, config)),
            (std::vector{kExceeded, kThere, kThere, kThere, kExceeded, kExceeded}));
}

TEST(TraceRoundBudget, never_spares_the_destination) {
  HopBudget budget;
  budget.may_ask(kDestination, kStart);
  for (int i = 0; i < 20; ++i) budget.answered(3, kDestination, kStart);
  EXPECT_EQ(answers(run(budget, line(3), {hint_of(3)})),
            (std::vector{kExceeded, kExceeded, kThere}));
}

TEST(TraceRoundBudget, finds_the_destination_though_no_router_may_be_asked) {
  HopBudget budget;
  for (int i = 1; i < 20; ++i) budget.may_ask(router(i), kStart);
  const Trace trace = run(budget, line(12), {hint_of(12)});
  EXPECT_EQ(trace.probes.size(), 12U);
  EXPECT_EQ(std::count_if(trace.probes.begin(), trace.probes.end(),
                          [](const auto& probe) { return probe.reply.answer == kSpared; }),
            11);
  EXPECT_EQ(trace.probes.back().reply.answer, kThere);
}

TEST(TraceRoundBudget, charges_whoever_answered_even_if_nobody_expected_it) {
  HopBudget budget;
  run(budget, line(4), {});
  EXPECT_EQ(budget.size(), 3U);
  EXPECT_EQ(budget.free_at(router(2)), kStart + Milliseconds(1'010));
  EXPECT_EQ(answers(run(budget, line(4), {hint_of(4)}, kStart + Milliseconds(300))),
            (std::vector{kSpared, kSpared, kSpared, kThere}));
}

TEST(TraceRoundBudget, waits_to_ask_about_unreachable_again) {
  HopBudget budget;
  const auto rule = [](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
    if (order.ttl >= 3) return {{answer(HopAnswer::Unreachable, router(2)), Milliseconds(3)}};
    return line(9)(order, at);
  };
  TraceConfig config;
  config.ahead_max = 1;
  const Trace trace = run(budget, rule, {}, kStart, config);
  const auto refused = HopAnswer::Unreachable;
  EXPECT_EQ(answers(trace), (std::vector{kExceeded, kExceeded, refused, refused}));
  EXPECT_GE(trace.probes[3].offset - trace.probes[1].offset, Seconds(1));
}

/// As many as it takes until none is left.
void use_up_blind_turns(HopBudget& budget, std::uint8_t ttl) {
  while (budget.take_blind_turn(false, ttl, kStart, HopBudget::Worth::Much)) {
  }
}

TEST(TraceRoundBudget, passes_over_a_hop_without_a_blind_turn_and_goes_on_behind_it) {
  HopBudget budget;
  for (std::uint8_t ttl = 2; ttl <= 8; ++ttl) use_up_blind_turns(budget, ttl);
  TraceConfig config;
  const Trace trace = run(budget, line(10), {}, kStart, config);
  std::map<int, HopAnswer> by_ttl;
  for (const TraceProbe& probe : trace.probes) {
    by_ttl[probe.ttl] = probe.reply.answer;
    if (probe.reply.answer == kSpared) {
      EXPECT_EQ(probe.reply.from, IpAddress{}) << "nobody knows who stands there";
    }
  }
  EXPECT_EQ(by_ttl[1], kExceeded);
  for (int ttl = 2; ttl <= 8; ++ttl) EXPECT_EQ(by_ttl[ttl], kSpared) << ttl;
  EXPECT_EQ(by_ttl[9], kExceeded);
  EXPECT_EQ(by_ttl[10], kThere);
}

TEST(TraceRoundBudget, tells_in_the_end_who_was_passed_over_where_the_hops_behind_say_so) {
  HopBudget budget;
  run(budget, line(5), {});
  const Instant later = kStart + Seconds(5);
  while (budget.take_blind_turn(false, 2, later, HopBudget::Worth::Much)) {
  }
  const Trace trace = run(budget, line(5), {}, later);
  const auto passed = std::find_if(trace.probes.begin(), trace.probes.end(),
                                   [](const TraceProbe& probe) { return probe.ttl == 2; });
  ASSERT_NE(passed, trace.probes.end());
  EXPECT_EQ(passed->reply.answer, kSpared);
  EXPECT_EQ(passed->reply.from, router(2));
}

TEST(TraceRoundBudget, gives_blind_turns_back_that_hit_a_router_with_room_and_no_others) {
  const auto turns_left = [](HopBudget& budget, std::uint8_t ttl) {
    int turns = 0;
    while (budget.take_blind_turn(false, ttl, kStart, HopBudget::Worth::Much)) ++turns;
    return turns;
  };
  HopBudget budget;
  budget.may_ask(router(2), kStart);
  const auto silent_at_3 = [](const ProbeOrder& order, Instant at) {
    return order.ttl == 3 ? std::vector<FakeAnswer>{} : line(5)(order, at);
  };
  TraceConfig config{.retries = 0};
  run(budget, silent_at_3, {}, kStart, config);
  EXPECT_EQ(turns_left(budget, 1), 7);
  EXPECT_EQ(turns_left(budget, 2), 5) << "it was asked a moment before";
  EXPECT_EQ(turns_left(budget, 3), 5) << "its silence may be that of a limit";
  EXPECT_EQ(turns_left(budget, 5), 7) << "the destination";
}

TEST(TraceRoundBudget, silence_behind_all_that_ever_answered_costs_no_blind_turn) {
  HopBudget budget;
  const auto silent_from_3 = [](const ProbeOrder& order, Instant at) {
    return order.ttl >= 3 ? std::vector<FakeAnswer>{} : line(9)(order, at);
  };
  TraceHint hint{.hops = {router(1), router(2)}};
  for (int i = 0; i < 50; ++i) {
    const Trace trace = run(budget, silent_from_3, {hint}, kStart + Milliseconds(2'500) * i);
    EXPECT_TRUE(std::none_of(trace.probes.begin(), trace.probes.end(),
                             [](const auto& probe) { return probe.reply.answer == kSpared; }));
  }
}

TEST(TraceRoundBudget, asks_whom_neighbours_let_suppose_in_his_turn_and_does_not_name_him) {
  HopBudget budget;
  budget.may_ask(router(2), kStart);
  TraceHint hint{.hops = {}, .supposed = {router(1), router(2), router(3), kDestination}};
  const Trace trace = run(budget, line(4), {hint});
  EXPECT_EQ(answers(trace), (std::vector{kExceeded, kSpared, kExceeded, kThere}));
  EXPECT_EQ(trace.probes[1].reply.from, IpAddress{});
}

/// Many traces at once through shared first routers: the reason that there is a budget.
TEST(TraceRoundBudget, holds_over_all_traces_that_run_at_once) {
  HopBudget budget;
  std::map<IpAddress, std::vector<Instant>> asked;
  std::vector<std::pair<std::unique_ptr<TraceRound>, bool>> rounds;
  std::multimap<Instant, std::tuple<std::size_t, ProbeOrder, HopReply>> arriving;
  int complete = 0;
  Instant now = kStart;
  for (int step = 0; step < 20'000; ++step, now += Milliseconds(1)) {
    // A hundred a second for ten seconds. From TTL 3 on, each has routers of its own.
    if (step % 10 == 0 && rounds.size() < 1'000) {
      TraceHint hint = hint_of(6);
      const int own = 1'000 + static_cast<int>(rounds.size()) * 4;
      for (std::size_t i = 2; i < 5; ++i) hint.hops[i] = router(own + static_cast<int>(i));
      rounds.emplace_back(std::make_unique<TraceRound>(TraceConfig{}, kDestination, &budget,
                                                       std::vector{hint}, now),
                          false);
    }
    while (!arriving.empty() && arriving.begin()->first <= now) {
      const auto [index, order, reply] = arriving.begin()->second;
      arriving.erase(arriving.begin());
      rounds[index].first->received(order, reply, now);
    }
    for (std::size_t i = 0; i < rounds.size(); ++i) {
      auto& [round, done] = rounds[i];
      if (done) continue;
      for (const ProbeOrder& order : round->take_due(now)) {
        round->sent(order, now);
        const IpAddress at = order.ttl <= 2
                                 ? router(order.ttl)
                                 : router(1'000 + static_cast<int>(i) * 4 + order.ttl - 1);
        const HopReply reply =
            order.ttl >= 6 ? answer(kThere, kDestination) : answer(kExceeded, at);
        if (order.ttl < 6) asked[at].push_back(now);
        arriving.emplace(now + Milliseconds(20), std::tuple(i, order, reply));
      }
      done = round->is_complete(now);
      complete += done ? 1 : 0;
    }
  }
  EXPECT_EQ(complete, 1'000);
  for (const auto& [router, times] : asked) {
    for (std::size_t i = 1; i < times.size(); ++i) {
      ASSERT_GE(times[i] - times[i - 1], Seconds(1)) << to_string(router);
    }
  }
  EXPECT_GE(asked[router(1)].size(), 10U);  // and it is asked as often as it may
}

/// A network made up by chance; everything in it stays as it is for one trace.
struct ChanceNetwork {
  explicit ChanceNetwork(std::uint32_t seed) : chance(seed) {
    length = 1 + pick(20);
    for (int i = pick(4); i > 0; --i) silent.insert(1 + pick(20));
    loss_percent = pick(3) == 0 ? pick(60) : 0;
    latest_ms = pick(2) == 0 ? 40 : 2'500;
    if (pick(6) == 0) refuses_from = 1 + pick(20);
    if (pick(6) == 0) loops_from = 1 + pick(20);
    is_per_packet = pick(6) == 0;
    // Flows may be of unequal length.
    lengthens = pick(4) == 0 ? 1 + pick(3) : 0;
  }

  int pick(int below) { return static_cast<int>(chance() % static_cast<std::uint32_t>(below)); }

  std::vector<FakeAnswer> answers_to(const ProbeOrder& order) {
    if (silent.contains(order.ttl) || pick(100) < loss_percent) return {};
    std::vector<FakeAnswer> found{{reply_to(order), Milliseconds(1 + pick(latest_ms))}};
    if (pick(10) == 0) found.push_back({reply_to(order), Milliseconds(1 + pick(3'000))});
    return found;
  }

  HopReply reply_to(const ProbeOrder& order) {
    const int mine = length + (order.flow % 2 == 1 ? lengthens : 0);
    if (loops_from != 0 && order.ttl >= loops_from) {
      return answer(kExceeded, router(loops_from + order.ttl % 3));
    }
    if (refuses_from != 0 && order.ttl >= refuses_from && (order.attempt > 0 || pick(2) == 0)) {
      return answer(HopAnswer::Unreachable, router(refuses_from));
    }
    if (order.ttl >= mine) return answer(kThere, kDestination);
    return answer(kExceeded, router(order.ttl + 32 * (is_per_packet ? pick(4) : order.flow)));
  }

  std::mt19937 chance;
  int length = 1;
  std::set<int> silent;
  int loss_percent = 0;
  int latest_ms = 40;
  int refuses_from = 0;
  int loops_from = 0;
  int lengthens = 0;
  bool is_per_packet = false;
};

TraceConfig chance_config(ChanceNetwork& network) {
  TraceConfig config{
      .flows = {}, .probes_per_hop = 1 + network.pick(3), .retries = network.pick(3)};
  for (int i = 0; i <= network.pick(5); ++i) {
    config.flows.push_back(static_cast<std::uint16_t>(network.pick(9)));
  }
  config.first_ttl = static_cast<std::uint8_t>(1 + (network.pick(5) == 0 ? network.pick(6) : 0));
  config.ttl_max = static_cast<std::uint8_t>(6 + network.pick(25));
  config.pace = Microseconds(network.pick(4) * 5'000);
  config.ahead_max = 1 + network.pick(6);
  config.silent_tail_max = 1 + network.pick(7);
  config.timeout = Milliseconds(200 + network.pick(2'000));
  return config;
}

std::vector<TraceHint> chance_hints(ChanceNetwork& network) {
  std::vector<TraceHint> hints;
  for (int i = network.pick(4); i > 0; --i) {
    TraceHint hint = hint_of(1 + network.pick(20));
    hint.flow = static_cast<std::uint16_t>(network.pick(9));
    for (auto& hop : hint.hops) {
      if (network.pick(5) == 0) hop = std::nullopt;
      if (network.pick(20) == 0) hop = kDestination;
    }
    hints.push_back(hint);
  }
  return hints;
}

void expect_sane(const TraceConfig& config, const Trace& trace,
                 const std::vector<std::pair<ProbeOrder, Instant>>& orders) {
  std::set<ProbeOrder> given;
  std::map<std::pair<int, int>, int> next_attempt;
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const auto& [order, at] = orders[i];
    EXPECT_TRUE(given.insert(order).second);
    EXPECT_GE(order.ttl, config.first_ttl);
    EXPECT_LE(order.ttl, config.ttl_max);
    EXPECT_GE(order.attempt, (next_attempt[{order.flow, order.ttl}]++));
    EXPECT_TRUE(i == 0 || at - orders[i - 1].second >= config.pace);
  }
  // No TTL is passed over, and each probe of the outcome is an order or was spared.
  std::set<std::pair<int, int>> seen;
  Microseconds before{0};
  for (const TraceProbe& probe : trace.probes) {
    EXPECT_GE(probe.offset, before);
    before = probe.offset;
    seen.emplace(probe.flow, probe.ttl);
  }
  for (const auto& [flow, ttl] : seen) {
    EXPECT_TRUE(ttl == config.first_ttl || seen.contains({flow, ttl - 1}));
  }
  for (const TraceProbe& probe : trace.probes) {
    if (probe.reply.answer != kThere) continue;
    EXPECT_TRUE(std::none_of(trace.probes.begin(), trace.probes.end(), [&](const auto& other) {
      return other.flow == probe.flow && other.ttl > probe.ttl;
    }));
  }
}

TEST(TraceRoundBudget, keeps_its_promises_in_any_network) {
  for (std::uint32_t seed = 0; seed < 1'500; ++seed) {
    SCOPED_TRACE(seed);
    ChanceNetwork network(seed);
    const TraceConfig config = chance_config(network);
    const auto hints = chance_hints(network);
    HopBudget budget;
    for (int i = 0; i < 10; ++i) {
      budget.may_ask(router(network.pick(200)), kStart - Milliseconds(network.pick(1'000)));
    }
    TraceRound round(config, kDestination, network.pick(2) == 0 ? &budget : nullptr, hints, kStart);
    FakeRoutes routes([&](const ProbeOrder& order, Instant) { return network.answers_to(order); });
    const auto orders = routes.run(round, kStart);
    ASSERT_FALSE(routes.is_stuck());
    ASSERT_FALSE(routes.was_due_early());
    ASSERT_LT(routes.ended() - kStart, Seconds(400));
    const Trace trace = round.outcome();
    expect_sane(config, trace, orders);
    const auto spared = std::count_if(trace.probes.begin(), trace.probes.end(),
                                      [](const auto& p) { return p.reply.answer == kSpared; });
    EXPECT_LE(trace.probes.size(), orders.size() + static_cast<std::size_t>(spared));
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace lw::trace
