// SPDX-License-Identifier: Apache-2.0
// What tests of the HTTP server share.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/channel.h"
#include "base/files.h"
#include "base/test_times.h"
#include "io/http_client.h"
#include "io/http_server.h"

namespace lw::io {

inline std::unique_ptr<HttpServer> serve(HttpServer::Handler handler,
                                         const HttpServerConfig& config = {}) {
  auto server = HttpServer::start(config, std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return server ? std::move(*server) : nullptr;
}

inline void echo(const HttpRequest& request, const HttpResponder& responder) {
  responder.send({200, {{"X-Method", request.method}}, request.body});
}

inline HttpClientRequest request_to(const HttpServer& server, const std::string& path) {
  HttpClientRequest request;
  request.url = "http://127.0.0.1:" + std::to_string(server.port()) + path;
  return request;
}

/// A client without manners: raw bytes on a socket.
class RawClient {
 public:
  explicit RawClient(const HttpServer& server) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result =
        ::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    EXPECT_EQ(result, 0);
  }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  /// What comes in until the server closes.
  std::string receive_all() { return receive_until({}); }
  /// What comes in until `end` is there or the server closes.
  std::string receive_until(std::string_view end) {
    std::string received;
    char buffer[4096];
    // The end is looked for where it can be new: streams of tests are large.
    std::size_t searched = 0;
    while (end.empty() || received.find(end, searched) == std::string::npos) {
      searched = received.size() < end.size() ? 0 : received.size() - end.size();
      pollfd ready{socket_.get(), POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(Milliseconds(kPatience).count())) <= 0) {
        ADD_FAILURE() << "nothing more after: " << received;
        break;
      }
      const ssize_t got = ::recv(socket_.get(), buffer, sizeof buffer, 0);
      if (got <= 0) break;
      received.append(buffer, static_cast<std::size_t>(got));
    }
    return received;
  }
  void close() { socket_.reset(); }
  void reset_connection() {
    const linger now{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
    socket_.reset();
  }

 private:
  FileDescriptor socket_;
};

/// A server whose handler gives its responder to the test.
struct HeldServer {
  Channel<HttpResponder> responders{10, WhenFull::Refuse};
  std::unique_ptr<HttpServer> server;
  explicit HeldServer(HttpServerConfig config = {})
      : server(serve([this](const HttpRequest&,
                            HttpResponder responder) { responders.push(std::move(responder)); },
                     std::move(config))) {}
  HttpResponder next() { return responders.pop_for(kPatience).value(); }
};

inline constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

}  // namespace lw::io
