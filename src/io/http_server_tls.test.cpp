// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/files.h"
#include "io/http_client.h"
#include "io/http_server.h"
#include "io/pki.h"

namespace lw::io {
namespace {

class TlsServer : public ::testing::Test {
 protected:
  TlsServer() {
    authority_ = create_certificate_authority("test CA", SystemClock().wall_now()).value();
    const KeyAndCertificate issued = issue();
    HttpServerConfig config;
    config.certificate_chain_pem = issued.certificate_pem;
    config.private_key_pem = issued.private_key_pem;
    config.read_timeout = Seconds(1);
    config.threads = 2;
    server_ = HttpServer::start(config, [](const HttpRequest& request_in,
                                           const HttpResponder& responder) {
                responder.start({});
                for (int i = 0; i < 8; ++i) responder.write(std::string(100'000, 'x'));
                responder.write(request_in.path);
                responder.end();
              }).value();
  }

  KeyAndCertificate issue() {
    const Timestamp now = SystemClock().wall_now();
    const ServerCertificateRequest request{
        "linewatch", {}, {"127.0.0.1"}, now, now + Seconds(3600)};
    return issue_server_certificate(authority_, request).value();
  }
  std::string leaf_fingerprint() {
    const auto chain = fetch_certificate_chain("127.0.0.1", server_->port(), Seconds(20));
    EXPECT_TRUE(chain) << chain.error().message;
    return chain ? read_certificate(chain->front())->sha256_hex : "";
  }
  FileDescriptor connect_raw() {
    FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    return socket;
  }
  /// Sends and waits until the server has closed the connection.
  bool is_closed_after(std::string_view bytes) {
    const FileDescriptor socket = connect_raw();
    if (!bytes.empty()) {
      (void)!::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    char buffer[1024];
    for (int i = 0; i < 100; ++i) {
      pollfd ready{socket.get(), POLLIN, 0};
      if (::poll(&ready, 1, 20'000) <= 0) return false;
      if (::recv(socket.get(), buffer, sizeof buffer, 0) <= 0) return true;
    }
    return false;
  }
  bool answers() {
    HttpClientRequest request;
    request.url = "https://127.0.0.1:" + std::to_string(server_->port()) + "/end";
    request.ca_pem = authority_.certificate_pem;
    const auto response = HttpClient().request(request);
    EXPECT_TRUE(response) << response.error().message;
    return response && response->body == std::string(800'000, 'x') + "/end";
  }

  KeyAndCertificate authority_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(TlsServer, Streams) { EXPECT_TRUE(answers()); }

TEST_F(TlsServer, ClosesPlainHttpAndGarbage) {
  EXPECT_TRUE(is_closed_after("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  EXPECT_TRUE(is_closed_after(std::string_view("\0\xff\x16\x03", 4)));
  EXPECT_TRUE(answers());
}

TEST_F(TlsServer, ClosesHandshakesThatDoNotGoOn) {
  EXPECT_TRUE(is_closed_after(""));
  EXPECT_TRUE(is_closed_after("\x16\x03\x01\x02"));
  EXPECT_TRUE(answers());
}

TEST_F(TlsServer, SurvivesClientsThatLeaveInTheHandshake) {
  for (int i = 0; i < 50; ++i) {
    const FileDescriptor socket = connect_raw();
    (void)!::send(socket.get(), "\x16\x03\x01\x02", 4, MSG_NOSIGNAL);
  }
  EXPECT_TRUE(answers());
}

TEST_F(TlsServer, TakesANewCertificateForNewConnectionsAndKeepsTheOldOnes) {
  HttpClientRequest request;
  request.url = "https://127.0.0.1:" + std::to_string(server_->port()) + "/end";
  request.ca_pem = authority_.certificate_pem;
  HttpClient early;
  ASSERT_TRUE(early.request(request));
  const KeyAndCertificate other = issue();
  ASSERT_TRUE(server_->use_certificate(other.certificate_pem, other.private_key_pem));
  EXPECT_EQ(leaf_fingerprint(), read_certificate(other.certificate_pem)->sha256_hex);
  EXPECT_TRUE(answers());
  EXPECT_TRUE(early.request(request)) << "a connection of before";
}

TEST_F(TlsServer, KeepsItsCertificateWhenTheNewOneIsOfNoUse) {
  const std::string before = leaf_fingerprint();
  const KeyAndCertificate one = issue();
  const KeyAndCertificate another = issue();
  EXPECT_FALSE(server_->use_certificate("no certificate", one.private_key_pem));
  EXPECT_FALSE(server_->use_certificate(one.certificate_pem, another.private_key_pem));
  EXPECT_EQ(leaf_fingerprint(), before);
  EXPECT_TRUE(answers());
}

TEST_F(TlsServer, SpeaksPlainHttpToNobody) {
  HttpClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/";
  EXPECT_FALSE(HttpClient().request(request));
}

}  // namespace
}  // namespace lw::io
