// SPDX-License-Identifier: Apache-2.0
#include "model/path_document.h"
#include "server/fleet_fixture.h"

namespace lw::server {
namespace {

class FleetPathsTest : public FleetTest {
 protected:
  static TestId test() { return test_id("m", "g", "here", "there", "ping"); }

  PathReport report(int number) const {
    PathReport report;
    report.test = test();
    report.from = began_;
    report.to = began_ + Seconds(number);
    report.source = parse_ip_address("10.0.0.1").value();
    report.destination = parse_ip_address("10.0.9.9").value();
    Path path;
    path.hops.push_back({.ttl = 1, .address = parse_ip_address("10.0.0.254")});
    report.paths.push_back(path);
    report.issues.push_back({.kind = PathIssueKind::ForwardingLoss, .text = "link 1 loses 5 %"});
    return report;
  }
  static void send(Stream& stream, std::uint64_t first, const std::vector<std::string>& reports) {
    pb::AgentMessage message;
    message.mutable_paths()->set_spool_id(kSpool.value + 1);
    message.mutable_paths()->set_first_sequence(first);
    for (const std::string& bytes : reports) message.mutable_paths()->add_reports(bytes);
    stream.send(message);
  }
  std::optional<LivePath> live_path() {
    return ask([&]() -> std::optional<LivePath> {
      const LivePath* const path = control_->paths().find(test());
      return path == nullptr ? std::nullopt : std::optional(*path);
    });
  }
};

TEST_F(FleetPathsTest, reports_are_stored_then_acknowledged_and_known_at_once) {
  const Credential credential = joined("web1");
  apply("10.0.9.9");
  const auto stream = connect(credential, "web1", 1);
  send(*stream, 1, {encode_path_report(report(1)), encode_path_report(report(2))});
  const auto ack = stream->read();
  ASSERT_TRUE(ack && ack->has_ack());
  EXPECT_EQ(ack->ack().spool_id(), kSpool.value + 1);
  EXPECT_EQ(ack->ack().sequence(), 2U);
  EXPECT_EQ(path_writer_->stats().reports_inserted, 2U);
  const auto live = live_path();
  ASSERT_TRUE(live.has_value());
  EXPECT_EQ(live->to, report(2).to);
  EXPECT_EQ(live->issues, report(2).issues);
}

TEST_F(FleetPathsTest, an_unreadable_report_does_not_stop_those_behind_it) {
  const Credential credential = joined("web1");
  apply("10.0.9.9");
  const auto stream = connect(credential, "web1", 1);
  send(*stream, 1, {"{}", "no JSON", encode_path_report(report(3))});
  EXPECT_EQ(stream->ack(), 3U);
  EXPECT_EQ(path_writer_->stats().reports_inserted, 1U);
}

TEST_F(FleetPathsTest, another_agents_word_changes_nothing_in_memory) {
  const Credential owner = joined("web1");
  const Credential other = joined("web2");
  apply("10.0.9.9");
  const auto own = connect(owner, "web1", 1);
  const auto stream = connect(other, "web2", 0);
  send(*stream, 1, {encode_path_report(report(1))});
  EXPECT_EQ(stream->ack(), 1U);
  EXPECT_FALSE(live_path().has_value());
}

TEST_F(FleetPathsTest, an_older_report_does_not_replace_a_newer_one) {
  const Credential credential = joined("web1");
  apply("10.0.9.9");
  const auto stream = connect(credential, "web1", 1);
  send(*stream, 1, {encode_path_report(report(9)), encode_path_report(report(4))});
  EXPECT_EQ(stream->ack(), 2U);
  EXPECT_EQ(live_path()->to, report(9).to);
}

TEST_F(FleetPathsTest, a_trace_is_asked_of_the_tests_own_agent_or_refused_in_words) {
  const Credential credential = joined("web1");
  apply("10.0.9.9");
  const auto nobody = ask([&] { return control_->request_trace(test()); });
  ASSERT_FALSE(nobody.has_value());
  EXPECT_TRUE(contains(nobody.error().message, "web1 is not connected"));
  const auto unknown = ask([&] { return control_->request_trace(TestId{1}); });
  EXPECT_EQ(unknown.error().code, ErrorCode::NotFound);

  const auto stream = connect(credential, "web1", 1);
  EXPECT_TRUE(ask([&] { return control_->request_trace(test()); }).has_value());
  const auto wish = stream->read();
  ASSERT_TRUE(wish && wish->has_trace());
  EXPECT_EQ(wish->trace().test_id(), test().value);
  EXPECT_FALSE(wish->trace().mtu());
  EXPECT_TRUE(ask([&] { return control_->request_trace(test(), true); }).has_value());
  const auto with_mtu = stream->read();
  ASSERT_TRUE(with_mtu && with_mtu->has_trace());
  EXPECT_TRUE(with_mtu->trace().mtu());
}

}  // namespace
}  // namespace lw::server
