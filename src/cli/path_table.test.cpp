// SPDX-License-Identifier: Apache-2.0
#include "cli/path_table.h"

#include <gtest/gtest.h>

#include "model/path_document.h"

namespace lw::cli {
namespace {

PathHop hop(std::uint8_t ttl, const char* address, Share loss, int low_ms, int added_ms) {
  PathHop hop;
  hop.ttl = ttl;
  hop.address = parse_ip_address(address);
  hop.sent = 20;
  hop.answered = hop.address ? 20 : 0;
  if (hop.address) {
    hop.rtt_low = hop.rtt_median = hop.rtt_max = Milliseconds(low_ms);
  }
  hop.forwarding_loss = loss;
  hop.added = Milliseconds(added_ms);
  return hop;
}

IpAddress ip(const char* text) { return parse_ip_address(text).value(); }

PathReport report() {
  PathReport report;
  report.source = parse_ip_address("10.0.0.1").value();
  report.destination = parse_ip_address("10.0.3.1").value();
  report.traces = 20;
  Path path{.id = PathId{7}, .flows = {0}, .hops = {}, .is_reached = true};
  path.hops.push_back(hop(1, "10.0.1.1", {0, 0, 16}, 1, 1));
  path.hops.back().labels = with(0, HopLabel::RateLimited);
  path.hops.back().answered = 5;
  path.hops.push_back(hop(2, "", {0, 0, 100}, 0, 0));
  path.hops.back().labels = with(0, HopLabel::Silent);
  path.hops.push_back(hop(3, "10.0.3.1", {12, 30, 52}, 97, 96));
  report.paths.push_back(path);
  report.issues.push_back({.kind = PathIssueKind::ForwardingLoss,
                           .path = PathId{7},
                           .from_ttl = 2,
                           .to_ttl = 3,
                           .text = "hop 3 loses 30 %"});
  return report;
}

TEST(PathTable, says_what_is_wrong_and_then_hop_by_hop_where) {
  EXPECT_EQ(path_table(to_document(report()), {}),
            "10.0.0.1 → 10.0.3.1, icmp, 20 traces\n"
            "! hop 3 loses 30 %\n"
            " hop  address   lost %  answers  low ms  median   max   adds\n"
            "   1  10.0.1.1       0     5/20     1.0     1.0   1.0   +1.0  limits its answers\n"
            "   2  *              0     0/20       -       -     -         never answers\n"
            " > 3  10.0.3.1    30.0    20/20    97.0    97.0  97.0  +96.0\n");
}

TEST(PathTable, tells_of_further_paths_and_shows_them_on_request) {
  PathReport two = report();
  two.paths.push_back(two.paths.front());
  two.paths.back().id = PathId{8};
  two.paths.back().is_reached = false;
  EXPECT_NE(path_table(to_document(two), {}).find("and 1 path more; --paths shows all"),
            std::string::npos);
  const std::string all = path_table(to_document(two), {.all_paths = true});
  EXPECT_NE(all.find("path 2 of 2, 1 flow\n"), std::string::npos);
  EXPECT_NE(all.find("the destination does not answer"), std::string::npos);
}

TEST(PathTable, says_what_the_path_mtu_is_and_why) {
  PathReport told = report();
  told.mtu =
      PathMtuResult{.verdict = PathMtuVerdict::Told, .path_mtu = 1'400, .text = "10.0.1.1 says so"};
  const std::string text = path_table(to_document(told), {});
  EXPECT_NE(text.find("20 traces, path MTU 1400\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\npath MTU: 10.0.1.1 says so\n"), std::string::npos) << text;
  // The issue of a black hole says it.
  told.mtu->verdict = PathMtuVerdict::BlackHole;
  EXPECT_EQ(path_table(to_document(told), {}).find("10.0.1.1 says so"), std::string::npos);
}

TEST(PathTable, says_that_the_destination_refuses) {
  PathReport refused = report();
  refused.protocol = TraceProtocol::Tcp;
  refused.port = 443;
  EXPECT_EQ(path_table(to_document(refused), {}).find("refused"), std::string::npos);
  refused.is_refused = true;
  EXPECT_NE(path_table(to_document(refused), {})
                .find("refused by the destination: nothing listens on port 443"),
            std::string::npos);
}

TEST(PathTable, shows_the_traces_around_a_change_a_line_each) {
  PathReport changed = report();
  Trace before{.started = from_unix_us(1'790'000'000'000'000)};
  const auto probe = [](std::uint8_t ttl, HopAnswer answer, const char* from) {
    TraceProbe each{.ttl = ttl};
    each.reply.answer = answer;
    each.reply.from = parse_ip_address(from).value_or(IpAddress{});
    if (*from != '\0') each.reply.rtt = Microseconds(1'500 * ttl);
    return each;
  };
  before.probes = {probe(1, HopAnswer::TimeExceeded, "10.0.1.1"), probe(2, HopAnswer::Silent, ""),
                   probe(3, HopAnswer::Destination, "10.0.3.1"),
                   probe(2, HopAnswer::TimeExceeded, "10.0.2.1")};
  Trace after = before;
  after.started += Seconds(11);
  after.trigger = TraceTrigger::Suspicion;
  after.probes = {probe(1, HopAnswer::TimeExceeded, "10.0.1.1"), probe(2, HopAnswer::NotAsked, ""),
                  probe(3, HopAnswer::Unreachable, "10.0.9.1")};
  after.probes[1].reply.from = ip("10.0.2.1");
  after.probes[2].reply.icmp_type = 3;
  after.probes[2].reply.icmp_code = 13;
  changed.traces_before = {before};
  changed.traces_after = {after};
  const std::string text = path_table(to_document(changed), {});
  EXPECT_NE(text.find("before, 14:13:20 (schedule): 1 10.0.1.1 1.5 ms, 2 10.0.2.1 3.0 ms, "
                      "3 10.0.3.1 4.5 ms (destination)\n"
                      "then,   14:13:31 (suspicion): 1 10.0.1.1 1.5 ms, 2 10.0.2.1 (not asked), "
                      "3 10.0.9.1 4.5 ms (unreachable, ICMP 3/13)\n"),
            std::string::npos)
      << text;
}

TEST(PathTable, shows_microseconds_where_there_are_only_some) {
  PathReport near = report();
  near.paths[0].hops[0].rtt_low = Microseconds(31);
  near.paths[0].hops[0].added = Microseconds(31);
  const std::string text = path_table(to_document(near), {});
  EXPECT_NE(text.find(" 0.031 "), std::string::npos) << text;
  EXPECT_NE(text.find("+0.031"), std::string::npos) << text;
}

TEST(PathTable, cuts_lines_to_the_terminal) {
  const std::string text = path_table(to_document(report()), {.width = 40});
  EXPECT_EQ(text.find("limits its answers"), std::string::npos);
}

}  // namespace
}  // namespace lw::cli
