// SPDX-License-Identifier: Apache-2.0
#include "io/resolver.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/name_files.h"
#include "io/test_dns.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() {
    options.resolv_conf = options.hosts = "/nonexistent";
    // A loop that is late must not look like a server that is. Tests of patience set their own.
    options.patience = Seconds(20);
    options.ask_all_every = Seconds(0);
  }

  NameAnswer resolve(Resolver& resolver, const std::string& name,
                     AddressFamily family = AddressFamily::V4) {
    std::optional<NameAnswer> result;
    resolver.resolve(name, family, [&](const NameAnswer& answer) {
      result = answer;
      loop.stop();
    });
    // A stop before the run ends it at once, so an answer from inside is fine.
    loop.run_for(Seconds(20));
    EXPECT_TRUE(result) << name;
    return result.value_or(NameAnswer{});
  }

  static std::vector<std::string> texts(const NameAnswer& answer) {
    std::vector<std::string> all;
    for (const IpAddress& address : answer.addresses) all.push_back(to_string(address));
    return all;
  }

  using Texts = std::vector<std::string>;
  Loop loop;
  ManualClock clock;  // Time-outs are of the loop, so everything takes no time at all.
  ResolverOptions options;
};

TEST_F(ResolverTest, takes_numeric_addresses_as_they_are) {
  Resolver resolver(loop, clock, options);
  EXPECT_EQ(texts(resolve(resolver, "192.0.2.1")), Texts{"192.0.2.1"});
  EXPECT_EQ(texts(resolve(resolver, "2001:db8::1", AddressFamily::V6)), Texts{"2001:db8::1"});
  EXPECT_EQ(resolve(resolver, "192.0.2.1", AddressFamily::V6).status, NameStatus::NoAddress);
}

TEST_F(ResolverTest, refuses_what_is_no_host_name_without_asking) {
  FakeDns dns(loop);
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  for (const char* name : {"", ".", "a b", "a..b", "-a", "a/b"}) {
    EXPECT_EQ(resolve(resolver, name).status, NameStatus::Invalid) << name;
  }
  EXPECT_EQ(resolve(resolver, std::string(64, 'a')).status, NameStatus::Invalid);
  const NameAnswer foreign = resolve(resolver,
                                     "b\xC3\xBC"
                                     "cher.example");
  EXPECT_EQ(foreign.status, NameStatus::Invalid);
  EXPECT_TRUE(foreign.evidence.contains("xn--")) << foreign.evidence;
  EXPECT_EQ(dns.queries, 0);
}

