// SPDX-License-Identifier: Apache-2.0
#include "io/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <utility>

#include "base/channel.h"
#include "base/files.h"
#include "base/guarded.h"
#include "base/thread.h"
#include "io/http_client.h"

namespace lw::io {
namespace {

constexpr Seconds kPatience{20};

std::unique_ptr<HttpServer> serve(HttpServer::Handler handler, HttpServerConfig config = {}) {
  auto server = HttpServer::start(config, std::move(handler));
  EXPECT_TRUE(server) << server.error().message;
  return server ? std::move(*server) : nullptr;
}

void echo(const HttpRequest& request, const HttpResponder& responder) {
  responder.send({200, {{"X-Method", request.method}}, request.body});
}

HttpClientRequest request_to(const HttpServer& server, const std::string& path) {
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

// Limits

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

// Streams

TEST(HttpServer, StreamsPieces) {
  const auto server = serve([](const HttpRequest&, const HttpResponder& responder) {
    responder.start({200, {{"Content-Type", "text/csv"}}, "head,"});
    EXPECT_TRUE(responder.write("a"));
    EXPECT_TRUE(responder.write(""));
    EXPECT_TRUE(responder.write(std::string(100'000, 'b')));
    responder.end();
  });
  HttpClient client;
  for (int i = 0; i < 2; ++i) {
    const auto response = client.request(request_to(*server, "/"));
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "head,a" + std::string(100'000, 'b'));
    EXPECT_EQ(response->header("Content-Type"), "text/csv");
    EXPECT_EQ(response->header("Transfer-Encoding"), "chunked");
  }
}

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

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(HttpServer, HoldsTheWriterWhileTheClientDoesNotRead) {
  HeldServer held;
  RawClient client(*held.server);
  client.send(kGet);
  const HttpResponder responder = held.next();
  Counter written;
  Channel<bool> finished(1, WhenFull::Refuse);
  constexpr std::uint64_t kPieces = 64;
  Thread writer("writer", [&] {
    responder.start({});
    for (std::uint64_t i = 0; i < kPieces; ++i) {
      if (!responder.write(std::string(1 << 20, 'x'))) return;
      written.add();
    }
    responder.end();
    finished.push(true);
  });
  EXPECT_FALSE(finished.pop_for(Milliseconds(300)));
  EXPECT_LT(written.value(), 32U);
  const std::string all = client.receive_until("\r\n0\r\n\r\n");
  EXPECT_GT(all.size(), kPieces << 20);
  EXPECT_TRUE(finished.pop_for(kPatience));
}

TEST(HttpServer, ReleasesAHeldWriterWhenTheClientGoes) {
  HeldServer held;
  RawClient client(*held.server);
  client.send(kGet);
  const HttpResponder responder = held.next();
  Channel<bool> gone(1, WhenFull::Refuse);
  Thread writer("writer", [&] {
    responder.start({});
    while (responder.write(std::string(1 << 20, 'x'))) {
    }
    gone.push(true);
  });
  EXPECT_FALSE(gone.pop_for(Milliseconds(100)));
  client.reset_connection();
  EXPECT_TRUE(gone.pop_for(kPatience));
}

TEST(HttpServer, TellsAnIdleStreamThatItsClientHasLeft) {
  HeldServer held;
  RawClient client(*held.server);
  client.send(kGet);
  const HttpResponder responder = held.next();
  responder.start({});
  ASSERT_TRUE(responder.write("x"));
  client.receive_until("x\r\n");
  client.close();
  bool alive = true;
  for (int i = 0; i < 100'000 && alive; ++i) alive = responder.write("y");
  EXPECT_FALSE(alive);
}

TEST(HttpServer, BreaksAnAbortedStreamSoThatTheClientSeesIt) {
  const auto server = serve([](const HttpRequest& request, const HttpResponder& responder) {
    responder.start({});
    responder.write("part");
    if (request.path == "/abort") responder.abort();
    // "/drop" loses its responder in mid-stream, which must not look complete either.
  });
  HttpClient client;
  for (const char* path : {"/abort", "/drop"}) {
    const auto response = client.request(request_to(*server, path));
    ASSERT_FALSE(response) << path;
    EXPECT_EQ(response.error().code, ErrorCode::Unavailable);
  }
}

TEST(HttpServer, MayGoBeforeItsResponders) {
  HeldServer held;
  RawClient plain(*held.server);
  plain.send(kGet);
  const HttpResponder unanswered = held.next();
  RawClient streaming(*held.server);
  streaming.send(kGet);
  const HttpResponder stream = held.next();
  stream.start({});
  Channel<bool> released(1, WhenFull::Refuse);
  Thread writer("writer", [&] {
    while (stream.write(std::string(1 << 20, 'x'))) {
    }
    released.push(true);
  });
  EXPECT_FALSE(released.pop_for(Milliseconds(50)));
  held.server.reset();
  EXPECT_TRUE(released.pop_for(kPatience));
  unanswered.send({});
  EXPECT_EQ(plain.receive_all(), "");
}

// Time

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

// Starting

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
