// SPDX-License-Identifier: Apache-2.0
#include "model/path_document.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

IpAddress ip(const char* text) { return parse_ip_address(text).value(); }

PathHop full_hop() {
  PathHop hop{.ttl = 3, .address = ip("2001:db8::3"), .others = {ip("2001:db8::4")}};
  hop.sent = 40;
  hop.answered = 31;
  hop.rtt_min = Microseconds(1'001);
  hop.rtt_low = Microseconds(1'234);
  hop.rtt_median = Microseconds(96'000);
  hop.rtt_max = Microseconds(1'000'001);
  hop.forwarding_loss = {1.25, 5.5, 9.75};
  hop.added = Microseconds(95'999);
  hop.labels = with(with(0, HopLabel::RateLimited), HopLabel::AsymmetricReturn);
  hop.reply_ttl = 61;
  hop.icmp_type = 3;
  hop.icmp_code = 13;
  hop.mtu = 1'400;
  hop.mpls = {{.label = 24'001, .traffic_class = 5, .is_bottom = true, .ttl = 1}};
  hop.interfaces = {{.role = InterfaceRole::Outgoing,
                     .index = 7,
                     .address = ip("192.0.2.1"),
                     .name = "ge-0/0/1",
                     .mtu = 9'000}};
  hop.quote = QuoteFacts{.ttl = 2, .destination = ip("10.0.0.9"), .dscp = 0, .ecn = 1};
  hop.name = "r3.example.net";
  hop.network = "AS64500 Example";
  return hop;
}

Trace full_trace() {
  Trace trace;
  trace.test = TestId{7};
  trace.started = from_unix_us(1'790'000'100'000'001);
  trace.trigger = TraceTrigger::Suspicion;
  trace.protocol = TraceProtocol::Tcp;
  trace.source = ip("10.0.0.1");
  trace.destination = ip("10.0.9.9");
  trace.port = 443;
  TraceProbe probe{.flow = 3, .ttl = 2, .offset = Microseconds(10'001)};
  probe.reply = {.answer = HopAnswer::Unreachable,
                 .from = ip("10.0.0.2"),
                 .rtt = Microseconds(1'234),
                 .icmp_type = 3,
                 .icmp_code = 4,
                 .reply_ttl = 63,
                 .mtu = 1'400,
                 .is_refusal = true,
                 .labels = {{.label = 17}},
                 .interfaces = {{.name = "eth0"}},
                 .quote = {.ttl = 3},
                 .detail = "x"};
  const TraceProbe spared{
      .flow = 3, .ttl = 3, .reply = {.answer = HopAnswer::NotAsked, .from = ip("10.0.0.3")}};
  trace.probes = {{.flow = 3, .ttl = 1}, probe, spared};
  trace.problem = "loop";
  return trace;
}

PathReport full_report() {
  PathReport report;
  report.test = TestId{0x1234'5678'9abc'def0};
  report.from = from_unix_us(1'790'000'000'000'001);
  report.to = from_unix_us(1'790'000'180'000'002);
  report.cause = PathReportCause::Change;
  report.protocol = TraceProtocol::Tcp;
  report.source = ip("10.0.0.1");
  report.destination = ip("10.0.9.9");
  report.port = 443;
  report.traces = 18;
  report.paths.push_back(
      {.id = PathId{42}, .flows = {0, 3}, .hops = {{.ttl = 1}, full_hop()}, .is_reached = true});
  report.issues.push_back({.kind = PathIssueKind::AddedLatency,
                           .path = PathId{42},
                           .from_ttl = 2,
                           .to_ttl = 3,
                           .from = ip("10.0.0.2"),
                           .to = ip("10.0.0.3"),
                           .loss = Share{1, 2, 3},
                           .added = Microseconds(96'000),
                           .total = Microseconds(105'000),
                           .confidence = 0.75,
                           .text = "hop 3 adds 96 of 105 ms"});
  report.changes = {"hop 3 was 10.0.0.7, is 10.0.0.3"};
  report.is_refused = true;
  report.mtu = PathMtuResult{.verdict = PathMtuVerdict::BlackHole,
                             .path_mtu = 1'400,
                             .told_by = ip("10.0.0.2"),
                             .told_mtu = 1'480,
                             .from_ttl = 0,
                             .to_ttl = 3,
                             .from = ip("10.0.0.2"),
                             .bytes_max = 1'500,
                             .at = from_unix_us(1'790'000'170'000'002),
                             .protocol = TraceProtocol::Tcp,
                             .text = "packets over 1400 bytes are lost"};
  report.traces_before = {full_trace(), full_trace()};
  report.traces_after = {full_trace()};
  report.problem = "why";
  return report;
}

TEST(PathDocument, what_is_written_is_read_again_to_the_microsecond) {
  const auto read = decode_path_report(encode_path_report(full_report()));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, full_report());
  EXPECT_EQ(decode_path_report(encode_path_report(PathReport{})).value(), PathReport{});
}

TEST(PathDocument, every_cause_kind_and_label_survives) {
  for (const auto cause : {PathReportCause::First, PathReportCause::Change, PathReportCause::Hourly,
                           PathReportCause::Request, PathReportCause::StateChange}) {
    PathReport report;
    report.cause = cause;
    EXPECT_EQ(decode_path_report(encode_path_report(report))->cause, cause);
  }
  for (int kind = 0; kind <= static_cast<int>(PathIssueKind::LocalError); ++kind) {
    PathReport report;
    report.issues.push_back({.kind = static_cast<PathIssueKind>(kind)});
    EXPECT_EQ(decode_path_report(encode_path_report(report)).value(), report) << kind;
  }
  for (int verdict = 0; verdict <= static_cast<int>(PathMtuVerdict::Unclear); ++verdict) {
    PathReport report;
    report.mtu = PathMtuResult{.verdict = static_cast<PathMtuVerdict>(verdict)};
    EXPECT_EQ(decode_path_report(encode_path_report(report)).value(), report) << verdict;
  }
  for (int trigger = 0; trigger <= static_cast<int>(TraceTrigger::StateChange); ++trigger) {
    PathReport report;
    report.traces_after = {Trace{.trigger = static_cast<TraceTrigger>(trigger)}};
    EXPECT_EQ(decode_path_report(encode_path_report(report)).value(), report) << trigger;
  }
  for (int answer = 0; answer <= static_cast<int>(HopAnswer::LocalError); ++answer) {
    PathReport report;
    report.traces_after = {Trace{}};
    report.traces_after[0].probes = {
        {.ttl = 1, .reply = {.answer = static_cast<HopAnswer>(answer)}}};
    EXPECT_EQ(decode_path_report(encode_path_report(report)).value(), report) << answer;
  }
  for (const HopLabel label : labels_in(~HopLabels{0})) {
    PathReport report;
    report.paths.push_back({.hops = {{.ttl = 1, .labels = with(0, label)}}});
    EXPECT_EQ(decode_path_report(encode_path_report(report)).value(), report);
  }
}

TEST(PathDocument, what_a_later_release_adds_is_passed_over) {
  Value document = to_document(full_report());
  document.set("moonPhase", "full");
  document.set("issues",
               Value::Array{Value::object({{"kind", "SolarFlare"}, {"path", "1"}, {"text", "x"}})});
  const auto read = read_path_report(document);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_TRUE(read->issues.empty());
  EXPECT_EQ(read->paths, full_report().paths);
}

TEST(PathDocument, what_is_no_report_is_refused_by_name) {
  const auto refusal = [](const char* member, Value instead) {
    Value document = to_document(full_report());
    document.set(member, std::move(instead));
    const auto read = read_path_report(document);
    return read ? std::string("accepted") : read.error().message;
  };
  EXPECT_EQ(refusal("testId", "xyz"), "this is no path report: `testId` is no test id");
  EXPECT_EQ(refusal("to", "noon"), "this is no path report: `to` is no time");
  EXPECT_EQ(refusal("cause", 7), "this is no path report: `cause` is none that this release knows");
  EXPECT_EQ(refusal("source", Value()), "this is no path report: `source` is no address");
  EXPECT_EQ(refusal("changes", Value::Array{Value(1)}),
            "this is no path report: `changes` holds something else than texts");
  EXPECT_FALSE(decode_path_report("[]").has_value());
  EXPECT_FALSE(decode_path_report("{").has_value());
}

TEST(PathDocument, a_trace_is_refused_if_the_destination_itself_says_so_to_tcp) {
  Trace trace{.protocol = TraceProtocol::Tcp};
  EXPECT_FALSE(is_refused(trace));
  trace.probes = {{.ttl = 2, .reply = {.answer = HopAnswer::Destination, .is_refusal = true}}};
  EXPECT_TRUE(is_refused(trace));
  EXPECT_TRUE(is_reached(trace));
  trace.protocol = TraceProtocol::Udp;
  EXPECT_FALSE(is_refused(trace));
  trace.protocol = TraceProtocol::Tcp;
  trace.probes.push_back({.ttl = 2, .reply = {.answer = HopAnswer::Destination}});
  EXPECT_FALSE(is_refused(trace));
}

TEST(PathDocument, numbers_out_of_range_and_long_lists_do_no_harm) {
  Value document = to_document(full_report());
  Value hop = to_document(full_report()).find("paths")->as_array()[0].find("hops")->as_array()[1];
  hop.set("sent", 1e300);
  hop.set("rttMinMs", -5.0);
  hop.set("rttMaxMs", 1e300);
  hop.set("forwardingLossPercent", Value::object({{"low", -1.0}, {"high", 1e9}}));
  Value::Array hops(1'000, hop);
  Value path = Value::object({{"id", "1"}});
  path.set("hops", hops);
  document.set("paths", Value::Array{path});
  const auto read = read_path_report(document);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  ASSERT_EQ(read->paths.at(0).hops.size(), 255U);
  const PathHop& first = read->paths[0].hops[0];
  EXPECT_EQ(first.sent, 0U);
  EXPECT_EQ(first.answered, 0U);
  EXPECT_EQ(first.rtt_min, Microseconds(0));
  EXPECT_EQ(first.rtt_max, Microseconds(1'000'000'000'000));
  EXPECT_EQ(first.forwarding_loss, (Share{0, 0, 100}));
}

}  // namespace
}  // namespace lw
