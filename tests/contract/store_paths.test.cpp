// SPDX-License-Identifier: Apache-2.0
// Path reports in the real store: what goes in comes out, once, however often it was sent.
#include <gtest/gtest.h>

#include <optional>

#include "base/channel.h"
#include "base/text.h"
#include "store/path_reader.h"
#include "store/path_writer.h"
#include "store/schema.h"
#include "store_fixture.h"

namespace lw::store {
namespace {

const SystemClock kClock;
// Recent, or retention would drop the rows.
const Timestamp kStart = kClock.wall_now() - std::chrono::hours(3);
const AgentId kAgent{11};
const SpoolId kSpool{22};

PathReport report(TestId test, int minute) {
  PathReport report;
  report.test = test;
  report.from = kStart + std::chrono::minutes(minute - 3);
  report.to = kStart + std::chrono::minutes(minute);
  report.cause = PathReportCause::Change;
  report.source = parse_ip_address("10.0.0.1").value();
  report.destination = parse_ip_address("2001:db8::9").value();
  report.traces = 18;
  for (const std::uint64_t id : {1U, 2U}) {
    Path path{.id = PathId{id}, .flows = {static_cast<std::uint16_t>(id)}, .is_reached = true};
    path.hops.push_back({.ttl = 1, .address = parse_ip_address("10.0.0.254"), .sent = 18});
    path.hops.back().rtt_low = Microseconds(1'234);
    path.hops.push_back({.ttl = 2});
    path.hops.back().forwarding_loss = {1, 5.25, 10};
    path.hops.back().labels = with(0, HopLabel::Silent);
    report.paths.push_back(path);
  }
  report.issues.push_back({.kind = PathIssueKind::ForwardingLoss, .text = "loses 5 %"});
  report.changes = {"hop 2 fell silent"};
  return report;
}

StoredPathReport stored(TestId test, int minute, std::uint64_t sequence) {
  return {.report = report(test, minute), .origin = {kAgent, kSpool, sequence}, .keep_days = 30};
}

class StorePaths : public StoreSuite {
 protected:
  void start_writer() {
    writer_.emplace(PathWriterConfig{.max_delay = Milliseconds(10)}, store_->config(), kClock,
                    [this](AgentId agent, SpoolId spool, std::uint64_t sequence) {
                      EXPECT_EQ(agent, kAgent);
                      EXPECT_EQ(spool, kSpool);
                      durable_.push(sequence);
                    });
  }
  void wait_for(std::uint64_t sequence) {
    while (const auto durable = durable_.pop_for(Seconds(30))) {
      if (*durable == sequence) return;
    }
    FAIL() << "report " << sequence << " never became durable";
  }
  std::string query(const std::string& sql) {
    auto answer = client_.query(sql);
    return answer ? std::string(trim(*answer)) : "error: " + answer.error().message;
  }
  std::vector<PathReport> between(TestId test, int from, int to) {
    auto found = path_reports(client_, test, kStart + std::chrono::minutes(from),
                              kStart + std::chrono::minutes(to), 100);
    EXPECT_TRUE(found.has_value()) << (found ? "" : found.error().message);
    return found.value_or(std::vector<PathReport>());
  }

  Client client_{store_->config()};
  Channel<std::uint64_t> durable_{1'000, WhenFull::Refuse};
  std::optional<PathWriter> writer_;
};

TEST_F(StorePaths, reports_come_back_as_they_were_in_order_and_within_their_span) {
  const TestId test{101};
  start_writer();
  EXPECT_TRUE(writer_->offer({stored(test, 1, 1), stored(test, 2, 2), stored(test, 90, 3)}));
  wait_for(3);
  EXPECT_EQ(between(test, 0, 100),
            (std::vector<PathReport>{report(test, 1), report(test, 2), report(test, 90)}));
  EXPECT_EQ(between(test, 2, 90), (std::vector<PathReport>{report(test, 2)}));
  EXPECT_TRUE(between(TestId{102}, 0, 100).empty());
}

TEST_F(StorePaths, what_is_sent_again_is_there_once) {
  const TestId test{201};
  for (int run = 0; run < 3; ++run) {
    start_writer();
    EXPECT_TRUE(writer_->offer({stored(test, 5, 7), stored(test, 6, 8)}));
    wait_for(8);
    writer_.reset();
  }
  EXPECT_EQ(between(test, 0, 10).size(), 2U);
  EXPECT_EQ(query("SELECT count() FROM paths FINAL WHERE test_id = 201"), "4");
}

TEST_F(StorePaths, the_report_in_force_at_a_time_is_the_last_one_before_it) {
  const TestId test{301};
  start_writer();
  EXPECT_TRUE(writer_->offer({stored(test, 10, 1), stored(test, 20, 2)}));
  wait_for(2);
  const auto at = [&](int minute) {
    return path_report_at(client_, test, kStart + std::chrono::minutes(minute), Seconds(3'600))
        .value();
  };
  EXPECT_EQ(at(9), std::nullopt);
  EXPECT_EQ(at(10), report(test, 10));
  EXPECT_EQ(at(19), report(test, 10));
  EXPECT_EQ(at(79), report(test, 20));
  EXPECT_EQ(at(82), std::nullopt) << "too old to say anything";
}

TEST_F(StorePaths, its_columns_can_be_asked_for_in_sql) {
  const TestId test{401};
  start_writer();
  EXPECT_TRUE(writer_->offer({stored(test, 1, 1)}));
  wait_for(1);
  EXPECT_EQ(query("SELECT path_index, hop_address, hop_rtt_low, hop_loss, issue_texts, source, "
                  "destination FROM paths FINAL WHERE test_id = 401 ORDER BY path_index"),
            "0\t['10.0.0.254','']\t[1234,4294967295]\t[0,5.25]\t['loses 5 %']\t10.0.0.1\t"
            "2001:db8::9\n"
            "1\t['10.0.0.254','']\t[1234,4294967295]\t[0,5.25]\t[]\t10.0.0.1\t2001:db8::9");
}

TEST_F(StorePaths, a_report_without_any_path_says_why) {
  PathReport none;
  none.test = TestId{501};
  none.from = none.to = kStart;
  none.problem = "no right to trace";
  start_writer();
  EXPECT_TRUE(writer_->offer({{none, {kAgent, kSpool, 1}, 30}}));
  wait_for(1);
  EXPECT_EQ(between(TestId{501}, -1, 1), std::vector<PathReport>{none});
}

TEST_F(StorePaths, while_the_store_is_away_reports_wait_and_then_arrive) {
  const TestId test{601};
  start_writer();
  store_->kill_hard();
  EXPECT_TRUE(writer_->offer({stored(test, 1, 1)}));
  EXPECT_FALSE(durable_.pop_for(Milliseconds(300)).has_value());
  store_->start();
  wait_for(1);
  EXPECT_EQ(between(test, 0, 10).size(), 1U);
  EXPECT_EQ(writer_->stats().problem, "");
  EXPECT_GT(writer_->stats().retries, 0U);
}

}  // namespace
}  // namespace lw::store
