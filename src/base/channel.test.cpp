// SPDX-License-Identifier: Apache-2.0
#include "base/channel.h"

#include <gtest/gtest.h>

#include <memory>
#include <numeric>

#include "base/test_times.h"
#include "base/thread.h"

namespace lw {
namespace {

TEST(Channel, GivesItemsInTheirOrder) {
  Channel<int> channel(3, WhenFull::Refuse);
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(channel.push(i));
  EXPECT_EQ(channel.pop(), 1);
  EXPECT_EQ(channel.try_pop(), 2);
  EXPECT_EQ(channel.pop_for(kPatience), 3);
  EXPECT_EQ(channel.try_pop(), std::nullopt);
}

TEST(Channel, RefusesWhenFull) {
  Channel<int> channel(2, WhenFull::Refuse);
  EXPECT_TRUE(channel.push(1));
  EXPECT_TRUE(channel.push(2));
  EXPECT_FALSE(channel.push(3));
  EXPECT_EQ(channel.pop(), 1);
  EXPECT_TRUE(channel.push(4));
  const ChannelStats stats = channel.stats();
  EXPECT_EQ(stats.refused, 1U);
  EXPECT_EQ(stats.depth, 2U);
  EXPECT_EQ(stats.high_water, 2U);
}

TEST(Channel, ConflatesByDroppingTheOldest) {
  Channel<int> channel(2, WhenFull::Conflate);
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(channel.push(i));
  EXPECT_EQ(channel.pop(), 4);
  EXPECT_EQ(channel.pop(), 5);
  EXPECT_EQ(channel.stats().conflated, 3U);
}

TEST(Channel, BlocksThePusherUntilThereIsSpace) {
  Channel<int> channel(1, WhenFull::Block);
  Channel<bool> progress(10, WhenFull::Refuse);
  ASSERT_TRUE(channel.push(1));
  Thread pusher("pusher", [&] {
    EXPECT_TRUE(channel.push(2));
    progress.push(true);
  });
  EXPECT_FALSE(progress.pop_for(std::chrono::milliseconds(50)));
  EXPECT_EQ(channel.pop(), 1);
  EXPECT_TRUE(progress.pop_for(kPatience));
  EXPECT_EQ(channel.pop(), 2);
}

TEST(Channel, ClosingFreesBlockedPushersAndPoppers) {
  Channel<int> full(1, WhenFull::Block);
  Channel<int> empty(1, WhenFull::Block);
  ASSERT_TRUE(full.push(1));
  Thread pusher("pusher", [&] { EXPECT_FALSE(full.push(2)); });
  Thread popper("popper", [&] { EXPECT_EQ(empty.pop(), std::nullopt); });
  full.close();
  empty.close();
  pusher.join();
  popper.join();
  EXPECT_EQ(full.pop(), 1) << "what was inside still comes out";
  EXPECT_EQ(full.pop(), std::nullopt);
  EXPECT_FALSE(full.push(3));
  EXPECT_TRUE(full.is_closed());
}

TEST(Channel, LosesAndDoublesNothingBetweenManyThreads) {
  constexpr int kPerThread = 5000;
  Channel<int> channel(7, WhenFull::Block);
  Counter sum;
  Counter count;
  {
    std::vector<Thread> poppers;
    for (int i = 0; i < 3; ++i) {
      poppers.emplace_back("popper", [&] {
        while (const auto item = channel.pop()) {
          sum.add(static_cast<std::uint64_t>(*item));
          count.add();
        }
      });
    }
    {
      std::vector<Thread> pushers;
      for (int t = 0; t < 4; ++t) {
        pushers.emplace_back("pusher", [&, t] {
          for (int i = 0; i < kPerThread; ++i) EXPECT_TRUE(channel.push(t * kPerThread + i));
        });
      }
    }
    channel.close();
  }
  constexpr std::uint64_t kAll = std::uint64_t{4} * kPerThread;
  EXPECT_EQ(count.value(), kAll);
  EXPECT_EQ(sum.value(), kAll * (kAll - 1) / 2);
  EXPECT_LE(channel.stats().high_water, 7U);
}

TEST(Channel, WakesTheLoopAfterEachPushAndOnClose) {
  Channel<int> channel(1, WhenFull::Refuse);
  int woken = 0;
  channel.on_push([&] { ++woken; });
  channel.push(1);
  channel.push(2);
  EXPECT_EQ(woken, 1) << "a refused item is no reason to wake";
  channel.close();
  EXPECT_EQ(woken, 2);
}

TEST(Channel, CarriesWhatCannotBeCopied) {
  Channel<std::unique_ptr<int>> channel(1, WhenFull::Block);
  channel.push(std::make_unique<int>(7));
  EXPECT_EQ(**channel.pop(), 7);
}

}  // namespace
}  // namespace lw
