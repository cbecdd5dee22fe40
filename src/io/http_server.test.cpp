// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.h"

#include <gtest/gtest.h>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/thread.h"
#include "io/test_http_server.h"

namespace lw::io {
namespace {

TEST(HttpServer, AnswersWithWhatTheHandlerSends) {
  const auto server = serve(echo);
  HttpClient client;
  HttpClientRequest request = request_to(*server, "/a");
  request.method = "POST";
  request.body = std::string("zero\0byte", 9);
  const auto response = client.request(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(response->body, request.body);
  EXPECT_EQ(response->header("x-method"), "POST");
  EXPECT_EQ(response->header("Content-Length"), "9");
}

TEST(HttpServer, DecodesPathAndQuery) {
  Channel<HttpRequest> requests(1, WhenFull::Conflate);
  const auto server = serve([&](HttpRequest request, const HttpResponder& responder) {
    requests.push(std::move(request));
    responder.send({});
  });
  HttpClient client;
  ASSERT_TRUE(client.request(request_to(*server, "/a%20b+c/%C3%A4?q=x%26y&e=&n&q=2+3")));
  const HttpRequest request = requests.try_pop().value_or(HttpRequest{});
  EXPECT_EQ(request.target, "/a%20b+c/%C3%A4?q=x%26y&e=&n&q=2+3");
  EXPECT_EQ(request.path, "/a b+c/ä");
  const std::vector<std::pair<std::string, std::string>> expected{
      {"q", "x&y"}, {"e", ""}, {"n", ""}, {"q", "2 3"}};
  EXPECT_EQ(request.query, expected);
  EXPECT_EQ(request.parameter("q"), "x&y");
  EXPECT_TRUE(request.has_parameter("n"));
  EXPECT_FALSE(request.has_parameter("m"));
  EXPECT_EQ(request.remote_address, "127.0.0.1");
  EXPECT_NE(request.remote_port, 0);
}

TEST(HttpServer, RefusesABrokenEscapeInThePath) {
  const auto server = serve(echo);
  HttpClient client;
  const auto response = client.request(request_to(*server, "/a?b=%zz"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 400);
}

TEST(HttpServer, UnderstandsTheTargetFormThatProxyClientsSend) {
  const auto server = serve([](const HttpRequest& request, const HttpResponder& responder) {
    responder.send({200, {{"Connection", "close"}}, request.path});
  });
  RawClient client(*server);
  client.send("GET http://somewhere.example:80/x/y?z HTTP/1.1\r\nHost: somewhere.example\r\n\r\n");
  EXPECT_NE(client.receive_all().find("\r\n\r\n/x/y"), std::string::npos);
}

TEST(HttpServer, SendsNoBodyToAHeadRequest) {
  const auto server = serve([](const HttpRequest&, const HttpResponder& responder) {
    responder.send({200, {{"Connection", "close"}}, "12345"});
  });
  RawClient client(*server);
  client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.receive_all();
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n")) << answer;
}

TEST(HttpServer, KeepsLineBreaksOutOfHeaders) {
  const auto server = serve([](const HttpRequest&, const HttpResponder& responder) {
    responder.send({200, {{"X-Evil", "a\r\nX-Injected: b"}}, ""});
  });
  HttpClient client;
  const auto response = client.request(request_to(*server, "/"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->header("X-Injected"), "");
  EXPECT_EQ(response->header("X-Evil"), "aX-Injected: b");
}

TEST(HttpServer, AnswersFromAnotherThreadLater) {
  Channel<HttpResponder> work(4, WhenFull::Block);
  Thread worker("worker", [&] {
    while (const auto responder = work.pop()) responder->send({201, {}, "late"});
  });
  {
    const auto server = serve(
        [&](const HttpRequest&, HttpResponder responder) { work.push(std::move(responder)); });
    HttpClient client;
    for (int i = 0; i < 20; ++i) {
      const auto response = client.request(request_to(*server, "/"));
      ASSERT_TRUE(response) << response.error().message;
      EXPECT_EQ(response->status, 201);
    }
  }
  work.close();
}

TEST(HttpServer, AnswersFiveHundredIfTheResponderIsDropped) {
  const auto server = serve([](const HttpRequest&, const HttpResponder&) {});
  HttpClient client;
  const auto response = client.request(request_to(*server, "/"));
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 500);
}

TEST(HttpServer, IgnoresASecondAnswer) {
  const auto server = serve([](const HttpRequest&, const HttpResponder& responder) {
    responder.send({200, {}, "first"});
    responder.send({200, {}, "second"});
    responder.start({});
    EXPECT_FALSE(responder.write("third"));
    responder.end();
  });
  HttpClient client;
  for (int i = 0; i < 2; ++i) {
    const auto response = client.request(request_to(*server, "/"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->body, "first");
  }
}

TEST(HttpServer, GivesManyClientsTheirOwnAnswers) {
  HttpServerConfig config;
  config.threads = 3;
  const auto server = serve(
      [](const HttpRequest& request, const HttpResponder& responder) {
        responder.send({200, {}, request.parameter("n")});
      },
      config);
  Counter right;
  {
    std::vector<Thread> clients;
    for (int c = 0; c < 8; ++c) {
      clients.emplace_back("client", [&, c] {
        HttpClient client;
        for (int i = 0; i < 50; ++i) {
          const std::string number = std::to_string(c * 1000 + i);
          const auto response = client.request(request_to(*server, "/?n=" + number));
          if (response && response->body == number) right.add();
        }
      });
    }
  }
  EXPECT_EQ(right.value(), 400U);
}

TEST(HttpServer, AnswersPipelinedRequestsInTheirOrder) {
  Guarded<std::vector<HttpResponder>> waiting;
  const auto server = serve([&](const HttpRequest& request, HttpResponder responder) {
    if (request.path != "/last") {
      waiting.with([&](auto& all) { all.push_back(std::move(responder)); });
      return;
    }
    responder.send({200, {{"Connection", "close"}}, "<3>"});
    auto all = waiting.with([](auto& held) { return std::exchange(held, {}); });
    ASSERT_EQ(all.size(), 2U);
    all[1].send({200, {}, "<2>"});
    all[0].send({200, {}, "<1>"});
  });
  RawClient client(*server);
  client.send(
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
      "GET /last HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answers = client.receive_all();
  EXPECT_LT(answers.find("<1>"), answers.find("<2>")) << answers;
  EXPECT_LT(answers.find("<2>"), answers.find("<3>")) << answers;
  EXPECT_NE(answers.find("<3>"), std::string::npos) << answers;
}

TEST(HttpServer, SaysThatThePortIsInUse) {
  const auto server = serve(echo);
  HttpServerConfig config;
  config.port = server->port();
  const auto second = HttpServer::start(config, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Conflict);
  EXPECT_NE(second.error().message.find("127.0.0.1:" + std::to_string(server->port())),
            std::string::npos)
      << second.error().message;
}

TEST(HttpServer, RefusesAnAddressThatIsNone) {
  HttpServerConfig config;
  config.address = "everywhere";
  const auto server = HttpServer::start(config, echo);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::InvalidInput);
}

TEST(HttpServer, RefusesWrongPem) {
  HttpServerConfig config;
  config.certificate_chain_pem = "no certificate";
  const auto server = HttpServer::start(config, echo);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, ErrorCode::InvalidInput);
  EXPECT_NE(server.error().message.find("certificate"), std::string::npos);
}

TEST(HttpServer, ListensOnIpv6) {
  HttpServerConfig config;
  config.address = "::1";
  const auto server = serve(echo, config);
  HttpClient client;
  HttpClientRequest request;
  request.url = "http://[::1]:" + std::to_string(server->port()) + "/";
  EXPECT_TRUE(client.request(request));
}

// Escapes

TEST(PercentDecode, ReadsEscapes) {
  EXPECT_EQ(percent_decode("a%20b+c%2F", false).value(), "a b+c/");
  EXPECT_EQ(percent_decode("a+b", true).value(), "a b");
  EXPECT_EQ(percent_decode("%00", false).value(), std::string(1, '\0'));
  for (const char* broken : {"%", "%1", "%zz", "%+1", "a%2"}) {
    EXPECT_FALSE(percent_decode(broken, false)) << broken;
  }
}

TEST(PercentEncode, IsReadBack) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decode(percent_encode(all), true).value(), all);
  EXPECT_EQ(percent_encode("a-b_c.d~/ "), "a-b_c.d~%2F%20");
}

}  // namespace
}  // namespace lw::io
