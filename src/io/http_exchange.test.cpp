// SPDX-License-Identifier: Apache-2.0
#include "io/http_exchange.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/text.h"
#include "io/socket_address.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

const SystemClock kClock;

HttpReport run_exchange(HttpExchangeRequest request, const std::string& extra_ca = {}) {
  Loop loop;
  HttpEngine engine(loop, kClock, extra_ca);
  std::vector<HttpReport> reports;
  engine.start(request, [&](const HttpReport& report) {
    reports.push_back(report);
    loop.stop();
  });
  EXPECT_TRUE(reports.empty()) << "called back from inside start()";
  loop.run_for(Seconds(20));
  EXPECT_EQ(reports.size(), 1U);
  return reports.empty() ? HttpReport{} : reports.front();
}

HttpExchangeRequest request_to(std::uint16_t port, bool use_tls = false) {
  HttpExchangeRequest request;
  request.address = *parse_ip_address("127.0.0.1");
  request.port = port;
  request.use_tls = use_tls;
  request.host = "web.example";
  return request;
}

/// Answers each connection with the same bytes, whatever comes, and remembers what came.
class CannedServer {
 public:
  explicit CannedServer(std::string answer, bool closes = true)
      : answer_(std::move(answer)), closes_(closes) {
    SocketAddress local(*parse_ip_address("127.0.0.1"), 0);
    listener_ = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(listener_.get(), local.data(), local.size()), 0);
    EXPECT_EQ(::listen(listener_.get(), 16), 0);
    socklen_t size = SocketAddress::capacity();
    EXPECT_EQ(::getsockname(listener_.get(), local.data(), &size), 0);
    port = port_of(local.data());
    thread_ = Thread("canned-server", [this] { serve(); });
  }
  ~CannedServer() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
  }
  /// What the last client sent. After an exchange only.
  [[nodiscard]] std::string received() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    return received_;
  }
  std::uint16_t port = 0;

 private:
  void serve() {
    for (;;) {
      FileDescriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.is_open()) return;
      std::array<char, 8192> buffer{};
      const ssize_t got = ::read(client.get(), buffer.data(), buffer.size());
      received_.assign(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
      std::string_view rest = answer_;
      while (!rest.empty()) {
        const ssize_t sent = ::send(client.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<std::size_t>(sent));
      }
      if (!closes_) open_.push_back(std::move(client));
    }
  }

  std::string answer_;
  bool closes_;
  std::string received_;
  FileDescriptor listener_;
  std::vector<FileDescriptor> open_;
  Thread thread_;
};

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
  ASSERT_TRUE(report.first_byte);
  EXPECT_FALSE(report.handshake);
  EXPECT_LE(*report.connect + *report.first_byte, *report.total);
  const std::string received = server.received();
  EXPECT_TRUE(received.starts_with("POST /a%20b/../c?x=1 HTTP/1.1\r\n")) << received;
  for (const char* line : {"\r\nHost: web.example", "\r\nUser-Agent: linewatch\r\n",
                           "\r\nX-Check: yes\r\n", "\r\nX-Empty:\r\n"}) {
    EXPECT_NE(received.find(line), std::string::npos) << line;
  }
  EXPECT_EQ(received.find("Injected"), std::string::npos);
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

