// SPDX-License-Identifier: Apache-2.0
#include "store/round_writer.h"
#include "store/round_writer_fixture.h"

/// What the writer takes in, how large a batch is, and when one is given up.
namespace lw::store {
namespace {

using RoundWriterBounds = RoundWriterTest;

TEST_F(RoundWriterBounds, a_batch_that_the_store_refuses_is_set_aside_and_the_next_one_goes) {
  config_.refused_longest = Milliseconds(30);
  store_.plan({{400, 27}});
  const Instant begin = clock_.now();
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  EXPECT_EQ(durable(), 2U);
  EXPECT_GE(clock_.now() - begin, config_.refused_longest);
  store_.plan({});
  ASSERT_TRUE(writer->offer(rounds(3, 3)));
  EXPECT_EQ(durable(), 3U);
  const std::string token = store_.next().token;
  EXPECT_EQ(store_.next().token, token) << "once is not enough";
  const auto kept = decode_journal(read_file(config_.directory + "/rejected/" + token).value());
  EXPECT_EQ(kept->payload, encode_native(rounds(1, 2)));
  const WriterStats stats = writer->stats();
  EXPECT_EQ(stats.rejected_batches, 1U);
  EXPECT_NE(stats.problem.find("refused 1 batch"), std::string::npos) << stats.problem;
  EXPECT_NE(stats.problem.find("Code: 27"), std::string::npos) << stats.problem;
}

TEST_F(RoundWriterBounds, no_trouble_of_the_store_sets_a_batch_aside_however_long_it_lasts) {
  config_.refused_longest = Milliseconds(0);
  config_.retry_longest = Milliseconds(1);
  // Settings, syntax, memory, network, tables, columns, threads, rights, the unknown; no code at
  // all.
  const std::vector<std::pair<int, int>> troubles = {
      {400, 36},   {400, 62},   {500, 241}, {500, 210}, {404, 60}, {404, 16},
      {500, 439},  {403, 497},  {500, 10},  {500, 49},  {500, 76}, {500, 999},
      {500, 1001}, {500, 1002}, {413, 0},   {200, 0}};
  store_.plan(troubles);
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  EXPECT_EQ(durable(), 2U);
  EXPECT_EQ(store_.waiting(), troubles.size());
  EXPECT_EQ(writer->stats().rows_inserted, 2U);
  EXPECT_EQ(writer->stats().rejected_batches, 0U);
}

TEST_F(RoundWriterBounds, a_refused_batch_is_tried_for_long_before_it_is_set_aside) {
  store_.plan({{400, 27}});
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  for (int i = 0; i < 50; ++i) store_.next();
  EXPECT_EQ(writer->stats().rejected_batches, 0U);
  EXPECT_NE(writer->stats().problem.find("Code: 27"), std::string::npos);
  store_.plan({});
  EXPECT_EQ(durable(), 2U);
  EXPECT_EQ(writer->stats().rows_inserted, 2U);
}

TEST_F(RoundWriterBounds, time_in_which_the_store_is_away_does_not_count_as_refusing_a_batch) {
  config_.refused_longest = Milliseconds(1);
  std::vector<std::pair<int, int>> answers;
  for (int i = 0; i < 10; ++i) answers.insert(answers.end(), {{400, 27}, {503, 202}});
  answers.emplace_back(200, 0);
  store_.plan(answers);
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 1)));
  EXPECT_EQ(durable(), 1U);
  EXPECT_EQ(writer->stats().rejected_batches, 0U);
  EXPECT_EQ(writer->stats().rows_inserted, 1U);
}

