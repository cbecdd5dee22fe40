// SPDX-License-Identifier: Apache-2.0
#include "probe/round_runner.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "base/test_times.h"
#include "io/test_dns.h"
#include "io/test_network.h"

namespace lw {
namespace {

using Texts = std::vector<std::string>;

/// A port that takes connections, and answers HTTP requests.
class Listener {
 public:
  Listener(io::Loop& loop, const std::string& address, std::uint16_t wanted_port = 0) {
    io::SocketAddress local(*parse_ip_address(address), wanted_port);
    const int family = parse_ip_address(address)->is_v6 ? AF_INET6 : AF_INET;
    fd_ = FileDescriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::bind(fd_.get(), local.data(), local.size()), 0) << address;
    EXPECT_EQ(::listen(fd_.get(), 64), 0);
    socklen_t size = io::SocketAddress::capacity();
    EXPECT_EQ(::getsockname(fd_.get(), local.data(), &size), 0);
    port = io::port_of(local.data());
    watch_ = loop.watch(fd_.get(), io::Loop::Interest::Read, [this] { serve(); });
  }
  std::uint16_t port = 0;

 private:
  void serve() {
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    FileDescriptor peer(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.is_open()) return;
    static_cast<void>(::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL));
    ::shutdown(peer.get(), SHUT_WR);
    peers_.push_back(std::move(peer));
  }
  FileDescriptor fd_;
  std::vector<FileDescriptor> peers_;
  io::Loop::Watch watch_;
};

lw::Test make_test(const std::string& name, ProtocolConfiguration protocol,
                   AddressUse use = AddressUse::First, int checks = 4) {
  TestConfiguration configuration;
  configuration.frequency = Seconds(10);
  configuration.protocol = std::move(protocol);
  configuration.checks_per_round = checks;
  configuration.check_timeout = Milliseconds(2000);
  configuration.address_use = use;
  lw::Test test;
  test.id = TestId{7};
  test.destination_address = name;
  test.configuration = std::make_shared<const TestConfiguration>(configuration);
  return test;
}

/// A loop with a name server and a runner that asks it.
struct RunnerBench {
  explicit RunnerBench(Milliseconds server_timeout = Seconds(20)) {
    RoundRunner::Options options;
    options.resolver.servers = {dns.address};
    options.resolver.resolv_conf = options.resolver.hosts = "/nonexistent";
    options.resolver.server_timeout = server_timeout;
    RoundRunner::Handlers handlers;
    handlers.checked = [this](std::uint64_t, const Check&, const std::string&) {
      ++checked;
      if (on_checked) on_checked();
    };
    handlers.finished = [this](std::uint64_t, Round&& round) {
      result = std::move(round);
      loop.stop();
    };
    runner.emplace(loop, kClock, std::move(options), std::move(handlers));
  }

  Round run(const lw::Test& test) {
    result.reset();
    const std::uint64_t round = runner->begin(std::make_shared<const lw::Test>(test));
    for (int i = 0; i < test.configuration->effective_checks_per_round(); ++i) {
      runner->check(round, i);
    }
    runner->resolve(round);
    loop.run_for(Seconds(20));
    EXPECT_TRUE(result);
    EXPECT_EQ(runner->running(), 0U);
    return result.value_or(Round{});
  }

  io::Loop loop;
  io::FakeDns dns{loop};
  std::optional<RoundRunner> runner;
  std::optional<Round> result;
  std::function<void()> on_checked;
  int checked = 0;
};

void expect_outcomes(const Round& round, const std::vector<CheckOutcome>& expected) {
  std::vector<CheckOutcome> actual;
  for (const Check& check : round.checks) actual.push_back(check.outcome);
  EXPECT_EQ(actual, expected) << round.detail;
}
const std::vector<CheckOutcome> kAllWell(4, CheckOutcome::Success);

