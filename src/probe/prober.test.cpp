// SPDX-License-Identifier: Apache-2.0
#include "probe/prober.h"

#include <gtest/gtest.h>

#include <map>

#include "io/test_network.h"

namespace lw {
namespace {

const SystemClock kClock;

Test make_test(std::uint64_t id, const std::string& address, ProtocolConfiguration protocol,
               int checks = 3) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->frequency = Seconds(1);
  configuration->protocol = std::move(protocol);
  configuration->checks_per_round = checks;
  configuration->check_timeout = Milliseconds(200);
  Test test;
  test.id = TestId{id};
  test.destination_address = address;
  test.configuration = configuration;
  return test;
}

/// One round now, with its checks right after each other.
Round run_once(const Test& test, ProberConfig config = {}) {
  io::Loop loop;
  Prober prober(loop, kClock, std::move(config), [](Round&&) { FAIL() << "an assigned round"; });
  Round result;
  int seen = 0;
  prober.check(
      test, [&](const Check&, const std::string&) { ++seen; },
      [&](Round&& round) {
        result = std::move(round);
        loop.stop();
      },
      Milliseconds(1));
  loop.run_for(Seconds(20));
  EXPECT_EQ(static_cast<std::size_t>(seen), result.checks.size());
  return result;
}

void expect_all(const Round& round, CheckOutcome outcome) {
  EXPECT_FALSE(round.checks.empty());
  for (const Check& check : round.checks) {
    EXPECT_EQ(check.outcome, outcome) << outcome_name(check.outcome) << ": " << round.detail;
    EXPECT_EQ(check.rtt.has_value(), outcome == CheckOutcome::Success);
  }
}

TEST(Prober, measures_echoes_with_kernel_stamps) {
  for (const char* address : {"127.0.0.1", "::1", "localhost"}) {
    Round round = run_once(make_test(1, address, IcmpConfiguration{}));
    // The kernel begins to stamp received packets some time after it is asked to.
    for (int i = 0; i < 100 && round.stamp_source != StampSource::Kernel; ++i) {
      round = run_once(make_test(1, address, IcmpConfiguration{}));
    }
    expect_all(round, CheckOutcome::Success);
    EXPECT_EQ(round.stamp_source, StampSource::Kernel);
    EXPECT_EQ(round.detail, "");
    EXPECT_EQ(round.address, address == std::string("localhost") ? "127.0.0.1" : address);
    EXPECT_LT(round.checks.at(0).offset, round.checks.at(2).offset);
  }
}

const char kChain[] =
    "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }'";
std::string rule(const std::string& text) { return "nft 'add rule inet t in " + text + "'"; }

TEST(Prober, tells_the_ways_apart_in_which_an_echo_fails) {
  struct Example {
    const char* setup;
    const char* address;
    CheckOutcome outcome;
    const char* detail;
  };
  for (const Example& example : {
           Example{"nft 'add rule inet t in icmp type echo-request drop'", "127.0.0.1",
                   CheckOutcome::TimedOut, "no answer in 200 ms"},
           Example{"nft 'add rule inet t in icmp type echo-request reject with icmp type "
                   "admin-prohibited'",
                   "127.0.0.1", CheckOutcome::Prohibited,
                   "ICMP admin-prohibited (3/13) from 127.0.0.1"},
           Example{"nft 'add rule inet t in icmp type echo-request reject with icmp type "
                   "host-unreachable'",
                   "127.0.0.1", CheckOutcome::Unreachable,
                   "ICMP host-unreachable (3/1) from 127.0.0.1"},
           Example{"nft 'add rule inet t in icmpv6 type echo-request reject with icmpv6 type "
                   "admin-prohibited'",
                   "::1", CheckOutcome::Prohibited, "ICMPv6 admin-prohibited (1/1) from ::1"},
           Example{"true", "192.0.2.1", CheckOutcome::NoRoute,
                   "this host has no route there (Network is unreachable)"},
           Example{"ip route add prohibit 192.0.2.1", "192.0.2.1", CheckOutcome::LocalPermission,
                   "this host's firewall or routing rules refuse it (Permission denied)"},
       }) {
    EXPECT_TRUE(io::in_own_network({kChain, example.setup}, [&] {
      const Round round = run_once(make_test(1, example.address, IcmpConfiguration{}));
      expect_all(round, example.outcome);
      EXPECT_EQ(round.detail, example.detail);
    })) << example.setup;
  }
}

TEST(Prober, tells_a_refused_from_a_filtered_and_from_a_prohibited_port) {
  EXPECT_TRUE(io::in_own_network(
      {kChain, rule("tcp dport 10 drop"),
       rule("tcp dport 11 reject with icmp type admin-prohibited")},
      [] {
        const Round refused = run_once(make_test(1, "127.0.0.1", TcpConfiguration{9}));
        expect_all(refused, CheckOutcome::Refused);
        EXPECT_EQ(refused.detail, "RST from 127.0.0.1 port 9");
        const Round filtered = run_once(make_test(1, "127.0.0.1", TcpConfiguration{10}));
        expect_all(filtered, CheckOutcome::TimedOut);
        EXPECT_EQ(filtered.detail, "no answer in 200 ms");
        const Round prohibited = run_once(make_test(1, "127.0.0.1", TcpConfiguration{11}));
        expect_all(prohibited, CheckOutcome::Prohibited);
        EXPECT_EQ(prohibited.detail, "ICMP admin-prohibited (3/13) from 127.0.0.1");
      }));
}

TEST(Prober, fails_every_check_of_a_round_whose_name_does_not_resolve) {
  const Round round = run_once(make_test(1, "not a name", IcmpConfiguration{}));
  expect_all(round, CheckOutcome::NameInvalid);
  EXPECT_EQ(round.detail, "`not a name` is not a host name");
  EXPECT_EQ(round.address, "");
}

TEST(Prober, says_which_name_server_does_not_answer) {
  EXPECT_TRUE(io::in_own_network({}, [] {
    ProberConfig config;
    config.name_servers = {"127.0.0.1:9"};
    const Round round = run_once(make_test(1, "web.example", TcpConfiguration{80}), config);
    expect_all(round, CheckOutcome::NameTimedOut);
    EXPECT_TRUE(round.detail.starts_with("no name server at 127.0.0.1:9 in ")) << round.detail;
  }));
}

TEST(Prober, tells_a_refused_http_check_from_a_prohibited_one) {
  EXPECT_TRUE(
      io::in_own_network({kChain, rule("tcp dport 11 reject with icmp type admin-prohibited")}, [] {
        HttpConfiguration http;
        http.port = 9;
        const Round refused = run_once(make_test(1, "127.0.0.1", http));
        expect_all(refused, CheckOutcome::Refused);
        EXPECT_EQ(refused.detail, "RST from 127.0.0.1 port 9");
        http.port = 11;
        expect_all(run_once(make_test(1, "127.0.0.1", http)), CheckOutcome::Prohibited);
      }));
}

TEST(Prober, makes_echoes_without_privilege_where_the_system_lets_groups_do_it) {
  EXPECT_TRUE(io::in_own_network({"echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range"}, [] {
    // Only this thread loses the right to open raw sockets.
    ASSERT_TRUE(io::drop_thread_capabilities());
    for (const char* address : {"127.0.0.1", "::1"}) {
      expect_all(run_once(make_test(1, address, IcmpConfiguration{})), CheckOutcome::Success);
    }
  }));
}

TEST(Prober, names_the_command_that_grants_the_right_to_send_echoes) {
  EXPECT_TRUE(io::in_own_network({}, [] {
    ASSERT_TRUE(io::drop_thread_capabilities());
    const Round round = run_once(make_test(1, "127.0.0.1", IcmpConfiguration{}));
    expect_all(round, CheckOutcome::LocalPermission);
    EXPECT_NE(round.detail.find("setcap cap_net_raw+ep"), std::string::npos) << round.detail;
  }));
}

TEST(Prober, runs_assigned_tests_in_their_rhythm) {
  io::Loop loop;
  std::map<TestId, int> rounds;
  Prober prober(loop, kClock, {}, [&](Round&& round) {
    EXPECT_EQ(round.checks.size(), 2U);
    expect_all(round, CheckOutcome::Success);
    if (++rounds[round.test] == 3) loop.stop();
  });
  // Two tests of one address: a reply belongs to a test, not to an address.
  prober.assign({make_test(1, "127.0.0.1", IcmpConfiguration{}, 2),
                 make_test(2, "127.0.0.1", IcmpConfiguration{}, 2)});
  loop.run_for(Seconds(20));
  EXPECT_GE(rounds[TestId{1}], 2);
  EXPECT_GE(rounds[TestId{2}], 2);
  EXPECT_EQ(prober.stats().missed_intervals, 0U);
  EXPECT_EQ(prober.stats().tests, 2U);
  EXPECT_EQ(prober.stats().duplicate_replies, 0U);
}

TEST(Prober, a_removed_or_disabled_test_gives_no_more_rounds) {
  io::Loop loop;
  std::map<TestId, int> rounds;
  Prober* self = nullptr;
  lw::Test second = make_test(2, "127.0.0.1", IcmpConfiguration{}, 1);
  Prober prober(loop, kClock, {}, [&](Round&& round) {
    if (++rounds[round.test] == 1) {
      const lw::Test first = make_test(1, "127.0.0.1", IcmpConfiguration{}, 1);
      second.disabled = true;
      self->assign({first, second});
    }
    if (rounds[TestId{1}] == 3) loop.stop();
  });
  self = &prober;
  prober.assign({make_test(1, "127.0.0.1", IcmpConfiguration{}, 1), second});
  loop.run_for(Seconds(20));
  EXPECT_EQ(rounds[TestId{1}], 3);
  EXPECT_LE(rounds[TestId{2}], 1);
  EXPECT_EQ(prober.stats().tests, 1U);
}

}  // namespace
}  // namespace lw
