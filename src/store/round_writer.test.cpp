// SPDX-License-Identifier: Apache-2.0
#include "store/round_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/channel.h"
#include "base/files.h"
#include "base/guarded.h"
#include "io/http_server.h"
#include "store/batch_journal.h"

namespace lw::store {
namespace {

constexpr Seconds kPatience{20};
const AgentId kAgent{7};
const SpoolId kSpool{9};

/// A ClickHouse that takes inserts as told: each answer is a status and a code; 200 when none is
/// left. Remembers what was sent, and what it "has" by token.
class FakeStore {
 public:
  struct Insert {
    std::string token;
    std::string body;
    int status = 200;
  };

  FakeStore() {
    server_ =
        io::HttpServer::start({}, [this](io::HttpRequest request, io::HttpResponder responder) {
          answer(std::move(request), responder);
        }).value();
  }
  void plan(std::vector<std::pair<int, int>> answers) {
    answers_.with([&](auto& planned) { planned = std::move(answers); });
  }
  ClientConfig config() const {
    ClientConfig config;
    config.url = "http://127.0.0.1:" + std::to_string(server_->port());
    config.timeout = Milliseconds(5000);
    return config;
  }
  /// The next insert that came.
  Insert next() {
    auto insert = inserts_.pop_for(kPatience);
    EXPECT_TRUE(insert.has_value()) << "no insert came";
    return insert.value_or(Insert{});
  }
  std::size_t waiting() const { return inserts_.stats().depth; }

 private:
  void answer(io::HttpRequest request, const io::HttpResponder& responder) {
    const auto [status, code] = answers_.with([](auto& planned) {
      if (planned.empty()) return std::pair(200, 0);
      const auto first = planned.front();
      if (planned.size() > 1) planned.erase(planned.begin());
      return first;
    });
    EXPECT_EQ(request.parameter("deduplicate_blocks_in_dependent_materialized_views"), "1");
    EXPECT_TRUE(request.parameter("query").starts_with("INSERT INTO rounds ("));
    inserts_.push({request.parameter("insert_deduplication_token"), request.body, status});
    io::HttpResponse response;
    response.status = status;
    if (code != 0) {
      response.headers = {{"X-ClickHouse-Exception-Code", std::to_string(code)}};
      response.body = "Code: " + std::to_string(code) + ". DB::Exception: as planned. (PLANNED)";
    }
    responder.send(std::move(response));
  }

  Guarded<std::vector<std::pair<int, int>>> answers_;
  Channel<Insert> inserts_{1000, WhenFull::Refuse};
  std::unique_ptr<io::HttpServer> server_;
};

class RoundWriterTest : public testing::Test {
 protected:
  RoundWriterTest() {
    char name[] = "/tmp/lw-writer-XXXXXX";
    config_.directory = std::string(::mkdtemp(name)) + "/w";
    config_.max_delay = Milliseconds(20);
    config_.retry_first = Milliseconds(1);
    config_.retry_longest = Milliseconds(5);
  }
  ~RoundWriterTest() override {
    std::filesystem::remove_all(std::filesystem::path(config_.directory).parent_path());
  }

  std::unique_ptr<RoundWriter> open() {
    auto writer = RoundWriter::open(config_, store_.config(), clock_,
                                    [this](AgentId agent, SpoolId spool, std::uint64_t sequence) {
                                      EXPECT_EQ(agent, kAgent);
                                      EXPECT_EQ(spool, kSpool);
                                      durable_.push(sequence);
                                    });
    EXPECT_TRUE(writer.has_value()) << writer.error().message;
    return std::move(*writer);
  }
  static std::vector<StoredRound> rounds(std::uint64_t first, std::uint64_t last) {
    std::vector<StoredRound> list;
    for (std::uint64_t sequence = first; sequence <= last; ++sequence) {
      StoredRound stored;
      stored.round.test = {1};
      stored.round.started = from_unix_us(1'800'000'000'000'000);
      stored.round.checks = {{CheckOutcome::Success, Microseconds(500), Microseconds(0)}};
      stored.origin = {kAgent, kSpool, sequence};
      list.push_back(std::move(stored));
    }
    return list;
  }
  /// Waits for the next report and returns it; 0 if none came.
  std::uint64_t durable() { return durable_.pop_for(kPatience).value_or(0); }

  RoundWriterConfig config_;
  SystemClock clock_;
  FakeStore store_;
  Channel<std::uint64_t> durable_{1000, WhenFull::Refuse};
};

TEST_F(RoundWriterTest, rounds_are_reported_durable_once_the_store_has_them) {
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 3)));
  EXPECT_EQ(writer->received_high(kAgent, kSpool), 3U);
  EXPECT_EQ(durable(), 3U);
  EXPECT_EQ(writer->durable_high(kAgent, kSpool), 3U);
  const FakeStore::Insert insert = store_.next();
  EXPECT_FALSE(insert.token.empty());
  EXPECT_EQ(insert.body, encode_native(rounds(1, 3)));
  EXPECT_FALSE(file_exists(config_.directory + "/journal"));
  EXPECT_EQ(writer->stats().rows_inserted, 3U);
  EXPECT_EQ(writer->stats().waiting_rows, 0U);
  EXPECT_EQ(writer->stats().problem, "");
}