TEST_F(RoundWriterBounds, large_rounds_go_in_batches_that_the_store_accepts) {
  std::vector<StoredRound> list = rounds(1, 10);
  for (StoredRound& stored : list) stored.round.detail.assign(100'000, 'x');
  config_.max_bytes = 310'000;
  const auto writer = open();
  ASSERT_TRUE(writer->offer(list));
  for (const std::size_t first : {0U, 3U, 6U}) {
    EXPECT_EQ(store_.next().body, encode_native(std::span(list).subspan(first, 3)));
  }
  EXPECT_EQ(store_.next().body, encode_native(std::span(list).subspan(9)));
  for (const std::uint64_t sequence : {3U, 6U, 9U, 10U}) EXPECT_EQ(durable(), sequence);
}

TEST_F(RoundWriterBounds, a_batch_of_the_largest_size_does_not_wait_for_more) {
  std::vector<StoredRound> list = rounds(1, 1);
  list[0].round.detail.assign(100'000, 'x');
  config_.max_bytes = 100'000;
  config_.max_delay = Milliseconds(600'000);
  const auto writer = open();
  ASSERT_TRUE(writer->offer(list));
  EXPECT_EQ(store_.next().body, encode_native(list));
  EXPECT_EQ(durable(), 1U);
}

TEST_F(RoundWriterBounds, a_queue_is_full_also_of_few_large_rounds) {
  config_.queue_bytes_max = 250'000;
  store_.plan({{503, 0}});
  std::vector<StoredRound> list = rounds(1, 3);
  for (StoredRound& stored : list) stored.round.detail.assign(100'000, 'x');
  const auto writer = open();
  EXPECT_TRUE(writer->offer({list[0], list[1]}));
  EXPECT_FALSE(writer->offer({list[2]}));
  EXPECT_EQ(writer->received_high(kAgent, kSpool), 2U);
  EXPECT_GE(writer->stats().waiting_bytes, 200'000U);
  store_.plan({});
  EXPECT_EQ(durable(), 2U);
  EXPECT_EQ(writer->stats().waiting_bytes, 0U);
  EXPECT_TRUE(writer->offer({list[2]}));
  EXPECT_EQ(durable(), 3U);
}

TEST_F(RoundWriterBounds, an_offer_larger_than_the_whole_queue_goes_in_once_it_is_empty) {
  config_.queue_bytes_max = 1000;
  std::vector<StoredRound> list = rounds(1, 1);
  list[0].round.detail.assign(100'000, 'x');
  const auto writer = open();
  EXPECT_TRUE(writer->offer(list));
  EXPECT_EQ(durable(), 1U);
}

/// `list` as rounds of another spool, and perhaps of another agent.
std::vector<StoredRound> of_spool(std::vector<StoredRound> list, SpoolId spool, AgentId agent) {
  for (StoredRound& stored : list) stored.origin = {agent, spool, stored.origin.sequence};
  return list;
}

TEST_F(RoundWriterBounds, spools_that_an_agent_no_longer_holds_are_forgotten) {
  is_any_spool_ = true;
  const SpoolId held{10}, gone{11};
  const AgentId other{8};
  auto writer = open();
  const auto offer = [&](std::uint64_t first, std::uint64_t last, SpoolId spool, AgentId agent) {
    ASSERT_TRUE(writer->offer(of_spool(rounds(first, last), spool, agent)));
    ASSERT_EQ(durable(), last);
  };
  offer(1, 2, held, kAgent);
  offer(1, 3, gone, kAgent);
  offer(1, 4, gone, other);
  writer->forget_spools(kAgent, std::vector{held, kSpool});
  EXPECT_EQ(writer->durable_high(kAgent, held), 2U);
  EXPECT_EQ(writer->received_high(kAgent, held), 2U);
  EXPECT_EQ(writer->durable_high(kAgent, gone), 0U);
  EXPECT_EQ(writer->received_high(kAgent, gone), 0U);
  EXPECT_EQ(writer->durable_high(other, gone), 4U) << "another agent's of the same number";
  offer(1, 5, kSpool, kAgent);
  writer.reset();
  const auto highs = WriterFiles::open(config_.directory)->read_highs();
  const std::vector<SpoolHigh> expected = {
      {kAgent, kSpool, 5}, {kAgent, held, 2}, {other, gone, 4}};
  EXPECT_EQ(*highs, expected);
}

TEST_F(RoundWriterBounds, a_spool_with_rounds_on_their_way_is_not_forgotten) {
  store_.plan({{200, 0}, {503, 0}});
  const auto writer = open();
  ASSERT_TRUE(writer->offer(rounds(1, 2)));
  ASSERT_EQ(durable(), 2U);
  ASSERT_TRUE(writer->offer(rounds(3, 4)));
  writer->forget_spools(kAgent, {});
  EXPECT_EQ(writer->received_high(kAgent, kSpool), 4U);
  EXPECT_EQ(writer->durable_high(kAgent, kSpool), 2U);
  store_.plan({});
  EXPECT_EQ(durable(), 4U);
  writer->forget_spools(kAgent, {});
  EXPECT_EQ(writer->received_high(kAgent, kSpool), 0U);
}

TEST_F(RoundWriterBounds, a_spool_forgotten_while_a_batch_is_under_way_does_not_come_back) {
  is_any_spool_ = true;
  const SpoolId gone{11};
  const auto writer = open();
  ASSERT_TRUE(writer->offer(of_spool(rounds(1, 2), gone, kAgent)));
  ASSERT_EQ(durable(), 2U);
  // The folder away: the writer has begun to note the next batch's highs, with the old spool.
  store_.during_insert([&] { std::filesystem::remove_all(config_.directory); });
  ASSERT_TRUE(writer->offer(rounds(1, 1)));
  while (writer->stats().problem.find("note what") == std::string::npos) {
    ASSERT_FALSE(durable_.pop_for(Milliseconds(1)).has_value());
  }
  writer->forget_spools(kAgent, {});
  ASSERT_TRUE(make_directories(config_.directory).has_value());
  ASSERT_EQ(durable(), 1U);
  EXPECT_EQ(writer->durable_high(kAgent, gone), 0U);
  EXPECT_EQ(writer->durable_high(kAgent, kSpool), 1U);
}

TEST_F(RoundWriterBounds, a_full_queue_takes_nothing_until_the_store_catches_up) {
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

TEST_F(RoundWriterBounds, large_offers_go_in_batches_of_the_largest_size) {
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

TEST_F(RoundWriterBounds, rounds_of_many_days_go_in_blocks_that_the_store_accepts) {
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

}  // namespace
}  // namespace lw::store
