// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>

#include "io/http_target.h"
#include "io/test_http.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

HttpExchangeRequest get(const PathServer& server, const std::string& path, int redirects_max) {
  HttpExchangeRequest request = request_to(server.port);
  request.host = "127.0.0.1";
  request.path = path;
  request.redirects_max = redirects_max;
  request.keeps_body = true;
  return request;
}

TEST(HttpTarget, is_what_a_location_leads_to) {
  const HttpTarget from{true, "web.example", 8443, "/a/b?q=1"};
  struct Example {
    const char* location;
    const char* url;
  };
  for (const Example& example :
       {Example{"/x?y", "https://web.example:8443/x?y"},
        Example{"c", "https://web.example:8443/a/c"},
        Example{"?z=2", "https://web.example:8443/a/b?z=2"},
        Example{"//other.example/p", "https://other.example/p"},
        Example{"http://other.example:80", "http://other.example/"},
        Example{"HTTPS://user:secret@web.example:443/#part", "https://web.example/"},
        Example{"http://[::1]:81/ a", "http://[::1]:81/%20a"}}) {
    const auto target = resolve_location(from, example.location);
    ASSERT_TRUE(target) << example.location;
    EXPECT_EQ(to_url(*target), example.url) << example.location;
  }
}

TEST(HttpTarget, is_refused_if_it_is_no_web_page) {
  const HttpTarget from{false, "web.example", 80, "/"};
  for (const char* location :
       {"ftp://web.example/", "file:///etc/passwd", "mailto:a@b", "http://", "http://a:0/"}) {
    const auto target = resolve_location(from, location);
    EXPECT_FALSE(target) << location << " leads to " << to_url(*target);
  }
}

TEST(HttpTarget, that_is_refused_is_shown_without_harm) {
  const auto target = resolve_location({}, "ftp://\x1b[2Jx/\xff");
  ASSERT_FALSE(target);
  EXPECT_TRUE(is_printable(target.error().message)) << target.error().message;
}

TEST(HttpRedirect, is_followed_and_its_times_are_summed) {
  PathServer server;
  server.set_redirect("/first", "second?x");
  server.set_redirect("/second?x", server.url("/third"), 308);
  server.set_body("/third", "here");
  const HttpReport report = run_exchange(get(server, "/first", 2));
  EXPECT_EQ(report.status, HttpExchangeStatus::Answered) << report.evidence;
  EXPECT_EQ(report.http_status, 200);
  EXPECT_EQ(report.body, "here");
  EXPECT_EQ(report.redirects, 2);
  EXPECT_EQ(report.url, server.url("/third"));
  EXPECT_FALSE(report.lookup);  // The host stayed the same, and so does its address.
  ASSERT_TRUE(report.total && report.connect && report.first_byte && report.transfer);
  ASSERT_TRUE(report.request);
  EXPECT_EQ(*report.connect + *report.request + *report.first_byte + *report.transfer,
            *report.total);
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST(HttpRedirect, beyond_the_limit_is_named_and_not_visited) {
  PathServer server;
  server.set_redirect("/a", "/b");
  server.set_redirect("/b", "/c");
  const HttpReport report = run_exchange(get(server, "/a", 1));
  EXPECT_EQ(report.status, HttpExchangeStatus::TooManyRedirects);
  EXPECT_EQ(report.evidence, "1 redirect and the next would lead to " + server.url("/c"));
  EXPECT_EQ(report.http_status, 302);
  EXPECT_FALSE(report.total);
  EXPECT_EQ(server.requests().size(), 2U);
}

TEST(HttpRedirect, to_something_else_than_a_web_page_is_a_malformed_answer) {
  PathServer server;
  server.set_redirect("/a", "file:///etc/passwd");
  const HttpReport report = run_exchange(get(server, "/a", 5));
  EXPECT_EQ(report.status, HttpExchangeStatus::Malformed);
  EXPECT_EQ(report.evidence,
            "HTTP 302 redirects to no web page: file:///etc/passwd is neither http nor https");
}

TEST(HttpRedirect, without_a_location_is_the_answer) {
  PathServer server;
  server.set("/a", "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n");
  const HttpReport report = run_exchange(get(server, "/a", 5));
  EXPECT_EQ(report.status, HttpExchangeStatus::Answered);
  EXPECT_EQ(report.http_status, 301);
}

TEST(HttpRedirect, turns_a_post_into_a_get_where_browsers_do) {
  PathServer server;
  server.set_redirect("/see", "/got", 303);
  server.set_redirect("/keep", "/kept", 307);
  server.set_body("/got", "");
  server.set_body("/kept", "");
  for (const char* path : {"/see", "/keep"}) {
    HttpExchangeRequest request = get(server, path, 1);
    request.method = "POST";
    EXPECT_EQ(run_exchange(request).http_status, 200) << path;
  }
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 4U);
  EXPECT_TRUE(requests[1].starts_with("GET /got ")) << requests[1];
  EXPECT_TRUE(requests[3].starts_with("POST /kept ")) << requests[3];
}

