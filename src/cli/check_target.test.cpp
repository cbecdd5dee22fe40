// SPDX-License-Identifier: Apache-2.0
#include "cli/check_target.h"

#include <gtest/gtest.h>

namespace lw::cli {
namespace {

CheckTarget wish(std::string protocol, std::string target) {
  CheckTarget wish;
  wish.protocol = std::move(protocol);
  wish.target = std::move(target);
  return wish;
}

/// "host port", or the error's text.
std::string read(const std::string& protocol, const std::string& target) {
  const auto test = to_test(wish(protocol, target));
  if (!test) return test.error().message;
  const auto port = test->configuration->port();
  return test->destination_address + (port ? " " + std::to_string(*port) : "");
}

TEST(CheckTarget, tcp_takes_a_host_and_a_port) {
  EXPECT_EQ(read("tcp", "lw.example:443"), "lw.example 443");
  EXPECT_EQ(read("tcp", "192.0.2.1:1"), "192.0.2.1 1");
  EXPECT_EQ(read("tcp", "[2001:db8::1]:65535"), "2001:db8::1 65535");
}

TEST(CheckTarget, icmp_takes_a_host_alone) {
  EXPECT_EQ(read("icmp", "lw.example"), "lw.example");
  EXPECT_EQ(read("icmp", "2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(read("icmp", "[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(read("icmp", "lw.example:80"), "an ICMP check has no port; leave it out");
}

TEST(CheckTarget, a_missing_port_is_asked_for_in_a_form_that_works) {
  for (const std::string target : {"lw.example", "192.0.2.1", "2001:db8::1", "[2001:db8::1]"}) {
    const std::string advice = read("tcp", target);
    const auto at = advice.find("check tcp ");
    ASSERT_NE(at, std::string::npos) << advice;
    const auto followed = to_test(wish("tcp", advice.substr(at + 10)));
    ASSERT_TRUE(followed.has_value()) << advice;
    EXPECT_EQ(followed->configuration->port(), 443) << advice;
  }
}

TEST(CheckTarget, a_wrong_port_is_named) {
  for (const std::string target :
       {"host:0", "host:65536", "host:", "host:http", "host:80x", "host:-1"}) {
    EXPECT_NE(read("tcp", target).find("from 1 to 65535"), std::string::npos) << target;
  }
}

TEST(CheckTarget, an_empty_host_is_refused) {
  for (const std::string protocol : {"icmp", "tcp", "http"}) {
    EXPECT_FALSE(to_test(wish(protocol, "")).has_value()) << protocol;
    EXPECT_FALSE(to_test(wish(protocol, ":80")).has_value()) << protocol;
  }
  EXPECT_FALSE(to_test(wish("http", "https:///path")).has_value());
  EXPECT_FALSE(to_test(wish("tcp", "[]:80")).has_value());
}

TEST(CheckTarget, http_takes_urls_and_their_short_forms) {
  struct Case {
    std::string target, host;
    int port;
    bool tls;
    std::string path;
  };
  const std::vector<Case> cases = {
      {"http://lw.example", "lw.example", 80, false, "/"},
      {"https://lw.example/a/b?c=d", "lw.example", 443, true, "/a/b?c=d"},
      {"HTTPS://lw.example/A", "lw.example", 443, true, "/A"},
      {"https://lw.example:8443/", "lw.example", 8443, true, "/"},
      {"http://192.0.2.1:8080", "192.0.2.1", 8080, false, "/"},
      {"https://[2001:db8::1]/x", "2001:db8::1", 443, true, "/x"},
      {"https://[2001:db8::1]:8443/x", "2001:db8::1", 8443, true, "/x"},
      {"https://lw.example?q=1", "lw.example", 443, true, "/?q=1"},
      {"https://lw.example/a#part", "lw.example", 443, true, "/a"},
      {"https://lw.example/a:b", "lw.example", 443, true, "/a:b"},
      {"lw.example", "lw.example", 80, false, "/"},
      {"lw.example:8080/x", "lw.example", 8080, false, "/x"},
  };
  for (const Case& one : cases) {
    const auto test = to_test(wish("http", one.target));
    ASSERT_TRUE(test.has_value()) << one.target << ": " << test.error().message;
    const auto& http = std::get<HttpConfiguration>(test->configuration->protocol);
    EXPECT_EQ(test->destination_address, one.host) << one.target;
    EXPECT_EQ(http.effective_port(), one.port) << one.target;
    EXPECT_EQ(http.uses_tls(), one.tls) << one.target;
    EXPECT_EQ(http.path, one.path) << one.target;
  }
  EXPECT_NE(read("http", "ftp://lw.example").find("`ftp`"), std::string::npos);
}

TEST(CheckTarget, https_without_a_scheme_is_asked_for_by_its_flag) {
  CheckTarget asked = wish("http", "lw.example");
  asked.https = true;
  const auto test = to_test(asked);
  EXPECT_EQ(std::get<HttpConfiguration>(test->configuration->protocol).effective_port(), 443);
}

TEST(CheckTarget, what_the_user_wants_otherwise_is_in_the_test) {
  CheckTarget asked = wish("icmp", "lw.example");
  asked.count = 7;
  asked.timeout = Milliseconds(150);
  asked.version = IpVersion::V6;
  const auto test = to_test(asked);
  ASSERT_TRUE(test.has_value());
  EXPECT_EQ(test->configuration->effective_checks_per_round(), 7);
  EXPECT_EQ(test->configuration->effective_check_timeout(), Milliseconds(150));
  EXPECT_EQ(test->configuration->preferred_ip_version, IpVersion::V6);
}

TEST(HostTarget, has_its_own_port_unless_another_is_named) {
  EXPECT_EQ(to_host_target("web1", 8085)->port, 8085);
  EXPECT_EQ(to_host_target("web1:862", 8085)->port, 862);
  EXPECT_EQ(to_host_target("[2001:db8::1]:862", 8085)->host, "2001:db8::1");
  EXPECT_EQ(to_host_target("2001:db8::1", 8085)->port, 8085);
  EXPECT_FALSE(to_host_target("web1:0", 8085).has_value());
  EXPECT_FALSE(to_host_target("", 8085).has_value());
}

TEST(CheckTarget, settings_become_those_of_a_configuration) {
  CheckTarget http = wish("http", "https://lw.example/");
  http.settings.method = "HEAD";
  http.settings.headers = {"X-A: b: c", "X-Empty:"};
  http.settings.http_version = "2";
  http.settings.max_redirects = 3;
  http.settings.body_matches = "ok";
  http.settings.body_bytes_max = 10;
  http.settings.revocation = "Strict";
  http.settings.source_address = "192.0.2.9";
  http.settings.dscp = 46;
  const auto test = to_test(http);
  ASSERT_TRUE(test.has_value()) << test.error().message;
  const auto& read = std::get<HttpConfiguration>(test->configuration->protocol);
  EXPECT_EQ(read.method, HttpMethod::Head);
  EXPECT_EQ(read.request_headers, (std::vector<HttpHeader>{{"X-A", "b: c"}, {"X-Empty", ""}}));
  EXPECT_EQ(read.version, HttpVersion::Http2);
  EXPECT_EQ(read.redirects_max, 3);
  EXPECT_EQ(read.body_matches, "ok");
  EXPECT_EQ(read.body_bytes_max, 10);
  EXPECT_EQ(read.revocation, RevocationPolicy::Strict);
  EXPECT_EQ(test->configuration->packets.source_address, "192.0.2.9");
  EXPECT_EQ(test->configuration->packets.dscp, 46);
  EXPECT_FALSE(test->configuration->packets.ttl);
}

TEST(CheckTarget, settings_that_make_no_sense_are_named) {
  CheckTarget header = wish("http", "lw.example");
  header.settings.headers = {"no colon"};
  EXPECT_NE(to_test(header).error().message.find("--header 'Name: value'"), std::string::npos);
  CheckTarget pattern = wish("http", "lw.example");
  pattern.settings.body_matches = "(";
  EXPECT_NE(to_test(pattern).error().message.find("RE2"), std::string::npos);
  CheckTarget source = wish("icmp", "lw.example");
  source.settings.source_address = "eth0";
  EXPECT_EQ(to_test(source).error().message, "`eth0` is no IP address");
}

}  // namespace
}  // namespace lw::cli
