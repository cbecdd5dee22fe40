// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "base/log.h"
#include "base/text.h"
#include "round_maker.h"
#include "store/batch_journal.h"
#include "store/reconcile.h"
#include "store/round_writer.h"
#include "store/schema.h"
#include "store_fixture.h"

/// A store that knows the token of a batch and lacks some of its rows, as ClickHouse does after a
/// crash between the two: the rows are deleted here, which leaves the token.
namespace lw::store {
namespace {

const SystemClock kClock;
const AgentId kAgent{1};
const SpoolId kSpool{5};
const Timestamp kStart = from_unix_us(1'800'000'000'000'000);
const std::string kEverything =
    "SELECT * FROM (SELECT t, test_id, keep_days, sum(rounds), sum(checks), sum(failed), "
    "sum(voided), sum(answered), max(worst), min(rmin), max(rmax), sum(rsum), sum(jsum), "
    "sum(jrounds) FROM m1 GROUP BY t, test_id, keep_days) ORDER BY ALL";

class StoreReconcile : public StoreSuite {
 protected:
  /// An earlier batch and this one, whose rounds fall into the same minutes, tests and partitions.
  void SetUp() override {
    query("TRUNCATE TABLE rounds");
    query("TRUNCATE TABLE m1");
    query("TRUNCATE TABLE h1");
    std::vector<StoredRound> earlier = make_rounds(kAgent, kSpool, 1, 200, kStart);
    send(encode_native(earlier), random_token());
    std::vector<StoredRound> batch = make_rounds(kAgent, {6}, 1, 300, kStart);
    payload_ = encode_native(batch);
    token_ = random_token();
    send(payload_, token_);
    whole_ = query(kEverything);
    ASSERT_EQ(query("SELECT count() FROM rounds"), "500");
    ASSERT_EQ(query("SELECT sum(rounds) FROM m1"), "500");
  }
  static std::string random_token() { return make_password(); }
  void send(const std::string& payload, const std::string& token) {
    const auto sent = client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                                     payload, token);
    ASSERT_TRUE(sent.has_value()) << sent.error().message;
  }
  std::string query(const std::string& sql) {
    auto answer = client_.query(sql, {}, {{"mutations_sync", "1"}});
    return answer ? std::string(trim(*answer)) : "error: " + answer.error().message;
  }
  /// Leaves in m1 what was there before the batch, and its token.
  void forget_minutes() {
    query("ALTER TABLE m1 DELETE WHERE 1");
    query("INSERT INTO m1 " + minutes_of("(SELECT *, jitter FROM rounds WHERE spool_id = 5)"));
  }
  Reconciled reconciled() {
    send(payload_, token_);
    const auto done = reconcile(client_, payload_);
    EXPECT_TRUE(done.has_value()) << done.error().message;
    return done.value_or(Reconciled{});
  }
  void expect_whole() {
    EXPECT_EQ(query("SELECT count(), uniqExact(spool_id, sequence) FROM rounds"), "500\t500");
    EXPECT_EQ(query(kEverything), whole_);
    EXPECT_EQ(query("SELECT count() FROM doubtful"), "0");
  }

  Client client_{store_->config()};
  std::string payload_, token_, whole_;
};

TEST_F(StoreReconcile, a_batch_that_is_complete_is_left_alone) {
  EXPECT_EQ(reconciled(), Reconciled{});
  expect_whole();
}

TEST_F(StoreReconcile, rounds_without_their_part_come_back_and_are_not_counted_again) {
  query("ALTER TABLE rounds DELETE WHERE spool_id = 6");
  send(payload_, token_);
  ASSERT_EQ(query("SELECT count() FROM rounds"), "200") << "else there is no hole to close";
  EXPECT_EQ(reconciled(), (Reconciled{300, 0}));
  expect_whole();
  EXPECT_EQ(reconciled(), Reconciled{});
}

TEST_F(StoreReconcile, one_partition_of_a_batch_can_be_missing) {
  query("ALTER TABLE rounds DELETE WHERE spool_id = 6 AND keep_days = 30");
  EXPECT_EQ(reconciled(), (Reconciled{150, 0}));
  expect_whole();
}

TEST_F(StoreReconcile, minutes_that_lack_the_batch_count_it_once) {
  forget_minutes();
  ASSERT_EQ(query("SELECT sum(rounds) FROM m1"), "200");
  const Reconciled done = reconciled();
  EXPECT_EQ(done.rounds, 0U);
  EXPECT_GT(done.minutes, 0U);
  expect_whole();
  EXPECT_EQ(reconciled(), Reconciled{});
}

TEST_F(StoreReconcile, both_can_be_missing) {
  forget_minutes();
  query("ALTER TABLE rounds DELETE WHERE spool_id = 6");
  EXPECT_EQ(reconciled().rounds, 300U);
  expect_whole();
}

TEST_F(StoreReconcile, a_writer_puts_back_what_the_batch_of_its_journal_lacks) {
  query("ALTER TABLE rounds DELETE WHERE spool_id = 6");
  RoundWriterConfig config;
  config.directory = folder_ + "/writer";
  ASSERT_TRUE(WriterFiles::open(config.directory)
                  .value()
                  .write_journal({token_, 300, {{kAgent, {6}, 300}}, payload_})
                  .has_value());
  log::set_level(log::Level::Error);
  const auto writer =
      RoundWriter::open(config, store_->config(), kClock, [](AgentId, SpoolId, std::uint64_t) {});
  ASSERT_TRUE(writer.has_value()) << writer.error().message;
  while ((*writer)->stats().waiting_rows > 0) ::usleep(5'000);
  EXPECT_EQ((*writer)->stats().rows_restored, 300U);
  EXPECT_EQ((*writer)->stats().problem, "");
  expect_whole();
}

}  // namespace
}  // namespace lw::store
