// SPDX-License-Identifier: Apache-2.0
// A target's sender against a receiver over real HTTP.
#include "server/remote_write/sender.h"

#include <gtest/gtest.h>

#include "base/channel.h"
#include "base/files.h"
#include "io/http_server.h"
#include "io/snappy.h"

namespace lw::server::remote_write {
namespace {

class SenderTest : public testing::Test {
 protected:
  SenderTest() {
    receiver_ = io::HttpServer::start({}, [this](const io::HttpRequest& request,
                                                 const io::HttpResponder& responder) {
                  const int status = answers_.try_pop().value_or(204);
                  responder.send({.status = status, .headers = {}, .body = ""});
                  requests_.push(request);
                }).value();
    target_.name = "test";
    target_.url = "http://127.0.0.1:" + std::to_string(receiver_->port()) + "/write";
    target_.samples_per_request = 2;
  }
  static Sender::Batch samples(std::size_t count) {
    std::vector<Sample> list;
    for (std::size_t i = 0; i < count; ++i) {
      list.push_back({.name = "m" + std::to_string(i), .labels = {}, .value = 1, .at = {}});
    }
    return std::make_shared<const std::vector<Sample>>(std::move(list));
  }
  /// The next request's samples, as far as they are named in it.
  std::string next() {
    const auto request = requests_.pop_for(std::chrono::seconds(30));
    if (!request) return "none came";
    last_ = *request;
    const std::string bytes = io::snappy_uncompress(request->body, 1 << 20).value_or("");
    std::string names;
    for (std::size_t i = 0; i < 10; ++i) {
      if (bytes.find("m" + std::to_string(i)) != std::string::npos) names += std::to_string(i);
    }
    return names;
  }
  /// Waits for what the sender notes after the answer.
  template <class Predicate>
  SenderStats stats_once(const Sender& sender, Predicate is_it) {
    for (int i = 0; i < 3'000; ++i) {
      const SenderStats stats = sender.stats();
      if (is_it(stats)) return stats;
      Channel<int>(1, WhenFull::Refuse).pop_for(std::chrono::milliseconds(10));
    }
    return sender.stats();
  }

  Channel<int> answers_{100, WhenFull::Refuse};
  Channel<io::HttpRequest> requests_{100, WhenFull::Refuse};
  std::unique_ptr<io::HttpServer> receiver_;
  io::HttpRequest last_;
  SystemClock clock_;
  Target target_;
};

TEST_F(SenderTest, sends_in_order_and_in_parts) {
  const auto sender = Sender::start(target_, clock_).value();
  sender->offer(samples(5));
  EXPECT_EQ(next(), "01");
  EXPECT_EQ(next(), "23");
  EXPECT_EQ(next(), "4");
  EXPECT_EQ(last_.header("Content-Encoding"), "snappy");
  const auto stats = stats_once(*sender, [](const auto& now) { return now.sent == 5; });
  EXPECT_EQ(stats.sent, 5U);
  EXPECT_EQ(stats.waiting, 0U);
  EXPECT_FALSE(stats.oldest_waiting.has_value());
}

TEST_F(SenderTest, drops_what_is_refused_for_good_and_goes_on) {
  answers_.push(400);
  const auto sender = Sender::start(target_, clock_).value();
  sender->offer(samples(3));
  EXPECT_EQ(next(), "01");
  EXPECT_EQ(next(), "2");
  const auto stats = stats_once(*sender, [](const auto& now) { return now.sent == 1; });
  EXPECT_EQ(stats.refused, 2U);
  EXPECT_EQ(stats.retries, 0U);
}

TEST_F(SenderTest, tries_again_while_the_receiver_is_overloaded) {
  for (const int status : {503, 429}) answers_.push(status);
  const auto sender = Sender::start(target_, clock_).value();
  sender->offer(samples(3));
  EXPECT_EQ(next(), "01");
  EXPECT_EQ(next(), "01");
  EXPECT_EQ(next(), "01");
  EXPECT_EQ(next(), "2");
  const auto stats = stats_once(*sender, [](const auto& now) { return now.sent == 3; });
  EXPECT_EQ(stats.retries, 2U);
  EXPECT_EQ(stats.refused, 0U);
  EXPECT_EQ(stats.problem, "");
}

TEST_F(SenderTest, keeps_a_limit_of_what_waits_and_counts_the_rest) {
  for (int i = 0; i < 50; ++i) answers_.push(503);
  target_.samples_waiting_max = 4;
  const auto sender = Sender::start(target_, clock_).value();
  sender->offer(samples(2));
  EXPECT_EQ(next(), "01") << "on its way, and none of those that wait";
  sender->offer(samples(10));
  const SenderStats stats = sender->stats();
  EXPECT_EQ(stats.left_out, 6U);
  EXPECT_EQ(stats.waiting, 6U);
  EXPECT_TRUE(stats.oldest_waiting.has_value());
  EXPECT_NE(stats_once(*sender, [](const auto& now) { return !now.problem.empty(); }).problem, "");
}

TEST_F(SenderTest, shows_who_it_is_by_files_that_may_change) {
  target_.user = "ann";
  target_.password_file = "/tmp/lw-remote-write-" + std::to_string(receiver_->port());
  ASSERT_TRUE(write_file_atomically(target_.password_file, "pass word\n", 0600));
  const auto sender = Sender::start(target_, clock_).value();
  sender->offer(samples(1));
  next();
  EXPECT_EQ(last_.header("Authorization"), "Basic YW5uOnBhc3Mgd29yZA==");
  ASSERT_TRUE(write_file_atomically(target_.password_file, "other", 0600));
  sender->offer(samples(1));
  next();
  EXPECT_EQ(last_.header("Authorization"), "Basic YW5uOm90aGVy");
  EXPECT_TRUE(remove_file(target_.password_file));
}

TEST_F(SenderTest, a_missing_authority_is_said_at_the_start) {
  target_.authority_file = "/nowhere/ca.pem";
  EXPECT_FALSE(Sender::start(target_, clock_).has_value());
}

}  // namespace
}  // namespace lw::server::remote_write
