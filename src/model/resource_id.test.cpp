// SPDX-License-Identifier: Apache-2.0
#include "model/resource_id.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(MonitorKey, IsTheNameAloneInTheDefaultWatcher) {
  EXPECT_EQ(monitor_key({.monitor = "web"}), "web");
  EXPECT_EQ(monitor_key({"networkwatcherrg", "NETWORKWATCHER_LOCAL", "web"}), "web");
}

TEST(MonitorKey, TellsWatchersAndGroupsApartAndBack) {
  for (const MonitorPlace& place :
       {MonitorPlace{"NetworkWatcherRG", "NetworkWatcher_local", "web eu"},
        MonitorPlace{"NetworkWatcherRG", "NetworkWatcher_eastus", "web"},
        MonitorPlace{"ops", "NetworkWatcher_local", "web"}}) {
    EXPECT_EQ(place_of(monitor_key(place)), place) << monitor_key(place);
  }
}

TEST(MonitorId, IsWhatAzureWrites) {
  EXPECT_EQ(monitor_id("0000", {.monitor = "web"}),
            "/subscriptions/0000/resourceGroups/NetworkWatcherRG/providers/Microsoft.Network/"
            "networkWatchers/NetworkWatcher_local/connectionMonitors/web");
}

}  // namespace
}  // namespace lw
