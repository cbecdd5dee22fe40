// SPDX-License-Identifier: Apache-2.0
#include "trace/path_mtu_run.h"

#include <gtest/gtest.h>

#include <string>

#include "io/test_routers.h"
#include "trace/path_mtu_report.h"

namespace lw::trace {
namespace {

using io::TestRouters;

constexpr int kRouters = 3;
constexpr std::uint16_t kOpenPort = 7000;
const char* const kEverybodyPings = "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range";

struct Setting {
  bool is_v6 = false;
  bool without_privilege = false;
};

class EachMtu : public testing::TestWithParam<Setting> {
 protected:
  static PathMtuTask task() {
    PathMtuTask task;
    task.base.destination = TestRouters::address(GetParam().is_v6, kRouters + 1);
    task.base.config.timeout = Milliseconds(250);
    for (int node = 1; node <= kRouters + 1; ++node) {
      task.hops.emplace_back(TestRouters::address(GetParam().is_v6, node));
    }
    task.is_reached = true;
    return task;
  }
  static PathMtuResult find(const PathMtuTask& task) {
    if (GetParam().without_privilege) {
      EXPECT_TRUE(io::drop_thread_capabilities());
    }
    const SystemClock clock;
    io::Loop loop;
    auto tracer = Tracer::create(loop, clock, {.without_privilege = GetParam().without_privilege});
    EXPECT_TRUE(tracer) << tracer.error().message;
    std::optional<PathMtuResult> result;
    std::unique_ptr<PathMtuRun> run;
    loop.post([&] {
      run = std::make_unique<PathMtuRun>(loop, clock, **tracer, task, [&](PathMtuResult found) {
        result = std::move(found);
        run.reset();
        loop.stop();
      });
    });
    loop.run_for(Seconds(120));
    EXPECT_TRUE(result) << "not done in 120 s";
    return result.value_or(PathMtuResult{});
  }
  /// The link behind that node takes no larger packets.
  static bool shrink(const TestRouters& routers, int node, int mtu) {
    const std::string number = std::to_string(node);
    return routers.run(node, "ip link set up" + number + " mtu " + std::to_string(mtu)) &&
           routers.run(node + 1, "ip link set down" + number + " mtu " + std::to_string(mtu));
  }
  static bool silence(const TestRouters& routers, int node) {
    return routers.filter(node, "output", "icmp type destination-unreachable drop") &&
           routers.filter(node, "output", "icmpv6 type packet-too-big drop");
  }
  static std::string describe(const PathMtuResult& result) {
    Path path{.is_reached = true};
    for (int node = 1; node <= kRouters + 1; ++node) {
      path.hops.push_back({.ttl = static_cast<std::uint8_t>(node),
                           .address = TestRouters::address(GetParam().is_v6, node)});
    }
    return path_mtu_words(result, &path);
  }
  static std::string address(int node) {
    return to_string(TestRouters::address(GetParam().is_v6, node));
  }
};

TEST_P(EachMtu, what_the_interface_takes_passes_where_all_is_well) {
  ASSERT_TRUE(io::with_routers(kRouters, {kEverybodyPings}, [&](TestRouters&) {
    const PathMtuResult result = find(task());
    EXPECT_EQ(result.verdict, PathMtuVerdict::Full);
    EXPECT_EQ(result.path_mtu, 1'500U);
    EXPECT_EQ(result.bytes_max, 1'500U);
    EXPECT_EQ(describe(result),
              "packets of 1500 bytes pass, the most that this host's interface takes");
  }));
}

TEST_P(EachMtu, a_router_that_tells_of_its_link_is_named) {
  ASSERT_TRUE(io::with_routers(kRouters, {kEverybodyPings}, [&](TestRouters& routers) {
    ASSERT_TRUE(shrink(routers, 2, 1'400));
    const PathMtuResult result = find(task());
    EXPECT_EQ(result.verdict, PathMtuVerdict::Told);
    EXPECT_EQ(result.path_mtu, 1'400U);
    EXPECT_EQ(result.told_by, TestRouters::address(GetParam().is_v6, 2));
    EXPECT_EQ(result.told_mtu, 1'400U);
    EXPECT_EQ(describe(result),
              "packets over 1400 bytes do not pass, and " + address(2) + " (hop 2) says so");
  }));
}

TEST_P(EachMtu, a_black_hole_is_found_behind_its_hop) {
  ASSERT_TRUE(io::with_routers(kRouters, {kEverybodyPings}, [&](TestRouters& routers) {
    ASSERT_TRUE(shrink(routers, 2, 1'400));
    ASSERT_TRUE(silence(routers, 2));
    const PathMtuResult result = find(task());
    EXPECT_EQ(result.verdict, PathMtuVerdict::BlackHole);
    EXPECT_EQ(result.path_mtu, 1'400U);
    EXPECT_EQ(describe(result), "packets over 1400 bytes are lost after hop 2 (" + address(2) +
                                    "), and no router says so");
  }));
}

INSTANTIATE_TEST_SUITE_P(Settings, EachMtu,
                         testing::Values(Setting{false, false}, Setting{true, true}),
                         [](const auto& setting) {
                           return std::string(setting.param.is_v6 ? "v6" : "v4") +
                                  (setting.param.without_privilege ? "Plain" : "Raw");
                         });

class TcpMtu : public EachMtu {};

TEST_P(TcpMtu, where_no_echo_is_answered_filled_up_syns_tell_as_well) {
  ASSERT_TRUE(io::with_routers(kRouters, {}, [&](TestRouters& routers) {
    ASSERT_TRUE(routers.filter(routers.host(), "input", "icmp type echo-request drop"));
    ASSERT_TRUE(routers.filter(routers.host(), "input", "icmpv6 type echo-request drop"));
    ASSERT_TRUE(shrink(routers, 2, 1'400));
    const FileDescriptor listener = routers.listen(routers.host(), kOpenPort);
    PathMtuTask task = EachMtu::task();
    task.base.config.protocol = TraceProtocol::Tcp;
    task.base.port = kOpenPort;
    const PathMtuResult result = find(task);
    EXPECT_EQ(result.protocol, TraceProtocol::Tcp);
    EXPECT_EQ(result.verdict, PathMtuVerdict::Told);
    EXPECT_EQ(result.path_mtu, 1'400U);
    EXPECT_EQ(result.told_by, TestRouters::address(GetParam().is_v6, 2));
  }));
}

TEST_P(TcpMtu, a_closed_port_and_no_echo_reply_tell_of_a_black_hole_too) {
  ASSERT_TRUE(io::with_routers(kRouters, {}, [&](TestRouters& routers) {
    ASSERT_TRUE(routers.filter(routers.host(), "input", "icmp type echo-request drop"));
    ASSERT_TRUE(routers.filter(routers.host(), "input", "icmpv6 type echo-request drop"));
    ASSERT_TRUE(shrink(routers, 2, 1'400));
    ASSERT_TRUE(silence(routers, 2));
    PathMtuTask task = EachMtu::task();
    task.base.config.protocol = TraceProtocol::Tcp;
    task.base.port = kOpenPort;
    const PathMtuResult result = find(task);
    EXPECT_EQ(result.verdict, PathMtuVerdict::BlackHole);
    EXPECT_EQ(result.path_mtu, 1'400U);
    EXPECT_EQ(result.from_ttl, 2);
    EXPECT_EQ(result.to_ttl, 3);
  }));
}

INSTANTIATE_TEST_SUITE_P(V4, TcpMtu, testing::Values(Setting{false, false}));

TEST(PathMtuWords, name_hops_and_what_is_not_known) {
  const auto ip = [](const char* text) { return *parse_ip_address(text); };
  Path path{.hops = {{.ttl = 1, .address = ip("10.0.1.1")},
                     {.ttl = 2},
                     {.ttl = 3, .address = ip("10.0.9.9")}},
            .is_reached = true};
  PathMtuResult hole{.verdict = PathMtuVerdict::BlackHole, .path_mtu = 1'400};
  EXPECT_EQ(path_mtu_words(hole, &path),
            "packets over 1400 bytes are lost on the way, and no router says so");
  hole.from_ttl = 0;
  hole.to_ttl = 1;
  EXPECT_EQ(
      path_mtu_words(hole, &path),
      "packets over 1400 bytes are lost between this host and hop 1 (10.0.1.1), and no router "
      "says so");
  hole.from_ttl = 1;
  hole.to_ttl = 3;
  EXPECT_EQ(path_mtu_words(hole, &path),
            "packets over 1400 bytes are lost between hop 1 (10.0.1.1) and the destination or on "
            "the way back, and no router says so");
  hole.to_ttl = 2;
  hole.told_by = ip("10.0.1.1");
  hole.told_mtu = 1'480;
  EXPECT_EQ(path_mtu_words(hole, &path),
            "packets over 1400 bytes are lost after hop 1 (10.0.1.1), and no router says so; "
            "10.0.1.1 (hop 1) speaks of 1480 bytes");
  PathMtuResult told{.verdict = PathMtuVerdict::Told,
                     .path_mtu = 1'400,
                     .told_by = ip("192.0.2.1"),
                     .told_mtu = 1'300};
  EXPECT_EQ(path_mtu_words(told, nullptr),
            "packets over 1400 bytes do not pass, and 192.0.2.1 says so, though it speaks of 1300 "
            "bytes");
}

TEST(PathMtuWords, only_a_black_hole_is_an_issue) {
  PathReport report;
  report.paths.push_back(
      {.id = PathId{7}, .hops = {{.ttl = 1, .address = parse_ip_address("10.0.1.1")}, {.ttl = 2}}});
  add_path_mtu(report, {.verdict = PathMtuVerdict::Told, .path_mtu = 1'400});
  EXPECT_TRUE(report.issues.empty());
  EXPECT_EQ(report.mtu->path_mtu, 1'400U);
  EXPECT_NE(report.mtu->text, "");
  add_path_mtu(
      report,
      {.verdict = PathMtuVerdict::BlackHole, .path_mtu = 1'400, .from_ttl = 1, .to_ttl = 2});
  ASSERT_EQ(report.issues.size(), 1U);
  const PathIssue& issue = report.issues.front();
  EXPECT_EQ(issue.kind, PathIssueKind::MtuTooSmall);
  EXPECT_EQ(issue.path, PathId{7});
  EXPECT_EQ(issue.from, parse_ip_address("10.0.1.1"));
  EXPECT_EQ(issue.from_ttl, 1);
  EXPECT_EQ(issue.to_ttl, 2);
  EXPECT_EQ(issue.text, report.mtu->text);
}

}  // namespace
}  // namespace lw::trace
