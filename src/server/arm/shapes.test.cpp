// SPDX-License-Identifier: Apache-2.0
#include "server/arm/shapes.h"

#include <gtest/gtest.h>

#include "model/codec.h"

namespace lw::server::arm {
namespace {

constexpr std::string_view kSubscription = "0b1f6471-1bf0-4dda-aec3-111122223333";

/// The resource that comes of what the owner sent.
Value resource_of(const char* json, const std::string& key = "web") {
  const Value document = parse_json(json).value();
  registry::StoredMonitor stored{.name = key,
                                 .document = document,
                                 .etag = "W/\"e\"",
                                 .created = {},
                                 .updated = {},
                                 .resource_guid = "guid",
                                 .started = from_unix_us(1'688'493'108'533'432),
                                 .is_stopped = false};
  ConnectionMonitor model = read_monitor_item(document, "", "").monitor;
  return monitor_resource(kSubscription, stored, model, "local", "Succeeded");
}

const Value& property(const Value& resource, const char* name) {
  static const Value kMissing("missing");
  const Value* const found = resource.find("properties")->find(name);
  return found == nullptr ? kMissing : *found;
}

TEST(MonitorResource, SaysWhatTheServiceKnows) {
  const Value resource = resource_of(R"({"name": "web", "properties": {}})", "East/web");
  EXPECT_EQ(resource.text("name"), "web");
  EXPECT_EQ(resource.text("id"),
            "/subscriptions/0b1f6471-1bf0-4dda-aec3-111122223333/resourceGroups/NetworkWatcherRG/"
            "providers/Microsoft.Network/networkWatchers/East/connectionMonitors/web");
  EXPECT_EQ(resource.text("etag"), "W/\"e\"");
  EXPECT_EQ(resource.text("location"), "local") << "the watcher's, since the owner named none";
  EXPECT_EQ(resource.find("tags"), nullptr);
  EXPECT_EQ(property(resource, "startTime"), Value("2023-07-04T17:51:48.5334320Z"));
  EXPECT_EQ(property(resource, "resourceGuid"), Value("guid"));
  EXPECT_EQ(property(resource, "connectionMonitorType"), Value("MultiEndpoint"));
  EXPECT_EQ(property(resource, "outputs"), Value::array());
}

TEST(MonitorResource, FillsWhereAzureFillsAndNowhereElse) {
  const Value resource = resource_of(R"({"name": "web", "properties": {
    "autoStart": true, "monitoringIntervalInSeconds": 60, "provisioningState": "Failed",
    "notes": null,
    "testConfigurations": [{"name": "t", "protocol": "TCP", "tcpConfiguration": {"port": 80},
                            "httpConfiguration": null},
                           {"name": "p", "protocol": "icmp"}],
    "testGroups": [{"name": "g"}]}})");
  EXPECT_EQ(to_json(property(resource, "testConfigurations")),
            R"([{"name":"t","protocol":"Tcp","tcpConfiguration":{"port":80,)"
            R"("disableTraceRoute":false}},{"name":"p","protocol":"Icmp"}])");
  EXPECT_EQ(to_json(property(resource, "testGroups")),
            R"([{"name":"g","disable":false,"testConfigurations":[],"sources":[],)"
            R"("destinations":[]}])");
  EXPECT_EQ(property(resource, "provisioningState"), Value("Succeeded"));
  for (const char* const absent : {"notes", "autoStart", "monitoringIntervalInSeconds", "source"}) {
    EXPECT_EQ(property(resource, absent), Value("missing")) << absent;
  }
}

TEST(MonitorResource, LeavesTheOwnersOwnTextAlone) {
  const Value resource = resource_of(R"({"name": "web", "properties": {
    "endpoints": [{"name": "a", "type": "azurevm", "linewatch": {"labels": {"type": "agent"}}}],
    "testConfigurations": [{"name": "h", "protocol": "Http", "httpConfiguration":
      {"requestHeaders": [{"name": "method", "value": "get"}], "preferHTTPS": true}}]}})");
  EXPECT_EQ(to_json(property(resource, "endpoints")),
            R"([{"name":"a","type":"AzureVM","linewatch":{"labels":{"type":"agent"}}}])");
  EXPECT_NE(to_json(property(resource, "testConfigurations")).find(R"("value":"get")"),
            std::string::npos);
}

TEST(MonitorResource, OfAFileHasTheSameShape) {
  const Value resource = resource_of(
      R"({"name": "web", "location": "eu", "tags": {"a": "b"}, "notes": "n", "endpoints": []})");
  EXPECT_EQ(resource.text("location"), "eu");
  EXPECT_EQ(to_json(*resource.find("tags")), R"({"a":"b"})");
  EXPECT_EQ(property(resource, "notes"), Value("n"));
  EXPECT_EQ(property(resource, "name"), Value("missing"));
}

TEST(MonitorResource, OfTheClassicFormHasItsOwnShape) {
  const Value resource = resource_of(R"({"name": "web", "properties": {
    "source": {"resourceId": "/a"}, "destination": {"address": "bing.com", "port": 80}}})");
  EXPECT_EQ(to_json(*resource.find("properties")),
            R"({"provisioningState":"Succeeded","resourceGuid":"guid","source":{"resourceId":"/a",)"
            R"("port":0},"destination":{"address":"bing.com","port":80},"endpoints":[],)"
            R"("probes":[],"monitoringIntervalInSeconds":60,"autoStart":true,)"
            R"("monitoringStatus":"Running","startTime":"2023-07-04T17:51:48.5334320Z",)"
            R"("connectionMonitorType":"SingleSourceDestination"})");
}

}  // namespace
}  // namespace lw::server::arm
