// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <tuple>

#include "base/text.h"
#include "store/hours.h"
#include "store/metric_reader.h"
#include "store/reconcile.h"
#include "store/round_rows.h"
#include "store_fixture.h"

/// Metrics over long spans: what the table of hours says is what the rounds say, whatever came
/// when and how often.
namespace lw::store {
namespace {

const Timestamp kStart = from_unix_us(1'790'000'000'000'000) -
                         (from_unix_us(1'790'000'000'000'000) - Timestamp{}) % std::chrono::days(1);
constexpr int kTests = 6;
constexpr int kHoursOfRounds = 60;

/// Rounds at random times of two and a half days, of all states, with and without counted checks
/// and RTTs.
class RandomRounds {
 public:
  explicit RandomRounds(std::uint64_t seed) : chance_(seed) {}

  StoredRound next() {
    StoredRound stored;
    stored.round.test = {static_cast<std::uint64_t>(below(kTests)) + 1};
    stored.round.started = kStart + Microseconds(below(kHoursOfRounds * 3'600'000'000));
    for (auto checks = below(12); checks > 0; --checks) {
      Check check;
      const auto kind = below(4);
      check.outcome = kind == 0   ? CheckOutcome::TimedOut
                      : kind == 1 ? CheckOutcome::LocalOverload
                                  : CheckOutcome::Success;
      if (kind > 1) check.rtt = Microseconds(below(5'000'000));
      stored.round.checks.push_back(check);
    }
    stored.origin = {{1}, {1}, ++sequence_};
    stored.verdict.state = static_cast<TestState>(below(4));
    stored.verdict.reason.code = static_cast<ReasonCode>(below(3));
    stored.keep_days = below(2) == 0 ? 365 : 730;
    return stored;
  }
  std::int64_t below(std::int64_t end) {
    return std::uniform_int_distribution<std::int64_t>(0, end - 1)(chance_);
  }

 private:
  std::mt19937_64 chance_;
  std::uint64_t sequence_ = 0;
};

using Key = std::tuple<std::uint32_t, std::optional<std::uint8_t>, std::uint32_t>;

void add_sample(Aggregate& to, double value) { to.add({1, value, value, value}); }

/// The answer, from the rounds themselves.
std::map<Key, std::array<Aggregate, kMetricKinds>> expected(const std::vector<StoredRound>& rounds,
                                                            const MetricQuestion& question) {
  std::map<Key, std::array<Aggregate, kMetricKinds>> steps;
  for (const StoredRound& stored : rounds) {
    const auto member =
        std::ranges::find(question.members, stored.round.test, &MetricQuestion::Member::test);
    const Timestamp at = stored.round.started;
    if (member == question.members.end() || at < question.from || at >= question.to) continue;
    std::optional<std::uint8_t> reason;
    if (question.by_reason) reason = static_cast<std::uint8_t>(stored.verdict.reason.code);
    const auto index = static_cast<std::uint32_t>((at - question.from) / question.step);
    auto& metrics = steps[{member->series, reason, index}];
    const RoundSummary summary = summarize(stored.round);
    if (summary.total > 0) add_sample(metrics[0], summary.checks_failed_percent());
    if (summary.rtt_avg) {
      add_sample(metrics[1], static_cast<double>(summary.rtt_avg->count()) / 1e3);
    }
    add_sample(metrics[2], static_cast<double>(stored.verdict.state));
  }
  return steps;
}

class StoreHours : public StoreSuite {
 protected:
  void SetUp() override {
    for (const char* const table : {"rounds", "m1", "h1"}) {
      query(std::string("TRUNCATE TABLE ") + table);
    }
  }
  std::string query(const std::string& sql) {
    auto answer = client_.query(sql, {}, {{"mutations_sync", "1"}});
    return answer ? std::string(trim(*answer)) : "error: " + answer.error().message;
  }
  void send(const std::vector<StoredRound>& batch, const std::string& token) {
    const auto sent = client_.insert("INSERT INTO arrivals (" + round_columns() + ") FORMAT Native",
                                     encode_native(batch), token);
    ASSERT_TRUE(sent.has_value()) << sent.error().message;
  }
  /// Sends rounds in batches as they come: late ones among the others, some batches twice.
  std::vector<StoredRound> load(std::uint64_t seed, std::size_t batches, std::size_t rows) {
    RandomRounds random(seed);
    std::vector<StoredRound> all;
    std::vector<std::vector<StoredRound>> sent;
    for (std::size_t i = 0; i < batches; ++i) {
      sent.emplace_back();
      for (std::size_t row = 0; row < rows; ++row) sent.back().push_back(random.next());
      all.insert(all.end(), sent.back().begin(), sent.back().end());
      send(sent.back(), token(seed, i));
      const auto again = static_cast<std::size_t>(random.below(static_cast<std::int64_t>(i) + 1));
      if (i % 2 == 1) send(sent[again], token(seed, again));
    }
    return all;
  }
  static std::string token(std::uint64_t seed, std::size_t batch) {
    return "hours-" + std::to_string(seed) + "-" + std::to_string(batch);
  }
  void expect_answer(const std::vector<StoredRound>& rounds, const MetricQuestion& question,
                     const std::string& what) {
    const auto steps = metric_steps(client_, question);
    ASSERT_TRUE(steps.has_value()) << steps.error().message.substr(0, 500);
    const auto wanted = expected(rounds, question);
    ASSERT_EQ(steps->size(), wanted.size()) << what;
    auto next = wanted.begin();
    for (const MetricStep& step : *steps) {
      const auto& [key, metrics] = *next++;
      ASSERT_EQ(Key(step.series, step.reason, step.index), key) << what;
      for (std::size_t i = 0; i < kMetricKinds; ++i) {
        const Aggregate none;
        const Aggregate& right = question.wanted.at(i) ? metrics.at(i) : none;
        const Aggregate& got = step.metrics.at(i);
        ASSERT_EQ(got.count, right.count) << what << " metric " << i;
        if (right.count == 0) continue;
        // Sums are added in another order.
        ASSERT_NEAR(got.sum, right.sum, 1e-9 * (1 + right.sum)) << what << " metric " << i;
        ASSERT_EQ(got.min, right.min) << what << " metric " << i;
        ASSERT_EQ(got.max, right.max) << what << " metric " << i;
      }
    }
  }
  static MetricQuestion random_question(RandomRounds& random) {
    static constexpr std::array kSteps{3'600, 6 * 3'600, 12 * 3'600, 24 * 3'600, 1'800, 5'400};
    MetricQuestion question;
    for (std::uint64_t test = 1; test <= kTests; ++test) {
      if (random.below(4) > 0) {
        question.members.push_back({{test}, static_cast<std::uint32_t>(random.below(2))});
      }
    }
    const std::int64_t unit = random.below(2) == 0 ? 3'600 : 60;
    question.from = kStart + Seconds(unit * random.below(20 * 3'600 / unit));
    question.to = question.from + Seconds(1 + random.below(45 * 3'600));
    question.step = random.below(5) == 0
                        ? std::chrono::ceil<Seconds>(question.to - question.from)
                        : Seconds(kSteps.at(static_cast<std::size_t>(random.below(kSteps.size()))));
    question.by_reason = random.below(2) == 0;
    for (bool& wanted : question.wanted) wanted = random.below(3) > 0;
    return question;
  }

  Client client_{store_->config()};
};

TEST_F(StoreHours, answers_from_hours_are_those_of_the_rounds) {
  for (const std::uint64_t seed : {1U, 2U}) {
    SetUp();
    const auto rounds = load(seed, 5, 400);
    ASSERT_EQ(query("SELECT sum(rounds) FROM h1"), std::to_string(rounds.size()));
    RandomRounds random(seed + 100);
    for (int i = 0; i < 20; ++i) {
      if (i == 10) query("OPTIMIZE TABLE h1 FINAL");
      expect_answer(rounds, random_question(random),
                    "seed " + std::to_string(seed) + ", question " + std::to_string(i));
    }
  }
}

TEST_F(StoreHours, whole_hours_are_not_read_from_rounds) {
  const auto rounds = load(4, 2, 400);
  query("ALTER TABLE rounds DELETE WHERE 1");
  MetricQuestion question;
  for (std::uint64_t test = 1; test <= kTests; ++test) question.members.push_back({{test}, 0});
  question.from = kStart;
  question.to = kStart + Seconds(kHoursOfRounds * 3'600);
  for (const int step : {1, 6, 24, kHoursOfRounds}) {
    question.step = std::chrono::hours(step);
    expect_answer(rounds, question, std::to_string(step) + " h");
  }
}

TEST_F(StoreHours, what_hours_lack_or_count_twice_is_made_anew) {
  const auto rounds = load(5, 3, 300);
  const std::string everything =
      "SELECT * FROM (SELECT t, test_id, keep_days, reason_code, sum(rounds), sum(checks), "
      "sum(failed), sum(percent_count), round(sum(percent_sum), 6), min(percent_min), "
      "max(percent_max), sum(avg_count), sum(avg_sum), min(avg_min), max(avg_max), "
      "sum(state_sum), min(state_min), max(state_max) FROM h1 GROUP BY ALL) ORDER BY ALL";
  const std::string whole = query(everything);
  const std::vector<StoredRound> last(rounds.end() - 300, rounds.end());
  const std::string payload = encode_native(last);
  EXPECT_EQ(reconcile(client_, payload).value(), Reconciled{}) << "nothing is wrong yet";

  // Twice, since what is put back is the same: it must not be taken for a repetition.
  for (int i = 0; i < 2; ++i) {
    query("ALTER TABLE h1 DELETE WHERE test_id % 2 = 0");
    const auto lacking = reconcile(client_, payload);
    ASSERT_TRUE(lacking.has_value()) << lacking.error().message;
    EXPECT_GT(lacking->hours, 0U);
    EXPECT_EQ(lacking->rounds + lacking->minutes, 0U);
  }
  // As a view that does not know the token counts it.
  ASSERT_EQ(query("INSERT INTO h1 " + hours_of("(SELECT * FROM rounds WHERE sequence > 600)") +
                  " SETTINGS insert_deduplicate = 0"),
            "");
  EXPECT_NE(query(everything), whole);
  EXPECT_GT(reconcile(client_, payload).value().hours, 0U);
  // Other batches' hours were deleted above too; this batch alone says nothing of them.
  for (std::size_t at = 0; at < rounds.size(); at += 300) {
    const std::vector<StoredRound> batch(rounds.begin() + static_cast<std::ptrdiff_t>(at),
                                         rounds.begin() + static_cast<std::ptrdiff_t>(at + 300));
    ASSERT_TRUE(reconcile(client_, encode_native(batch)).has_value());
  }
  EXPECT_EQ(query(everything), whole);
}

TEST_F(StoreHours, an_upgrade_counts_the_rounds_that_are_there) {
  const auto rounds = load(6, 3, 300);
  query("ALTER TABLE h1 DELETE WHERE 1");
  for (int i = 0; i < 2; ++i) {
    for (const std::string& statement : create_hours()) {
      EXPECT_EQ(query(statement), "") << statement;
    }
    EXPECT_EQ(query("SELECT sum(rounds) FROM h1"), std::to_string(rounds.size()));
  }
  // The batch that the upgrade found in the journal: known to the other views, not to this one.
  const std::vector<StoredRound> last(rounds.end() - 300, rounds.end());
  send(last, token(6, 2));
  EXPECT_EQ(query("SELECT count() FROM rounds"), std::to_string(rounds.size()));
  EXPECT_EQ(query("SELECT sum(rounds) FROM h1"), std::to_string(rounds.size() + 300));
  EXPECT_GT(reconcile(client_, encode_native(last)).value().hours, 0U);
  EXPECT_EQ(query("SELECT sum(rounds) FROM h1"), std::to_string(rounds.size()));
}

TEST(HourSplit, knows_the_hours_that_no_step_holds_whole) {
  const auto at = [](int minutes) { return kStart + Seconds(60 * minutes); };
  const auto cut = [&](int from, int to, int step) {
    std::vector<int> starts;
    const HourSplit split = split_hours(at(from), at(to), Seconds(60 * step));
    for (const Timestamp hour : split.cut) {
      starts.push_back(static_cast<int>((hour - kStart) / Seconds(60)));
    }
    return std::pair(starts, split.is_whole_empty());
  };
  using Starts = std::vector<int>;
  EXPECT_EQ(cut(0, 240, 60), std::pair(Starts{}, false));
  EXPECT_EQ(cut(0, 200, 60), std::pair(Starts{180}, false));
  EXPECT_EQ(cut(10, 240, 60), std::pair(Starts({0, 60, 120, 180}), true));
  EXPECT_EQ(cut(10, 250, 240), std::pair(Starts({0, 240}), false));
  EXPECT_EQ(cut(10, 740, 360), std::pair(Starts({0, 360, 720}), false));
  EXPECT_EQ(cut(0, 120, 90), std::pair(Starts({60}), false));
  EXPECT_EQ(cut(0, 120, 30), std::pair(Starts({0, 60}), true));
}

}  // namespace
}  // namespace lw::store
