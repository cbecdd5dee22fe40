// SPDX-License-Identifier: Apache-2.0
#include "io/reverse_names.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "io/pointer_record.h"
#include "io/test_dns.h"

namespace lw::io {
namespace {

using Texts = std::vector<std::string>;

class ReverseNamesTest : public testing::Test {
 protected:
  ReverseNamesTest() {
    options.resolv_conf = "/nonexistent";
    options.servers = {dns.address};
    options.server_timeout = Seconds(600);  // A loop that is late must not look like silence.
    options.asks_per_second = 0;
    dns.answer.pointers = {"core.example"};
  }

  static IpAddress address(int number) {
    return *parse_ip_address(fmt::format("198.18.{}.{}", number / 256, number % 256));
  }
  /// Until no lookup is under way.
  void settle(ReverseNames& names) {
    bool is_idle = false;
    names.when_idle([&] {
      is_idle = true;
      loop.stop();
    });
    loop.run_for(Seconds(20));
    EXPECT_TRUE(is_idle);
  }
  /// What is known once all has been looked up that a first question starts.
  std::string look_up(ReverseNames& names, const IpAddress& address) {
    names.find(address);
    settle(names);
    return names.find(address).value_or("");
  }

  Loop loop;
  ManualClock clock;
  FakeDns dns{loop};
  ReverseNamesOptions options;
  const IpAddress one = address(1);
};

TEST(PointerRecord, is_kept_under_the_address_backwards) {
  EXPECT_EQ(pointer_name_of(*parse_ip_address("192.0.2.1")), "1.2.0.192.in-addr.arpa");
  EXPECT_EQ(pointer_name_of(*parse_ip_address("2001:db8::567:89ab")),
            "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
}

TEST_F(ReverseNamesTest, answers_at_once_and_looks_the_name_up_meanwhile) {
  ReverseNames names(loop, clock, options);
  EXPECT_EQ(names.find(one), std::nullopt);
  EXPECT_EQ(names.asking(), 1U);
  EXPECT_EQ(names.find(one), std::nullopt) << "which does not ask twice";
  settle(names);
  EXPECT_EQ(names.find(one), "core.example");
  EXPECT_EQ(dns.names, Texts{"1.0.18.198.in-addr.arpa"});
  EXPECT_EQ(look_up(names, *parse_ip_address("2001:db8::1")), "core.example");
  EXPECT_EQ(dns.queries, 2);
}

TEST_F(ReverseNamesTest, asks_again_after_the_ttl_and_tells_the_old_name_meanwhile) {
  dns.answer.ttl = 120;
  ReverseNames names(loop, clock, options);
  EXPECT_EQ(look_up(names, one), "core.example");
  clock.advance(Seconds(119));
  EXPECT_EQ(look_up(names, one), "core.example");
  EXPECT_EQ(dns.queries, 1);
  dns.answer.pointers = {"edge.example"};
  clock.advance(Seconds(1));
  EXPECT_EQ(names.find(one), "core.example");
  settle(names);
  EXPECT_EQ(names.find(one), "edge.example");
  EXPECT_EQ(dns.queries, 2);
}

TEST_F(ReverseNamesTest, keeps_a_name_for_a_minute_at_least_and_ten_at_most) {
  dns.answer.ttl = 0;
  ReverseNames names(loop, clock, options);
  look_up(names, one);
  clock.advance(Seconds(59));
  look_up(names, one);
  EXPECT_EQ(dns.queries, 1);
  dns.answer.ttl = 86'400;
  clock.advance(Seconds(1));
  look_up(names, one);
  EXPECT_EQ(dns.queries, 2);
  clock.advance(Seconds(599));
  look_up(names, one);
  EXPECT_EQ(dns.queries, 2);
  clock.advance(Seconds(1));
  look_up(names, one);
  EXPECT_EQ(dns.queries, 3);
}

TEST_F(ReverseNamesTest, remembers_for_five_minutes_that_there_is_no_name) {
  dns.answer.rcode = kNxDomain;
  dns.answer.pointers.clear();
  ReverseNames names(loop, clock, options);
  EXPECT_EQ(look_up(names, one), "");
  clock.advance(Seconds(299));
  EXPECT_EQ(look_up(names, one), "");
  EXPECT_EQ(dns.queries, 1);
  dns.answer = {};
  dns.answer.pointers = {"new.example"};
  clock.advance(Seconds(1));
  EXPECT_EQ(look_up(names, one), "new.example");
  dns.answer.pointers.clear();
  clock.advance(Seconds(600));
  EXPECT_EQ(look_up(names, one), "") << "and forgets one that is gone";
}

TEST_F(ReverseNamesTest, a_server_that_fails_takes_no_name_away) {
  ReverseNames names(loop, clock, options);
  EXPECT_EQ(look_up(names, one), "core.example");
  dns.answer.rcode = kServFail;
  clock.advance(Seconds(600));
  EXPECT_EQ(look_up(names, one), "core.example");
  EXPECT_EQ(dns.queries, 2);
  clock.advance(Seconds(59));
  look_up(names, one);
  EXPECT_EQ(dns.queries, 2);
  clock.advance(Seconds(1));
  look_up(names, one);
  EXPECT_EQ(dns.queries, 3);
}

TEST_F(ReverseNamesTest, takes_only_what_has_the_form_of_a_host_name) {
  ReverseNames names(loop, clock, options);
  int number = 0;
  for (const std::string& bad : {std::string("a b.example"), std::string("\x1b[31m.example"),
                                 std::string("<b>.example"), std::string("r\xc3\xa4.example"),
                                 std::string("-x.example"), std::string("a\0b.example", 11)}) {
    dns.answer.pointers = {bad};
    EXPECT_EQ(look_up(names, address(++number)), "") << bad;
  }
  std::string longest;
  for (int i = 0; i < 31; ++i) longest += "labels.";
  dns.answer.pointers = {longest + "r_1.example"};
  EXPECT_EQ(look_up(names, address(++number)), longest + "r_1.example");
}

TEST_F(ReverseNamesTest, takes_the_same_of_several_names_in_whatever_order_they_come) {
  ReverseNames names(loop, clock, options);
  dns.answer.pointers = {"b.example", "a.example", "c.example"};
  EXPECT_EQ(look_up(names, address(1)), "a.example");
  dns.answer.pointers = {"c.example", "a.example", "b.example"};
  EXPECT_EQ(look_up(names, address(2)), "a.example");
}

// RFC 2317 §4: how parts of a /24 are handed on.
TEST_F(ReverseNamesTest, follows_aliases) {
  dns.answer.alias = "1.0-25.2.0.192.in-addr.arpa";
  ReverseNames names(loop, clock, options);
  EXPECT_EQ(look_up(names, one), "core.example");
}

TEST_F(ReverseNamesTest, asks_the_next_server_when_one_fails_or_says_nothing) {
  FakeDns silent(loop);
  FakeDns sick(loop);
  silent.answer.silent = true;
  sick.answer.rcode = kServFail;
  options.servers = {silent.address, sick.address, dns.address};
  options.server_timeout = Milliseconds(60);
  ReverseNames names(loop, clock, options);
  names.find(one);
  // The well one may be late on a busy machine as well, so it is asked until it is in time.
  while (names.find(one) != "core.example") {
    settle(names);
    clock.advance(Seconds(60));
  }
  EXPECT_GE(silent.queries, 1);
  EXPECT_GE(sick.queries, 1);
}

TEST_F(ReverseNamesTest, has_few_lookups_under_way_and_asks_the_rest_on_demand) {
  options.asking_max = 20;
  ReverseNames names(loop, clock, options);
  for (int i = 0; i < 100; ++i) names.find(address(i));
  EXPECT_EQ(names.asking(), 20U);
  settle(names);
  EXPECT_EQ(dns.queries, 20);
  for (int rounds = 0; rounds < 4; ++rounds) {
    for (int i = 0; i < 100; ++i) names.find(address(i));
    settle(names);
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(names.find(address(i)), "core.example") << i;
  EXPECT_EQ(dns.queries, 100);
}

TEST_F(ReverseNamesTest, does_not_flood_the_servers) {
  options.asks_per_second = 5;
  ReverseNames names(loop, clock, options);
  for (int i = 0; i < 100; ++i) names.find(address(i));
  settle(names);
  EXPECT_EQ(dns.queries, 10) << "what two seconds have saved up";
  clock.advance(Seconds(1));
  for (int i = 0; i < 100; ++i) names.find(address(i));
  settle(names);
  EXPECT_EQ(dns.queries, 15);
}

TEST_F(ReverseNamesTest, forgets_what_was_not_used_for_longest) {
  options.names_max = 3;
  ReverseNames names(loop, clock, options);
  for (int i = 1; i <= 3; ++i) look_up(names, address(i));
  names.find(address(1));
  look_up(names, address(4));
  EXPECT_EQ(names.find(address(1)), "core.example");
  EXPECT_EQ(names.find(address(3)), "core.example");
  EXPECT_EQ(names.find(address(4)), "core.example");
  EXPECT_EQ(names.find(address(2)), std::nullopt);
}

TEST_F(ReverseNamesTest, does_not_ask_for_addresses_of_one_link_or_host) {
  ReverseNames names(loop, clock, options);
  for (const char* text : {"fe80::1", "febf::1", "169.254.1.1", "127.0.0.2", "::1"}) {
    EXPECT_EQ(names.find(*parse_ip_address(text)), std::nullopt);
  }
  EXPECT_EQ(names.asking(), 0U);
}

TEST_F(ReverseNamesTest, follows_resolv_conf_even_with_lookups_under_way) {
  FakeDns silent(loop);
  silent.answer.silent = true;
  std::string folder = std::filesystem::temp_directory_path() / "lw-names-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  options.servers.clear();
  options.resolv_conf = folder + "/resolv.conf";
  ASSERT_TRUE(write_file_atomically(options.resolv_conf, "nameserver " + silent.address, 0600));
  ReverseNames names(loop, clock, options);
  EXPECT_EQ(names.find(one), std::nullopt);
  ASSERT_TRUE(write_file_atomically(options.resolv_conf, "nameserver " + dns.address, 0600));
  clock.advance(Seconds(1));
  EXPECT_EQ(names.find(one), std::nullopt);
  settle(names);
  EXPECT_EQ(names.find(one), "core.example");
  std::filesystem::remove_all(folder);
}

TEST_F(ReverseNamesTest, may_go_with_lookups_under_way_and_from_its_own_handler) {
  {
    ReverseNames names(loop, clock, options);
    names.find(one);
    names.when_idle([] { ADD_FAILURE() << "nobody is called for what is given up"; });
  }
  auto names = std::make_unique<ReverseNames>(loop, clock, options);
  names->find(address(2));
  names->find(address(3));
  names->when_idle([&] {
    names.reset();
    loop.stop();
  });
  loop.run_for(Seconds(20));
  EXPECT_EQ(names, nullptr);
}

}  // namespace
}  // namespace lw::io
