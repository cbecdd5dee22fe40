// SPDX-License-Identifier: Apache-2.0
#include "trace/tracer.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <set>
#include <string>
#include <vector>

#include "io/test_routers.h"

namespace lw::trace {
namespace {

using io::TestRouters;

constexpr int kRouters = 3;
constexpr std::uint16_t kOpenPort = 7000;
const char* const kEverybodyPings = "echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range";

/// "1 10.90.0.2 time-exceeded", one line for each probe.
std::string describe(const Trace& trace) {
  std::string text;
  for (const TraceProbe& probe : trace.probes) {
    const HopReply& reply = probe.reply;
    constexpr std::array<const char*, 6> kNames = {"silent",      "exceeded",  "destination",
                                                   "unreachable", "not-asked", "local-error"};
    text += fmt::format("{} {}", probe.ttl, kNames.at(static_cast<std::size_t>(reply.answer)));
    if (reply.rtt) text += " " + to_string(reply.from);
    if (reply.is_refusal) text += " refused";
    if (reply.icmp_type != 0) text += fmt::format(" {}/{}", reply.icmp_type, reply.icmp_code);
    text += reply.detail.empty() ? "\n" : " " + reply.detail + "\n";
  }
  return text + trace.problem;
}

/// The hops of a way through all routers to the host, whose answer is `last`.
std::string way(bool is_v6, const std::string& last) {
  std::string text;
  for (int node = 1; node <= kRouters; ++node) {
    text += fmt::format("{} exceeded {} {}\n", node, to_string(TestRouters::address(is_v6, node)),
                        is_v6 ? "3/0" : "11/0");
  }
  return text + fmt::format("{} destination {}{}\n", kRouters + 1,
                            to_string(TestRouters::address(is_v6, kRouters + 1)), last);
}

struct Setting {
  bool is_v6 = false;
  bool without_privilege = false;
};

struct Bench {
  explicit Bench(const Setting& setting) {
    if (setting.without_privilege) {
      EXPECT_TRUE(io::drop_thread_capabilities());
    }
    auto created = Tracer::create(loop, clock, {.without_privilege = setting.without_privilege});
    EXPECT_TRUE(created) << created.error().message;
    tracer = std::move(*created);
  }
  Trace run(TraceTask task) {
    std::optional<Trace> result;
    tracer->start(std::move(task), [&](Trace trace) {
      result = std::move(trace);
      loop.stop();
    });
    loop.run_for(Seconds(20));
    EXPECT_TRUE(result) << "not done in 20 s";
    return result.value_or(Trace{});
  }

  static constexpr Milliseconds kStall{50};
  /// Keeps the loop from reading for a while.
  static void stall() {
    const timespec pause{0, std::chrono::nanoseconds(kStall).count()};
    ::nanosleep(&pause, nullptr);
  }

