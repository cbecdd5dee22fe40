// SPDX-License-Identifier: Apache-2.0
#include "agent/path_monitor.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "io/test_dns.h"
#include "io/test_network.h"
#include "io/test_routers.h"

namespace lw::agent {
namespace {

using io::TestRouters;

/// A monitor without name servers, whose reports a test waits for.
class Watched {
 public:
  Watched() : monitor_(config(), clock_, [this](PathReport&& report) { take(std::move(report)); }) {
    EXPECT_EQ(monitor_.problem(), "");
    monitor_.start();
  }
  ~Watched() { monitor_.stop(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;

  PathMonitor& operator*() { return monitor_; }
  PathMonitor* operator->() { return &monitor_; }
  /// The next report with that cause.
  PathReport next(PathReportCause cause) {
    wanted_ = cause;
    found_.reset();
    loop_.run_for(Seconds(120));
    EXPECT_TRUE(found_) << "no such report in 120 s";
    return found_.value_or(PathReport{});
  }
  [[nodiscard]] Timestamp now() const { return clock_.wall_now(); }

 private:
  static PathMonitorConfig config() {
    PathMonitorConfig config;
    config.names.ask_name_servers = false;
    return config;
  }
  void take(PathReport&& report) {
    loop_.post([this, report = std::move(report)] {
      if (report.cause != wanted_ || found_) return;
      found_ = report;
      loop_.stop();
    });
  }

  const SystemClock clock_;
  io::Loop loop_;
  PathReportCause wanted_ = PathReportCause::First;
  std::optional<PathReport> found_;
  PathMonitor monitor_;
};

/// The link behind node 2 of 3 routers takes 1,400 bytes, and node 2 keeps it to itself.
bool dig_hole(const TestRouters& routers) {
  return routers.run(2, "ip link set up2 mtu 1400") &&
         routers.run(3, "ip link set down2 mtu 1400") &&
         routers.filter(2, "output", "icmp type destination-unreachable drop");
}

bool is_hole_named(const PathReport& report) {
  for (const PathIssue& issue : report.issues) {
    const bool is_there = issue.from == TestRouters::address(false, 2) && issue.from_ttl == 2;
    if (issue.kind == PathIssueKind::MtuTooSmall && is_there) return true;
  }
  return false;
}

lw::Test ping(const std::string& address) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->protocol = IcmpConfiguration{};
  lw::Test test;
  test.id = TestId{1};
  test.destination_address = address;
  test.configuration = std::move(configuration);
  return test;
}

TEST(PathMonitor, puts_the_names_of_routers_into_the_first_report_already) {
  EXPECT_TRUE(io::in_own_network({"ip addr add 198.18.0.1/32 dev lo"}, [] {
    const SystemClock clock;
    io::Loop loop;
    io::FakeDns dns(loop);
    dns.answer.pointers = {"core.example"};
    PathMonitorConfig config;
    config.names.name_servers.resolv_conf = "/nonexistent";
    config.names.name_servers.servers = {dns.address};
    std::optional<PathReport> first;
    PathMonitor monitor(config, clock, [&](PathReport&& report) {
      loop.post([&, report = std::move(report)] {
        if (!first) first = report;
        loop.stop();
      });
    });
    ASSERT_EQ(monitor.problem(), "");
    monitor.start();
    monitor.assign({ping("198.18.0.1")});
    loop.run_for(Seconds(60));
    monitor.stop();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->cause, PathReportCause::First);
    ASSERT_FALSE(first->paths.empty());
    EXPECT_EQ(first->paths.at(0).hops.back().name, "core.example");
  }));
}

TEST(PathMonitor, looks_for_the_mtu_on_request_and_says_where_large_packets_end) {
  ASSERT_TRUE(io::with_routers(3, {}, [](TestRouters& routers) {
    ASSERT_TRUE(dig_hole(routers));
    Watched monitor;
    monitor->assign({ping(to_string(TestRouters::address(false, 4)))});
    EXPECT_FALSE(monitor.next(PathReportCause::First).mtu);
    monitor->request(TestId{1}, true);
    const PathReport report = monitor.next(PathReportCause::Request);
    ASSERT_TRUE(report.mtu);
    EXPECT_EQ(report.mtu->verdict, PathMtuVerdict::BlackHole);
    EXPECT_EQ(report.mtu->path_mtu, 1'400U);
    EXPECT_EQ(report.mtu->text,
              "packets over 1400 bytes are lost after hop 2 (10.90.1.2), and no router says so");
    EXPECT_TRUE(is_hole_named(report));
  }));
}

TEST(PathMonitor, looks_for_the_mtu_by_itself_when_large_echoes_are_lost) {
  ASSERT_TRUE(io::with_routers(3, {}, [](TestRouters& routers) {
    ASSERT_TRUE(dig_hole(routers));
    Watched monitor;
    lw::Test test = ping(to_string(TestRouters::address(false, 4)));
    auto large = std::make_shared<TestConfiguration>(*test.configuration);
    large->packets.payload_bytes = 1'450;
    test.configuration = large;
    monitor->assign({test});
    monitor.next(PathReportCause::First);
    Round round;
    round.test = TestId{1};
    round.started = monitor.now();
    round.address = test.destination_address;
    round.checks = {{.outcome = CheckOutcome::TimedOut, .rtt = {}}};
    monitor->observe(round);
    EXPECT_TRUE(is_hole_named(monitor.next(PathReportCause::Change)));
  }));
}

TEST(PathMonitor, traces_at_once_when_a_state_changes_and_shows_the_way_before) {
  ASSERT_TRUE(io::with_routers(2, {}, [](TestRouters& routers) {
    Watched monitor;
    const lw::Test test = ping(to_string(TestRouters::address(false, 3)));
    monitor->assign({test});
    monitor.next(PathReportCause::First);
    Round round;
    round.test = TestId{1};
    round.started = monitor.now();
    round.address = test.destination_address;
    round.checks = {{.outcome = CheckOutcome::Success, .rtt = Microseconds(1)}};
    monitor->observe(round);
    round.started = monitor.now();
    ASSERT_TRUE(routers.filter(2, "forward", "drop"));
    round.checks = {{.outcome = CheckOutcome::TimedOut, .rtt = {}}};
    monitor->observe(round);
    const PathReport report = monitor.next(PathReportCause::StateChange);
    ASSERT_FALSE(report.traces_before.empty());
    EXPECT_TRUE(is_reached(report.traces_before.back()));
    EXPECT_LT(report.traces_before.back().started, round.started);
    ASSERT_EQ(report.traces_after.size(), 1U);
    EXPECT_FALSE(is_reached(report.traces_after[0]));
    EXPECT_EQ(report.traces_after[0].trigger, TraceTrigger::StateChange);
  }));
}

TEST(PathMonitor, says_that_a_closed_port_refuses) {
  ASSERT_TRUE(io::with_routers(1, {}, [](TestRouters&) {
    Watched monitor;
    lw::Test test = ping(to_string(TestRouters::address(false, 2)));
    auto tcp = std::make_shared<TestConfiguration>();
    tcp->protocol = TcpConfiguration{.port = 7'777};
    test.configuration = tcp;
    monitor->assign({test});
    EXPECT_TRUE(monitor.next(PathReportCause::First).is_refused);
  }));
}

}  // namespace
}  // namespace lw::agent
