// SPDX-License-Identifier: Apache-2.0
#include "probe/selftest.h"

#include <gtest/gtest.h>

#include "base/thread.h"
#include "io/loopback.h"
#include "io/test_network.h"

namespace lw {
namespace {

SelfTest run() {
  const SystemClock clock;
  return measure_self(clock, {.seconds = 1, .with_capacity = false});
}

TEST(SelfTest, measures_its_own_error_against_a_capture) {
  SelfTest test;
  // On a thread of its own, since the self-test may move it into another network.
  Thread("self-test", [&] { test = run(); }).join();
  if (!test.has_raw_sockets) GTEST_SKIP() << "needs CAP_NET_RAW";
  EXPECT_GE(test.echoes, 400U) << "500 a second";
  EXPECT_EQ(test.failed, 0U);
  EXPECT_TRUE(test.is_against_capture);
  EXPECT_GT(test.error, Microseconds(0)) << "an RTT in whole microseconds is never exact";
  EXPECT_LE(test.error_median, test.error);
  EXPECT_LE(test.error, test.error_max);
  EXPECT_LT(test.error, Microseconds(100'000)) << "the clocks of both are the same";
  EXPECT_EQ(test.stamps, StampSource::Kernel);
  EXPECT_FALSE(test.checks_per_second.has_value());
  EXPECT_GE(test.cpus, 1U);
  EXPECT_FALSE(test.kernel.empty());
}

TEST(SelfTest, without_rights_the_round_trip_bounds_the_error) {
  SelfTest test;
  const bool ready =
      io::in_own_network({"sysctl -w net.ipv4.ping_group_range='0 2147483647'"}, [&] {
        ASSERT_TRUE(io::drop_thread_capabilities());
        test = run();
      });
  if (!ready) GTEST_SKIP() << "needs root for a network of its own";
  EXPECT_FALSE(test.has_raw_sockets);
  EXPECT_FALSE(test.is_against_capture);
  EXPECT_GE(test.echoes, 400U);
  EXPECT_EQ(test.failed, 0U);
  EXPECT_GT(test.error, Microseconds(0));
  EXPECT_TRUE(describe(test).starts_with("at most ±")) << describe(test);
}

TEST(SelfTest, where_no_echo_is_allowed_it_says_so) {
  SelfTest test;
  const bool ready = io::in_own_network({"sysctl -w net.ipv4.ping_group_range='1 0'"}, [&] {
    ASSERT_TRUE(io::drop_thread_capabilities());
    test = run();
  });
  if (!ready) GTEST_SKIP() << "needs root for a network of its own";
  EXPECT_GT(test.echoes, 0U);
  EXPECT_EQ(test.failed, test.echoes);
  EXPECT_EQ(describe(test), "no echo to loopback was answered");
}

TEST(SelfTest, a_capture_sees_each_echo_once_each_way) {
  int requests = 0;
  int replies = 0;
  const bool ready = io::in_own_network({}, [&] {
    io::Loop loop;
    const SystemClock clock;
    auto capture = io::EchoCapture::open(loop, [&](const io::EchoCapture::Seen& seen) {
      EXPECT_EQ(to_string(seen.target), "127.0.0.1");
      EXPECT_GT(seen.stamp_ns, 0);
      ++(seen.is_reply ? replies : requests);
      if (replies == 2) loop.stop();
    });
    ASSERT_TRUE(capture.has_value());
    // The kernel begins to stamp packets some time after it is asked to.
    for (int i = 0; i < 200 && replies == 0; ++i) {
      ASSERT_EQ(std::system("ping -n -q -c 1 127.0.0.1 >/dev/null"), 0);
      loop.run_for(Milliseconds(20));
    }
    requests = replies = 0;
    ASSERT_EQ(std::system("ping -n -q -c 2 -i 0.01 127.0.0.1 >/dev/null"), 0);
    loop.run_for(Seconds(20));
  });
  if (!ready) GTEST_SKIP() << "needs root for a network of its own";
  EXPECT_EQ(requests, 2);
  EXPECT_EQ(replies, 2);
}

TEST(SelfTest, says_what_is_known_in_a_line) {
  SelfTest test;
  EXPECT_EQ(describe(test), "no echo to loopback was answered");
  test.echoes = 100;
  test.error = Microseconds(3);
  EXPECT_EQ(describe(test), "at most ± 3 µs");
  test.is_against_capture = true;
  EXPECT_EQ(describe(test), "± 3 µs");
  test.checks_per_second = 64'000;
  EXPECT_EQ(describe(test), "± 3 µs, 64000 checks/s per core");
}

}  // namespace
}  // namespace lw