TEST_F(ResolverTest, asks_anew_each_time_however_long_the_ttl_and_follows_the_name) {
  FakeDns dns(loop);
  dns.answer.v4 = {"192.0.2.1", "192.0.2.2"};
  dns.answer.ttl = 86'400;
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  const NameAnswer answer = resolve(resolver, "WEB.example");
  EXPECT_EQ(texts(answer), (Texts{"192.0.2.1", "192.0.2.2"}));
  EXPECT_EQ(answer.server, dns.address);
  EXPECT_EQ(answer.ttl, Seconds(86'400));
  EXPECT_EQ(answer.evidence, "");
  dns.answer.v4 = {"192.0.2.9"};
  EXPECT_EQ(texts(resolve(resolver, "web.example")), Texts{"192.0.2.9"});
  dns.answer.rcode = kServFail;
  EXPECT_EQ(resolve(resolver, "web.example").status, NameStatus::ServerFailed);
  EXPECT_EQ(dns.queries, 3);
}

TEST_F(ResolverTest, tells_failures_apart_with_the_server_that_they_are_of) {
  FakeDns dns(loop);
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  dns.answer.rcode = kNxDomain;
  NameAnswer answer = resolve(resolver, "gone.example");
  EXPECT_EQ(answer.status, NameStatus::NotFound);
  EXPECT_EQ(answer.evidence, "NXDOMAIN from " + dns.address + " in 0 µs");
  dns.answer.rcode = kServFail;
  answer = resolve(resolver, "sick.example");
  EXPECT_EQ(answer.status, NameStatus::ServerFailed);
  EXPECT_EQ(answer.evidence, "SERVFAIL from " + dns.address + " in 0 µs");
  dns.answer.rcode = kRefused;
  answer = resolve(resolver, "foreign.example");
  EXPECT_EQ(answer.status, NameStatus::ServerFailed);
  EXPECT_EQ(answer.evidence, "REFUSED from " + dns.address + " in 0 µs");
  dns.answer = {};
  answer = resolve(resolver, "empty.example");
  EXPECT_EQ(answer.status, NameStatus::NoAddress);
  EXPECT_EQ(answer.evidence, "no A record from " + dns.address + " in 0 µs");
}

TEST_F(ResolverTest, asks_the_next_server_when_one_fails_or_says_nothing) {
  FakeDns silent(loop);
  FakeDns sick(loop);
  FakeDns well(loop);
  silent.answer.silent = true;
  sick.answer.rcode = kServFail;
  well.answer.v4 = {"192.0.2.1"};
  options.servers = {silent.address, sick.address, well.address};
  options.server_timeout = Milliseconds(60);
  Resolver resolver(loop, clock, options);
  const NameAnswer found = resolve(resolver, "web.example");
  EXPECT_EQ(texts(found), Texts{"192.0.2.1"});
  EXPECT_EQ(found.server, well.address);
  EXPECT_EQ(found.evidence, "no answer from " + silent.address + " in 60 ms; SERVFAIL from " +
                                sick.address + " in 0 µs");
  EXPECT_GE(silent.queries, 1);
  well.answer = {};
  well.answer.silent = true;
  const NameAnswer answer = resolve(resolver, "other.example");
  EXPECT_EQ(answer.status, NameStatus::ServerFailed) << "one server is there";
  EXPECT_EQ(answer.evidence, "SERVFAIL from " + sick.address + " in 0 µs; no answer from " +
                                 well.address + " in 60 ms; no answer from " + silent.address +
                                 " in 60 ms");
  sick.answer.silent = true;
  EXPECT_EQ(resolve(resolver, "other.example").status, NameStatus::TimedOut);
}

TEST_F(ResolverTest, asks_all_servers_now_and_then_and_tells_what_the_others_do_not_know) {
  FakeDns well(loop);
  FakeDns other(loop);
  well.answer.v4 = other.answer.v4 = {"192.0.2.1"};
  options.servers = {well.address, other.address};
  options.ask_all_every = Seconds(60);
  Resolver resolver(loop, clock, options);
  // The answer does not wait for the others.
  const auto found = [&](const std::string& evidence) {
    const NameAnswer answer = resolve(resolver, "web.example");
    EXPECT_EQ(texts(answer), Texts{"192.0.2.1"});
    EXPECT_EQ(answer.server, well.address);
    EXPECT_EQ(answer.evidence, evidence);
  };
  const auto wait_for_query = [&](int count) {
    while (other.queries < count && !HasFailure()) loop.run_for(Milliseconds(1));
    loop.run_for(Milliseconds(20));
  };
  found("");
  wait_for_query(1);
  found("");
  EXPECT_EQ(other.queries, 1) << "not each time";
  other.answer.rcode = kRefused;
  clock.advance(Seconds(60));
  found("");
  wait_for_query(2);
  found("REFUSED from " + other.address + " in 0 µs");
  other.answer.rcode = kNxDomain;
  clock.advance(Seconds(60));
  found("REFUSED from " + other.address + " in 0 µs");
  wait_for_query(3);
  found("NXDOMAIN from " + other.address + " in 0 µs");
  other.answer.rcode = 0;
  clock.advance(Seconds(60));
  found("NXDOMAIN from " + other.address + " in 0 µs");
  wait_for_query(4);
  found("");
}

TEST_F(ResolverTest, asks_a_server_that_was_silent_last_for_a_while_and_then_first_again) {
  FakeDns silent(loop);
  FakeDns also_silent(loop);
  FakeDns well(loop);
  silent.answer.silent = also_silent.answer.silent = true;
  well.answer.v4 = {"192.0.2.1"};
  options.servers = {silent.address, also_silent.address, well.address};
  options.server_timeout = Milliseconds(500);
  Resolver resolver(loop, clock, options);
  EXPECT_EQ(texts(resolve(resolver, "web.example")), Texts{"192.0.2.1"});
  EXPECT_EQ(resolve(resolver, "other.example").evidence, "");
  EXPECT_EQ(std::ranges::count(silent.names, "other.example"), 0);
  EXPECT_EQ(std::ranges::count(also_silent.names, "other.example"), 0);
  clock.advance(Seconds(30));
  resolve(resolver, "third.example");
  EXPECT_GE(std::ranges::count(silent.names, "third.example"), 1);
}

TEST_F(ResolverTest, asks_the_next_server_beside_one_that_says_nothing) {
  FakeDns silent(loop);
  FakeDns well(loop);
  silent.answer.silent = true;
  well.answer.v4 = {"192.0.2.1"};
  options.servers = {silent.address, well.address};
  options.server_timeout = Seconds(600);
  options.patience = Milliseconds(20);
  Resolver resolver(loop, clock, options);
  const NameAnswer answer = resolve(resolver, "web.example");
  EXPECT_EQ(texts(answer), Texts{"192.0.2.1"});
  EXPECT_EQ(answer.server, well.address);
  EXPECT_EQ(answer.evidence, "no answer from " + silent.address + " in 0 µs");
}

TEST_F(ResolverTest, takes_a_name_that_does_not_exist_from_the_first_server) {
  FakeDns first(loop);
  FakeDns second(loop);
  first.answer.rcode = kNxDomain;
  second.answer.v4 = {"192.0.2.1"};
  options.servers = {first.address, second.address};
  Resolver resolver(loop, clock, options);
  EXPECT_EQ(resolve(resolver, "gone.example").status, NameStatus::NotFound);
  EXPECT_EQ(second.queries, 0);
}

TEST_F(ResolverTest, asks_for_both_families_or_only_for_the_wanted_one) {
  FakeDns dns(loop);
  dns.answer.v6 = {"2001:db8::1"};
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  EXPECT_EQ(texts(resolve(resolver, "web.example", AddressFamily::V4ThenV6)), Texts{"2001:db8::1"});
  EXPECT_EQ(dns.queries, 2);
  EXPECT_EQ(resolve(resolver, "web.example", AddressFamily::V4).status, NameStatus::NoAddress);
  EXPECT_EQ(texts(resolve(resolver, "web.example", AddressFamily::V6)), Texts{"2001:db8::1"});
  EXPECT_EQ(dns.queries, 4);
  dns.answer.v4 = {"192.0.2.1"};
  EXPECT_EQ(texts(resolve(resolver, "web.example", AddressFamily::V4ThenV6)),
            (Texts{"192.0.2.1", "2001:db8::1"}));
}

TEST_F(ResolverTest, knows_the_result_of_each_family) {
  FakeDns dns(loop);
  dns.answer.v4 = {"192.0.2.1"};
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  NameAnswer answer = resolve(resolver, "web.example", AddressFamily::V4ThenV6);
  EXPECT_EQ(answer.v4.value().status, NameStatus::Found);
  EXPECT_EQ(answer.v6.value().status, NameStatus::NoAddress);
  EXPECT_EQ(answer.evidence, "") << "most names have no IPv6 address";
  dns.answer.rcode_v6 = kServFail;
  answer = resolve(resolver, "web.example", AddressFamily::V4ThenV6);
  EXPECT_EQ(answer.status, NameStatus::Found);
  EXPECT_EQ(answer.v6.value().status, NameStatus::ServerFailed);
  EXPECT_EQ(answer.evidence, "AAAA: SERVFAIL from " + dns.address + " in 0 µs");
  // RFC 4074 §4.2: some servers deny a name that has no AAAA record.
  dns.answer.rcode_v6 = kNxDomain;
  answer = resolve(resolver, "web.example", AddressFamily::V4ThenV6);
  EXPECT_EQ(texts(answer), Texts{"192.0.2.1"});
  dns.answer = {};
  dns.answer.rcode = kNxDomain;
  answer = resolve(resolver, "web.example", AddressFamily::V4ThenV6);
  EXPECT_EQ(answer.status, NameStatus::NotFound);
  EXPECT_EQ(answer.evidence, "NXDOMAIN from " + dns.address + " in 0 µs") << "said once";
}

TEST_F(ResolverTest, a_server_that_never_answers_for_ipv6_does_not_hold_up_ipv4) {
  FakeDns dns(loop);
  dns.answer.v4 = {"192.0.2.1"};
  dns.answer.silent_v6 = true;
  options.servers = {dns.address};
  options.server_timeout = Seconds(600);  // Waiting for it would end the test without an answer.
  options.patience = Milliseconds(20);
  Resolver resolver(loop, clock, options);
  const NameAnswer answer = resolve(resolver, "web.example", AddressFamily::V4ThenV6);
  EXPECT_EQ(texts(answer), Texts{"192.0.2.1"});
  EXPECT_EQ(answer.v6.value().status, NameStatus::TimedOut);
  EXPECT_EQ(answer.evidence, "AAAA: no answer from " + dns.address + " in 0 µs");
}

TEST_F(ResolverTest, goes_through_the_search_list_for_both_families_together) {
  FakeDns dns(loop);
  dns.answer.only_name = "db.b.example";
  dns.answer.v6 = {"2001:db8::1"};
  std::string folder = std::filesystem::temp_directory_path() / "lw-names-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  options.resolv_conf = folder + "/resolv.conf";
  ASSERT_TRUE(write_file_atomically(
      options.resolv_conf, "nameserver " + dns.address + "\nsearch a.example b.example\n", 0600));
  Resolver resolver(loop, clock, options);
  EXPECT_EQ(texts(resolve(resolver, "db", AddressFamily::V4ThenV6)), Texts{"2001:db8::1"});
  EXPECT_EQ(dns.names, (Texts{"db.a.example", "db.b.example"}));
  dns.names.clear();
  const NameAnswer answer = resolve(resolver, "x.y", AddressFamily::V4ThenV6);
  EXPECT_EQ(answer.status, NameStatus::NotFound);
  EXPECT_EQ(answer.evidence, "NXDOMAIN from " + dns.address + " in 0 µs");
  EXPECT_EQ(dns.names, (Texts{"x.y", "x.y.a.example", "x.y.b.example"}));
  dns.names.clear();
  EXPECT_EQ(resolve(resolver, "x.").status, NameStatus::NotFound);
  EXPECT_EQ(dns.names, Texts{"x"});
  std::filesystem::remove_all(folder);
}

TEST_F(ResolverTest, sees_an_answer_that_is_there_before_it_looks_at_the_time) {
  FakeDns dns(loop);
  dns.answer.v4 = {"192.0.2.1"};
  options.servers = {dns.address};
  options.server_timeout = Milliseconds(60);
  Resolver resolver(loop, clock, options);
  NameAnswer answer;
  resolver.resolve("web.example", AddressFamily::V4, [&](const NameAnswer& got) {
    answer = got;
    loop.stop();
  });
  // The loop stands still: then the question and the end of its time are there at once, and the
  // answer comes between the two.
  ::poll(nullptr, 0, 150);
  loop.run_for(Seconds(20));
  EXPECT_EQ(texts(answer), Texts{"192.0.2.1"});
  EXPECT_EQ(dns.queries, 1) << "nor is it asked for again";
}

TEST_F(ResolverTest, says_who_is_not_there_without_waiting) {
  EXPECT_TRUE(in_own_network({}, [this] {
    Loop own;
    options.servers = {"127.0.0.1:9"};
    options.server_timeout = Seconds(600);
    Resolver resolver(own, clock, options);
    NameAnswer answer;
    resolver.resolve("web.example", AddressFamily::V4, [&](const NameAnswer& got) {
      answer = got;
      own.stop();
    });
    own.run_for(Seconds(20));
    EXPECT_EQ(answer.status, NameStatus::TimedOut);
    EXPECT_EQ(answer.evidence, "no name server at 127.0.0.1:9 in 0 µs");
  }));
}

TEST_F(ResolverTest, shares_one_query_among_all_who_ask) {
  FakeDns dns(loop);
  dns.answer.v4 = {"192.0.2.1"};
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  int answers = 0;
  for (int i = 0; i < 100; ++i) {
    resolver.resolve("web.example", AddressFamily::V4, [&](const NameAnswer& answer) {
      EXPECT_EQ(answer.status, NameStatus::Found);
      if (++answers == 100) loop.stop();
    });
  }
  loop.run_for(Seconds(20));
  EXPECT_EQ(answers, 100);
  EXPECT_EQ(dns.queries, 1);
}

TEST_F(ResolverTest, follows_the_systems_files_when_they_change) {
  FakeDns before(loop);
  FakeDns after(loop);
  before.answer.v4 = {"192.0.2.1"};
  after.answer.v4 = {"192.0.2.2"};
  std::string folder = std::filesystem::temp_directory_path() / "lw-names-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  options.resolv_conf = folder + "/resolv.conf";
  options.hosts = folder + "/hosts";
  ASSERT_TRUE(write_file_atomically(options.resolv_conf, "nameserver " + before.address, 0600));
  Resolver resolver(loop, clock, options);
  EXPECT_EQ(texts(resolve(resolver, "web.example")), Texts{"192.0.2.1"});
  ASSERT_TRUE(write_file_atomically(options.resolv_conf, "nameserver " + after.address, 0600));
  ASSERT_TRUE(write_file_atomically(options.hosts, "192.0.2.3 db.example db\n", 0600));
  clock.advance(Seconds(1));
  EXPECT_EQ(texts(resolve(resolver, "web.example")), Texts{"192.0.2.2"});
  EXPECT_EQ(texts(resolve(resolver, "DB")), Texts{"192.0.2.3"});
  std::filesystem::remove_all(folder);
}

TEST_F(ResolverTest, forgets_who_waits_when_it_goes) {
  FakeDns dns(loop);
  dns.answer.v4 = {"192.0.2.1"};
  options.servers = {dns.address};
  {
    Resolver resolver(loop, clock, options);
    resolver.resolve("web.example", AddressFamily::V4, [](const NameAnswer&) { FAIL(); });
  }
  loop.run_for(Milliseconds(5));
}

TEST(NameFiles, reads_servers_search_list_and_ndots) {
  const ResolvConf conf = parse_resolv_conf(
      "# comment\nnameserver 10.0.0.53\nnameserver fe80::1%2 ; other\ndomain old.example\n"
      "search a.example b.example\noptions timeout:1 ndots:2 rotate\nnonsense\n");
  EXPECT_EQ(conf.servers, (std::vector<std::string>{"10.0.0.53", "fe80::1%2"}));
  EXPECT_EQ(conf.search, (std::vector<std::string>{"a.example", "b.example"}));
  EXPECT_EQ(conf.ndots, 2);
  EXPECT_EQ(parse_resolv_conf("").servers, std::vector<std::string>{"127.0.0.1"});
}

TEST(NameFiles, tries_names_in_the_order_that_resolv_conf_says) {
  using Names = std::vector<std::string>;
  ResolvConf conf;
  conf.search = {"a.example", "."};
  EXPECT_EQ(search_candidates("db", conf), (Names{"db.a.example", "db"}));
  EXPECT_EQ(search_candidates("db.x", conf), (Names{"db.x", "db.x.a.example"}));
  EXPECT_EQ(search_candidates("db.x.", conf), Names{"db.x."});
  conf.ndots = 2;
  EXPECT_EQ(search_candidates("db.x", conf), (Names{"db.x.a.example", "db.x"}));
  conf.ndots = 0;
  EXPECT_EQ(search_candidates("db", conf), (Names{"db", "db.a.example"}));
  EXPECT_EQ(search_candidates("db", ResolvConf{}), Names{"db"});
}

TEST(NameFiles, reads_how_long_and_how_often_to_ask) {
  const ResolvConf conf = parse_resolv_conf("options timeout:1 attempts:3\n");
  EXPECT_EQ(conf.timeout, Seconds(1));
  EXPECT_EQ(conf.attempts, 3);
  EXPECT_FALSE(parse_resolv_conf("options rotate\n").timeout);
  EXPECT_EQ(parse_resolv_conf("options timeout:0 attempts:99\n").timeout, Seconds(1));
  EXPECT_EQ(parse_resolv_conf("options timeout:0 attempts:99\n").attempts, 5);
  EXPECT_FALSE(parse_resolv_conf("options timeout:soon\n").timeout);
}

}  // namespace
}  // namespace lw::io