/// Certificates made by the openssl command in a folder of their own, for a name and 127.0.0.1.
class TlsExchange : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    std::string name = std::filesystem::temp_directory_path() / "lw-tls-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    for (const char* ca : {"ca", "other"}) {
      run(std::string("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "
                      "3650 -subj /CN=Lab-") +
          ca + " -keyout " + ca + ".key -out " + ca + ".pem");
    }
    sign("good", "ca", "web.example", "20200101000000Z", "20990101000000Z");
    sign("expired", "ca", "web.example", "20200101000000Z", "20210101000000Z");
    sign("early", "ca", "web.example", "20980101000000Z", "20990101000000Z");
    sign("misnamed", "ca", "elsewhere.example", "20200101000000Z", "20990101000000Z");
    sign("unknown", "other", "web.example", "20200101000000Z", "20990101000000Z");
    ca_pem_ = read_file(folder_ + "/ca.pem").value_or("");
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder_); }

  static void run(const std::string& command) {
    const std::string line = "cd " + folder_ + " && (" + command + ") >log 2>&1";
    ASSERT_EQ(std::system(line.c_str()), 0) << command << read_file(folder_ + "/log").value_or("");
  }

  static void sign(const std::string& name, const std::string& ca, const std::string& host,
                   const std::string& from, const std::string& until) {
    run("rm -rf db && mkdir db && touch db/index && echo 01 > db/serial && printf '"
        "[ca]\\ndefault_ca=d\\n[d]\\nnew_certs_dir=db\\ndatabase=db/index\\nserial=db/serial\\n"
        "default_md=sha256\\npolicy=p\\ncopy_extensions=copy\\n[p]\\ncommonName=supplied\\n' > "
        "conf");
    run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + host +
        " -addext subjectAltName=DNS:" + host + ",IP:127.0.0.1 -keyout " + name + ".key -out " +
        name + ".csr");
    run("openssl ca -batch -config conf -cert " + ca + ".pem -keyfile " + ca + ".key -startdate " +
        from + " -enddate " + until + " -in " + name + ".csr -out " + name + ".pem");
  }

  /// `openssl s_server` on a port that the system picks.
  class Server {
   public:
    Server(const std::string& certificate, const std::vector<std::string>& options = {}) {
      std::vector<std::string> words = {"openssl",
                                        "s_server",
                                        "-www",
                                        "-accept",
                                        "127.0.0.1:0",
                                        "-cert",
                                        folder_ + "/" + certificate + ".pem",
                                        "-key",
                                        folder_ + "/" + certificate + ".key"};
      words.insert(words.end(), options.begin(), options.end());
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      std::array<int, 2> ends{};
      EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
      posix_spawn_file_actions_t actions;
      posix_spawn_file_actions_init(&actions);
      posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
      posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
      EXPECT_EQ(::posix_spawnp(&pid_, "openssl", &actions, nullptr, arguments.data(), environ), 0);
      posix_spawn_file_actions_destroy(&actions);
      ::close(ends[1]);
      output_ = ::fdopen(ends[0], "r");
      wait_for_port();
    }
    ~Server() {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      std::fclose(output_);
    }
    unsigned port = 0;

   private:
    void wait_for_port() {
      std::array<char, 256> line{};
      while (std::fgets(line.data(), line.size(), output_) != nullptr) {
        if (std::sscanf(line.data(), "ACCEPT 127.0.0.1:%u", &port) == 1) return;
      }
      ADD_FAILURE() << "openssl s_server did not start";
    }
    pid_t pid_ = 0;
    std::FILE* output_ = nullptr;
  };

  static HttpReport visit(const Server& server, const std::string& host = "web.example") {
    HttpExchangeRequest request = request_to(static_cast<std::uint16_t>(server.port), true);
    request.host = host;
    return run_exchange(request, ca_pem_);
  }

  static std::string folder_;
  static std::string ca_pem_;
};
std::string TlsExchange::folder_;
std::string TlsExchange::ca_pem_;

TEST_F(TlsExchange, describes_a_good_certificate) {
  const Server server("good");
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
    const Server server(example.certificate);
    const HttpReport report = visit(server);
    EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed) << example.certificate;
    EXPECT_EQ(report.http_status, 0);
    ASSERT_TRUE(report.tls);
    EXPECT_EQ(report.tls->problem, example.problem) << example.certificate;
    EXPECT_EQ(report.tls->evidence, example.evidence);
    EXPECT_TRUE(report.tls->has_certificate);
    EXPECT_EQ(report.tls->version, "TLSv1.3");
  }
}

TEST_F(TlsExchange, knows_that_the_server_wants_a_client_certificate) {
  for (const char* version : {"-tls1_2", "-tls1_3"}) {
    const Server server("good", {"-Verify", "1", "-verify_return_error", version});
    const HttpReport report = visit(server);
    EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed) << version << report.evidence;
    ASSERT_TRUE(report.tls) << version;
    EXPECT_EQ(report.tls->problem, TlsProblem::ClientCertificateRequired)
        << version << ": " << report.tls->evidence;
  }
}

TEST_F(TlsExchange, does_not_mind_a_server_that_would_like_a_client_certificate) {
  const Server server("good", {"-verify", "1"});
  EXPECT_EQ(visit(server).http_status, 200);
}

TEST_F(TlsExchange, knows_that_there_is_no_version_or_cipher_in_common) {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"-tls1", "-cipher", "ALL:@SECLEVEL=0"},
        std::vector<std::string>{"-tls1_2", "-cipher", "NULL-SHA256:@SECLEVEL=0"},
        std::vector<std::string>{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-CCM8:@SECLEVEL=0"}}) {
    const Server server("good", options);
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
  const HttpReport report = run_exchange(request, ca_pem_);
  EXPECT_EQ(report.status, HttpExchangeStatus::TlsFailed);
  ASSERT_TRUE(report.tls);
  EXPECT_EQ(report.tls->problem, TlsProblem::Broken);
  EXPECT_NE(report.tls->evidence.find("wrong version number"), std::string::npos)
      << report.tls->evidence;
}

}  // namespace
}  // namespace lw::io
