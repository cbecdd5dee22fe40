// SPDX-License-Identifier: Apache-2.0
#include "probe/prober.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "base/files.h"
#include "base/test_times.h"
#include "base/thread.h"
#include "io/socket_address.h"
#include "io/test_network.h"

namespace lw {
namespace {

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
Round run_once(const Test& test, ProberConfig config = {}, Microseconds spacing = Milliseconds(1)) {
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
      spacing);
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

/// Resets leave with another TTL than all else, as if another machine had sent them.
const std::vector<std::string> kForeignResets = {
    "nft 'add table inet m; add chain inet m out { type filter hook output priority mangle; }'",
    "nft 'add rule inet m out tcp flags & rst == rst ip ttl set 61'"};

constexpr const char* kNotTheHost =
    "; a device on the way seems to have sent the reset, not the host: it came with TTL 61 (3 "
    "routers), what the host sends otherwise with 64 (0)";

TEST(Prober, tells_a_reset_of_a_middlebox_from_one_of_the_host) {
  const auto refused = [] {
    return run_once(make_test(1, "127.0.0.1", TcpConfiguration{9}, 5), {}, Milliseconds(50));
  };
  ASSERT_TRUE(io::in_own_network(kForeignResets, [&] {
    const Round round = refused();
    expect_all(round, CheckOutcome::Refused);
    EXPECT_EQ(round.detail, std::string("RST from 127.0.0.1 port 9") + kNotTheHost);
  }));
  ASSERT_TRUE(
      io::in_own_network({}, [&] { EXPECT_EQ(refused().detail, "RST from 127.0.0.1 port 9"); }));
}

/// Accepts connections and resets them at once.
class ResettingServer {
 public:
  ResettingServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    io::SocketAddress local(*parse_ip_address("127.0.0.1"), 7001);
    EXPECT_EQ(::bind(fd_.get(), local.data(), local.size()), 0);
    EXPECT_EQ(::listen(fd_.get(), 16), 0);
    thread_ = Thread("resetting", [fd = fd_.get()] {
      for (int client = 0; client >= 0;) {
        client = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
        const FileDescriptor closes(client);
        const linger at_once{1, 0};
        ::setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
      }
    });
  }
  ~ResettingServer() {
    ::shutdown(fd_.get(), SHUT_RDWR);
    thread_.join();
  }
  ResettingServer(const ResettingServer&) = delete;
  ResettingServer& operator=(const ResettingServer&) = delete;

