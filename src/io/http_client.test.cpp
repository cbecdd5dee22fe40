// SPDX-License-Identifier: Apache-2.0
#include "io/http_client.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "base/guarded.h"
#include "io/http_server.h"
#include "io/test_http_server.h"

namespace lw::io {
namespace {

TEST(HttpClient, SendsMethodHeadersAndBody) {
  const auto server = serve([](const HttpRequest& request, const HttpResponder& responder) {
    responder.send({200,
                    {{"X-A", request.header("x-a")}, {"X-Type", request.header("Content-Type")}},
                    request.method + " " + request.body});
  });
  HttpClient client;
  for (const char* method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    HttpClientRequest request = request_to(*server, "/");
    request.method = method;
    request.headers = {{"X-A", "b"}, {"X-Empty", ""}};
    const auto response = client.request(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, std::string(method) + " ");
    EXPECT_EQ(response->header("x-A"), "b");
    EXPECT_EQ(response->header("X-Type"), "") << "no type that nobody chose";
  }
}

TEST(HttpClient, AsksForHeadWithoutWaitingForABody) {
  const auto server = serve([](const HttpRequest&, const HttpResponder& responder) {
    responder.send({200, {}, "12345"});
  });
  HttpClient client;
  HttpClientRequest request = request_to(*server, "/");
  request.method = "HEAD";
  request.timeout = Seconds(10);
  const auto response = client.request(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->header("Content-Length"), "5");
  EXPECT_EQ(response->body, "");
  request.method = "GET";
  EXPECT_EQ(client.request(request)->body, "12345");
}

TEST(HttpClient, KeepsItsConnection) {
  Guarded<std::set<std::uint16_t>> ports;
  const auto server = serve([&](const HttpRequest& request, const HttpResponder& responder) {
    ports.with([&](auto& seen) { seen.insert(request.remote_port); });
    responder.send({});
  });
  HttpClient client;
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(client.request(request_to(*server, "/")));
  EXPECT_EQ(ports.with([](const auto& seen) { return seen.size(); }), 1U);
}

TEST(HttpClient, TakesNoProxyFromTheEnvironment) {
  const auto server =
      serve([](const HttpRequest&, const HttpResponder& responder) { responder.send({}); });
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  const auto response = HttpClient().request(request_to(*server, "/"));
  ::unsetenv("http_proxy");
  EXPECT_TRUE(response);
}

TEST(HttpClient, RefusesAnAnswerAboveTheCap) {
  const auto server = serve([](const HttpRequest&, const HttpResponder& responder) {
    responder.send({200, {}, std::string(1000, 'x')});
  });
  HttpClient client;
  HttpClientRequest request = request_to(*server, "/");
  request.response_bytes_max = 1000;
  EXPECT_TRUE(client.request(request));
  request.response_bytes_max = 999;
  const auto response = client.request(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::LimitExceeded);
}

TEST(HttpClient, HandsAGoodBodyToItsSinkAndKeepsABadOne) {
  const auto server = serve([](const HttpRequest& request, const HttpResponder& responder) {
    responder.send({request.path == "/bad" ? 400 : 200, {}, std::string(100'000, 'x')});
  });
  HttpClient client;
  HttpClientRequest request = request_to(*server, "/");
  std::string taken;
  request.sink = [&](std::string_view piece) {
    taken += piece;
    return true;
  };
  auto response = client.request(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(taken.size(), 100'000U);
  EXPECT_EQ(response->body, "");
  request.url += "bad";
  response = client.request(request);
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(response->body.size(), 100'000U);
  EXPECT_EQ(taken.size(), 100'000U);
  request = request_to(*server, "/");
  request.sink = [](std::string_view) { return false; };
  EXPECT_FALSE(client.request(request));
}

TEST(HttpClient, SaysThatNobodyListensAndWhere) {
  std::string url;
  {
    const auto server = serve([](const HttpRequest&, const HttpResponder&) {});
    url = request_to(*server, "/").url;
  }
  HttpClientRequest request;
  request.url = url;
  const auto response = HttpClient().request(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unavailable);
  EXPECT_TRUE(response.error().message.starts_with("127.0.0.1:")) << response.error().message;
  EXPECT_NE(response.error().message.find("cannot connect"), std::string::npos);
}

TEST(HttpClient, GivesUpAfterItsTimeout) {
  Guarded<std::vector<HttpResponder>> held;
  const auto server = serve([&](const HttpRequest&, HttpResponder responder) {
    held.with([&](auto& all) { all.push_back(std::move(responder)); });
  });
  HttpClientRequest request = request_to(*server, "/");
  request.timeout = Milliseconds(100);
  const auto response = HttpClient().request(request);
  ASSERT_FALSE(response);
  EXPECT_NE(response.error().message.find("no answer in time"), std::string::npos);
}

TEST(HttpClient, RefusesWhatIsNoRequest) {
  HttpClient client;
  HttpClientRequest request;
  for (const char* url : {"", "http://", "ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1 x"}) {
    request.url = url;
    const auto response = client.request(request);
    ASSERT_FALSE(response) << url;
    EXPECT_EQ(response.error().code, ErrorCode::InvalidInput) << url;
  }
  request.url = "http://127.0.0.1:1/";
  request.headers = {{"X", "a\r\nY: b"}};
  const auto response = client.request(request);
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::InvalidInput);
}

TEST(HttpClient, SaysThatTheCaIsNoCertificate) {
  HttpClientRequest request;
  request.url = "https://127.0.0.1:1/";
  request.ca_pem = "nonsense";
  EXPECT_FALSE(HttpClient().request(request));
}

}  // namespace
}  // namespace lw::io