TEST_F(RoundWriterTest, rounds_that_come_again_are_dropped_and_reported_again) {
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 5)));
  ASSERT_EQ(durable(), 5U);
  ASSERT_TRUE(writer->offer(rounds(2, 4)));
  EXPECT_EQ(durable(), 5U);
  ASSERT_TRUE(writer->offer(rounds(4, 6)));
  EXPECT_EQ(durable(), 5U);
  EXPECT_EQ(durable(), 6U);
  store_.next();
  EXPECT_EQ(store_.next().body, encode_native(rounds(6, 6)));
  EXPECT_EQ(store_.waiting(), 0U);
  EXPECT_EQ(writer->stats().duplicates, 5U);
}

TEST_F(RoundWriterTest, while_the_store_fails_the_same_bytes_go_with_the_same_token) {
  store_.plan({{503, 202}, {500, 241}, {500, 243}, {404, 60}, {403, 516}, {200, 0}});
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  EXPECT_EQ(durable(), 2U);
  const FakeStore::Insert first = store_.next();
  for (int i = 0; i < 5; ++i) {
    const FakeStore::Insert again = store_.next();
    EXPECT_EQ(again.token, first.token);
    EXPECT_EQ(again.body, first.body);
  }
  EXPECT_EQ(store_.waiting(), 0U);
  EXPECT_EQ(writer->stats().retries, 5U);
  EXPECT_EQ(writer->stats().problem, "");
}

TEST_F(RoundWriterTest, a_full_disk_under_the_store_is_a_problem_in_words) {
  store_.plan({{500, 243}});
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 1)));
  for (int i = 0; i < 20; ++i) store_.next();
  EXPECT_NE(writer->stats().problem.find("disk is full"), std::string::npos);
  EXPECT_EQ(writer->stats().rejected_batches, 0U);
  store_.plan({});
  EXPECT_EQ(durable(), 1U);
}

TEST_F(RoundWriterTest, a_batch_that_was_under_way_goes_first_and_unchanged_after_a_restart) {
  store_.plan({{500, 241}});
  auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  const FakeStore::Insert before = store_.next();
  writer.reset();
  EXPECT_EQ(durable_.stats().depth, 0U);
  while (store_.waiting() > 0) store_.next();
  store_.plan({});
  writer = open();
  EXPECT_EQ(writer->received_high(kAgent, kSpool), 2U) << "an agent need not send them again";
  ASSERT_TRUE(writer->offer(rounds(1, 3)));
  const FakeStore::Insert after = store_.next();
  EXPECT_EQ(after.token, before.token);
  EXPECT_EQ(after.body, before.body);
  EXPECT_EQ(store_.next().body, encode_native(rounds(3, 3)));
  EXPECT_EQ(durable(), 2U);
  EXPECT_EQ(durable(), 3U);
}

TEST_F(RoundWriterTest, what_is_durable_is_remembered_over_a_restart) {
  auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 4)));
  ASSERT_EQ(durable(), 4U);
  writer.reset();
  writer = open();
  EXPECT_EQ(writer->durable_high(kAgent, kSpool), 4U);
  ASSERT_TRUE(writer->offer(rounds(1, 4)));
  EXPECT_EQ(durable(), 4U);
  store_.next();
  EXPECT_EQ(store_.waiting(), 0U);
}

TEST_F(RoundWriterTest, a_crash_before_the_journal_was_complete_leaves_nothing_to_send) {
  ASSERT_TRUE(make_directories(config_.directory).has_value());
  const std::string whole = encode_journal({"t", 1, {{kAgent, kSpool, 1}}, "bytes"});
  ASSERT_TRUE(
      write_file_atomically(config_.directory + "/journal", whole.substr(0, whole.size() - 1), 0600)
          .has_value());
  const auto writer = open();
  EXPECT_EQ(writer->received_high(kAgent, kSpool), 0U);
  ASSERT_TRUE(writer->offer(rounds(1, 1)));
  EXPECT_EQ(store_.next().body, encode_native(rounds(1, 1)));
  EXPECT_EQ(durable(), 1U);
}