TEST(RoundRunner, an_http_check_that_times_out_while_the_loop_is_late_is_void) {
  // Takes connections into its queue and never answers.
  const FileDescriptor silent(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  io::SocketAddress local(*parse_ip_address("127.0.0.1"), 0);
  socklen_t size = io::SocketAddress::capacity();
  ASSERT_EQ(::bind(silent.get(), local.data(), local.size()), 0);
  ASSERT_EQ(::listen(silent.get(), 64), 0);
  ASSERT_EQ(::getsockname(silent.get(), local.data(), &size), 0);
  HttpConfiguration http;
  http.port = io::port_of(local.data());
  lw::Test test = make_test("127.0.0.1", http, AddressUse::First, 1);
  auto configuration = std::make_shared<TestConfiguration>(*test.configuration);
  configuration->check_timeout = Milliseconds(200);
  test.configuration = configuration;

  RunnerBench punctual;
  punctual.runner->note_lateness(kClock.now(), Milliseconds(19));
  expect_outcomes(punctual.run(test), {CheckOutcome::TimedOut});
  RunnerBench late_before;
  late_before.runner->note_lateness(kClock.now() - Seconds(1), Seconds(5));
  expect_outcomes(late_before.run(test), {CheckOutcome::TimedOut});
  RunnerBench late;
  late.runner->note_lateness(kClock.now() + Milliseconds(100), Milliseconds(150));
  const Round round = late.run(test);
  expect_outcomes(round, {CheckOutcome::LocalOverload});
  EXPECT_TRUE(round.detail.starts_with(
      "this agent was overloaded: its checks began up to 150 ms late (no answer in 200 ms"))
      << round.detail;
}

TEST(RoundRunner, tells_what_the_name_servers_said_beside_the_checks) {
  RunnerBench bench;
  bench.dns.answer.v4 = {"127.0.0.2", "127.0.0.1"};
  const Round round = bench.run(make_test("web.example", IcmpConfiguration{}));
  expect_outcomes(round, kAllWell);
  EXPECT_EQ(round.address, "127.0.0.2");
  ASSERT_TRUE(round.name);
  EXPECT_EQ(round.name->outcome, CheckOutcome::Success);
  EXPECT_EQ(round.name->addresses, (Texts{"127.0.0.2", "127.0.0.1"}));
  EXPECT_EQ(round.name->server, bench.dns.address);
  EXPECT_EQ(round.name->ttl, Seconds(30));
  EXPECT_GT(round.name->took, Microseconds(0));
  EXPECT_FALSE(round.name->is_last_good);
  EXPECT_EQ(round.name->detail, "");
}

TEST(RoundRunner, has_no_facts_about_a_name_where_there_is_none) {
  RunnerBench bench;
  const Round round = bench.run(make_test("127.0.0.1", IcmpConfiguration{}));
  expect_outcomes(round, kAllWell);
  EXPECT_FALSE(round.name);
  EXPECT_EQ(bench.dns.queries, 0);
}

TEST(RoundRunner, fails_the_checks_of_a_name_that_never_had_an_address) {
  RunnerBench bench;
  bench.dns.answer.rcode = io::kNxDomain;
  const Round round = bench.run(make_test("gone.example", IcmpConfiguration{}));
  expect_outcomes(round, std::vector<CheckOutcome>(4, CheckOutcome::NameNotFound));
  EXPECT_EQ(round.address, "");
  ASSERT_TRUE(round.name);
  EXPECT_EQ(round.name->outcome, CheckOutcome::NameNotFound);
  EXPECT_FALSE(round.name->is_last_good);
  EXPECT_TRUE(round.detail.starts_with("NXDOMAIN from " + bench.dns.address)) << round.detail;
  EXPECT_EQ(round.name->detail, round.detail);
}

TEST(RoundRunner, goes_on_with_the_last_good_address_while_the_name_fails) {
  RunnerBench bench{Milliseconds(60)};
  const lw::Test test = make_test("web.example", IcmpConfiguration{});
  bench.dns.answer.v4 = {"127.0.0.1"};
  bench.run(test);
  bench.dns.answer.v4 = {"127.0.0.2"};
  EXPECT_EQ(bench.run(test).address, "127.0.0.2") << "a name is followed";
  struct Example {
    int rcode;
    bool silent;
    CheckOutcome outcome;
    std::string says;
  };
  for (const Example& example :
       {Example{io::kNxDomain, false, CheckOutcome::NameNotFound, "NXDOMAIN from "},
        Example{io::kServFail, false, CheckOutcome::NameServerFailed, "SERVFAIL from "},
        Example{0, true, CheckOutcome::NameTimedOut, "no answer from "}}) {
    bench.dns.answer = {};
    bench.dns.answer.rcode = example.rcode;
    bench.dns.answer.silent = example.silent;
    const Round round = bench.run(test);
    expect_outcomes(round, kAllWell);
    EXPECT_EQ(round.address, "127.0.0.2");
    EXPECT_EQ(round.detail, "");
    ASSERT_TRUE(round.name);
    EXPECT_EQ(round.name->outcome, example.outcome);
    EXPECT_TRUE(round.name->is_last_good);
    EXPECT_TRUE(round.name->detail.starts_with(example.says + bench.dns.address))
        << round.name->detail;
    EXPECT_NE(round.name->detail.find("; last resolved "), std::string::npos);
    EXPECT_EQ(round.name->addresses, Texts{}) << "nobody says so now";
  }
  bench.dns.answer = {};
  bench.dns.answer.v4 = {"127.0.0.3"};
  const Round round = bench.run(test);
  EXPECT_EQ(round.address, "127.0.0.3");
  EXPECT_FALSE(round.name->is_last_good);
}

TEST(RoundRunner, measures_the_last_good_address_before_a_silent_name_server_is_given_up) {
  RunnerBench bench{Milliseconds(1500)};
  const lw::Test test = make_test("web.example", IcmpConfiguration{});
  bench.dns.answer.v4 = {"127.0.0.1"};
  bench.run(test);
  bench.dns.answer.silent = true;
  bench.checked = 0;
  // When all checks are done, the name server comes back: its answer is still the round's.
  bench.on_checked = [&] { bench.dns.answer.silent = bench.checked < 4; };
  const Round round = bench.run(test);
  expect_outcomes(round, kAllWell);
  ASSERT_TRUE(round.name);
  EXPECT_TRUE(round.name->is_last_good) << "the checks did not wait for the answer";
  EXPECT_EQ(bench.checked, 4);
}

TEST(RoundRunner, an_address_of_another_name_or_family_is_not_this_ones) {
  RunnerBench bench;
  bench.dns.answer.v4 = {"127.0.0.1"};
  bench.run(make_test("web.example", IcmpConfiguration{}));
  bench.dns.answer = {};
  bench.dns.answer.rcode = io::kNxDomain;
  expect_outcomes(bench.run(make_test("other.example", IcmpConfiguration{})),
                  std::vector<CheckOutcome>(4, CheckOutcome::NameNotFound));
  lw::Test six = make_test("web.example", IcmpConfiguration{});
  TestConfiguration configuration = *six.configuration;
  configuration.preferred_ip_version = IpVersion::V6;
  six.configuration = std::make_shared<const TestConfiguration>(configuration);
  EXPECT_FALSE(bench.run(six).name->is_last_good);
}

TEST(RoundRunner, checks_take_turns_over_all_addresses_and_say_which_failed) {
  RunnerBench bench;
  const Listener listener(bench.loop, "127.0.0.1");
  bench.dns.answer.v4 = {"127.0.0.1", "127.0.0.2"};
  const Round round =
      bench.run(make_test("web.example", TcpConfiguration{.port = listener.port}, AddressUse::All));
  expect_outcomes(round, {CheckOutcome::Success, CheckOutcome::Refused, CheckOutcome::Success,
                          CheckOutcome::Refused});
  EXPECT_EQ(round.address, "127.0.0.1");
  EXPECT_EQ(round.detail, fmt::format("127.0.0.2: RST from 127.0.0.2 port {}", listener.port));
}

TEST(RoundRunner, rounds_take_turns_where_one_has_too_few_checks_for_all_addresses) {
  RunnerBench bench;
  bench.dns.answer.v4 = {"127.0.0.1", "127.0.0.2", "127.0.0.3"};
  const lw::Test test = make_test("web.example", IcmpConfiguration{}, AddressUse::All, 2);
  for (const char* first : {"127.0.0.1", "127.0.0.3", "127.0.0.2", "127.0.0.1"}) {
    EXPECT_EQ(bench.run(test).address, first);
  }
}

TEST(RoundRunner, connects_as_a_browser_does_and_says_what_that_hides) {
  const std::vector<std::string> setup = {
      "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }'",
      "nft 'add rule inet t in ip6 daddr ::1 tcp dport 8 drop'"};
  EXPECT_TRUE(io::in_own_network(setup, [] {
    RunnerBench bench;
    bench.dns.answer.v4 = {"127.0.0.1"};
    bench.dns.answer.v6 = {"::1"};
    const Listener v4(bench.loop, "127.0.0.1", 9);
    const Listener filtered(bench.loop, "127.0.0.1", 8);
    const auto tcp = [](std::uint16_t port) {
      return make_test("web.example", TcpConfiguration{.port = port}, AddressUse::HappyEyeballs, 1);
    };

    Round round = bench.run(tcp(9));
    expect_outcomes(round, {CheckOutcome::Success});
    EXPECT_EQ(round.address, "127.0.0.1");
    EXPECT_EQ(round.detail,
              "IPv6 address ::1 failed: RST from ::1 port 9; IPv4 address 127.0.0.1 was used");
    EXPECT_EQ(round.name->addresses, (Texts{"::1", "127.0.0.1"})) << "the preferred one first";

    round = bench.run(tcp(8));
    expect_outcomes(round, {CheckOutcome::Success});
    EXPECT_EQ(round.address, "127.0.0.1");
    EXPECT_TRUE(round.detail.starts_with("IPv6 address ::1 did not answer in ")) << round.detail;
    EXPECT_TRUE(round.detail.ends_with("; IPv4 address 127.0.0.1 was used")) << round.detail;

    round = bench.run(tcp(7));
    expect_outcomes(round, {CheckOutcome::Refused});
    EXPECT_EQ(round.address, "::1");
    EXPECT_EQ(round.detail, "::1: RST from ::1 port 7; 127.0.0.1: RST from 127.0.0.1 port 7");

    const Listener v6(bench.loop, "::1", 9);
    round = bench.run(tcp(9));
    expect_outcomes(round, {CheckOutcome::Success});
    EXPECT_EQ(round.address, "::1");
    EXPECT_EQ(round.detail, "");
  }));
}

TEST(RoundRunner, makes_the_http_exchange_with_the_winner) {
  EXPECT_TRUE(io::in_own_network({}, [] {
    RunnerBench bench;
    bench.dns.answer.v4 = {"127.0.0.1"};
    bench.dns.answer.v6 = {"::1"};
    const Listener v4(bench.loop, "127.0.0.1", 80);
    const lw::Test test =
        make_test("web.example", HttpConfiguration{}, AddressUse::HappyEyeballs, 1);
    const Round round = bench.run(test);
    expect_outcomes(round, {CheckOutcome::Success});
    EXPECT_EQ(round.http_status, 200);
    EXPECT_EQ(round.address, "127.0.0.1");
    EXPECT_EQ(round.detail,
              "IPv6 address ::1 failed: RST from ::1 port 80; IPv4 address 127.0.0.1 was used");
  }));
}

}  // namespace
}  // namespace lw
