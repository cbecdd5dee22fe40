// SPDX-License-Identifier: Apache-2.0
#include "io/loop.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <vector>

#include "base/files.h"
#include "base/thread.h"

namespace lw::io {
namespace {

using std::chrono::nanoseconds;

struct Pair {
  Pair() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()), 0);
    near = FileDescriptor(fds[0]);
    far = FileDescriptor(fds[1]);
  }
  void send_to_near() const { EXPECT_EQ(::write(far.get(), "x", 1), 1); }
  void drain_near() const {
    char byte = 0;
    EXPECT_EQ(::read(near.get(), &byte, 1), 1);
  }
  FileDescriptor near, far;
};

TEST(Loop, fires_timers_in_order_of_their_instants) {
  Loop loop;
  std::vector<int> fired;
  const auto late = loop.after(Milliseconds(4), [&] {
    fired.push_back(2);
    loop.stop();
  });
  const auto early = loop.after(Milliseconds(2), [&] { fired.push_back(1); });
  loop.run();
  EXPECT_EQ(fired, (std::vector<int>{1, 2}));
}

TEST(Loop, never_fires_a_timer_before_its_instant) {
  Loop loop;
  const Instant due = SystemClock().now() + Milliseconds(5);
  std::optional<Instant> fired;
  const auto timer = loop.at(due, [&] {
    fired = SystemClock().now();
    loop.stop();
  });
  loop.run();
  EXPECT_GE(*fired, due);
}

TEST(Loop, does_not_fire_a_cancelled_timer) {
  Loop loop;
  auto cancelled = loop.after(nanoseconds(1), [] { FAIL(); });
  {
    const auto destroyed = loop.after(nanoseconds(1), [] { FAIL(); });
  }
  auto replaced = loop.after(nanoseconds(1), [] { FAIL(); });
  replaced = Loop::Timer();
  cancelled.cancel();
  const auto end = loop.after(Milliseconds(2), [&] { loop.stop(); });
  loop.run();
}

TEST(Loop, a_timer_may_cancel_itself_and_its_neighbour_from_inside) {
  Loop loop;
  Loop::Timer self, neighbour;
  int calls = 0;
  const Instant same = SystemClock().now();
  self = loop.at(same, [&] {
    ++calls;
    self.cancel();
    neighbour.cancel();
  });
  neighbour = loop.at(same, [&] { ++calls; });
  const auto end = loop.after(Milliseconds(2), [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(calls, 1);
}

TEST(Loop, a_timer_that_sets_itself_anew_for_now_starves_nobody) {
  Loop loop;
  const Pair pair;
  Loop::Timer spinning;
  std::function<void()> again = [&] { spinning = loop.after(nanoseconds(0), again); };
  again();
  const auto watch = loop.watch(pair.near.get(), Loop::Interest::Read, [&] { loop.stop(); });
  pair.send_to_near();
  loop.run();
}

TEST(Loop, forgets_cancelled_timers_long_before_they_would_be_due) {
  Loop loop;
  const auto payload = std::make_shared<int>(1);
  for (int i = 0; i < 10'000; ++i) {
    auto timer = loop.after(Seconds(1000), [payload] { FAIL(); });
    timer.cancel();
  }
  EXPECT_EQ(payload.use_count(), 1);
}

TEST(Loop, runs_posted_work_on_its_own_thread) {
  Loop loop;
  int ran = 0;
  Thread poster("poster", [&] {
    loop.post([&] { ++ran; });
    loop.post([&] { loop.stop(); });
  });
  loop.run();
  EXPECT_EQ(ran, 1);
}

TEST(Loop, a_stop_before_the_run_ends_that_run_and_not_the_next) {
  Loop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(Loop, calls_a_watch_again_while_the_descriptor_stays_ready) {
  Loop loop;
  const Pair pair;
  int calls = 0;
  const auto watch = loop.watch(pair.near.get(), Loop::Interest::Read, [&] {
    if (++calls == 3) loop.stop();
  });
  pair.send_to_near();
  loop.run();
  EXPECT_EQ(calls, 3);
}

TEST(Loop, serves_reading_and_writing_of_one_descriptor) {
  Loop loop;
  const Pair pair;
  bool wrote = false;
  bool read = false;
  Loop::Watch writing, reading;
  writing = loop.watch(pair.near.get(), Loop::Interest::Write, [&] {
    wrote = true;
    writing.cancel();
    pair.send_to_near();
  });
  reading = loop.watch(pair.near.get(), Loop::Interest::Read, [&] {
    read = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(wrote);
  EXPECT_TRUE(read);
}

TEST(Loop, a_descriptor_number_used_again_gets_no_event_of_its_predecessor) {
  Loop loop;
  Pair first;
  Pair second;
  const int number = second.near.get();
  int calls = 0;
  Loop::Watch of_second, of_successor;
  FileDescriptor successor;
  // Both are ready in the same wake-up; the first to be called replaces the other.
  const auto watch = loop.watch(first.near.get(), Loop::Interest::Read, [&] {
    first.drain_near();
    of_second.cancel();
    second.near.reset();
    std::array<int, 2> fds{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds.data()), 0);
    successor = FileDescriptor(fds[0]);
    const FileDescriptor other(fds[1]);
    ASSERT_EQ(fds[0], number);
    second.far = FileDescriptor(::dup(fds[1]));
    of_successor = loop.watch(number, Loop::Interest::Read, [&] { ++calls; });
  });
  of_second = loop.watch(number, Loop::Interest::Read, [&] { ++calls; });
  first.send_to_near();
  second.send_to_near();
  const auto end = loop.after(Milliseconds(5), [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(calls, 0);
}

TEST(Loop, timers_and_watches_may_outlive_it) {
  const Pair pair;
  Loop::Timer timer;
  Loop::Watch watch;
  {
    Loop loop;
    timer = loop.after(Seconds(1), [] {});
    watch = loop.watch(pair.near.get(), Loop::Interest::Read, [] {});
  }
  timer.cancel();
  watch.cancel();
}

}  // namespace
}  // namespace lw::io
