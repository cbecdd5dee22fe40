// SPDX-License-Identifier: Apache-2.0
#include "store/round_writer.h"

#include "store/round_writer_fixture.h"

namespace lw::store {
namespace {

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
  EXPECT_GT(store_.checks(), 0U) << "a batch that failed once is looked for row by row";
}

TEST_F(RoundWriterTest, a_batch_that_goes_well_is_not_looked_for) {
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  EXPECT_EQ(durable(), 2U);
  EXPECT_EQ(store_.checks(), 0U);
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