 private:
  FileDescriptor fd_;
  Thread thread_;
};

TEST(Prober, tells_who_broke_off_an_exchange) {
  const auto check = [](const std::string& evidence) {
    const ResettingServer server;
    HttpConfiguration http;
    http.port = 7001;
    const Round round = run_once(make_test(1, "127.0.0.1", http), {}, Milliseconds(50));
    expect_all(round, CheckOutcome::Reset);
    EXPECT_EQ(round.detail, "127.0.0.1 port 7001 reset the connection" + evidence);
  };
  ASSERT_TRUE(io::in_own_network(kForeignResets, [&] {
    check(
        "; a device on the way sent the reset, not the host: it came with TTL 61, the answer to "
        "the SYN with 64");
  }));
  ASSERT_TRUE(io::in_own_network({}, [&] { check(""); }));
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

/// The first `count` rounds of the tests as an agent runs them.
std::vector<Round> run_assigned(std::vector<lw::Test> tests, std::size_t count,
                                ProberConfig config = {}) {
  io::Loop loop;
  std::vector<Round> rounds;
  Prober prober(loop, kClock, std::move(config), [&](Round&& round) {
    rounds.push_back(std::move(round));
    if (rounds.size() >= count) loop.stop();
  });
  prober.assign(std::move(tests));
  loop.run_for(Seconds(20));
  return rounds;
}

TEST(Prober, confirms_a_first_failure_at_once_and_only_the_first) {
  ASSERT_TRUE(io::in_own_network({kChain, rule("ip daddr 127.0.0.9 drop")}, [] {
    const auto rounds = run_assigned({make_test(1, "127.0.0.9", IcmpConfiguration{}, 1)}, 2);
    ASSERT_EQ(rounds.size(), 2U);
    EXPECT_EQ(rounds[0].checks.size(), 1U);
    EXPECT_EQ(rounds[0].confirmation, (Confirmation{5, 5}));
    EXPECT_FALSE(rounds[1].confirmation) << "it is known by now";
  }));
}

TEST(Prober, confirms_nothing_that_works_or_for_which_no_time_is_left) {
  const auto fine = run_assigned({make_test(1, "127.0.0.1", IcmpConfiguration{}, 1)}, 1);
  ASSERT_EQ(fine.size(), 1U);
  EXPECT_FALSE(fine[0].confirmation);
  lw::Test slow = make_test(2, "127.0.0.1", TcpConfiguration{1}, 1);
  auto configuration = std::make_shared<TestConfiguration>(*slow.configuration);
  configuration->check_timeout = Milliseconds(900);
  slow.configuration = configuration;
  const auto refused = run_assigned({slow}, 1);
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(refused[0].checks.at(0).outcome, CheckOutcome::Refused);
  EXPECT_FALSE(refused[0].confirmation) << "0.4 s and a time-out of 0.9 s do not fit into 1 s";
}

TEST(Prober, a_confirmation_may_tell_whose_reset_it_was) {
  ASSERT_TRUE(io::in_own_network(kForeignResets, [] {
    const auto rounds = run_assigned({make_test(1, "127.0.0.1", TcpConfiguration{9}, 1)}, 2);
    ASSERT_EQ(rounds.size(), 2U);
    EXPECT_EQ(rounds[0].confirmation, (Confirmation{5, 5}));
    for (const Round& round : rounds) {
      EXPECT_EQ(round.detail, std::string("RST from 127.0.0.1 port 9") + kNotTheHost);
    }
  }));
}

TEST(Prober, replies_that_begin_to_come_by_another_way_are_noted) {
  ASSERT_TRUE(io::in_own_network({}, [] {
    io::Loop loop;
    std::vector<Round> rounds;
    Prober prober(loop, kClock, {}, [&](Round&& round) {
      rounds.push_back(std::move(round));
      if (rounds.size() == 6) {
        EXPECT_EQ(std::system("sysctl -q -w net.ipv4.ip_default_ttl=63"), 0);
      }
      if (rounds.size() == 8) loop.stop();
    });
    prober.assign({make_test(1, "127.0.0.1", IcmpConfiguration{}, 1)});
    loop.run_for(Seconds(20));
    ASSERT_EQ(rounds.size(), 8U);
    EXPECT_EQ(rounds[5].reply_ttls, (ReplyTtls{64, 64}));
    EXPECT_EQ(rounds[6].reply_ttls, (ReplyTtls{63, 63}));
    EXPECT_EQ(rounds[6].detail,
              "replies come with TTL 63 instead of 64: they take another way back, 1 hop more");
    EXPECT_EQ(rounds[7].detail, "");
  }));
}

TEST(Prober, what_is_over_the_agents_limit_does_not_count_against_the_network) {
  ProberConfig config;
  config.limits.checks_per_second_per_destination = 1;
  const Round round = run_once(make_test(1, "127.0.0.1", IcmpConfiguration{}), config);
  ASSERT_EQ(round.checks.size(), 3U);
  EXPECT_EQ(round.checks[0].outcome, CheckOutcome::Success);
  EXPECT_EQ(round.checks[1].outcome, CheckOutcome::LocalOverload);
  EXPECT_EQ(round.detail, "this agent's limit of 1 checks/s to 127.0.0.1 is used up");
  EXPECT_EQ(summarize(round).total, 1);
}

TEST(Prober, sends_echoes_and_connects_as_the_configuration_says) {
  ASSERT_TRUE(io::in_own_network(
      {"ip address add 192.0.2.7/32 dev lo",
       "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }'",
       ("nft 'add rule inet t in ip saddr 192.0.2.7 ip dscp 46 ip ttl 9 icmp type echo-request "
        "counter accept'"),
       "nft 'add rule inet t in ip saddr 192.0.2.7 ip dscp 46 ip ttl 9 tcp dport 9 counter accept'",
       rule("icmp type echo-request drop"), rule("tcp dport 9 drop")},
      [] {
        const auto as_told = [](ProtocolConfiguration protocol) {
          lw::Test test = make_test(1, "127.0.0.1", std::move(protocol));
          auto configuration = std::make_shared<TestConfiguration>(*test.configuration);
          configuration->packets = {.payload_bytes = 1400,
                                    .dscp = 46,
                                    .ttl = 9,
                                    .dont_fragment = true,
                                    .source_address = "192.0.2.7",
                                    .source_interface = "lo"};
          test.configuration = configuration;
          return test;
        };
        expect_all(run_once(as_told(IcmpConfiguration{})), CheckOutcome::Success);
        expect_all(run_once(as_told(TcpConfiguration{9})), CheckOutcome::Refused);
        expect_all(run_once(make_test(1, "127.0.0.1", IcmpConfiguration{})),
                   CheckOutcome::TimedOut);
      }));
}

TEST(Prober, a_source_that_is_not_there_is_this_hosts_fault) {
  for (const bool is_tcp : {false, true}) {
    lw::Test test = make_test(1, "127.0.0.1", IcmpConfiguration{}, 1);
    auto configuration = std::make_shared<TestConfiguration>(*test.configuration);
    if (is_tcp) configuration->protocol = TcpConfiguration{9};
    configuration->packets.source_address = "192.0.2.200";
    test.configuration = configuration;
    const Round round = run_once(test);
    expect_all(round, CheckOutcome::LocalConfiguration);
    EXPECT_EQ(
        round.detail,
        "192.0.2.200 is no address of this host (Cannot assign requested address); change the "
        "test's source address or interface, or run it on a host that has them");
    configuration->packets = {};
    configuration->packets.source_interface = "nosuch0";
    const Round without = run_once(test);
    expect_all(without, CheckOutcome::LocalConfiguration);
    EXPECT_EQ(without.detail,
              "this host has no interface nosuch0 (No such device); change the test's source "
              "address or interface, or run it on a host that has them");
    configuration->packets = {};
    configuration->packets.source_address = "2001:db8::1";
    expect_all(run_once(test), CheckOutcome::LocalConfiguration);
  }
}

TEST(Prober, says_that_it_has_receive_stamps_alone_where_no_others_are_wanted) {
  ProberConfig config;
  config.stamps = EchoStamps::Receive;
  Round round = run_once(make_test(1, "127.0.0.1", IcmpConfiguration{}), config);
  // The kernel begins to stamp received packets some time after it is asked to.
  for (int i = 0; i < 100 && round.stamp_source == StampSource::User; ++i) {
    round = run_once(make_test(1, "127.0.0.1", IcmpConfiguration{}), config);
  }
  expect_all(round, CheckOutcome::Success);
  EXPECT_EQ(round.stamp_source, StampSource::KernelReceive);
}

}  // namespace
}  // namespace lw
