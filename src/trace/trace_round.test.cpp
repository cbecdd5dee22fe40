// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_round.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "trace/fake_routes.h"

namespace lw::trace {
namespace {

const Instant kStart{Seconds(1'000)};
const IpAddress kDestination = *parse_ip_address("203.0.113.9");

IpAddress router(int ttl, int flow = 0) {
  return *parse_ip_address("10." + std::to_string(flow) + "." + std::to_string(ttl) + ".1");
}

HopReply exceeded(const IpAddress& from) {
  return {.answer = HopAnswer::TimeExceeded, .from = from, .icmp_type = 11, .reply_ttl = 60};
}
HopReply arrived() {
  return {.answer = HopAnswer::Destination, .from = kDestination, .reply_ttl = 50};
}
HopReply unreachable(const IpAddress& from) {
  return {.answer = HopAnswer::Unreachable, .from = from, .icmp_type = 3, .icmp_code = 13};
}

/// A way of `length` hops, the destination the last; each hop takes 5 ms more.
FakeRoutes::Rule line(int length) {
  return [length](const ProbeOrder& order, Instant) -> std::vector<FakeAnswer> {
    if (order.ttl >= length) return {{arrived(), Milliseconds(5 * length)}};
    return {{exceeded(router(order.ttl, order.flow)), Milliseconds(5 * order.ttl)}};
  };
}

/// The same, but TTLs in `silent` never answer.
FakeRoutes::Rule line_without(int length, std::set<int> silent) {
  return [rule = line(length), silent](const ProbeOrder& order, Instant at) {
    return silent.contains(order.ttl) ? std::vector<FakeAnswer>{} : rule(order, at);
  };
}

struct Done {
  Trace trace;
  std::vector<std::pair<ProbeOrder, Instant>> orders;
  Instant ended;
};

Done run(const TraceConfig& config, const FakeRoutes::Rule& rule, std::vector<TraceHint> hints = {},
         HopBudget* budget = nullptr, Instant start = kStart) {
  TraceRound round(config, kDestination, budget, std::move(hints), start);
  FakeRoutes routes(rule);
  auto orders = routes.run(round, start);
  EXPECT_FALSE(routes.is_stuck());
  EXPECT_FALSE(routes.was_due_early());
  EXPECT_TRUE(round.is_complete(routes.ended()));
  EXPECT_EQ(round.next_due(), std::nullopt);
  EXPECT_TRUE(round.take_due(routes.ended() + Seconds(60)).empty());
  return {round.outcome(), std::move(orders), routes.ended()};
}

/// "1:10.0.1.1 2:* 3:=" for one flow: = is the destination, ! unreachable, - not asked, * silent.
std::string shape(const Trace& trace, std::uint16_t flow = 0) {
  std::vector<const TraceProbe*> probes;
  for (const TraceProbe& probe : trace.probes) {
    if (probe.flow == flow) probes.push_back(&probe);
  }
  std::stable_sort(probes.begin(), probes.end(),
                   [](const auto* a, const auto* b) { return a->ttl < b->ttl; });
  std::string text;
  for (const TraceProbe* probe : probes) {
    text += (text.empty() ? "" : " ") + std::to_string(probe->ttl);
    text += ":";
    switch (probe->reply.answer) {
      case HopAnswer::Silent:
        text += "*";
        break;
      case HopAnswer::TimeExceeded:
        text += to_string(probe->reply.from);
        break;
      case HopAnswer::Destination:
        text += "=";
        break;
      case HopAnswer::Unreachable:
        text += "!";
        break;
      case HopAnswer::NotAsked:
        text += "-";
        break;
      case HopAnswer::LocalError:
        text += "x";
        break;
    }
  }
  return text;
}

int highest_ttl(const Done& made) {
  int highest = 0;
  for (const auto& [order, at] : made.orders) highest = std::max<int>(highest, order.ttl);
  return highest;
}

std::size_t count_of(const Done& made, int ttl) {
  return static_cast<std::size_t>(
      std::count_if(made.orders.begin(), made.orders.end(),
                    [ttl](const auto& order) { return order.first.ttl == ttl; }));
}

std::vector<TraceHint> hint_of(int length, int flow = 0) {
  TraceHint hint{static_cast<std::uint16_t>(flow), {}};
  for (int ttl = 1; ttl < length; ++ttl) hint.hops.emplace_back(router(ttl, flow));
  hint.hops.emplace_back(kDestination);
  return {hint};
}

TEST(TraceRound, finds_every_hop_and_the_destination) {
  const Done done = run({}, line(4));
  EXPECT_EQ(shape(done.trace), "1:10.0.1.1 2:10.0.2.1 3:10.0.3.1 4:=");
  EXPECT_EQ(done.trace.destination, kDestination);
  EXPECT_EQ(done.trace.problem, "");
  EXPECT_EQ(done.trace.probes[0].offset, Microseconds(0));
  EXPECT_EQ(done.trace.probes[1].offset, Microseconds(10'000));
  EXPECT_EQ(done.trace.probes[2].reply.rtt, Microseconds(15'000));
}

TEST(TraceRound, finds_a_destination_on_the_same_link) {
  EXPECT_EQ(shape(run({}, line(1)).trace), "1:=");
}

TEST(TraceRound, sends_nothing_faster_than_the_pace) {
  TraceConfig config{.flows = {0, 1, 2}, .probes_per_hop = 2};
  config.pace = Microseconds(7'000);
  const Done done = run(config, line_without(9, {3, 4}));
  for (std::size_t i = 1; i < done.orders.size(); ++i) {
    EXPECT_GE(done.orders[i].second - done.orders[i - 1].second, config.pace);
  }
}

TEST(TraceRound, keeps_the_pace_from_when_a_probe_really_left) {
  TraceRound round({}, kDestination, nullptr, {}, kStart);
  const auto orders = round.take_due(kStart);
  ASSERT_EQ(orders.size(), 1U);
  round.sent(orders[0], kStart + Milliseconds(4));
  EXPECT_EQ(round.next_due(), kStart + Milliseconds(14));
  EXPECT_TRUE(round.take_due(kStart + Milliseconds(13)).empty());
  EXPECT_EQ(round.take_due(kStart + Milliseconds(14)).size(), 1U);
}

TEST(TraceRound, does_not_make_up_for_probes_that_were_due_while_nobody_asked) {
  TraceRound round({}, kDestination, nullptr, {}, kStart);
  EXPECT_EQ(round.take_due(kStart + Seconds(1)).size(), 1U);
  EXPECT_EQ(round.take_due(kStart + Seconds(1)).size(), 0U);
}

TEST(TraceRound, sends_all_that_is_due_at_once_if_there_is_no_pace) {
  TraceConfig config{.flows = {0, 1}};
  config.pace = Microseconds(0);
  TraceRound round(config, kDestination, nullptr, {}, kStart);
  EXPECT_EQ(round.take_due(kStart).size(), 10U);  // five TTLs ahead, two flows
  EXPECT_EQ(round.take_due(kStart).size(), 0U);
}

TEST(TraceRound, goes_no_further_ahead_of_the_answers_than_told) {
  TraceConfig config;
  config.ahead_max = 3;
  TraceRound round(config, kDestination, nullptr, {}, kStart);
  int highest = 0;
  for (int i = 0; i < 100; ++i) {
    for (const auto& order : round.take_due(kStart + Milliseconds(10 * i))) {
      highest = order.ttl;
      round.sent(order, kStart + Milliseconds(10 * i));
    }
  }
  EXPECT_EQ(highest, 3);
  round.received(
      {0, 2, 0},
      {.answer = HopAnswer::TimeExceeded, .from = router(2), .rtt = Microseconds(1'000'000)},
      kStart + Milliseconds(1'010));
  for (int i = 102; i < 150; ++i) {
    for (const auto& order : round.take_due(kStart + Milliseconds(10 * i))) highest = order.ttl;
  }
  EXPECT_EQ(highest, 5);
}

TEST(TraceRound, takes_ttls_in_turn_and_in_each_all_flows) {
  const Done done = run({.flows = {4, 9}}, line(3));
  std::vector<std::pair<int, int>> seen;
  for (const auto& [order, at] : done.orders) seen.emplace_back(order.ttl, order.flow);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  EXPECT_EQ(seen[0], std::pair(1, 4));
  EXPECT_EQ(seen[1], std::pair(1, 9));
  EXPECT_EQ(shape(done.trace, 4), "1:10.4.1.1 2:10.4.2.1 3:=");
  EXPECT_EQ(shape(done.trace, 9), "1:10.9.1.1 2:10.9.2.1 3:=");
}

TEST(TraceRound, asks_a_silent_hop_once_more_and_goes_past_it) {
  const Done done = run({}, line_without(5, {3}));
  EXPECT_EQ(shape(done.trace), "1:10.0.1.1 2:10.0.2.1 3:* 3:* 4:10.0.4.1 5:=");
  EXPECT_EQ(count_of(done, 3), 2U);
  EXPECT_GE(done.ended - kStart, Seconds(4));
  EXPECT_LE(done.ended - kStart, Seconds(4) + Milliseconds(200));
}

TEST(TraceRound, asks_silent_hops_again_only_as_told) {
  EXPECT_EQ(count_of(run({.retries = 0}, line_without(5, {3})), 3), 1U);
  EXPECT_EQ(count_of(run({.retries = 3}, line_without(5, {3})), 3), 4U);
}

TEST(TraceRound, spreads_the_probes_for_a_hop_over_the_trace) {
  const Done done = run({.probes_per_hop = 3}, line(4));
  EXPECT_EQ(done.trace.probes.size(), 12U);
  std::map<int, std::vector<Instant>> at;
  for (const auto& [order, sent] : done.orders) at[order.ttl].push_back(sent);
  for (int ttl = 1; ttl <= 4; ++ttl) {
    ASSERT_EQ(at[ttl].size(), 3U);
    EXPECT_GE(at[ttl][1] - at[ttl][0], Milliseconds(30));
  }
}

TEST(TraceRound, does_not_ask_a_hop_again_that_answered_some_of_its_probes) {
  const auto rule = [](const ProbeOrder& order, Instant at) {
    if (order.ttl == 2 && order.attempt == 0) return std::vector<FakeAnswer>{};
    return line(3)(order, at);
  };
  EXPECT_EQ(count_of(run({.probes_per_hop = 2}, rule), 2), 2U);
}

TEST(TraceRound, finds_a_hop_whose_first_answer_was_lost) {
  const auto rule = [](const ProbeOrder& order, Instant at) {
    return order.attempt == 0 ? std::vector<FakeAnswer>{} : line(5)(order, at);
  };
  EXPECT_EQ(shape(run({}, rule).trace),
            "1:* 1:10.0.1.1 2:* 2:10.0.2.1 3:* 3:10.0.3.1 4:* 4:10.0.4.1 5:* 5:=");
}

TEST(TraceRound, gives_up_after_a_silent_tail) {
  const Done done = run({}, line_without(99, {4, 5, 6, 7, 8, 9, 10, 11, 12}));
  EXPECT_EQ(highest_ttl(done), 8);
  EXPECT_EQ(shape(done.trace).substr(0, 32), "1:10.0.1.1 2:10.0.2.1 3:10.0.3.1");
  EXPECT_EQ(done.orders.size(), 3U + 5U * 2U);
}

TEST(TraceRound, gives_up_where_nothing_answers_at_all) {
  const Done done = run({}, [](const ProbeOrder&, Instant) { return std::vector<FakeAnswer>{}; });
  EXPECT_EQ(highest_ttl(done), 5);
  EXPECT_EQ(done.orders.size(), 10U);
}

TEST(TraceRound, goes_on_silently_further_than_it_looks_ahead_if_told) {
  TraceConfig config;
  config.ahead_max = 2;
  config.silent_tail_max = 7;
  EXPECT_EQ(shape(run(config, line_without(8, {2, 3, 4, 5, 6, 7})).trace),
            "1:10.0.1.1 2:* 2:* 3:* 3:* 4:* 4:* 5:* 5:* 6:* 6:* 7:* 7:* 8:=");
}

TEST(TraceRound, ends_at_the_highest_ttl) {
  TraceConfig config;
  config.ttl_max = 6;
  const Done done = run(config, line(20));
  EXPECT_EQ(highest_ttl(done), 6);
  EXPECT_EQ(done.trace.probes.size(), 6U);
}

TEST(TraceRound, begins_at_the_first_ttl) {
  TraceConfig config;
  config.first_ttl = 3;
  EXPECT_EQ(shape(run(config, line(5)).trace), "3:10.0.3.1 4:10.0.4.1 5:=");
}

TEST(TraceRound, leaves_out_what_it_sent_beyond_the_destination) {
  // The answers take so long that five TTLs are out before the first comes.
  const auto rule = [](const ProbeOrder& order, Instant) -> std::vector<FakeAnswer> {
    if (order.ttl >= 2) return {{arrived(), Milliseconds(500 - order.ttl)}};
    return {{exceeded(router(1)), Milliseconds(500)}};
  };
  const Done done = run({}, rule);
  EXPECT_GE(highest_ttl(done), 5);
  EXPECT_EQ(shape(done.trace), "1:10.0.1.1 2:=");
}

TEST(TraceRound, does_not_wait_for_answers_from_beyond_the_destination) {
  const auto rule = [](const ProbeOrder& order, Instant) -> std::vector<FakeAnswer> {
    if (order.ttl > 2) return {};
    if (order.ttl == 2) return {{arrived(), Milliseconds(100)}};
    return {{exceeded(router(1)), Milliseconds(100)}};
  };
  EXPECT_EQ(run({}, rule).ended - kStart, Milliseconds(110));
}

TEST(TraceRound, believes_the_nearest_answer_of_the_destination) {
  // The answer to TTL 3 is lost once; that to TTL 4 comes first.
  const auto rule = [](const ProbeOrder& order, Instant at) {
    if (order.ttl == 3 && order.attempt == 0) return std::vector<FakeAnswer>{};
    return line(3)(order, at);
  };
  EXPECT_EQ(shape(run({}, rule).trace), "1:10.0.1.1 2:10.0.2.1 3:* 3:=");
}

TEST(TraceRound, takes_a_known_way_at_full_pace) {
  const auto slow = [](const ProbeOrder& order, Instant) -> std::vector<FakeAnswer> {
    if (order.ttl >= 12) return {{arrived(), Milliseconds(900)}};
    return {{exceeded(router(order.ttl)), Milliseconds(900)}};
  };
  const Done done = run({}, slow, hint_of(12));
  EXPECT_EQ(done.orders.size(), 12U);
  EXPECT_EQ(done.orders.back().second, kStart + Milliseconds(110));
  EXPECT_EQ(done.ended, kStart + Milliseconds(1'010));
}

TEST(TraceRound, finds_a_destination_that_is_nearer_than_the_hint) {
  EXPECT_EQ(shape(run({}, line(4), hint_of(9)).trace), "1:10.0.1.1 2:10.0.2.1 3:10.0.3.1 4:=");
}

TEST(TraceRound, finds_a_destination_that_is_further_than_the_hint) {
  const Done done = run({}, line(9), hint_of(4));
  EXPECT_EQ(done.trace.probes.size(), 9U);
  EXPECT_EQ(done.trace.probes.back().reply.answer, HopAnswer::Destination);
}

TEST(TraceRound, looks_further_if_the_destination_is_silent_at_its_usual_place) {
  const Done done = run({}, line_without(99, {4, 5, 6, 7, 8, 9}), hint_of(4));
  EXPECT_EQ(highest_ttl(done), 8);
  EXPECT_EQ(count_of(done, 8), 2U);
}

TEST(TraceRound, does_not_stop_in_a_silent_stretch_that_hints_know) {
  const std::set<int> silent{2, 3, 4, 5, 6, 7, 8};
  auto hints = hint_of(10);
  for (const int ttl : silent) hints[0].hops[static_cast<std::size_t>(ttl) - 1] = std::nullopt;
  const Done done = run({}, line_without(10, silent), hints);
  EXPECT_EQ(shape(done.trace),
            "1:10.0.1.1 2:* 3:* 4:* 5:* 6:* 7:* 8:* 9:10.0.9.1 10:=");  // each only once
  EXPECT_LE(done.ended - kStart, Milliseconds(2'200));
}

TEST(TraceRound, looks_for_the_destination_of_one_flow_where_another_met_it) {
  const auto rule = [](const ProbeOrder& order, Instant at) {
    return line(order.flow == 0 ? 4 : 6)(order, at);
  };
  const Done done = run({.flows = {0, 1}}, rule);
  EXPECT_EQ(shape(done.trace, 0), "1:10.0.1.1 2:10.0.2.1 3:10.0.3.1 4:=");
  EXPECT_EQ(shape(done.trace, 1), "1:10.1.1.1 2:10.1.2.1 3:10.1.3.1 4:10.1.4.1 5:10.1.5.1 6:=");
}

TEST(TraceRound, ends_at_unreachable_after_asking_again) {
  const auto rule = [](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
    if (order.ttl >= 4) return {{unreachable(router(3)), Milliseconds(20)}};
    return line(9)(order, at);
  };
  TraceConfig config;
  config.ahead_max = 1;
  const Done done = run(config, rule);
  EXPECT_EQ(shape(done.trace), "1:10.0.1.1 2:10.0.2.1 3:10.0.3.1 4:! 4:!");
  EXPECT_EQ(highest_ttl(done), 4);
  EXPECT_EQ(done.trace.probes.back().reply.icmp_code, 13);
}

TEST(TraceRound, goes_on_past_an_unreachable_that_did_not_come_again) {
  const auto rule = [](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
    if (order.ttl == 4 && order.attempt == 0) {
      return {{unreachable(router(3)), Milliseconds(20)}};
    }
    return line(7)(order, at);
  };
  EXPECT_EQ(shape(run({}, rule).trace),
            "1:10.0.1.1 2:10.0.2.1 3:10.0.3.1 4:! 4:10.0.4.1 5:10.0.5.1 6:10.0.6.1 7:=");
  TraceConfig config;
  config.ahead_max = 1;
  EXPECT_EQ(shape(run(config, rule).trace),
            "1:10.0.1.1 2:10.0.2.1 3:10.0.3.1 4:! 4:10.0.4.1 5:10.0.5.1 6:10.0.6.1 7:=");
}

TEST(TraceRound, stays_with_an_unreachable_if_asking_again_brings_nothing) {
  const auto rule = [](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
    if (order.ttl == 3 && order.attempt == 0) {
      return {{unreachable(router(2)), Milliseconds(20)}};
    }
    return order.ttl >= 3 ? std::vector<FakeAnswer>{} : line(7)(order, at);
  };
  EXPECT_EQ(shape(run({}, rule).trace), "1:10.0.1.1 2:10.0.2.1 3:! 3:*");
}

TEST(TraceRound, ends_in_a_loop) {
  const auto rule = [](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
    if (order.ttl < 3) return line(99)(order, at);
    return {{exceeded(router(3 + order.ttl % 2)), Milliseconds(9)}};
  };
  const Done done = run({}, rule);
  EXPECT_EQ(shape(done.trace),
            "1:10.0.1.1 2:10.0.2.1 3:10.0.4.1 4:10.0.3.1 5:10.0.4.1 6:10.0.3.1 7:10.0.4.1");
  EXPECT_EQ(done.trace.problem, "loop: 10.0.4.1 at TTL 3, 5 and 7");
}

TEST(TraceRound, ends_in_a_loop_with_a_silent_router_between) {
  const auto rule = [](const ProbeOrder& order, Instant) -> std::vector<FakeAnswer> {
    if (order.ttl % 2 == 0) return {};
    return {{exceeded(router(1)), Milliseconds(9)}};
  };
  EXPECT_EQ(run({}, rule).trace.problem, "loop: 10.0.1.1 at TTL 1, 3 and 5");
}

TEST(TraceRound, does_not_take_two_visits_of_a_router_for_a_loop) {
  const auto rule = [](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
    if (order.ttl == 5) return {{exceeded(router(3)), Milliseconds(9)}};
    return line(8)(order, at);
  };
  const Done done = run({}, rule);
  EXPECT_EQ(done.trace.problem, "");
  EXPECT_EQ(done.trace.probes.back().reply.answer, HopAnswer::Destination);
}

TEST(TraceRound, does_not_take_a_router_that_answers_for_its_successors_for_a_loop) {
  for (const int lost : {0, 4, 5}) {
    const auto rule = [lost](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
      if (order.ttl == lost && order.attempt == 0) return {};
      if (order.ttl >= 2 && order.ttl <= 7) return {{exceeded(router(2)), Milliseconds(9)}};
      return line(9)(order, at);
    };
    const Done done = run({}, rule);
    EXPECT_EQ(done.trace.problem, "") << lost;
    EXPECT_EQ(done.trace.probes.back().ttl, lost == 0 ? 9 : lost);
    EXPECT_NE(shape(done.trace).find("9:="), std::string::npos);
  }
}

TEST(TraceRound, notes_probes_that_never_left) {
  TraceRound round({}, kDestination, nullptr, {}, kStart);
  Instant now = kStart;
  int orders = 0;
  while (!round.is_complete(now) && orders < 1'000) {
    for (const auto& order : round.take_due(now)) {
      ++orders;
      round.not_sent(order, "Network is unreachable", now);
    }
    if (const auto due = round.next_due()) now = std::max(now, *due);
  }
  EXPECT_EQ(orders, 10);
  EXPECT_EQ(round.outcome().problem, "Network is unreachable");
  EXPECT_EQ(shape(round.outcome()), "1:x 1:x 2:x 2:x 3:x 3:x 4:x 4:x 5:x 5:x");
  EXPECT_EQ(round.outcome().probes[0].reply.detail, "Network is unreachable");
}

TEST(TraceRound, ignores_duplicates_and_what_it_never_sent) {
  const auto rule = [](const ProbeOrder& order, Instant at) {
    auto answers = line(4)(order, at);
    answers.push_back({exceeded(router(77)), answers[0].after + Milliseconds(1)});
    return answers;
  };
  EXPECT_EQ(shape(run({}, rule).trace), "1:10.0.1.1 2:10.0.2.1 3:10.0.3.1 4:=");
  TraceRound round({}, kDestination, nullptr, {}, kStart);
  round.received({0, 1, 0}, exceeded(router(1)), kStart);
  round.received({7, 200, 9}, arrived(), kStart);
  round.sent({7, 200, 9}, kStart);
  EXPECT_TRUE(round.outcome().probes.empty());
}

TEST(TraceRound, takes_an_answer_after_the_timeout_for_silence) {
  const auto rule = [](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
    if (order.ttl == 2) return {{exceeded(router(2)), Milliseconds(2'100)}};
    return line(4)(order, at);
  };
  EXPECT_EQ(shape(run({}, rule).trace), "1:10.0.1.1 2:* 2:* 3:10.0.3.1 4:=");
}

TEST(TraceRound, takes_an_answer_that_came_in_time_and_was_told_of_late) {
  TraceRound round({}, kDestination, nullptr, {}, kStart);
  Instant now = kStart;
  for (; now < kStart + Milliseconds(2'005); now += Milliseconds(1)) {
    for (const auto& order : round.take_due(now)) round.sent(order, now);
  }
  HopReply reply = exceeded(router(1));
  reply.rtt = Microseconds(1'999'000);
  round.received({0, 1, 0}, reply, now);
  EXPECT_EQ(shape(round.outcome()).substr(0, 10), "1:10.0.1.1");
}

TEST(TraceRound, keeps_all_that_a_reply_says) {
  HopReply reply = exceeded(router(1));
  reply.rtt = Milliseconds(3);
  reply.mtu = 1'400;
  reply.labels = {{.label = 7, .is_bottom = true, .ttl = 1}};
  reply.interfaces = {{.index = 3, .name = "eth0"}};
  reply.quote.dscp = 4;
  const auto rule = [&](const ProbeOrder& order, Instant at) -> std::vector<FakeAnswer> {
    if (order.ttl == 1) return {{reply, Milliseconds(3)}};
    return line(2)(order, at);
  };
  EXPECT_EQ(run({}, rule).trace.probes[0].reply, reply);
}

TEST(TraceRound, says_that_it_is_complete_when_the_last_timeout_is_over) {
  TraceConfig config{.ttl_max = 1, .retries = 0};
  TraceRound round(config, kDestination, nullptr, {}, kStart);
  round.sent(round.take_due(kStart)[0], kStart);
  EXPECT_EQ(round.next_due(), kStart + Seconds(2));
  EXPECT_FALSE(round.is_complete(kStart + Milliseconds(1'999)));
  EXPECT_TRUE(round.is_complete(kStart + Seconds(2)));
  EXPECT_EQ(shape(round.outcome()), "1:*");
}

TEST(TraceRound, makes_the_best_of_a_configuration_without_sense) {
  TraceConfig config{.first_ttl = 0,
                     .ttl_max = 0,
                     .flows = {3, 3, 3},
                     .probes_per_hop = -1,
                     .retries = -1,
                     .timeout = Milliseconds(-5),
                     .pace = Microseconds(-1),
                     .silent_tail_max = -1,
                     .ahead_max = 0};
  EXPECT_EQ(run(config, line(1)).orders.size(), 1U);
  config.ttl_max = 255;
  EXPECT_GE(run(config, line(300)).orders.size(), 1U);
  config.flows = {};
  EXPECT_EQ(run(config, line(1)).orders.size(), 1U);
}

}  // namespace
}  // namespace lw::trace
