// SPDX-License-Identifier: Apache-2.0
#include "server/agent_events.h"

#include <gtest/gtest.h>

#include <string>

#include "base/test_times.h"

namespace lw::server {
namespace {

Agent agent() {
  Agent made;
  made.id = AgentId{7};
  made.name = "web1";
  made.addresses = {"192.0.2.1"};
  return made;
}

/// "Kind(count): detail; …" of what happened since.
std::string told(AgentEvents& events) {
  std::string text;
  for (const AgentEvent& event : events.take()) {
    if (!text.empty()) text += "; ";
    text += kAgentEventNames.at(static_cast<std::size_t>(event.kind));
    if (event.count) text += "(" + std::to_string(*event.count) + ")";
    if (!event.detail.empty()) text += ": " + event.detail;
  }
  return text;
}

TEST(AgentEvents, tell_of_coming_and_going) {
  AgentEvents events;
  events.joined(agent(), false, kNow);
  events.connected(agent(), "1.0", "192.0.2.1:5", kNow);
  events.disconnected(agent(), kNow, kNow + Seconds(90));
  events.connected(agent(), "1.1", "192.0.2.1:6", kNow + Seconds(95));
  events.removed(agent(), kNow + Seconds(99));
  EXPECT_EQ(told(events),
            "Joined; Connected: From 192.0.2.1:5, release 1.0.; Disconnected: It was connected for "
            "90 s.; Connected: From 192.0.2.1:6, release 1.1.; VersionChanged: From 1.0 to 1.1.; "
            "Removed");
  EXPECT_EQ(told(events), "");
}

TEST(AgentEvents, name_what_changed) {
  AgentEvents events;
  Agent moved = agent();
  moved.addresses = {"192.0.2.9", "2001:db8::9"};
  moved.labels = {{"site", "lab"}};
  events.changed(agent(), moved, kNow);
  EXPECT_EQ(told(events),
            "Changed: labels: none → site=lab; addresses: 192.0.2.1 → 192.0.2.9, 2001:db8::9");
  events.changed(moved, moved, kNow);
  EXPECT_EQ(told(events), "");
}

TEST(AgentEvents, a_problem_is_told_when_it_begins_and_ends) {
  AgentEvents events;
  events.on_status(agent(), {.problem = "spool: disk full, 3 rounds wait", .path_problem = ""},
                   kNow);
  EXPECT_EQ(told(events), "Problem: spool: disk full, 3 rounds wait");
  events.on_status(agent(), {.problem = "spool: disk full, 4 rounds wait", .path_problem = ""},
                   kNow);
  EXPECT_EQ(told(events), "");
  events.on_status(agent(), {.problem = "", .path_problem = "no CAP_NET_RAW"}, kNow);
  EXPECT_EQ(told(events),
            "ProblemOver: spool: disk full, 4 rounds wait; PathProblem: no CAP_NET_RAW");
  events.on_status(agent(), {}, kNow);
  EXPECT_EQ(told(events), "PathProblemOver: no CAP_NET_RAW");
}

TEST(AgentEvents, losses_that_go_on_are_summed_up_once_a_minute) {
  AgentEvents events;
  const auto lost = [&](std::uint64_t rounds, int second) {
    events.on_status(agent(), {.problem = "", .path_problem = "", .rounds_dropped = rounds},
                     kNow + Seconds(second));
    return told(events);
  };
  EXPECT_EQ(lost(0, 0), "");
  EXPECT_EQ(lost(1, 10), "RoundsDropped(1): 1 round.");
  EXPECT_EQ(lost(5, 20), "");
  EXPECT_EQ(lost(9, 30), "");
  EXPECT_EQ(lost(9, 70), "RoundsDropped(8): 8 rounds.");
  EXPECT_EQ(lost(9, 200), "");
  // It began anew, and lost 2 since.
  EXPECT_EQ(lost(2, 300), "RoundsDropped(2): 2 rounds.");
}

TEST(AgentEvents, what_was_told_before_a_restart_is_not_told_again) {
  AgentEvents events;
  events.restore(AgentId{7}, "1.0",
                 {.problem = "its disk is bad",
                  .path_problem = "",
                  .rounds_dropped = 40,
                  .intervals_missed = 3,
                  .clock_offset = Seconds(5)});
  const AgentStatusFacts same{.problem = "its disk is bad",
                              .path_problem = "",
                              .rounds_dropped = 40,
                              .path_reports_dropped = 6,
                              .intervals_missed = 3,
                              .clock_offset = Seconds(5)};
  events.connected(agent(), "1.0", "peer", kNow);
  told(events);
  events.on_status(agent(), same, kNow);
  EXPECT_EQ(told(events), "");
  // What it lost while this server was away is.
  AgentStatusFacts later = same;
  later.rounds_dropped = 52;
  later.path_reports_dropped = 7;
  events.on_status(agent(), later, kNow + Seconds(10));
  EXPECT_EQ(told(events), "RoundsDropped(12): 12 rounds.; PathReportsDropped(1): 1 path report.");
}

TEST(AgentEvents, clocks_are_off_step_and_come_back) {
  AgentEvents events;
  const auto offset = [&](Microseconds by) {
    events.on_status(agent(), {.problem = "", .path_problem = "", .clock_offset = by}, kNow);
    return told(events);
  };
  EXPECT_EQ(offset(Milliseconds(1'500)), "");
  // A slow drift is no step.
  EXPECT_EQ(offset(Milliseconds(2'100)),
            "ClockOff(2100000): It is 2.1 s ahead; set up time synchronisation.");
  EXPECT_EQ(offset(Milliseconds(2'900)), "");
  EXPECT_EQ(offset(Milliseconds(-100)),
            "ClockStepped(-3000000): By 3 s against the server's; it is 100 ms behind now.; "
            "ClockRight(-100000)");
}

TEST(AgentEvents, who_is_refused_again_and_again_is_told_once_an_hour) {
  AgentEvents events;
  events.refused(AgentId{7}, "web1", "removed", kNow);
  events.refused(AgentId{7}, "web1", "removed", kNow + Seconds(30));
  EXPECT_EQ(told(events), "Refused: removed");
  events.refused(AgentId{7}, "web1", "too old", kNow + Seconds(60));
  EXPECT_EQ(told(events), "Refused: too old");
  events.refused(AgentId{7}, "web1", "too old", kNow + std::chrono::hours(2));
  EXPECT_EQ(told(events), "Refused: too old");
}

}  // namespace
}  // namespace lw::server
