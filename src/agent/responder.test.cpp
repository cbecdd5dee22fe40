// SPDX-License-Identifier: Apache-2.0
// The responder against the probers of this program, over loopback and in networks of the test's
// own.
#include "agent/responder.h"

#include <gtest/gtest.h>

#include "base/test_times.h"
#include "io/test_listener.h"
#include "io/test_network.h"
#include "probe/prober.h"
#include "probe/stamp_sender.h"

namespace lw::agent {
namespace {

IpAddress loopback() { return parse_ip_address("127.0.0.1").value_or(IpAddress{}); }
ListenOn on_loopback() { return {loopback(), 0}; }

/// How one TCP check of a port of 127.0.0.1 ends.
CheckOutcome tcp_check(std::uint16_t port) {
  const SystemClock clock;
  io::Loop loop;
  Prober prober(loop, clock, {}, [](Round&&) {});
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->protocol = TcpConfiguration{.port = port};
  configuration->checks_per_round = 1;
  lw::Test test;
  test.destination_address = "127.0.0.1";
  test.configuration = configuration;
  CheckOutcome outcome = CheckOutcome::TimedOut;
  loop.post([&] {
    prober.check(test, {}, [&](Round&& round) {
      outcome = round.checks.front().outcome;
      loop.stop();
    });
  });
  loop.run_for(kPatience);
  return outcome;
}

/// One session with a reflector; fails the test if it does not end.
StampOutcome measure(const IpAddress& address, std::uint16_t port, const StampPlan& plan) {
  const SystemClock clock;
  io::Loop loop;
  StampSender sender(loop, clock);
  std::optional<StampOutcome> outcome;
  const auto started = sender.start(address, port, plan, [&](const StampOutcome& result) {
    outcome = result;
    loop.stop();
  });
  EXPECT_TRUE(started.has_value());
  loop.run_for(kPatience);
  EXPECT_TRUE(outcome.has_value());
  return outcome.value_or(StampOutcome{});
}

/// Waits until the report says so: it is made once a second.
template <class Predicate>
bool becomes(const Responder& responder, Predicate predicate) {
  const SystemClock clock;
  const Instant give_up = clock.now() + kPatience;
  io::Loop loop;
  while (!predicate(responder.report())) {
    if (clock.now() > give_up) return false;
    loop.run_for(Milliseconds(5));
  }
  return true;
}

std::uint16_t free_port() { return io::TestListener().port; }

TEST(ListenOn, is_an_address_a_port_or_both) {
  EXPECT_EQ(parse_listen_on("", 8084).value(), (ListenOn{std::nullopt, 8084}));
  EXPECT_EQ(parse_listen_on("9000", 8084).value(), (ListenOn{std::nullopt, 9000}));
  EXPECT_EQ(parse_listen_on(":9000", 8084).value(), (ListenOn{std::nullopt, 9000}));
  EXPECT_EQ(parse_listen_on("127.0.0.1", 8084).value(), (ListenOn{loopback(), 8084}));
  EXPECT_EQ(parse_listen_on("127.0.0.1:9000", 8084).value(), (ListenOn{loopback(), 9000}));
  const auto v6 = parse_ip_address("2001:db8::1");
  EXPECT_EQ(parse_listen_on("[2001:db8::1]:9000", 8084).value(), (ListenOn{v6, 9000}));
  EXPECT_EQ(parse_listen_on("2001:db8::1", 8084).value(), (ListenOn{v6, 8084}));
  for (const char* const wrong : {"web1", "web1:80", "127.0.0.1:", "127.0.0.1:70000", "1.2.3"}) {
    EXPECT_FALSE(parse_listen_on(wrong, 8084).has_value()) << wrong;
  }
}

std::map<std::uint16_t, ListeningOutcome> outcomes_of(const Responder& responder) {
  std::map<std::uint16_t, ListeningOutcome> outcomes;
  for (const ListeningPort& port : responder.report().listening) {
    outcomes[port.port] = port.outcome;
    EXPECT_EQ(port.problem.empty(), port.outcome == ListeningOutcome::Listening);
  }
  return outcomes;
}

TEST(Responder, opens_nothing_unless_it_is_told_to) {
  const SystemClock clock;
  Responder responder({}, clock);
  EXPECT_EQ(responder.tcp_port(), 0);
  EXPECT_EQ(responder.stamp_port(), 0);
  responder.start();
  EXPECT_EQ(responder.report().problem, "");
}

TEST(Responder, accepts_connections_and_counts_them) {
  const SystemClock clock;
  Responder responder({.tcp = on_loopback(), .stamp = std::nullopt}, clock);
  const std::uint16_t port = responder.tcp_port();
  responder.start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(tcp_check(port), CheckOutcome::Success);
  EXPECT_TRUE(becomes(responder, [](const auto& report) { return report.connections == 3; }));
}

TEST(Responder, listens_for_a_test_while_there_is_one) {
  const SystemClock clock;
  Responder responder({}, clock);
  responder.start();
  const std::uint16_t port = free_port();
  EXPECT_EQ(tcp_check(port), CheckOutcome::Refused);
  responder.listen({port});
  EXPECT_EQ(tcp_check(port), CheckOutcome::Success) << responder.report().problem;
  responder.listen({port});
  EXPECT_EQ(tcp_check(port), CheckOutcome::Success);
  EXPECT_TRUE(becomes(responder, [](const auto& report) { return report.connections == 2; }));
  responder.listen({});
  // Closing happens on the responder's thread.
  CheckOutcome after = CheckOutcome::Success;
  for (int i = 0; i < 1000 && after == CheckOutcome::Success; ++i) after = tcp_check(port);
  EXPECT_EQ(after, CheckOutcome::Refused);
  EXPECT_GE(responder.report().connections, 2U) << "what was counted stays";
}

TEST(Responder, leaves_a_port_to_whoever_has_it) {
  const SystemClock clock;
  Responder responder({}, clock);
  responder.start();
  const io::TestListener other;
  const std::uint16_t free = free_port();
  responder.listen({other.port, free});
  EXPECT_TRUE(
      becomes(responder, [&](const auto&) { return tcp_check(free) == CheckOutcome::Success; }));
  EXPECT_EQ(tcp_check(other.port), CheckOutcome::Success);
  EXPECT_EQ(responder.report().problem, "") << "that is the point of ListenIfAvailable";
  const std::map<std::uint16_t, ListeningOutcome> expected = {{other.port, ListeningOutcome::InUse},
                                                              {free, ListeningOutcome::Listening}};
  EXPECT_EQ(outcomes_of(responder), expected);
  EXPECT_TRUE(becomes(responder, [](const auto& report) { return report.connections >= 1; }));
}

TEST(Responder, says_when_it_may_not_listen_or_when_its_own_port_is_taken) {
  const io::TestListener other;
  std::string low, taken;
  const bool ready = io::in_own_network({}, [&] {
    ASSERT_TRUE(io::drop_thread_capabilities());
    const SystemClock clock;
    Responder responder({}, clock);
    responder.start();
    responder.listen({443, 444});
    EXPECT_TRUE(becomes(responder, [](const auto& report) { return !report.problem.empty(); }));
    low = responder.report().problem;
  });
  if (!ready) GTEST_SKIP() << "needs root for a network of its own";
  EXPECT_TRUE(low.find("443: not permitted") != std::string::npos) << low;
  EXPECT_TRUE(low.find("net.ipv4.ip_unprivileged_port_start") != std::string::npos) << low;
  EXPECT_TRUE(low.find("1 more") != std::string::npos) << low;
  const SystemClock clock;
  Responder configured({.tcp = ListenOn{loopback(), other.port}, .stamp = std::nullopt}, clock);
  taken = configured.report().problem;
  EXPECT_TRUE(taken.find("something else has this port") != std::string::npos) << taken;
}

TEST(StampReflector, answers_all_that_is_sent_with_kernel_stamps) {
  const SystemClock clock;
  Responder responder({.tcp = std::nullopt, .stamp = on_loopback()}, clock);
  const std::uint16_t port = responder.stamp_port();
  responder.start();
  const StampOutcome outcome =
      measure(loopback(), port, {.count = 20, .interval = Microseconds(2'000)});
  EXPECT_EQ(outcome.sent, 20);
  EXPECT_EQ(outcome.received, 20);
  EXPECT_EQ(outcome.is_stateful, true);
  EXPECT_EQ(outcome.lost_forward, 0);
  EXPECT_EQ(outcome.lost_backward, 0);
  EXPECT_EQ(outcome.duplicates, 0);
  EXPECT_GE(outcome.rtt_min, Nanoseconds(0)) << "and not missing";
  EXPECT_EQ(outcome.forward.value_or(DelayVariation{}).pairs, 19);
  EXPECT_EQ(outcome.backward.value_or(DelayVariation{}).pairs, 19);
  EXPECT_TRUE(becomes(responder, [](const auto& report) { return report.stamp_replies == 20; }));
}

TEST(StampReflector, answers_ipv6_and_from_the_address_that_was_asked) {
  const SystemClock clock;
  Responder responder({.tcp = std::nullopt, .stamp = ListenOn{std::nullopt, 0}}, clock);
  const std::uint16_t port = responder.stamp_port();
  responder.start();
  // A connected socket hears the address that it asked, and no other.
  for (const char* const address : {"127.0.0.1", "127.1.2.3", "::1"}) {
    const StampOutcome outcome = measure(parse_ip_address(address).value_or(IpAddress{}), port,
                                         {.count = 2, .interval = Microseconds(1'000)});
    EXPECT_EQ(outcome.received, 2) << address << " " << outcome.detail;
  }
}

TEST(StampReflector, nobody_there_is_told_with_the_evidence) {
  const std::uint16_t port = free_port();
  const StampOutcome outcome = measure(
      loopback(), port, {.count = 3, .interval = Microseconds(1'000), .timeout = Milliseconds(50)});
  EXPECT_EQ(outcome.received, 0);
  EXPECT_TRUE(outcome.detail.find("port-unreachable") != std::string::npos) << outcome.detail;
}

struct LossCase {
  std::string rule;
  int forward;
  int backward;
};

/// 40 requests through rules that drop every so-manieth packet.
void expect_losses(const LossCase& losses) {
  StampOutcome outcome;
  const std::string table = "inet lw";
  const bool ready = io::in_own_network(
      {"nft add table " + table,
       "nft add chain " + table + " in '{ type filter hook input priority 0; }'",
       "nft add rule " + table + " in " + losses.rule},
      [&] {
        const SystemClock clock;
        Responder responder({.tcp = std::nullopt, .stamp = ListenOn{std::nullopt, 8085}}, clock);
        responder.start();
        outcome =
            measure(loopback(), 8085,
                    {.count = 40, .interval = Microseconds(1'000), .timeout = Milliseconds(300)});
      });
  if (!ready) GTEST_SKIP() << "needs root and nft for a network of its own";
  EXPECT_EQ(outcome.lost_forward, losses.forward) << losses.rule;
  EXPECT_EQ(outcome.lost_backward, losses.backward) << losses.rule;
  EXPECT_EQ(outcome.lost_unknown, 0);
}

// The 1st, 5th, 9th … are dropped: 10 of 40, the last of all passes.
TEST(StampReflector, loss_on_the_way_there_is_told_from_loss_on_the_way_back) {
  expect_losses({"udp dport 8085 numgen inc mod 4 == 0 drop", 10, 0});
  expect_losses({"udp sport 8085 numgen inc mod 4 == 0 drop", 0, 10});
}

// The last one is dropped, so one more is sent, which passes and says where the last one went.
TEST(StampReflector, a_loss_at_the_end_has_a_direction_too) {
  expect_losses({"udp dport 8085 numgen inc mod 40 == 39 drop", 1, 0});
  expect_losses({"udp sport 8085 numgen inc mod 40 == 39 drop", 0, 1});
}

TEST(StampReflector, a_packet_that_is_no_test_packet_gets_no_answer) {
  const SystemClock clock;
  Responder responder({.tcp = std::nullopt, .stamp = on_loopback()}, clock);
  const std::uint16_t port = responder.stamp_port();
  responder.start();
  io::Loop loop;
  std::vector<std::size_t> answers;
  auto socket = io::UdpSocket::connect(loop, loopback(), port,
                                       {[&](const io::UdpSocket::Arrival& arrival) {
                                          answers.push_back(arrival.bytes.size());
                                          loop.stop();
                                        },
                                        {},
                                        {}});
  ASSERT_TRUE(socket.has_value());
  const std::vector<std::uint8_t> bytes(io::UdpSocket::kDatagramMax + 1, 0);
  // The answer to the last, which is a test packet, comes after what the others would have got.
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{43}, bytes.size(), std::size_t{1200}}) {
    EXPECT_EQ((*socket)->send(std::span(bytes).first(size), 1), 0);
  }
  loop.run_for(kPatience);
  EXPECT_EQ(answers, std::vector<std::size_t>{1200}) << "as long as it was asked, and no longer";
}

TEST(StampReflector, two_reflectors_do_not_answer_each_other) {
  const SystemClock clock;
  io::Loop loop;
  auto reflector = StampReflector::open(loop, clock, loopback(), 0);
  ASSERT_TRUE(reflector.has_value());
  int answers = 0;
  // Another address with the same port, as another host's reflector has.
  auto other = io::UdpSocket::listen(loop, parse_ip_address("127.0.0.2").value_or(IpAddress{}),
                                     (*reflector)->port(),
                                     {[&](const io::UdpSocket::Arrival&) { ++answers; }, {}, {}});
  ASSERT_TRUE(other.has_value());
  io::UdpSocket::Arrival as_if;
  as_if.from = loopback();
  as_if.from_port = (*reflector)->port();
  as_if.to = parse_ip_address("127.0.0.2").value_or(IpAddress{});
  const std::vector<std::uint8_t> request(44, 0);
  EXPECT_EQ((*other)->answer(as_if, request, 1), 0);
  for (int i = 0; i < 1000 && (*reflector)->stats().malformed == 0; ++i) {
    loop.run_for(Milliseconds(5));
  }
  EXPECT_EQ((*reflector)->stats().malformed, 1U);
  EXPECT_EQ((*reflector)->stats().replies, 0U);
  EXPECT_EQ(answers, 0);
}

}  // namespace
}  // namespace lw::agent
