// SPDX-License-Identifier: Apache-2.0
// The history thread against a ClickHouse that only pretends, and that hangs when told to.
#include "server/history.h"

#include <gtest/gtest.h>

#include "base/test_times.h"
#include "io/http_server.h"

namespace lw::server {
namespace {

/// Keeps each insert waiting until release().
class HangingStore {
 public:
  struct Insert {
    std::string table;
    std::size_t rows = 0;
    io::HttpResponder answer;
  };
  HangingStore() {
    server_ = io::HttpServer::start({}, [this](const io::HttpRequest& request,
                                               io::HttpResponder responder) {
                const std::string sql = request.parameter("query");
                // A Native block begins with the numbers of its columns and rows; both are below
                // 128 here.
                const std::size_t rows =
                    request.body.size() > 1 ? static_cast<unsigned char>(request.body[1]) : 0;
                requests_.push({sql.substr(0, sql.find(" (")), rows, std::move(responder)});
              }).value();
  }
  store::ClientConfig config() const {
    store::ClientConfig config;
    config.url = "http://127.0.0.1:" + std::to_string(server_->port());
    return config;
  }
  std::optional<Insert> next() { return requests_.pop_for(kPatience); }

 private:
  Channel<Insert> requests_{1000, WhenFull::Refuse};
  std::unique_ptr<io::HttpServer> server_;
};

std::vector<StateChange> one_change(std::uint64_t test) {
  StateChange change;
  change.test = TestId{test};
  change.from = TestState::Pass;
  change.to.state = TestState::Fail;
  return {change};
}

std::vector<lw::Test> tests(std::uint64_t count, const std::string& destination) {
  std::vector<lw::Test> list;
  for (std::uint64_t i = 1; i <= count; ++i) {
    lw::Test test;
    test.id = TestId{i};
    test.destination_address = destination;
    test.configuration = std::make_shared<const TestConfiguration>();
    list.push_back(test);
  }
  return list;
}

TEST(History, writes_all_that_came_during_an_insert_as_one_block) {
  const SystemClock clock;
  HangingStore store;
  History history(store.config(), clock, 30);
  history.start();
  history.record(one_change(1));
  auto first = store.next();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->table, "INSERT INTO state_changes");
  EXPECT_EQ(first->rows, 1U);
  for (std::uint64_t i = 0; i < 100; ++i) {
    history.record(one_change(i));
    history.describe_tests(tests(7, "192.0.2." + std::to_string(i)));
  }
  first->answer.send({});
  auto changes = store.next();
  ASSERT_TRUE(changes.has_value());
  EXPECT_EQ(changes->table, "INSERT INTO state_changes");
  EXPECT_EQ(changes->rows, 100U);
  changes->answer.send({});
  auto descriptions = store.next();
  ASSERT_TRUE(descriptions.has_value());
  EXPECT_EQ(descriptions->table, "INSERT INTO tests");
  EXPECT_EQ(descriptions->rows, 7U) << "the last of each test";
  descriptions->answer.send({});
  history.stop();
}

TEST(History, sends_a_block_again_that_the_store_could_not_take) {
  const SystemClock clock;
  HangingStore store;
  History history(store.config(), clock, 30);
  history.start();
  history.record(one_change(1));
  auto refused = store.next();
  ASSERT_TRUE(refused.has_value());
  history.record(one_change(2));
  refused->answer.send({.status = 503, .headers = {}, .body = "busy"});
  auto again = store.next();
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->rows, 2U);
  again->answer.send({});
  history.stop();
  EXPECT_EQ(history.dropped(), 0U);
}

TEST(History, stops_within_seconds_while_the_store_hangs_and_counts_what_is_lost) {
  const SystemClock clock;
  HangingStore store;
  History history(store.config(), clock, 30);
  history.start();
  history.record(one_change(1));
  const auto hanging = store.next();
  ASSERT_TRUE(hanging.has_value());
  for (std::uint64_t i = 2; i < 10; ++i) history.record(one_change(i));
  const Instant begun = clock.now();
  history.stop();
  EXPECT_LT(clock.now() - begun, Seconds(15)) << "a request's own time-out is 60 s";
  EXPECT_EQ(history.dropped(), 9U);
}

TEST(History, stopping_drops_queries_that_wait_and_ends_those_that_run) {
  const SystemClock clock;
  HangingStore store;
  History history(store.config(), clock, 30);
  history.start();
  Channel<ErrorCode> ended(10, WhenFull::Refuse);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(history.query([&](store::Client& client) {
      const auto answer = client.query("SELECT 1");
      ended.push(answer ? ErrorCode::Internal : answer.error().code);
    }));
  }
  const auto first = store.next();
  const auto second = store.next();
  ASSERT_TRUE(first && second);
  const auto waiting = std::make_shared<int>(1);
  ASSERT_TRUE(history.query([waiting](store::Client&) { FAIL() << "must not run any more"; }));
  const Instant begun = clock.now();
  history.stop();
  EXPECT_LT(clock.now() - begun, Seconds(15));
  EXPECT_EQ(ended.try_pop(), ErrorCode::Unavailable);
  EXPECT_EQ(ended.try_pop(), ErrorCode::Unavailable);
  EXPECT_EQ(waiting.use_count(), 1) << "dropped, so that whoever waits for it is answered";
}

}  // namespace
}  // namespace lw::server
