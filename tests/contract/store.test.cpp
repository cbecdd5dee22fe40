// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "base/files.h"
#include "base/text.h"
#include "base/thread.h"
#include "round_maker.h"
#include "store/metric_reader.h"
#include "store/reader.h"
#include "store/recorder.h"
#include "store/schema.h"
#include "store_fixture.h"

namespace lw::store {
namespace {

const SystemClock kClock;

/// One store for all tests of this file; each uses tables or tests of its own.
class StoreContract : public StoreSuite {
 protected:
  std::string query(const std::string& sql, const NamedValues& parameters = {},
                    const NamedValues& settings = {}) {
    auto answer = client_.query(sql, parameters, settings);
    return answer ? std::string(trim(*answer)) : "error: " + answer.error().message;
  }
  void expect_error(const std::string& sql, ErrorCode code, int number) {
    const auto answer = client_.query(sql);
    ASSERT_FALSE(answer.has_value()) << sql;
    EXPECT_EQ(answer.error().code, code) << answer.error().message;
    EXPECT_EQ(client_.last_error_number(), number) << answer.error().message;
    EXPECT_TRUE(
        answer.error().message.starts_with("Code: " + std::to_string(number) + ". DB::Exception: "))
        << answer.error().message;
  }

  Client client_{store_->config()};
  Client reader_{store_->reader_config()};
};

TEST_F(StoreContract, answers_come_in_the_format_that_is_asked_for) {
  const std::string sql = "SELECT number AS n, toString(number) AS s FROM numbers(2)";
  EXPECT_EQ(query(sql), "0\t0\n1\t1");
  EXPECT_EQ(query(sql + " FORMAT CSV"), "0,\"0\"\n1,\"1\"");
  EXPECT_EQ(query(sql + " FORMAT JSONEachRow"), "{\"n\":0,\"s\":\"0\"}\n{\"n\":1,\"s\":\"1\"}");
  EXPECT_EQ(query(sql, {}, {{"default_format", "CSVWithNames"}}), "\"n\",\"s\"\n0,\"0\"\n1,\"1\"");
  const std::string compact = query(sql + " FORMAT JSONCompact");
  EXPECT_NE(compact.find("\"rows\": 2"), std::string::npos) << compact;
}

TEST_F(StoreContract, parameters_reach_the_statement_as_values) {
  EXPECT_EQ(query("SELECT {a:UInt8} + 1, {s:String}",
                  {{"a", "41"}, {"s", escape_parameter("it's\ta \\ line\n")}}),
            "42\tit\\'s\\ta \\\\ line\\n");
  expect_error("SELECT {a:UInt8}", ErrorCode::InvalidInput, 456);
}

TEST_F(StoreContract, errors_carry_the_engines_number_and_text) {
  expect_error("SELEC 1 FRM x", ErrorCode::InvalidInput, 62);
  expect_error("SELECT * FROM not_there", ErrorCode::NotFound, 60);
  expect_error("SELECT count() FROM not_there.t", ErrorCode::NotFound, 81);
  expect_error("SELECT throwIf(number = 3) FROM numbers(5)", ErrorCode::Internal, 395);
  EXPECT_EQ(query("SELECT 7"), "7") << "nothing of an error is left on the connection";
}

TEST_F(StoreContract, wrong_credentials_are_refused) {
  ClientConfig config = store_->config();
  config.password = "wrong";
  const auto answer = Client(config).query("SELECT 1");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::PermissionDenied);
}

TEST_F(StoreContract, settings_hold_for_one_request_only) {
  const auto limited =
      client_.query("SELECT number FROM numbers(10)", {}, {{"max_result_rows", "5"}});
  EXPECT_FALSE(limited.has_value());
  EXPECT_EQ(query("SELECT count() FROM (SELECT number FROM numbers(10))"), "10");
  EXPECT_EQ(query("SELECT value FROM system.settings WHERE name = 'max_result_rows'"), "0");
  const auto unknown = client_.query("SELECT 1", {}, {{"format_schema", "/etc/passwd"}});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(client_.last_error_number(), 115);
}

TEST_F(StoreContract, data_is_inserted_from_the_body_in_its_format) {
  EXPECT_EQ(query("CREATE TABLE ins (a UInt32, b String) ENGINE = MergeTree ORDER BY a"), "");
  EXPECT_TRUE(client_.insert("INSERT INTO ins FORMAT JSONEachRow", "{\"a\":1,\"b\":\"x\"}\n"));
  EXPECT_TRUE(client_.insert("INSERT INTO ins (a, b) VALUES", "(2, 'y'), (3, 'FORMAT')"));
  EXPECT_TRUE(client_.query("INSERT INTO ins FORMAT CSV\n4,z\n"));
  EXPECT_TRUE(client_.query("INSERT INTO ins SELECT 5, 'w'"));
  EXPECT_EQ(query("SELECT * FROM ins ORDER BY a FORMAT CSV"),
            "1,\"x\"\n2,\"y\"\n3,\"FORMAT\"\n4,\"z\"\n5,\"w\"");
  const auto bad = client_.insert("INSERT INTO ins FORMAT JSONEachRow", "{\"a\":\"no\"}");
  ASSERT_FALSE(bad.has_value());
  EXPECT_EQ(query("SELECT count() FROM ins"), "5");
}

TEST_F(StoreContract, a_reader_reads_and_does_nothing_else) {
  EXPECT_EQ(reader_.query("SELECT 1").value_or(""), "1\n");
  for (const char* const sql :
       {"CREATE TABLE r (a Int8) ENGINE = Memory",
        "INSERT INTO schema_migrations VALUES (9, '', 0)", "SELECT 1; SELECT 2",
        "SELECT 1 INTO OUTFILE '/tmp/lw-outfile'", "SYSTEM STOP MERGES", "KILL QUERY WHERE 1 ASYNC",
        "SELECT * FROM file('/etc/passwd', 'CSV', 'a String')",
        "DESCRIBE file('/etc/passwd', 'CSV')", "SET max_threads = 1", "USE system",
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')"}) {
    const auto answer = reader_.query(sql);
    EXPECT_FALSE(answer.has_value()) << sql;
  }
  EXPECT_FALSE(reader_.query("SELECT 1", {}, {{"max_threads", "8"}}).has_value());
  EXPECT_FALSE(file_exists("/tmp/lw-outfile"));
}

TEST_F(StoreContract, the_writer_reaches_no_files_or_networks_either) {
  EXPECT_FALSE(client_.query("SELECT * FROM file('/etc/passwd', 'CSV', 'a String')").has_value());
  EXPECT_FALSE(
      client_.query("SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')").has_value());
}

TEST_F(StoreContract, many_clients_at_once_each_get_their_own_answer) {
  Counter wrong;
  {
    std::vector<Thread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back("client", [t, &wrong] {
        Client client(store_->config());
        for (int i = 0; i < 20; ++i) {
          const std::string number = std::to_string(t * 1000 + i);
          const bool fails = i % 5 == 4;
          const auto answer =
              client.query(fails ? "SELECT throwIf(" + number + " > -1)" : "SELECT " + number);
          if (fails ? answer.has_value() : answer.value_or("") != number + "\n") wrong.add();
        }
      });
    }
  }
  EXPECT_EQ(wrong.value(), 0U);
}

TEST_F(StoreContract, migrating_again_changes_nothing) {
  std::vector<std::string> steps;
  const auto again =
      migrate(client_, kClock, [&](std::string_view step) { steps.emplace_back(step); });
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_TRUE(steps.empty());
  EXPECT_EQ(query("SELECT count(), max(version) FROM schema_migrations"),
            std::to_string(schema_version()) + "\t" + std::to_string(schema_version()));
}

TEST_F(StoreContract, a_store_newer_than_the_program_is_refused) {
  ASSERT_EQ(query("INSERT INTO schema_migrations SELECT 999, 'later', now64(6)"), "");
  const auto refused = migrate(client_, kClock);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
  ASSERT_EQ(query("ALTER TABLE schema_migrations DELETE WHERE version = 999", {},
                  {{"mutations_sync", "1"}}),
            "");
  EXPECT_TRUE(migrate(client_, kClock).has_value());
}

TEST_F(StoreContract, a_batch_with_a_used_token_is_counted_once_in_table_and_rollup) {
  const Timestamp start = std::chrono::floor<std::chrono::days>(kClock.wall_now());
  const auto rounds = make_rounds({1}, {77}, 1, 100, start);
  const std::string sql = "INSERT INTO arrivals (" + round_columns() + ") FORMAT Native";
  for (int i = 0; i < 3; ++i) {
    const auto inserted = client_.insert(sql, encode_native(rounds), "token-77");
    ASSERT_TRUE(inserted.has_value()) << inserted.error().message;
  }
  EXPECT_EQ(query("SELECT count() FROM rounds WHERE spool_id = 77"), "100");
  EXPECT_EQ(query("SELECT sum(rounds) FROM m1"), "100");
  EXPECT_EQ(query("SELECT (SELECT sum(checks) FROM m1) = (SELECT sum(total) FROM rounds)"), "1");
}

TEST_F(StoreContract, history_gives_back_every_round_exactly) {
  const Timestamp start =
      std::chrono::floor<std::chrono::days>(kClock.wall_now()) - std::chrono::days(2);
  auto rounds = make_rounds({1}, {78}, 1, 500, start);
  for (StoredRound& stored : rounds) stored.round.test = {4242};
  ASSERT_TRUE(client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                             encode_native(rounds), "token-78"));
  const auto all = test_history(client_, {4242}, start, start + Seconds(3600), 10'000);
  ASSERT_TRUE(all.has_value()) << all.error().message;
  ASSERT_EQ(all->size(), rounds.size());
  for (std::size_t i = 0; i < rounds.size(); ++i) EXPECT_EQ((*all)[i], rounds[i]) << i;
  const auto latest = test_history(client_, {4242}, start, start + Seconds(3600), 3);
  ASSERT_EQ(latest.value().size(), 3U);
  EXPECT_EQ(latest->front(), rounds[497]);
  EXPECT_TRUE(test_history(client_, {4243}, start, start + Seconds(3600), 3).value().empty());
}

TEST_F(StoreContract, what_sql_derives_of_a_round_is_what_the_program_does) {
  const Timestamp start =
      std::chrono::floor<std::chrono::days>(kClock.wall_now()) - std::chrono::days(5);
  auto rounds = make_rounds({1}, {81}, 1, 500, start);
  std::string jitters, texts;
  for (StoredRound& stored : rounds) {
    const std::uint64_t n = stored.origin.sequence;
    stored.round.test = {4245};
    // Averages of all lengths: microseconds, milliseconds, seconds, minutes.
    for (Check& check : stored.round.checks) {
      if (check.rtt) *check.rtt = *check.rtt * (1 + n * n * n % 200'000) / (1 + n % 2 * 5);
    }
    const RoundSummary summary = summarize(stored.round);
    std::string& text = stored.verdict.reason.text;
    text = n % 5 == 0 ? "\x02 or \x01" : "it took ";
    if (summary.rtt_avg) text += to_human(*summary.rtt_avg) + " on average";
    jitters += std::to_string(summary.jitter.value_or(Microseconds(0)).count()) + "\n";
    texts += escape_parameter(text) + "\n";
  }
  ASSERT_TRUE(client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                             encode_native(rounds), "token-81"));
  const std::string of_them = " FROM rounds WHERE spool_id = 81 ORDER BY sequence";
  EXPECT_EQ(query("SELECT jitter" + of_them) + "\n", jitters);
  EXPECT_EQ(client_.query("SELECT reason_text" + of_them).value_or(""), texts);
  const auto back = test_history(client_, {4245}, start, start + Seconds(3600), 1'000);
  ASSERT_EQ(back.value().size(), rounds.size());
  for (std::size_t i = 0; i < rounds.size(); ++i) EXPECT_EQ((*back)[i], rounds[i]) << i;
  const auto latest = latest_rounds(client_, start);
  const auto last = std::ranges::find(latest.value(), TestId{4245}, &LatestRound::test);
  ASSERT_NE(last, latest->end());
  EXPECT_EQ(last->verdict.reason.text, rounds.back().verdict.reason.text);
}

TEST_F(StoreContract, how_late_a_check_was_is_kept_to_a_hundredth_of_a_second) {
  const Timestamp start =
      std::chrono::floor<std::chrono::days>(kClock.wall_now()) - std::chrono::days(6);
  const auto kept = [&](std::uint64_t n, const std::vector<int>& offsets) {
    StoredRound stored;
    stored.round.test = {4246};
    stored.round.started = start + Seconds(n);
    stored.origin = {{1}, {82}, n};
    for (const int offset : offsets) {
      stored.round.checks.push_back({CheckOutcome::TimedOut, std::nullopt, Microseconds(offset)});
    }
    EXPECT_TRUE(client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                               encode_native(std::span(&stored, 1)),
                               "token-82-" + std::to_string(n)));
    std::vector<std::int64_t> back;
    const auto history =
        test_history(client_, {4246}, stored.round.started, stored.round.started + Seconds(1), 10);
    for (const Check& check : history.value().at(0).round.checks) {
      back.push_back(check.offset.count());
    }
    return back;
  };
  using Offsets = std::vector<std::int64_t>;
  EXPECT_EQ(kept(1, {3, 800'918, 1'600'695, 2'413'725}),
            Offsets({0, 800'000, 1'600'000, 2'410'000}));
  EXPECT_EQ(kept(2, {3, 50'918, 100'395}), Offsets({0, 51'000, 100'000}));
}

TEST_F(StoreContract, rollup_agrees_with_the_rounds_it_is_made_of) {
  const Timestamp start =
      std::chrono::floor<std::chrono::days>(kClock.wall_now()) - std::chrono::days(3);
  auto rounds = make_rounds({1}, {79}, 1, 300, start);
  for (StoredRound& stored : rounds) stored.round.test = {4244};
  ASSERT_TRUE(client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                             encode_native(rounds), "token-79"));
  const auto points = test_rollup(client_, {4244}, start, start + Seconds(3600), Seconds(120));
  ASSERT_TRUE(points.has_value()) << points.error().message;
  ASSERT_EQ(points->size(), 3U);
  EXPECT_EQ(points->front().t, start);
  std::uint64_t count = 0, checks = 0, failed = 0;
  std::optional<Microseconds> least;
  for (const StoredRound& stored : rounds) {
    if (stored.round.started >= start + Seconds(120)) break;
    const RoundSummary summary = summarize(stored.round);
    ++count;
    checks += static_cast<std::uint64_t>(summary.total);
    failed += static_cast<std::uint64_t>(summary.failed);
    if (summary.rtt_min) least = std::min(least.value_or(*summary.rtt_min), *summary.rtt_min);
  }
  EXPECT_EQ(points->front().rounds, count);
  EXPECT_EQ(points->front().checks, checks);
  EXPECT_EQ(points->front().failed, failed);
  EXPECT_EQ(points->front().rtt_min, least);
  EXPECT_EQ(points->front().worst, TestState::Fail);
}

TEST_F(StoreContract, metrics_of_as_many_tests_as_a_server_runs_are_one_question) {
  const Timestamp start =
      std::chrono::floor<std::chrono::days>(kClock.wall_now()) - std::chrono::days(4);
  auto rounds = make_rounds({1}, {80}, 1, 20, start);
  for (StoredRound& stored : rounds) stored.round.test = {18'000'000'000'000'000'007U};
  ASSERT_TRUE(client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                             encode_native(rounds), "token-80"));
  MetricQuestion question;
  question.from = start;
  question.to = start + Seconds(86'400);
  question.step = Seconds(86'400);
  // Ids as long as ids are. The one that has rounds is the last, in the second series.
  for (std::uint64_t i = 0; i < 200'000; ++i) {
    question.members.push_back({{17'000'000'000'000'000'000U + i}, 0});
  }
  question.members.push_back({{18'000'000'000'000'000'007U}, 1});
  const auto steps = metric_steps(client_, question);
  ASSERT_TRUE(steps.has_value()) << steps.error().message.substr(0, 300);
  ASSERT_EQ(steps->size(), 1U);
  EXPECT_EQ(steps->front().series, 1U);
  const Aggregate& failed =
      steps->front().metrics.at(static_cast<std::size_t>(MetricKind::ChecksFailedPercent));
  double sum = 0;
  std::uint64_t counted = 0;
  for (const StoredRound& stored : rounds) {
    const RoundSummary summary = summarize(stored.round);
    if (summary.total == 0) continue;
    ++counted;
    sum += summary.checks_failed_percent();
  }
  EXPECT_EQ(failed.count, counted);
  EXPECT_NEAR(failed.sum, sum, 1e-6);
  EXPECT_EQ(steps->front().metrics.at(static_cast<std::size_t>(MetricKind::TestState)).count,
            rounds.size());
}

TEST_F(StoreContract, the_latest_round_of_each_test_is_known_after_a_restart) {
  const Timestamp start =
      std::chrono::floor<std::chrono::days>(kClock.wall_now()) - std::chrono::days(4);
  const auto rounds = make_rounds({1}, {80}, 1, 30, start);
  ASSERT_TRUE(client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                             encode_native(rounds), "token-80"));
  const auto latest = latest_rounds(client_, start - Seconds(10));
  ASSERT_TRUE(latest.has_value()) << latest.error().message;
  const auto first = std::ranges::find(*latest, TestId{1001}, &LatestRound::test);
  ASSERT_NE(first, latest->end());
  EXPECT_GE(first->ts, rounds[20].round.started);
  EXPECT_EQ(first->verdict.reason.text, "10 of 10 checks failed");
}

TEST_F(StoreContract, tests_and_state_changes_are_noted_once_however_often_they_are_sent) {
  const Timestamp now = kClock.wall_now();
  const std::vector<StateChange> changes = {
      {{5}, now, TestState::Pass, TestState::Fail, {ReasonCode::AllChecksFailed, 100, 100, "none"}},
      {{6}, now + Seconds(1), TestState::Fail, TestState::Pass, {}}};
  lw::Test test;
  test.id = {5};
  test.connection_monitor = "m";
  test.test_group = "g";
  test.source = "s";
  test.destination = "d";
  test.destination_address = "192.0.2.1";
  test.agent = {9};
  for (int i = 0; i < 2; ++i) {
    const auto recorded = record_state_changes(client_, changes, 30);
    ASSERT_TRUE(recorded.has_value()) << recorded.error().message;
    const auto noted = record_tests(client_, std::span(&test, 1), now);
    ASSERT_TRUE(noted.has_value()) << noted.error().message;
  }
  EXPECT_EQ(state_changes(client_, std::nullopt, now, now + Seconds(10), 10).value(), changes);
  EXPECT_EQ(state_changes(client_, TestId{6}, now, now + Seconds(10), 10).value().size(), 1U);
  EXPECT_EQ(query("SELECT count() FROM tests FINAL WHERE test_id = 5"), "1");
}

}  // namespace
}  // namespace lw::store
