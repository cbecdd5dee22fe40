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

TEST(InsightsId, IsWhatAzureWritesAndIsReadBack) {
  for (const char* const key : {"down", "ops/down"}) {
    const std::string id = insights_id("0000", "metricAlerts", key);
    EXPECT_EQ(parse_insights_id("0000", "metricAlerts", id), key);
    EXPECT_EQ(parse_insights_id("0000", "actionGroups", id), std::nullopt);
    EXPECT_EQ(parse_insights_id("0001", "metricAlerts", id), std::nullopt);
  }
  EXPECT_EQ(insights_id("0000", "actionGroups", "ops/ag"),
            "/subscriptions/0000/resourceGroups/ops/providers/Microsoft.Insights/actionGroups/ag");
  EXPECT_EQ(parse_insights_id("0000", "actionGroups",
                              "//SUBSCRIPTIONS/0000/resourcegroups/networkwatcherrg/providers/"
                              "microsoft.insights/actiongroups/ag"),
            "ag");
  EXPECT_EQ(parse_insights_id("0000", "actionGroups", ""), std::nullopt);
}

}  // namespace
}  // namespace lw
