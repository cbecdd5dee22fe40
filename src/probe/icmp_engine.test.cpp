// SPDX-License-Identifier: Apache-2.0
#include "probe/icmp_engine.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "base/test_times.h"
#include "io/test_network.h"

namespace lw {
namespace {

constexpr Milliseconds kTimeout{200};

/// Runs an engine, and keeps how each check ended.
struct EngineBench {
  explicit EngineBench(const IcmpEngine::Options& options) : engine(loop, kClock, options, sink) {}

  void send(int count) {
    for (int i = 0; i < count; ++i) {
      engine.stage({1, next++}, *parse_ip_address("127.0.0.1"), kTimeout, {});
    }
    engine.send_staged();
  }
  /// Until all checks have ended.
  void wait() {
    while (ended.size() < static_cast<std::size_t>(next) && !testing::Test::HasFailure()) {
      loop.run_for(Milliseconds(50));
    }
  }
  [[nodiscard]] std::map<CheckOutcome, int> outcomes() const {
    std::map<CheckOutcome, int> counts;
    for (const auto& [index, result] : ended) ++counts[result.outcome];
    return counts;
  }

  io::Loop loop;
  std::map<int, CheckResult> ended;
  CheckSink sink = [this](const CheckTicket& ticket, CheckResult&& result) {
    EXPECT_TRUE(ended.emplace(ticket.index, std::move(result)).second) << "ended twice";
  };
  IcmpEngine engine;
  int next = 0;
};

/// Nobody reads the socket while replies pour in, so that most of them find no room. The kernel
/// says so with the next packet that does: that must make the silence this host's own fault.
void expect_overload_and_no_loss(EchoStamps stamps) {
  ASSERT_TRUE(io::in_own_network({}, [&] {
    EngineBench bench({.stamps = stamps, .receive_buffer = 8192});
    bench.send(500);
    // Room again, and a reply that tells of the drops.
    bench.loop.run_for(Milliseconds(20));
    bench.send(1);
    bench.wait();
    const auto outcomes = bench.outcomes();
    EXPECT_GT(bench.engine.socket_drops(), 0U);
    EXPECT_GT(outcomes.at(CheckOutcome::LocalOverload), 0);
    EXPECT_GT(outcomes.at(CheckOutcome::Success), 0);
    EXPECT_EQ(outcomes.size(), 2U) << "neither lost nor failed otherwise";
    for (const auto& [index, result] : bench.ended) {
      if (result.outcome != CheckOutcome::LocalOverload) continue;
      EXPECT_EQ(result.detail.find("this host dropped replies: its ICMP socket buffer was full"),
                0U)
          << result.detail;
    }
  }));
}

TEST(IcmpEngine, a_full_socket_buffer_is_overload_and_not_loss) {
  expect_overload_and_no_loss(EchoStamps::Both);
  expect_overload_and_no_loss(EchoStamps::Receive);
}

TEST(IcmpEngine, silence_without_drops_is_loss) {
  ASSERT_TRUE(io::in_own_network(
      {"nft 'add table t; add chain t in { type filter hook input priority 0; }; add rule t in "
       "icmp "
       "type echo-request drop'"},
      [] {
        EngineBench bench({});
        bench.send(100);
        bench.wait();
        EXPECT_EQ(bench.outcomes(), (std::map<CheckOutcome, int>{{CheckOutcome::TimedOut, 100}}));
      }));
}

/// Checks one after the other until the latest result is what is waited for.
void check_until(EngineBench& bench, const std::function<bool(const CheckResult&)>& is_it) {
  for (int i = 0; i < 1'000; ++i) {
    bench.send(1);
    bench.wait();
    if (is_it(bench.ended.at(bench.next - 1))) return;
  }
  ADD_FAILURE() << "never came to it";
}

TEST(IcmpEngine, where_the_driver_gives_no_send_stamps_those_of_the_queue_are_taken) {
  ASSERT_TRUE(io::in_own_network({}, [] {
    EngineBench usual({});
    check_until(usual, [](const CheckResult& last) { return last.stamps == StampSource::Kernel; });
    const std::uint64_t before = usual.engine.queue_stamped();
    usual.send(1);
    usual.wait();
    EXPECT_EQ(usual.engine.queue_stamped(), before) << "not where the driver stamps";

    EngineBench without({.has_driver_stamps = false});
    check_until(without, [&](const CheckResult& last) {
      EXPECT_NE(last.stamps, StampSource::Kernel);
      return without.engine.queue_stamped() > 0;
    });
    EXPECT_EQ(without.ended.at(without.next - 1).stamps, StampSource::KernelReceive);
  }));
}

TEST(IcmpEngine, knows_the_ttl_of_replies) {
  ASSERT_TRUE(io::in_own_network({"sysctl -q -w net.ipv4.ip_default_ttl=77"}, [] {
    EngineBench bench({});
    bench.send(1);
    bench.wait();
    EXPECT_EQ(bench.ended.at(0).reply_ttl, 77);
  }));
}

TEST(IcmpEngine, each_of_many_sent_together_has_its_own_end) {
  ASSERT_TRUE(io::in_own_network({"ip route add prohibit 192.0.2.1"}, [] {
    for (const EchoStamps stamps : {EchoStamps::Both, EchoStamps::Receive}) {
      EngineBench bench({.stamps = stamps});
      for (int i = 0; i < 300; ++i) {
        bench.engine.stage({1, bench.next++},
                           *parse_ip_address(i % 3 == 0 ? "192.0.2.1" : "127.0.0.1"), kTimeout, {});
      }
      bench.engine.send_staged();
      bench.wait();
      EXPECT_EQ(bench.outcomes(),
                (std::map<CheckOutcome, int>{{CheckOutcome::Success, 200},
                                             {CheckOutcome::LocalPermission, 100}}));
      EXPECT_EQ(bench.ended.at(0).outcome, CheckOutcome::LocalPermission);
      EXPECT_EQ(bench.ended.at(299).outcome, CheckOutcome::Success);
    }
  }));
}

}  // namespace
}  // namespace lw
