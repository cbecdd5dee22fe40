// SPDX-License-Identifier: Apache-2.0
// What the HTTP server refuses: too large, too many, too slow, and garbage.
#include <gtest/gtest.h>

#include "base/channel.h"
#include "io/test_http_server.h"

namespace lw::io {
namespace {

TEST(HttpServer, RefusesABodyAboveTheLimitWith413) {
  HttpServerConfig config;
  config.body_bytes_max = 1000;
  const auto server = serve(echo, config);
  HttpClient client;
  HttpClientRequest request = request_to(*server, "/");
  request.method = "PUT";
  request.body.assign(1000, 'x');
  auto response = client.request(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  for (const std::size_t bytes : {std::size_t{1001}, std::size_t{3} << 20}) {
    request.body.assign(bytes, 'x');
    response = client.request(request);
    ASSERT_TRUE(response) << bytes << ": " << response.error().message;
    EXPECT_EQ(response->status, 413);
  }
}

TEST(HttpServer, RefusesAChunkedBodyAboveTheLimitWith413) {
  HttpServerConfig config;
  config.body_bytes_max = 10;
  const auto server = serve(echo, config);
  RawClient client(*server);
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "6\r\nabcdef\r\n6\r\nghijkl\r\n0\r\n\r\n");
  EXPECT_TRUE(client.receive_all().starts_with("HTTP/1.1 413 "));
}

TEST(HttpServer, TakesAChunkedBody) {
  const auto server = serve(echo);
  RawClient client(*server);
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
      "6\r\nabcdef\r\n6\r\nghijkl\r\n0\r\n\r\n");
  EXPECT_TRUE(client.receive_all().ends_with("\r\n\r\nabcdefghijkl"));
}

TEST(HttpServer, RefusesHeadersAboveTheLimitWith431) {
  HttpServerConfig config;
  config.header_bytes_max = 2000;
  const auto server = serve(echo, config);
  const auto status_of = [&](const std::string& request) {
    RawClient client(*server);
    client.send(request);
    return client.receive_all().substr(0, 12);
  };
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
  EXPECT_EQ(status_of(start + "A: " + std::string(1800, 'a') + "\r\n\r\n"), "HTTP/1.1 200");
  EXPECT_EQ(status_of(start + "A: " + std::string(2100, 'a') + "\r\n\r\n"), "HTTP/1.1 431");
  EXPECT_EQ(status_of(start + "A: " + std::string(200'000, 'a') + "\r\n\r\n"), "HTTP/1.1 431");
  EXPECT_EQ(status_of("GET /" + std::string(3000, 'a') + " HTTP/1.1\r\n\r\n"), "HTTP/1.1 431");
  std::string many = start;
  for (int i = 0; i < 400; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(many + "\r\n"), "HTTP/1.1 431");
}

TEST(HttpServer, ClientsCannotForgeTheMarkOfARefusal) {
  const auto server = serve(echo);
  RawClient client(*server);
  client.send("GET / HTTP/1.1\r\nHost: a\r\n:rejection: 413\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(client.receive_all().find("413"), std::string::npos);
}

TEST(HttpServer, ClosesConnectionsAboveTheLimit) {
  HttpServerConfig config;
  config.connections_max = 2;
  const auto server = serve(echo, config);
  RawClient first(*server);
  RawClient second(*server);
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  first.send(request);
  second.send(request);
  EXPECT_NE(first.receive_until("\r\n\r\n").find("200"), std::string::npos);
  EXPECT_NE(second.receive_until("\r\n\r\n").find("200"), std::string::npos);
  {
    RawClient third(*server);
    third.send(request);
    EXPECT_EQ(third.receive_all(), "");
  }
  first.close();
  // The server needs a moment to notice; the poll ends at once when it has.
  std::string answer;
  for (int i = 0; i < 1000 && answer.empty(); ++i) {
    RawClient fourth(*server);
    fourth.send(request);
    answer = fourth.receive_until("\r\n\r\n");
  }
  EXPECT_NE(answer.find("200"), std::string::npos);
}

TEST(HttpServer, Answers504WhenTheHandlerIsTooSlow) {
  HttpServerConfig config;
  config.answer_timeout = Seconds(1);
  HeldServer held(config);
  HttpClient client;
  const auto response = client.request(request_to(*held.server, "/"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 504);
  held.next().send({200, {}, "too late"});
}

TEST(HttpServer, ClosesWhatIsSlowOrIdle) {
  HttpServerConfig config;
  config.read_timeout = Seconds(1);
  config.idle_timeout = Seconds(1);
  const auto server = serve(echo, config);
  RawClient silent(*server);
  RawClient slow(*server);
  slow.send("GET / HT");
  RawClient idle(*server);
  idle.send(kGet);
  EXPECT_NE(idle.receive_all().find("200 OK"), std::string::npos);
  EXPECT_EQ(slow.receive_all(), "");
  EXPECT_EQ(silent.receive_all(), "");
}

TEST(HttpServer, SurvivesGarbage) {
  const auto server = serve(echo);
  for (const std::string& garbage :
       {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string(5000, '\0'),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("\r\n\r\n\r\nhello\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        std::string("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n"),
        std::string("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        std::string(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n")}) {
    RawClient client(*server);
    client.send(garbage);
    const std::string answer = client.receive_all();
    EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 4") ||
                answer.starts_with("HTTP/1.1 505"))
        << garbage << answer;
  }
  HttpClient client;
  EXPECT_TRUE(client.request(request_to(*server, "/")));
}

TEST(HttpServer, TreatsAnOfferToUpgradeAsAnOrdinaryRequest) {
  const auto server = serve(echo);
  RawClient client(*server);
  client.send(
      "POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
      "HTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_NE(client.receive_until("hi").find("200 OK"), std::string::npos);
}

HttpServerConfig strangers_send_ten_bytes() {
  HttpServerConfig config;
  config.body_bytes_max = 1000;
  config.body_bytes_for = [](const HttpRequest& head) {
    const bool is_known =
        head.method == "POST" && head.target == "/a?b" && head.header("authorization") == "secret";
    return is_known ? std::size_t{1'000'000} : std::size_t{10};
  };
  return config;
}

TEST(HttpServerBodyLimit, DependsOnWhoSends) {
  const auto server = serve(echo, strangers_send_ten_bytes());
  HttpClient client;
  HttpClientRequest request = request_to(*server, "/a?b");
  request.method = "POST";
  const auto status = [&](std::size_t bytes) {
    request.body = std::string(bytes, 'x');
    const auto response = client.request(request);
    EXPECT_TRUE(response) << response.error().message;
    return response ? response->status : 0;
  };
  EXPECT_EQ(status(0), 200);
  EXPECT_EQ(status(10), 200);
  EXPECT_EQ(status(11), 413);
  request.headers = {{"Authorization", " secret "}};
  EXPECT_EQ(status(1000), 200);
  EXPECT_EQ(status(1001), 413) << "the limit for all stays";
  EXPECT_EQ(status(10), 200);
}

TEST(HttpServerBodyLimit, HoldsForBodiesInChunksBeforeTheyAreComplete) {
  const auto server = serve(echo, strangers_send_ten_bytes());
  RawClient client(*server);
  client.send(
      "POST /a?b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n");
  client.send("3\r\n123\r\n");
  EXPECT_NE(client.receive_until("\r\n\r\n").find(" 413 "), std::string::npos);
}

TEST(HttpServerBodyLimit, AnswersAHugeOneBeforeItIsSent) {
  const auto server = serve(echo, strangers_send_ten_bytes());
  RawClient client(*server);
  client.send("POST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n");
  EXPECT_NE(client.receive_until("\r\n\r\n").find(" 413 "), std::string::npos);
}

TEST(HttpServerBodyLimit, LeavesNoTraceInTheRequest) {
  Channel<HttpRequest> requests(1, WhenFull::Conflate);
  const auto server = serve(
      [&](HttpRequest request, const HttpResponder& responder) {
        requests.push(std::move(request));
        responder.send({});
      },
      strangers_send_ten_bytes());
  HttpClient client;
  HttpClientRequest request = request_to(*server, "/");
  request.method = "PUT";
  request.body = "x";
  ASSERT_TRUE(client.request(request));
  const auto seen = requests.try_pop();
  ASSERT_TRUE(seen.has_value());
  for (const auto& [name, value] : seen->headers) EXPECT_FALSE(name.starts_with(':')) << name;
}

}  // namespace
}  // namespace lw::io
