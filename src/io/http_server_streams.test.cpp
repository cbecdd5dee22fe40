// SPDX-License-Identifier: Apache-2.0
// Answers of the HTTP server that are sent in pieces.
#include <gtest/gtest.h>

#include "base/channel.h"
#include "base/thread.h"
#include "io/test_http_server.h"

namespace lw::io {
namespace {

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

TEST(HttpServer, TellsAWriterThatMustNotWaitThatTheClientIsSlow) {
  HeldServer held;
  RawClient client(*held.server);
  client.send(kGet);
  const HttpResponder responder = held.next();
  EXPECT_EQ(responder.try_write("x", 1), StreamWrite::Gone) << "no stream yet";
  responder.start({});
  const std::string piece(1 << 20, 'x');
  std::size_t taken = 0;
  while (responder.try_write(piece, 1 << 20) == StreamWrite::Taken) ASSERT_LT(++taken, 64U);
  EXPECT_GT(taken, 0U);
  EXPECT_EQ(responder.try_write("y", 1 << 20), StreamWrite::Full);
  EXPECT_EQ(responder.try_write("", 0), StreamWrite::Taken) << "nothing always fits";
  Thread reader("reader", [&] { client.receive_until("z\r\n"); });
  StreamWrite last = StreamWrite::Full;
  constexpr int kTries = 20'000'000;
  for (int i = 0; i < kTries && last == StreamWrite::Full; ++i) last = responder.try_write("z", 0);
  EXPECT_EQ(last, StreamWrite::Taken) << "once all is sent there is room again";
  reader.join();
  client.reset_connection();
  for (int i = 0; i < kTries && last != StreamWrite::Gone; ++i) {
    last = responder.try_write("x", 1 << 20);
  }
  EXPECT_EQ(last, StreamWrite::Gone);
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

TEST(HttpServer, TellsAHandlerThatNobodyWaitsAnyMore) {
  HeldServer held;
  RawClient client(*held.server);
  client.send(kGet);
  const HttpResponder responder = held.next();
  EXPECT_FALSE(responder.is_gone());
  EXPECT_FALSE(responder.observed_by([](int) {}).is_gone());
  client.close();
  bool gone = false;
  for (int i = 0; i < 1'000'000 && !gone; ++i) gone = responder.is_gone();
  EXPECT_TRUE(gone);
  EXPECT_TRUE(responder.observed_by([](int) {}).is_gone());
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

}  // namespace
}  // namespace lw::io