TEST_F(RoundWriterTest, a_crash_before_the_journal_was_removed_sends_it_with_its_old_token) {
  const auto files = WriterFiles::open(config_.directory);
  ASSERT_TRUE(files->write_highs({{kAgent, kSpool, 8}}).has_value());
  ASSERT_TRUE(files->write_journal({"old-token", 1, {{kAgent, kSpool, 8}}, "bytes"}).has_value());
  const auto writer = open();
  EXPECT_EQ(store_.next().token, "old-token");
  EXPECT_EQ(durable(), 8U);
}

TEST_F(RoundWriterTest, a_batch_that_the_store_refuses_is_set_aside_and_the_next_one_goes) {
  config_.refusals_max = 3;
  store_.plan({{400, 27}, {400, 27}, {400, 27}, {200, 0}});
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  EXPECT_EQ(durable(), 2U);
  ASSERT_TRUE(writer->offer(rounds(3, 3)));
  EXPECT_EQ(durable(), 3U);
  const std::string token = store_.next().token;
  const auto kept = decode_journal(read_file(config_.directory + "/rejected/" + token).value());
  EXPECT_EQ(kept->payload, encode_native(rounds(1, 2)));
  const WriterStats stats = writer->stats();
  EXPECT_EQ(stats.rejected_batches, 1U);
  EXPECT_NE(stats.problem.find("refused 1 batch"), std::string::npos) << stats.problem;
  EXPECT_NE(stats.problem.find("Code: 27"), std::string::npos) << stats.problem;
}

TEST_F(RoundWriterTest, a_full_queue_takes_nothing_until_the_store_catches_up) {
  config_.queue_rows_max = 10;
  store_.plan({{503, 0}});
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 8)));
  EXPECT_FALSE(writer->offer(rounds(9, 12)));
  EXPECT_EQ(writer->received_high(kAgent, kSpool), 8U) << "nothing of it was taken";
  EXPECT_EQ(writer->stats().waiting_rows, 8U);
  store_.plan({});
  EXPECT_EQ(durable(), 8U);
  EXPECT_TRUE(writer->offer(rounds(9, 12)));
  EXPECT_EQ(durable(), 12U);
}

TEST_F(RoundWriterTest, without_its_folder_it_keeps_the_batch_in_memory_and_says_so) {
  const auto writer = open();
  std::filesystem::remove_all(config_.directory);
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  while (writer->stats().retries < 3) EXPECT_FALSE(durable_.pop_for(Milliseconds(1)).has_value());
  EXPECT_NE(writer->stats().problem.find("keep a batch"), std::string::npos);
  EXPECT_EQ(store_.waiting(), 0U) << "nothing goes to the store before it is in the journal";
  ASSERT_TRUE(make_directories(config_.directory).has_value());
  EXPECT_EQ(durable(), 2U);
  EXPECT_EQ(writer->stats().problem, "");
}

TEST_F(RoundWriterTest, large_offers_go_in_batches_of_the_largest_size) {
  config_.max_rows = 100;
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 250)));
  EXPECT_EQ(store_.next().body, encode_native(rounds(1, 100)));
  EXPECT_EQ(store_.next().body, encode_native(rounds(101, 200)));
  EXPECT_EQ(store_.next().body, encode_native(rounds(201, 250)));
  EXPECT_EQ(durable(), 100U);
  EXPECT_EQ(durable(), 200U);
  EXPECT_EQ(durable(), 250U);
}

TEST_F(RoundWriterTest, rounds_of_many_days_go_in_blocks_that_the_store_accepts) {
  const auto writer = open();
  std::vector<StoredRound> list = rounds(1, 200);
  for (StoredRound& stored : list) {
    stored.round.started += std::chrono::days(stored.origin.sequence);
  }
  ASSERT_TRUE(writer->offer(list));
  EXPECT_EQ(store_.next().body, encode_native(std::span(list).subspan(0, 90)));
  EXPECT_EQ(durable(), 90U);
  EXPECT_EQ(durable(), 180U);
  EXPECT_EQ(durable(), 200U);
}

TEST_F(RoundWriterTest, ending_it_still_sends_what_waits) {
  config_.max_delay = Milliseconds(600'000);
  auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 3)));
  writer.reset();
  EXPECT_EQ(store_.next().body, encode_native(rounds(1, 3)));
  EXPECT_EQ(durable(), 3U);
}

}  // namespace
}  // namespace lw::store
