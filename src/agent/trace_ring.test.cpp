// SPDX-License-Identifier: Apache-2.0
#include "agent/trace_ring.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "base/test_times.h"

namespace lw::agent {
namespace {

IpAddress router(int number) {
  return *parse_ip_address("10." + std::to_string(number / 250) + "." +
                           std::to_string(number % 250) + ".1");
}

/// Began so many seconds after the start; its hops are routers from `first` on, the last the end.
Trace trace(int seconds, int first = 0, int hops = 10) {
  Trace trace{.test = TestId{7}, .started = kNow + Seconds(seconds), .port = 443};
  trace.protocol = TraceProtocol::Tcp;
  trace.source = router(0);
  trace.destination = router(999);
  for (int ttl = 1; ttl <= hops; ++ttl) {
    TraceProbe probe{.ttl = static_cast<std::uint8_t>(ttl), .offset = Milliseconds(10 * ttl)};
    probe.reply = {.answer = ttl == hops ? HopAnswer::Destination : HopAnswer::TimeExceeded,
                   .from = ttl == hops ? trace.destination : router(first + ttl),
                   .rtt = Microseconds(1'000 * ttl + seconds)};
    trace.probes.push_back(probe);
  }
  return trace;
}

TEST(TraceRing, gives_back_what_it_was_given) {
  Trace odd = trace(3);
  odd.trigger = TraceTrigger::StateChange;
  odd.probes[1].reply = {};
  odd.probes[2].reply = {.answer = HopAnswer::NotAsked, .from = router(5)};
  odd.probes[3].flow = 500;
  odd.probes[4].ttl = 250;
  odd.probes[5].reply = {.answer = HopAnswer::Unreachable,
                         .from = *parse_ip_address("2001:db8::1"),
                         .rtt = Microseconds(3'000'000),
                         .icmp_type = 3,
                         .icmp_code = 13,
                         .mtu = 1'400};
  odd.probes[6].reply.is_refusal = true;
  odd.probes[7].reply = {.answer = HopAnswer::LocalError};
  TraceRing ring;
  ring.add(trace(1));
  ring.add(odd);
  EXPECT_EQ(ring.newest(9), (std::vector<Trace>{trace(1), odd}));
  EXPECT_EQ(ring.newest(1), std::vector<Trace>{odd});
  EXPECT_EQ(ring.before_newest(5), std::vector<Trace>{trace(1)});
  EXPECT_TRUE(TraceRing().before_newest(5).empty());
}

TEST(TraceRing, holds_minutes_of_regular_traces_and_never_more_than_its_bytes) {
  TraceRing ring(2'048);
  for (int i = 0; i < 1'000; ++i) {
    ring.add(trace(10 * i));
    EXPECT_LE(ring.bytes(), 2'048U);
  }
  EXPECT_GE(ring.size(), 20U);
  EXPECT_EQ(ring.newest(1), std::vector<Trace>{trace(9'990)});
}

TEST(TraceRing, keeps_to_its_bytes_whatever_ways_it_is_shown) {
  std::mt19937 chance(3);
  TraceRing ring(2'048);
  for (int i = 0; i < 1'000; ++i) {
    const Trace shown =
        trace(i, static_cast<int>(chance() % 3'000), 1 + static_cast<int>(chance() % 60));
    ring.add(shown);
    ASSERT_LE(ring.bytes(), 2'048U);
    if (chance() % 50 == 0) ring.hold(shown.started, 2);
    if (chance() % 50 == 0) ring.release();
    for (const Trace& kept : ring.newest(100))
      ASSERT_EQ(kept.probes.back().ttl, kept.probes.size());
  }
}

TEST(TraceRing, what_was_before_the_trouble_stays_until_it_is_over) {
  TraceRing ring(2'048);
  for (int i = 0; i < 10; ++i) ring.add(trace(i));
  ring.hold(kNow + Seconds(8), 2);
  for (int i = 10; i < 500; ++i) ring.add(trace(i));
  ASSERT_EQ(ring.held(), (std::vector<Trace>{trace(6), trace(7)}));
  ring.hold(kNow + Seconds(400), 2);
  ASSERT_EQ(ring.held().size(), 2U);
  EXPECT_EQ(ring.held().back(), trace(7)) << "it is the same trouble still";
  ring.release();
  EXPECT_TRUE(ring.held().empty());
  for (int i = 500; i < 600; ++i) ring.add(trace(i));
  EXPECT_GT(ring.newest(100).front().started, kNow + Seconds(500));
}

TEST(TraceRing, what_is_held_goes_rather_than_that_nothing_new_is_known) {
  TraceRing ring(700);
  for (int i = 0; i < 4; ++i) ring.add(trace(i));
  ring.hold(kNow + Seconds(100), 4);
  ASSERT_TRUE(ring.is_holding());
  ring.add(trace(5, 0, 60));
  EXPECT_LE(ring.bytes(), 700U);
  ring.add(trace(6));
  EXPECT_EQ(ring.newest(1), std::vector<Trace>{trace(6)});
}

TEST(TraceRing, begins_anew_when_traces_leave_from_elsewhere) {
  TraceRing ring;
  ring.add(trace(1));
  Trace moved = trace(2);
  moved.source = router(77);
  ring.add(moved);
  EXPECT_EQ(ring.newest(9), std::vector<Trace>{moved});
}

}  // namespace
}  // namespace lw::agent
