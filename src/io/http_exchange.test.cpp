// SPDX-License-Identifier: Apache-2.0
#include "io/http_exchange.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "base/text.h"
#include "io/test_http.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

TEST(HttpExchange, tells_status_and_phases_of_an_answer) {
  CannedServer server("HTTP/1.1 204 No Content\r\n\r\n");
  HttpExchangeRequest request = request_to(server.port);
  request.method = "POST";
  request.path = "/a b/../c?x=1";
  request.headers = {{"X-Check", "yes"}, {"X-Empty", ""}, {"X-Evil", "1\r\nInjected: 2"}};
  const HttpReport report = run_exchange(request);
  EXPECT_EQ(report.status, HttpExchangeStatus::Answered);
  EXPECT_EQ(report.http_status, 204);
  ASSERT_TRUE(report.total);
  ASSERT_TRUE(report.connect);
  ASSERT_TRUE(report.request && report.first_byte && report.transfer);
  EXPECT_FALSE(report.handshake);
  EXPECT_EQ(*report.connect + *report.request + *report.first_byte + *report.transfer,
            *report.total);
  const std::string received = server.received();
  EXPECT_TRUE(received.starts_with("POST /a%20b/../c?x=1 HTTP/1.1\r\n")) << received;
  for (const char* line : {"\r\nHost: web.example", "\r\nUser-Agent: linewatch\r\n",
                           "\r\nX-Check: yes\r\n", "\r\nX-Empty:\r\n"}) {
    EXPECT_NE(received.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(received.find("Injected"), std::string::npos);
}

/// Takes one request, but begins to read it only after a while.
std::string read_slowly(int listener, Milliseconds pause, std::size_t bytes) {
  const FileDescriptor client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  ::poll(nullptr, 0, static_cast<int>(pause.count()));
  std::string all;
  std::array<char, 65536> buffer{};
  while (all.size() < bytes) {
    const ssize_t got = ::read(client.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
  send_to_peer(client.get(), "HTTP/1.1 204 No Content\r\n\r\n");
  return all;
}

TEST(HttpExchange, counts_a_body_that_the_server_takes_slowly_as_request) {
  constexpr Milliseconds kPause{120};
  std::uint16_t port = 0;
  const FileDescriptor listener = listen_on_loopback(port);
  // What does not fit into this and the sender's buffer (4 MB at most, tcp(7)) waits for the
  // server.
  constexpr int kSmall = 4096;
  ASSERT_EQ(::setsockopt(listener.get(), SOL_SOCKET, SO_RCVBUF, &kSmall, sizeof kSmall), 0);
  HttpExchangeRequest request = request_to(port);
  request.method = "POST";
  request.body.assign(std::size_t{8} << 20, 'x');
  std::string received;
  Thread server("slow-server",
                [&] { received = read_slowly(listener.get(), kPause, request.body.size()); });
  const HttpReport report = run_exchange(request);
  server.join();
  EXPECT_EQ(report.http_status, 204) << report.evidence;
  EXPECT_TRUE(received.find("\r\n\r\nxxx") != std::string::npos);
  ASSERT_TRUE(report.connect && report.request && report.first_byte && report.transfer);
  EXPECT_GE(*report.request, kPause - Milliseconds(20));
  EXPECT_EQ(*report.connect + *report.request + *report.first_byte + *report.transfer,
            *report.total);
}

TEST(HttpExchange, says_when_the_first_syn_was_lost) {
  // The first SYN is dropped; the kernel sends it again after a second.
  EXPECT_TRUE(
      in_own_network({kChain, rule("tcp flags == syn limit rate over 1/day burst 1 packets accept"),
                      rule("tcp flags == syn drop")},
                     [] {
                       CannedServer server("HTTP/1.1 204 No Content\r\n\r\n");
                       HttpExchangeRequest request = request_to(server.port);
                       request.timeout = Milliseconds(9000);
                       const HttpReport report = run_exchange(request);
                       EXPECT_EQ(report.status, HttpExchangeStatus::Answered);
                       EXPECT_TRUE(report.syn_was_repeated);
                       ASSERT_TRUE(report.connect);
                       EXPECT_GE(*report.connect, Milliseconds(900));
                     }));
  CannedServer server("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_FALSE(run_exchange(request_to(server.port)).syn_was_repeated);
}

TEST(HttpExchange, does_not_follow_redirects) {
  const CannedServer server(
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
      "Content-Length: 0\r\n\r\n");
  EXPECT_EQ(run_exchange(request_to(server.port)).http_status, 302);
}

TEST(HttpExchange, cuts_an_endless_body_and_takes_it_for_an_answer) {
  const CannedServer server("HTTP/1.1 200 OK\r\n\r\n" + std::string(std::size_t{4} << 20, 'x'));
  const HttpReport report = run_exchange(request_to(server.port));
  EXPECT_EQ(report.status, HttpExchangeStatus::Answered);
  EXPECT_EQ(report.http_status, 200);
  EXPECT_TRUE(report.total);
}

TEST(HttpExchange, tells_what_is_wrong_with_a_broken_answer) {
  struct Example {
    const char* answer;
    HttpExchangeStatus status;
  };
  for (const Example& example :
       {Example{"", HttpExchangeStatus::Closed},
        Example{"SSH-2.0-OpenSSH_9.2\r\n", HttpExchangeStatus::Malformed},
        Example{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nxxx", HttpExchangeStatus::Closed}}) {
    const CannedServer server(example.answer);
    const HttpReport report = run_exchange(request_to(server.port));
    EXPECT_EQ(report.status, example.status) << example.answer << ": " << report.evidence;
    EXPECT_NE(report.evidence, "");
    EXPECT_FALSE(report.total);
  }
}

TEST(HttpExchange, gives_up_after_the_timeout_and_says_what_it_waited_for) {
  const CannedServer server("", false);
  HttpExchangeRequest request = request_to(server.port);
  request.timeout = Milliseconds(50);
  const HttpReport report = run_exchange(request);
  EXPECT_EQ(report.status, HttpExchangeStatus::TimedOut);
  EXPECT_EQ(report.evidence, "connected, but no answer to the request");
  request.method = "POST";
  request.body.assign(200'000, 'x');
  const HttpReport post = run_exchange(request);
  EXPECT_EQ(post.evidence, "connected, but no answer to the request");
  EXPECT_TRUE(post.request);
  EXPECT_FALSE(post.first_byte);
  request.use_tls = true;
  EXPECT_EQ(run_exchange(request).evidence, "connected, but the TLS handshake did not end");
}

TEST(HttpExchange, tells_a_refusal_from_an_icmp_error) {
  EXPECT_TRUE(in_own_network(
      {"nft 'add table inet t; add chain inet t in { type filter hook input priority 0; };"
       "add rule inet t in tcp dport 10 reject with icmp type admin-prohibited'"},
      [] {
        const HttpReport refused = run_exchange(request_to(9));
        EXPECT_EQ(refused.status, HttpExchangeStatus::ConnectFailed);
        EXPECT_EQ(refused.error_number, ECONNREFUSED);
        EXPECT_FALSE(refused.icmp);
        const HttpReport prohibited = run_exchange(request_to(10));
        EXPECT_EQ(prohibited.status, HttpExchangeStatus::ConnectFailed);
        ASSERT_TRUE(prohibited.icmp);
        EXPECT_EQ(prohibited.icmp->code, 13);
      }));
}

TEST(HttpExchange, leaves_no_port_behind) {
  EXPECT_TRUE(in_own_network({"echo 40000 40002 > /proc/sys/net/ipv4/ip_local_port_range"}, [] {
    const CannedServer server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false);
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(run_exchange(request_to(server.port)).http_status, 200) << i;
    }
  }));
}

class TlsExchange : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    certificates = std::make_unique<TestCertificates>();
    certificates->make_root("other");
    certificates->sign({.name = "good"});
    certificates->sign({.name = "expired", .until = "20210101000000Z"});
    certificates->sign({.name = "early", .from = "20980101000000Z"});
    certificates->sign({.name = "misnamed", .host = "elsewhere.example"});
    certificates->sign({.name = "unknown", .ca = "other"});
  }
  static void TearDownTestSuite() { certificates.reset(); }

  static HttpReport visit(const OpensslServer& server, const std::string& host = "web.example") {
    HttpExchangeRequest request = request_to(server.port, true);
    request.host = host;
    return run_exchange(request, certificates->read("ca.pem"));
  }

  static std::unique_ptr<TestCertificates> certificates;
};
std::unique_ptr<TestCertificates> TlsExchange::certificates;

TEST_F(TlsExchange, describes_a_good_certificate) {
  const OpensslServer server(*certificates, "good");
  for (const char* host : {"web.example", "127.0.0.1"}) {
    const HttpReport report = visit(server, host);
    EXPECT_EQ(report.status, HttpExchangeStatus::Answered) << report.evidence;
    EXPECT_EQ(report.http_status, 200);
    EXPECT_TRUE(report.handshake);
    ASSERT_TRUE(report.tls);
    EXPECT_EQ(report.tls->problem, TlsProblem::None) << report.tls->evidence;
    EXPECT_EQ(report.tls->subject, "CN=web.example");
    EXPECT_EQ(report.tls->issuer, "CN=Lab-ca");
    EXPECT_EQ(report.tls->names, (std::vector<std::string>{"web.example", "127.0.0.1"}));
    EXPECT_EQ(to_iso8601(report.tls->not_after), "2099-01-01T00:00:00.000000Z");
    EXPECT_EQ(report.tls->version, "TLSv1.3");
    EXPECT_NE(report.tls->cipher, "");
    EXPECT_EQ(report.tls->key, "EC 256");
    EXPECT_EQ(report.tls->chain, std::vector<std::string>{"CN=web.example"});
    EXPECT_TRUE(report.tls->is_verified);
  }
}

TEST_F(TlsExchange, names_what_is_wrong_with_a_certificate_and_sends_it_no_request) {
  struct Example {
    const char* certificate;
    TlsProblem problem;
    const char* evidence;
  };
  for (const Example& example :
       {Example{"expired", TlsProblem::Expired,
                "certificate expired 2021-01-01T00:00:00.000000Z (CN=web.example)"},
        Example{"early", TlsProblem::NotYetValid,
                "certificate is valid from 2098-01-01T00:00:00.000000Z only (CN=web.example)"},
        Example{"misnamed", TlsProblem::WrongName,
                "certificate is for elsewhere.example, 127.0.0.1, not for web.example"},
        Example{"unknown", TlsProblem::UnknownRoot,
                "certificate issuer is not trusted: CN=Lab-other (unable to get local issuer "
                "certificate)"}}) {
    const OpensslServer server(*certificates, example.certificate);
    const HttpReport report = visit(server);
    EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed) << example.certificate;
    EXPECT_EQ(report.http_status, 0);
    ASSERT_TRUE(report.tls);
    EXPECT_EQ(report.tls->problem, example.problem) << example.certificate;
    EXPECT_EQ(report.tls->evidence, example.evidence);
    EXPECT_TRUE(report.tls->has_certificate);
    EXPECT_FALSE(report.tls->is_verified);
    EXPECT_EQ(report.tls->version, "TLSv1.3");
  }
}

TEST_F(TlsExchange, knows_that_the_server_wants_a_client_certificate) {
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const OpensslServer server(*certificates, "good",
                               {"-Verify", "1", "-verify_return_error", version});
    const HttpReport report = visit(server);
    EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed) << version << report.evidence;
    ASSERT_TRUE(report.tls) << version;
    EXPECT_EQ(report.tls->problem, TlsProblem::ClientCertificateRequired)
        << version << ": " << report.tls->evidence;
  }
}

TEST_F(TlsExchange, does_not_mind_a_server_that_would_like_a_client_certificate) {
  const OpensslServer server(*certificates, "good", {"-verify", "1"});
  EXPECT_EQ(visit(server).http_status, 200);
}

TEST_F(TlsExchange, knows_that_there_is_no_version_or_cipher_in_common) {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"-tls1", "-cipher", "ALL:@SECLEVEL=0"},
        std::vector<std::string>{"-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"},
        std::vector<std::string>{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-CCM8:@SECLEVEL=0"}}) {
    const OpensslServer server(*certificates, "good", options);
    const HttpReport report = visit(server);
    EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed) << report.evidence;
    ASSERT_TRUE(report.tls);
    EXPECT_EQ(report.tls->problem, TlsProblem::Incompatible)
        << join(options, " ") << ": " << report.tls->evidence;
  }
}

TEST_F(TlsExchange, knows_that_a_server_speaks_no_tls_at_all) {
  const CannedServer server("HTTP/1.1 400 Bad Request\r\n\r\n");
  HttpExchangeRequest request = request_to(server.port, true);
  const HttpReport report = run_exchange(request, certificates->read("ca.pem"));
  EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed);
  ASSERT_TRUE(report.tls);
  EXPECT_EQ(report.tls->problem, TlsProblem::Broken);
  EXPECT_NE(report.tls->evidence.find("wrong version number"), std::string::npos)
      << report.tls->evidence;
}

}  // namespace
}  // namespace lw::io