TEST(HttpRedirect, takes_headers_to_no_other_origin) {
  PathServer first;
  PathServer second;
  first.set_redirect("/same", "/other");
  first.set_redirect("/other", second.url("/there"));
  second.set_body("/there", "");
  HttpExchangeRequest request = get(first, "/same", 2);
  request.headers = {{"Authorization", "Bearer secret"}};
  EXPECT_EQ(run_exchange(request).http_status, 200);
  const auto seen = first.requests();
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_NE(seen[1].find("Bearer secret"), std::string::npos);
  ASSERT_EQ(second.requests().size(), 1U);
  EXPECT_EQ(second.requests()[0].find("secret"), std::string::npos) << second.requests()[0];
}

TEST(HttpRedirect, looks_other_hosts_up_and_counts_that_apart) {
  const TestCertificates files;
  files.write("hosts", "127.0.0.1 there.example\n");
  files.write("resolv.conf", "nameserver 127.0.0.1\n");
  ResolverOptions names;
  names.hosts = files.path("hosts");
  names.resolv_conf = files.path("resolv.conf");
  PathServer server;
  const std::string there = "http://there.example:" + std::to_string(server.port) + "/b";
  server.set_redirect("/a", there);
  server.set_body("/b", "");
  const HttpReport report = Exchanger({}, names).run(get(server, "/a", 1));
  EXPECT_EQ(report.http_status, 200) << report.evidence;
  EXPECT_EQ(report.url, there);
  EXPECT_TRUE(report.lookup);
  ASSERT_EQ(server.requests().size(), 2U);
  EXPECT_NE(server.requests()[1].find("Host: there.example:"), std::string::npos);
  server.set_redirect("/lost", "http://no_name.example..invalid../");
  const HttpReport lost = Exchanger({}, names).run(get(server, "/lost", 1));
  EXPECT_EQ(lost.status, HttpExchangeStatus::NameFailed);
  EXPECT_NE(lost.name_status, NameStatus::Found);
  EXPECT_NE(lost.evidence, "");
}

TEST(HttpRedirect, to_a_bad_certificate_ends_there) {
  TestCertificates certificates;
  certificates.sign({.name = "expired", .until = "20210101000000Z"});
  const OpensslServer bad(certificates, "expired");
  PathServer server;
  server.set_redirect("/a", "https://127.0.0.1:" + std::to_string(bad.port) + "/");
  const HttpReport report = run_exchange(get(server, "/a", 1), certificates.read("ca.pem"));
  EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed);
  ASSERT_TRUE(report.tls);
  EXPECT_EQ(report.tls->problem, TlsProblem::Expired);
  EXPECT_EQ(report.redirects, 1);
  EXPECT_TRUE(report.handshake);
}