  SystemClock clock;
  io::Loop loop;
  std::unique_ptr<Tracer> tracer;
};

TraceTask task_to(bool is_v6, TraceProtocol protocol, int node = kRouters + 1) {
  TraceTask task;
  task.spare_routers = false;  // Each test asks the same few routers again and again.
  task.destination = TestRouters::address(is_v6, node);
  task.config.protocol = protocol;
  task.config.timeout = Milliseconds(1'000);
  task.config.ahead_max = 2;
  return task;
}

class EachWay : public testing::TestWithParam<Setting> {};

TEST_P(EachWay, finds_the_routers_by_icmp) {
  const Setting setting = GetParam();
  ASSERT_TRUE(io::with_routers(kRouters, {kEverybodyPings}, [&](TestRouters&) {
    Bench bench(setting);
    const Trace trace = bench.run(task_to(setting.is_v6, TraceProtocol::Icmp));
    EXPECT_EQ(describe(trace), way(setting.is_v6, ""));
    EXPECT_EQ(trace.source, *parse_ip_address(setting.is_v6 ? "fd90::1" : "10.90.0.1"));
  }));
}

TEST_P(EachWay, finds_the_routers_by_udp) {
  const Setting setting = GetParam();
  ASSERT_TRUE(io::with_routers(kRouters, {}, [&](TestRouters&) {
    Bench bench(setting);
    const Trace trace = bench.run(task_to(setting.is_v6, TraceProtocol::Udp));
    EXPECT_EQ(describe(trace), way(setting.is_v6, setting.is_v6 ? " refused 1/4" : " refused 3/3"));
    EXPECT_EQ(trace.port, 33434);
  }));
}

TEST_P(EachWay, finds_the_routers_by_tcp_whether_the_port_is_open_or_not) {
  const Setting setting = GetParam();
  ASSERT_TRUE(io::with_routers(kRouters, {}, [&](TestRouters& routers) {
    const FileDescriptor listener = routers.listen(routers.host(), kOpenPort);
    Bench bench(setting);
    TraceTask task = task_to(setting.is_v6, TraceProtocol::Tcp);
    task.port = kOpenPort;
    EXPECT_EQ(describe(bench.run(task)), way(setting.is_v6, ""));
    task.port = kOpenPort + 1;
    EXPECT_EQ(describe(bench.run(task)), way(setting.is_v6, " refused"));
  }));
}

TEST_P(EachWay, tells_who_prohibits_it) {
  const Setting setting = GetParam();
  ASSERT_TRUE(io::with_routers(kRouters, {}, [&](TestRouters& routers) {
    ASSERT_TRUE(
        routers.filter(2, "forward", "meta l4proto udp reject with icmpx admin-prohibited"));
    Bench bench(setting);
    const Trace trace = bench.run(task_to(setting.is_v6, TraceProtocol::Udp));
    const std::string code = setting.is_v6 ? "1/1" : "3/13";
    const std::string router = to_string(TestRouters::address(setting.is_v6, 2));
    std::set<std::string> lines;
    for (const TraceProbe& probe : trace.probes) {
      lines.insert(fmt::format("{} {} {}/{}", probe.ttl, to_string(probe.reply.from),
                               probe.reply.icmp_type, probe.reply.icmp_code));
    }
    EXPECT_EQ(lines.count("3 " + router + " " + code), 1U) << describe(trace);
    EXPECT_EQ(lines.size(), 3U) << describe(trace);
  }));
}

TEST_P(EachWay, passes_a_silent_router) {
  const Setting setting = GetParam();
  ASSERT_TRUE(io::with_routers(kRouters, {}, [&](TestRouters& routers) {
    ASSERT_TRUE(routers.filter(2, "output", "icmp type time-exceeded drop"));
    ASSERT_TRUE(routers.filter(2, "output", "icmpv6 type time-exceeded drop"));
    Bench bench(setting);
    TraceTask task = task_to(setting.is_v6, TraceProtocol::Udp);
    task.config.timeout = Milliseconds(200);
    const Trace trace = bench.run(task);
    const std::string text = describe(trace);
    EXPECT_NE(text.find("2 silent"), std::string::npos) << text;
    EXPECT_NE(text.find("3 exceeded"), std::string::npos) << text;
    EXPECT_NE(text.find("4 destination"), std::string::npos) << text;
  }));
}

INSTANTIATE_TEST_SUITE_P(Settings, EachWay,
                         testing::Values(Setting{false, false}, Setting{true, false},
                                         Setting{false, true}, Setting{true, true}),
                         [](const auto& setting) {
                           return std::string(setting.param.is_v6 ? "v6" : "v4") +
                                  (setting.param.without_privilege ? "Plain" : "Raw");
                         });

TEST(Tracer, keeps_hundreds_of_traces_apart) {
  constexpr int kTraces = 600;
  ASSERT_TRUE(io::with_routers(kRouters, {}, [&](TestRouters&) {
    Bench bench({});
    int left = kTraces;
    for (int i = 0; i < kTraces; ++i) {
      const bool is_v6 = i % 2 == 1;
      const int node = 1 + i / 2 % (kRouters + 1);
      const auto protocol = static_cast<TraceProtocol>(i % 3);
      TraceTask task = task_to(is_v6, protocol, node);
      task.port = protocol == TraceProtocol::Tcp ? kOpenPort : 0;
      task.spare_routers = false;
      task.config.pace = Milliseconds(1);
      // A loaded machine must not decide this.
      task.config.timeout = Seconds(10);
      bench.tracer->start(task, [&, is_v6, node](const Trace& trace) {
        EXPECT_EQ(trace.probes.back().reply.answer, HopAnswer::Destination) << describe(trace);
        EXPECT_EQ(trace.destination, TestRouters::address(is_v6, node));
        for (const TraceProbe& probe : trace.probes) {
          EXPECT_EQ(probe.reply.from, TestRouters::address(is_v6, probe.ttl)) << describe(trace);
        }
        if (--left == 0) bench.loop.stop();
      });
    }
    EXPECT_EQ(bench.tracer->stats().running, static_cast<std::size_t>(kTraces));
    bench.loop.run_for(Seconds(60));
    EXPECT_EQ(left, 0);
    const TracerStats stats = bench.tracer->stats();
    EXPECT_EQ(stats.running, 0U);
    EXPECT_EQ(stats.finished, static_cast<std::uint64_t>(kTraces));
    EXPECT_EQ(stats.foreign_answers, 0U);
    EXPECT_EQ(stats.socket_drops, 0U);
  }));
}

TEST(Tracer, measures_by_the_kernels_stamps) {
  ASSERT_TRUE(io::with_routers(1, {}, [&](TestRouters&) {
    Bench bench({});
    // The kernel begins to stamp some time after it is asked to.
    bench.run(task_to(false, TraceProtocol::Icmp, 2));
    std::optional<Trace> result;
    bench.tracer->start(task_to(false, TraceProtocol::Icmp, 2),
                        [&](Trace trace) { result = std::move(trace); });
    // Nobody reads for a while: the answers wait, and their times do not show it.
    for (int i = 0; i < 200 && !result; ++i) {
      bench.loop.run_for(Milliseconds(2));
      Bench::stall();
    }
    ASSERT_TRUE(result);
    for (const TraceProbe& probe : result->probes) {
      ASSERT_TRUE(probe.reply.rtt) << describe(*result);
      EXPECT_LT(*probe.reply.rtt, Bench::kStall) << describe(*result);
    }
  }));
}

TEST(Tracer, tells_of_each_answer_and_of_silence_as_they_happen) {
  ASSERT_TRUE(io::with_routers(2, {}, [&](TestRouters& routers) {
    ASSERT_TRUE(routers.filter(2, "output", "icmp type time-exceeded drop"));
    Bench bench({});
    TraceTask task = task_to(false, TraceProtocol::Icmp, 3);
    task.config.timeout = Milliseconds(300);
    std::vector<std::string> told;
    std::optional<Trace> result;
    bench.tracer->start(
        task,
        [&](Trace trace) {
          result = std::move(trace);
          bench.loop.stop();
        },
        [&](const TraceProbe& probe) {
          EXPECT_FALSE(result);
          told.push_back(fmt::format("{} {}", probe.ttl, static_cast<int>(probe.reply.answer)));
        });
    bench.loop.run_for(Seconds(20));
    ASSERT_TRUE(result);
    for (const char* line : {"1 1", "2 0", "3 2"}) {
      EXPECT_EQ(std::ranges::count(told, line), std::string(line) == "2 0" ? 2 : 1) << line;
    }
  }));
}

TEST(Tracer, says_why_nothing_could_be_sent) {
  ASSERT_TRUE(io::in_own_network({}, [] {
    Bench bench({});
    const Trace trace = bench.run(task_to(false, TraceProtocol::Icmp));
    EXPECT_NE(trace.problem.find("Network is unreachable"), std::string::npos) << trace.problem;
    ASSERT_FALSE(trace.probes.empty());
    EXPECT_EQ(trace.probes[0].reply.answer, HopAnswer::LocalError);
    TraceTask task = task_to(false, TraceProtocol::Tcp);
    EXPECT_EQ(bench.run(task).problem, "a TCP trace needs a port");
  }));
}

TEST(Tracer, says_that_this_hosts_firewall_refuses) {
  ASSERT_TRUE(io::with_routers(1, {}, [&](TestRouters& routers) {
    ASSERT_TRUE(routers.filter(0, "output", "meta l4proto udp drop"));
    Bench bench({});
    const Trace trace = bench.run(task_to(false, TraceProtocol::Udp, 2));
    EXPECT_NE(trace.problem.find("firewall"), std::string::npos) << trace.problem;
  }));
}

TEST(Tracer, says_what_it_cannot_do_without_privilege) {
  ASSERT_TRUE(io::in_own_network({}, [] {
    Bench raw({});
    EXPECT_EQ(raw.tracer->limitation(), "");
    Bench plain({.is_v6 = false, .without_privilege = true});
    const std::string text = plain.tracer->limitation();
    EXPECT_NE(text.find("setcap cap_net_raw+ep"), std::string::npos) << text;
    EXPECT_NE(text.find("ping_group_range"), std::string::npos) << text;
    TraceTask task;
    task.destination = *parse_ip_address("127.0.0.1");
    const Trace trace = plain.run(task);
    EXPECT_NE(trace.problem.find("Permission denied"), std::string::npos) << trace.problem;
  }));
}

TEST(Tracer, may_go_while_traces_run) {
  ASSERT_TRUE(io::with_routers(1, {}, [&](TestRouters&) {
    Bench bench({});
    bool is_done = false;
    for (int i = 0; i < 10; ++i) {
      bench.tracer->start(task_to(false, TraceProtocol::Icmp, 2), [&](const Trace&) {
        EXPECT_FALSE(is_done) << "after the tracer was gone";
        is_done = true;
        bench.tracer.reset();
        bench.loop.stop();
      });
    }
    bench.loop.run_for(Seconds(20));
    EXPECT_TRUE(is_done);
    bench.loop.run_for(Milliseconds(20));
  }));
}

}  // namespace
}  // namespace lw::trace
