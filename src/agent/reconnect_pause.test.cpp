// SPDX-License-Identifier: Apache-2.0
#include "agent/reconnect_pause.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace lw::agent {
namespace {

TEST(ReconnectPause, GrowsToItsLimitAndBeginsAnewAfterSuccess) {
  ReconnectPause pause;
  EXPECT_EQ(pause.next(0), Milliseconds(500));
  EXPECT_EQ(pause.next(0), Milliseconds(1'000));
  for (int i = 0; i < 10; ++i) {
    const Milliseconds shortest = pause.next(0);
    EXPECT_LE(shortest, ReconnectPause::kMax / 4);
  }
  EXPECT_LT(pause.next(0.999999), ReconnectPause::kMax);
  EXPECT_GT(pause.next(0.999999), ReconnectPause::kMax - Milliseconds(10));
  pause.reset();
  EXPECT_LT(pause.next(0.999999), Milliseconds(2'000));
}

TEST(ReconnectPause, SpreadsAFleetThatLostItsServerAtOneMoment) {
  // 1,000 agents; the server is away for 20 s. When do they come back?
  std::vector<double> back;
  for (int agent = 0; agent < 1'000; ++agent) {
    ReconnectPause pause;
    double at = 0;
    for (int attempt = 0; at < 20; ++attempt) {
      const double chance =
          static_cast<double>((agent * 7919 + attempt * 104'729) % 10'007) / 10'007;
      at += static_cast<double>(pause.next(chance).count()) / 1000;
    }
    back.push_back(at - 20);
  }
  EXPECT_LT(std::ranges::max(back), 15);
  // No second brings more than a fifth of them.
  for (int second = 0; second < 15; ++second) {
    const auto count =
        std::ranges::count_if(back, [&](double at) { return at >= second && at < second + 1; });
    EXPECT_LT(count, 200) << "second " << second;
  }
}

}  // namespace
}  // namespace lw::agent