TEST(HttpBody, is_read_no_further_than_asked_for) {
  PathServer server;
  server.set_body("/ten", "0123456789");
  server.set("/endless", "HTTP/1.1 200 OK\r\n\r\n" + std::string(std::size_t{4} << 20, 'x'));
  HttpExchangeRequest request = get(server, "/ten", 0);
  for (const std::size_t max : {0U, 1U, 9U, 10U, 11U}) {
    request.body_bytes_max = max;
    const HttpReport report = run_exchange(request);
    EXPECT_EQ(report.status, HttpExchangeStatus::Answered) << max;
    EXPECT_EQ(report.body, std::string("0123456789").substr(0, max));
    EXPECT_EQ(report.body_bytes, std::min<std::size_t>(max, 10));
    EXPECT_EQ(report.body_is_cut, max < 10);
    EXPECT_TRUE(report.total && report.transfer);
  }
  request.path = "/endless";
  request.body_bytes_max = 100'000;
  EXPECT_EQ(run_exchange(request).body, std::string(100'000, 'x'));
  request.keeps_body = false;
  const HttpReport unkept = run_exchange(request);
  EXPECT_EQ(unkept.body, "");
  EXPECT_EQ(unkept.body_bytes, 100'000U);
}

TEST(HttpBody, is_not_unpacked_and_compression_is_not_asked_for) {
  PathServer server;
  const std::string bomb = "\x1f\x8b no gzip at all";
  server.set("/", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + bomb);
  const HttpReport report = run_exchange(get(server, "/", 0));
  EXPECT_EQ(report.status, HttpExchangeStatus::Answered) << report.evidence;
  EXPECT_EQ(report.body, bomb);
  EXPECT_EQ(to_lower(server.requests().at(0)).find("accept-encoding"), std::string::npos);
}

TEST(HttpMethod, head_has_no_body_and_does_not_wait_for_one) {
  PathServer server;
  server.set("/", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  HttpExchangeRequest request = get(server, "/", 0);
  request.method = "HEAD";
  const HttpReport report = run_exchange(request);
  EXPECT_EQ(report.http_status, 200) << report.evidence;
  EXPECT_EQ(report.body_bytes, 0U);
  EXPECT_TRUE(server.requests().at(0).starts_with("HEAD / HTTP/1.1\r\n"));
}

/// Serves HTTP/1.1 alone, and HTTP/2 too, with and without TLS.
class HttpVersions : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates = std::make_unique<TestCertificates>();
    certificates->sign({.name = "good"});
  }
  static void TearDownTestSuite() { certificates.reset(); }

  static std::string server_block() {
    return "ssl_certificate " + certificates->path("good.pem") + "; ssl_certificate_key " +
           certificates->path("good.key") +
           "; location / { return 200 'hello'; } location /on { return 302 /; }";
  }
  static HttpReport visit(const NginxServer& server, bool use_tls, HttpOffer offer,
                          const std::string& method = "GET", const std::string& path = "/") {
    HttpExchangeRequest request = request_to(server.port, use_tls);
    request.offer = offer;
    request.method = method;
    request.path = path;
    request.keeps_body = true;
    request.redirects_max = 1;
    return run_exchange(request, certificates->read("ca.pem"));
  }
  static std::unique_ptr<TestCertificates> certificates;
};
std::unique_ptr<TestCertificates> HttpVersions::certificates;

TEST_F(HttpVersions, over_tls_are_agreed_on) {
  const NginxServer both(*certificates, "ssl http2", server_block());
  EXPECT_EQ(visit(both, true, HttpOffer::Any).version, "HTTP/2");
  EXPECT_EQ(visit(both, true, HttpOffer::Http2).version, "HTTP/2");
  EXPECT_EQ(visit(both, true, HttpOffer::Http11).version, "HTTP/1.1");
  const NginxServer old(*certificates, "ssl", server_block());
  EXPECT_EQ(visit(old, true, HttpOffer::Any).version, "HTTP/1.1");
}

TEST_F(HttpVersions, http2_has_all_phases_methods_and_redirects) {
  const NginxServer server(*certificates, "ssl http2", server_block());
  const HttpReport report = visit(server, true, HttpOffer::Http2, "GET", "/on");
  EXPECT_EQ(report.status, HttpExchangeStatus::Answered) << report.evidence;
  EXPECT_EQ(report.body, "hello");
  EXPECT_EQ(report.redirects, 1);
  ASSERT_TRUE(report.connect && report.handshake && report.request && report.first_byte &&
              report.transfer);
  ASSERT_TRUE(report.total);
  const Microseconds sum =
      *report.connect + *report.handshake + *report.request + *report.first_byte + *report.transfer;
  EXPECT_EQ(sum, *report.total);
  EXPECT_GT(*report.connect, Microseconds(0));
  EXPECT_GT(*report.handshake, Microseconds(0));
  for (const char* method : {"HEAD", "POST"}) {
    const HttpReport other = visit(server, true, HttpOffer::Http2, method);
    EXPECT_EQ(other.http_status, 200) << method << other.evidence;
  }
}

TEST_F(HttpVersions, http2_without_tls_is_known_beforehand) {
  const NginxServer server(*certificates, "http2", server_block());
  const HttpReport report = visit(server, false, HttpOffer::Http2);
  EXPECT_EQ(report.status, HttpExchangeStatus::Answered) << report.evidence;
  EXPECT_EQ(report.version, "HTTP/2");
  EXPECT_EQ(report.body, "hello");
}

TEST_F(HttpVersions, a_server_without_http2_is_told_from_a_dead_one) {
  // nginx refuses with an alert; s_server just ignores what is offered.
  const NginxServer alerts(*certificates, "ssl", server_block());
  const HttpReport refused = visit(alerts, true, HttpOffer::Http2);
  EXPECT_EQ(refused.status, HttpExchangeStatus::TlsFailed) << refused.evidence;
  ASSERT_TRUE(refused.tls);
  EXPECT_EQ(refused.tls->problem, TlsProblem::Incompatible) << refused.tls->evidence;
  const OpensslServer ignores(*certificates, "good");
  HttpExchangeRequest request = request_to(ignores.port, true);
  request.offer = HttpOffer::Http2;
  const HttpReport ignored = run_exchange(request, certificates->read("ca.pem"));
  EXPECT_EQ(ignored.status, HttpExchangeStatus::TlsFailed) << ignored.evidence;
  ASSERT_TRUE(ignored.tls);
  EXPECT_EQ(ignored.tls->problem, TlsProblem::Incompatible) << ignored.tls->evidence;
  EXPECT_EQ(ignored.tls->evidence, "the server does not agree on the protocol h2 (ALPN)");
  const NginxServer plain(*certificates, "", server_block());
  const HttpReport odd = visit(plain, false, HttpOffer::Http2);
  EXPECT_EQ(odd.status, HttpExchangeStatus::Closed);
  EXPECT_TRUE(odd.evidence.ends_with("it may not speak HTTP/2 without TLS")) << odd.evidence;
  const CannedServer http11("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false);
  HttpExchangeRequest prior = request_to(http11.port);
  prior.offer = HttpOffer::Http2;
  const HttpReport http1 = run_exchange(prior);
  EXPECT_EQ(http1.status, HttpExchangeStatus::Closed);
  EXPECT_TRUE(http1.evidence.ends_with("it may not speak HTTP/2 without TLS")) << http1.evidence;
}

TEST_F(HttpVersions, http2_bodies_are_cut_too) {
  const NginxServer server(
      *certificates, "ssl http2",
      server_block() + " location /big { alias " + certificates->path("big") + "; }");
  certificates->write("big", std::string(std::size_t{1} << 20, 'x'));
  ASSERT_EQ(::chmod(certificates->folder.c_str(), 0755), 0);
  ASSERT_EQ(::chmod(certificates->path("big").c_str(), 0644), 0);
  HttpExchangeRequest request = request_to(server.port, true);
  request.offer = HttpOffer::Http2;
  request.path = "/big";
  request.keeps_body = true;
  request.body_bytes_max = 1'000;
  const HttpReport report = run_exchange(request, certificates->read("ca.pem"));
  EXPECT_EQ(report.status, HttpExchangeStatus::Answered) << report.evidence;
  EXPECT_EQ(report.body, std::string(1'000, 'x'));
  EXPECT_TRUE(report.body_is_cut);
}

TEST(HttpSource, is_what_the_request_says) {
  const std::string syn = "add rule inet t in ip daddr 127.0.0.1 tcp flags & (syn|ack) == syn ";
  EXPECT_TRUE(in_own_network(
      {"ip address add 192.0.2.9/32 dev lo",
       "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; };" + syn +
           "ip saddr != 192.0.2.9 reject with tcp reset;" + syn +
           "ip dscp != 46 reject with tcp reset;" + syn + "ip ttl != 7 reject with tcp reset'"},
      [] {
        PathServer server;
        server.set_body("/", "");
        HttpExchangeRequest request = get(server, "/", 0);
        const SocketOptions all{
            .source = parse_ip_address("192.0.2.9"), .interface = "lo", .dscp = 46, .ttl = 7};
        request.socket = all;
        EXPECT_EQ(run_exchange(request).http_status, 200);
        request.socket.source.reset();
        EXPECT_EQ(run_exchange(request).status, HttpExchangeStatus::ConnectFailed);
        request.socket = all;
        request.socket.dscp.reset();
        EXPECT_EQ(run_exchange(request).status, HttpExchangeStatus::ConnectFailed);
        request.socket = all;
        request.socket.ttl.reset();
        EXPECT_EQ(run_exchange(request).status, HttpExchangeStatus::ConnectFailed);
      }));
}

TEST(HttpSource, of_ipv6_has_its_own_options) {
  const std::string syn = "add rule inet t in ip6 daddr ::1 tcp flags & (syn|ack) == syn ";
  EXPECT_TRUE(in_own_network(
      {"nft 'add table inet t; add chain inet t in { type filter hook input priority 0; };" + syn +
       "ip6 dscp 46 ip6 hoplimit 7 reject with icmpx admin-prohibited'"},
      [] {
        HttpExchangeRequest request = request_to(9);
        request.address = *parse_ip_address("::1");
        request.socket = {.source = parse_ip_address("::1"), .interface = "", .dscp = 46, .ttl = 7};
        const HttpReport marked = run_exchange(request);
        ASSERT_TRUE(marked.icmp) << marked.evidence;
        EXPECT_EQ(marked.icmp->code, 1);
        request.socket = {};
        EXPECT_EQ(run_exchange(request).error_number, ECONNREFUSED);
      }));
}

TEST(HttpSource, that_this_host_lacks_is_no_fault_of_the_network) {
  PathServer server;
  HttpExchangeRequest request = get(server, "/", 0);
  request.socket.source = parse_ip_address("192.0.2.9");
  HttpReport report = run_exchange(request);
  EXPECT_EQ(report.status, HttpExchangeStatus::LocalFault);
  EXPECT_EQ(report.evidence,
            "192.0.2.9 is no address of this host (Cannot assign requested address)");
  request.socket.source = parse_ip_address("::1");
  report = run_exchange(request);
  EXPECT_EQ(report.status, HttpExchangeStatus::LocalFault);
  EXPECT_NE(report.evidence.find("::1 is IPv6"), std::string::npos) << report.evidence;
  request.socket.source.reset();
  request.socket.interface = "nosuch0";
  report = run_exchange(request);
  EXPECT_EQ(report.status, HttpExchangeStatus::LocalFault);
  EXPECT_EQ(report.evidence, "this host has no interface nosuch0 (No such device)");
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace lw::io
