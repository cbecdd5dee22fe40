// SPDX-License-Identifier: Apache-2.0
#include "io/resolver.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/name_files.h"
#include "io/socket_address.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

constexpr int kServFail = 2;
constexpr int kNxDomain = 3;

/// A name server on the test's own loop that says what it is told to.
class FakeDns {
 public:
  struct Answer {
    int rcode = 0;
    std::vector<std::string> v4, v6;
    std::uint32_t ttl = 30;
    bool silent = false;
  };

  explicit FakeDns(Loop& loop) {
    SocketAddress local(*parse_ip_address("127.0.0.1"), 0);
    fd_ = FileDescriptor(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    EXPECT_EQ(::bind(fd_.get(), local.data(), local.size()), 0);
    socklen_t size = SocketAddress::capacity();
    EXPECT_EQ(::getsockname(fd_.get(), local.data(), &size), 0);
    address = "127.0.0.1:" + std::to_string(port_of(local.data()));
    watch_ = loop.watch(fd_.get(), Loop::Interest::Read, [this] { serve(); });
  }
  std::string address;
  Answer answer;
  int queries = 0;

 private:
  static void put(std::string& out, std::uint32_t value, int bytes) {
    while (bytes-- > 0) out += static_cast<char>((value >> (8 * bytes)) & 0xff);
  }

  void serve() {
    std::array<char, 512> query{};
    SocketAddress client;
    socklen_t size = SocketAddress::capacity();
    const ssize_t got = ::recvfrom(fd_.get(), query.data(), query.size(), 0, client.data(), &size);
    ASSERT_GT(got, 16);
    ++queries;
    if (answer.silent) return;
    // The question: a name that ends in a zero byte, type, class.
    const std::string question(query.data() + 12, ::strnlen(query.data() + 12, 256) + 5);
    const bool is_v6 = question.at(question.size() - 3) == 28;
    const auto& addresses = is_v6 ? answer.v6 : answer.v4;
    std::string out(query.data(), 2);
    put(out, 0x8180U | static_cast<std::uint32_t>(answer.rcode), 2);
    put(out, 1, 2);
    put(out, static_cast<std::uint32_t>(addresses.size()), 2);
    put(out, 0, 4);
    out += question;
    for (const std::string& text : addresses) {
      const IpAddress one = *parse_ip_address(text);
      put(out, 0xc00c, 2);
      put(out, is_v6 ? 28 : 1, 2);
      put(out, 1, 2);
      put(out, answer.ttl, 4);
      put(out, static_cast<std::uint32_t>(one.size()), 2);
      out.append(reinterpret_cast<const char*>(one.bytes.data()), one.size());
    }
    ::sendto(fd_.get(), out.data(), out.size(), 0, client.data(), client.size());
  }
  FileDescriptor fd_;
  Loop::Watch watch_;
};

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() { options.resolv_conf = options.hosts = "/nonexistent"; }

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
  ManualClock clock;  // For the cache only: time-outs are of the loop.
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
  EXPECT_EQ(dns.queries, 0);
}

TEST_F(ResolverTest, keeps_an_answer_for_its_ttl) {
  FakeDns dns(loop);
  dns.answer.v4 = {"192.0.2.1", "192.0.2.2"};
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  EXPECT_EQ(texts(resolve(resolver, "web.example")), (Texts{"192.0.2.1", "192.0.2.2"}));
  dns.answer.v4 = {"192.0.2.9"};
  clock.advance(Seconds(29));
  EXPECT_EQ(resolve(resolver, "WEB.example").addresses.size(), 2U);
  EXPECT_EQ(dns.queries, 1);
  clock.advance(Seconds(1));
  EXPECT_EQ(texts(resolve(resolver, "web.example")), Texts{"192.0.2.9"});
  EXPECT_EQ(dns.queries, 2);
}

TEST_F(ResolverTest, keeps_no_answer_longer_than_a_minute_nor_shorter_than_a_second) {
  FakeDns dns(loop);
  dns.answer.v4 = {"192.0.2.1"};
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  dns.answer.ttl = 86'400;
  resolve(resolver, "long.example");
  clock.advance(Seconds(60));
  resolve(resolver, "long.example");
  EXPECT_EQ(dns.queries, 2);
  dns.answer.ttl = 0;
  resolve(resolver, "short.example");
  clock.advance(Milliseconds(999));
  resolve(resolver, "short.example");
  EXPECT_EQ(dns.queries, 3);
}

TEST_F(ResolverTest, tells_failures_apart_with_the_server_that_they_are_of) {
  FakeDns dns(loop);
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  dns.answer.rcode = kNxDomain;
  NameAnswer answer = resolve(resolver, "gone.example");
  EXPECT_EQ(answer.status, NameStatus::NotFound);
  EXPECT_EQ(answer.evidence, "NXDOMAIN from " + dns.address);
  dns.answer.rcode = kServFail;
  answer = resolve(resolver, "sick.example");
  EXPECT_EQ(answer.status, NameStatus::ServerFailed);
  EXPECT_EQ(answer.evidence, "SERVFAIL from " + dns.address);
  dns.answer = {};
  answer = resolve(resolver, "empty.example");
  EXPECT_EQ(answer.status, NameStatus::NoAddress);
  EXPECT_EQ(answer.evidence, "no address of this family from " + dns.address);
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
  EXPECT_EQ(texts(resolve(resolver, "web.example")), Texts{"192.0.2.1"});
  EXPECT_GE(silent.queries, 1);
  well.answer = {};
  well.answer.silent = true;
  const NameAnswer answer = resolve(resolver, "other.example");
  EXPECT_EQ(answer.status, NameStatus::TimedOut);
  EXPECT_EQ(answer.evidence, "no answer from " + silent.address + " in 60 ms; SERVFAIL from " +
                                 sick.address + "; no answer from " + well.address + " in 60 ms");
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

TEST_F(ResolverTest, looks_for_a_v6_address_where_there_is_no_v4_one) {
  FakeDns dns(loop);
  dns.answer.v6 = {"2001:db8::1"};
  options.servers = {dns.address};
  Resolver resolver(loop, clock, options);
  EXPECT_EQ(texts(resolve(resolver, "web.example", AddressFamily::V4ThenV6)), Texts{"2001:db8::1"});
  EXPECT_EQ(resolve(resolver, "web.example", AddressFamily::V4).status, NameStatus::NoAddress);
  EXPECT_EQ(texts(resolve(resolver, "web.example", AddressFamily::V6)), Texts{"2001:db8::1"});
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
