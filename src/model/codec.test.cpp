// SPDX-License-Identifier: Apache-2.0
#include "model/codec.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/document.h"
#include "base/files.h"
#include "base/text.h"
#include "model/validate.h"

namespace lw {
namespace {

Value yaml(std::string_view text) {
  auto document = parse_yaml(text);
  EXPECT_TRUE(document) << document.error().message;
  return document.value_or(Value());
}

bool has_fault(const std::vector<Diagnostic>& faults, const std::string& text) {
  for (const Diagnostic& fault : faults) {
    if (to_string(fault) == text) return true;
  }
  for (const Diagnostic& fault : faults) ADD_FAILURE() << to_string(fault);
  return false;
}

constexpr std::string_view kProperties = R"(
autoStart: true
monitoringIntervalInSeconds: 60
provisioningState: Succeeded
source: null
endpoints:
  - {name: a, type: Agent}
  - {name: b, address: 192.0.2.1}
testConfigurations:
  - {name: ping, protocol: ICMP, httpConfiguration: null,
     successThreshold: {checksFailedPercent: 0, roundTripTimeMs: 0}}
testGroups:
  - {name: g, sources: [a], destinations: [b], testConfigurations: [ping]}
)";

TEST(ReadConnectionMonitor, PassesOverWhatClientsSendWithoutMeaning) {
  const MonitorRead read = read_connection_monitor(yaml(kProperties), "cm", "", "properties");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
  EXPECT_EQ(read.monitor.name, "cm");
  EXPECT_EQ(read.monitor.endpoints.size(), 2U);
}

TEST(ReadConnectionMonitor, TakesAThresholdOfZeroAsNotSet) {
  const MonitorRead read = read_connection_monitor(yaml(kProperties), "cm", "", "properties");
  EXPECT_EQ(read.monitor.test_configurations.at(0).threshold, SuccessThreshold{});
}

TEST(ReadConnectionMonitor, NamesPathsFromWhereTheObjectStands) {
  const MonitorRead read = read_connection_monitor(yaml("{endpoints: 5}"), "cm", "", "properties");
  EXPECT_TRUE(
      has_fault(read.faults, "line 1:13: properties.endpoints: expected a list, found number"));
}

constexpr std::string_view kClassic = R"(
source: {resourceId: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/web1,
         port: 0}
destination: {address: bing.com, port: 443}
monitoringIntervalInSeconds: 50
autoStart: false
endpoints: []
probes: []
)";

TEST(ReadClassicMonitor, IsOneTcpTest) {
  const MonitorRead read = read_connection_monitor(yaml(kClassic), "cm", "", "properties");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
  EXPECT_EQ(read.monitor.form, MonitorForm::SingleSourceDestination);
  EXPECT_FALSE(read.monitor.auto_start);
  ASSERT_EQ(read.monitor.endpoints.size(), 2U);
  EXPECT_EQ(read.monitor.endpoints[0].type, EndpointType::AzureVM);
  EXPECT_EQ(read.monitor.endpoints[0].name, "web1");
  EXPECT_EQ(read.monitor.endpoints[1].address, "bing.com");
  ASSERT_EQ(read.monitor.test_configurations.size(), 1U);
  EXPECT_EQ(read.monitor.test_configurations[0].frequency, Seconds(50));
  EXPECT_EQ(read.monitor.test_configurations[0].port(), 443);
  EXPECT_EQ(read.monitor.test_groups.at(0).sources, std::vector<std::string>{"web1"});
}

TEST(ReadClassicMonitor, PingsADestinationWithoutPort) {
  const MonitorRead read = read_connection_monitor(
      yaml("{source: {resourceId: /subscriptions/s/resourceGroups/g/providers/"
           "Microsoft.Compute/virtualMachines/a}, destination: {address: 192.0.2.1, port: 0}}"),
      "cm", "", "properties");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
  EXPECT_EQ(read.monitor.test_configurations.at(0).protocol_name(), "ICMP");
}

TEST(ReadClassicMonitor, NamesFaultsWhereTheyStandInTheClassicForm) {
  const MonitorRead read = read_connection_monitor(
      yaml("{source: {resourceId: /x}, destination: {port: 80}, monitoringIntervalInSeconds: 5}"),
      "cm", "", "properties");
  std::vector<std::string> paths;
  for (const Diagnostic& fault : read.faults) paths.push_back(fault.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"properties.destination.address",
                                             "properties.monitoringIntervalInSeconds"}));
  const MonitorRead incomplete = read_connection_monitor(
      yaml("{source: {resourceId: /x}, destination: {address: 10.0.0.256}}"), "cm", "",
      "properties");
  paths.clear();
  for (const Diagnostic& fault : incomplete.faults) paths.push_back(fault.path);
  EXPECT_EQ(paths, (std::vector<std::string>{"properties.source.resourceId",
                                             "properties.destination.address"}));
}

TEST(ReadClassicMonitor, RefusesAMixtureOfBothForms) {
  const MonitorRead read = read_connection_monitor(
      yaml("{source: {resourceId: /x}, destination: {address: y}, testGroups: [{name: g}]}"), "cm",
      "", "properties");
  ASSERT_FALSE(read.faults.empty());
  EXPECT_EQ(read.faults.back().path, "properties.testGroups");
}

TEST(ReadConnectionMonitor, RefusesAnInvalidNameFromTheAddress) {
  const MonitorRead read = read_connection_monitor(yaml(kProperties), "a/b", "", "properties");
  ASSERT_EQ(read.faults.size(), 1U);
  EXPECT_EQ(read.faults[0].path, "properties.name");
}

TEST(ReadConnectionMonitor, RefusesWhatIsNoObject) {
  for (const Value& value : {Value(), Value(1), Value("x"), Value::array()}) {
    EXPECT_EQ(read_connection_monitor(value, "cm", "", "").faults.size(), 1U);
  }
}

/// What clients and the spec's examples send must be taken.
TEST(ReadConnectionMonitor, TakesEveryEndpointTypeOfAzure) {
  const MonitorRead read = read_connection_monitor(yaml(R"(
endpoints:
  - {name: vm, resourceId: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm}
  - name: workspace
    resourceId: /subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w
    filter: {type: Include, items: [{type: AgentAddress, address: npmuser}]}
  - name: arc
    type: AzureArcNetwork
    subscriptionId: s
    locationDetails: {region: eastus}
    scope: {include: [{address: 172.21.128.0/20}]}
testConfigurations:
  - {name: tcp, protocol: Tcp, testFrequencySec: 60, tcpConfiguration: {port: 80, disableTraceRoute: false}}
testGroups:
  - {name: g, disable: false, sources: [vm, workspace, arc], destinations: [arc], testConfigurations: [tcp]}
outputs: []
)"),
                                                   "cm", "", "properties");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
  ASSERT_EQ(read.monitor.endpoints.size(), 3U);
  EXPECT_EQ(read.monitor.endpoints[0].type, EndpointType::AzureVM);
  EXPECT_EQ(read.monitor.endpoints[1].type, EndpointType::MMAWorkspaceNetwork);
  EXPECT_EQ(read.monitor.endpoints[1].filter_addresses, std::vector<std::string>{"npmuser"});
  EXPECT_EQ(read.monitor.endpoints[2].region, "eastus");
}

TEST(ReadMonitorFile, ReadsEveryLineOfNonsenseWithoutEndlessAdvice) {
  Value document = Value::object();
  for (int i = 0; i < 1'000; ++i) document.set("key" + std::to_string(i), i);
  Value& list = document.set("connectionMonitors", Value::array());
  for (int i = 0; i < 50'000; ++i) list.push(Value::object({{"nmae", std::string(200, 'x')}}));
  const MonitorsRead read = read_monitor_file(document, "nonsense.yaml");
  EXPECT_EQ(read.faults.size(), Diagnostics::kFaultsMax + 1);
  EXPECT_EQ(to_string(read.faults.back()),
            "nonsense.yaml: there are more faults; they show once these are mended");
}

TEST(ReadMonitorFile, ListsEachKnownKeyOnceBesideAnUnknownOne) {
  const std::string text =
      "qqqqqqqq: 1\n"
      "connectionMonitors:\n"
      "- name: m\n"
      "  qqqqqqqq: 1\n"
      "  endpoints: [{name: e, type: Agent, qqqqqqqq: 1, linewatch: {qqqqqqqq: 1}}]\n"
      "  testConfigurations:\n"
      "  - {name: p, qqqqqqqq: 1}\n"
      "  - {name: t, protocol: Tcp, qqqqqqqq: 1, tcpConfiguration: {port: 1, qqqqqqqq: 1}}\n"
      "  - {name: h, protocol: Http, httpConfiguration: {qqqqqqqq: 1}, linewatch: {qqqqqqqq: 1}}\n"
      "  testGroups: [{name: g, qqqqqqqq: 1}]\n";
  std::size_t lists = 0;
  for (const Diagnostic& fault : read_monitor_file(yaml(text), "").faults) {
    constexpr std::string_view kStart = "known here: ";
    const auto start = fault.message.find(kStart);
    if (start == std::string::npos) continue;
    ++lists;
    std::vector<std::string> keys = split(fault.message.substr(start + kStart.size()), ',');
    for (std::string& key : keys) key = std::string(trim(key));
    std::ranges::sort(keys);
    EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end()) << fault.message;
  }
  EXPECT_EQ(lists, 10U);
}

TEST(ReadMonitorFile, RefusesTextThatIsNotUtf8) {
  for (const char* text : {"\xff", "a\xc3", "\x80", "\xc0\x80", "\xe2\x82z", "\xf5\x80\x80\x80"}) {
    Value item = Value::object({{"name", text}});
    Value document = Value::object();
    document.set("connectionMonitors", Value::array()).push(item);
    EXPECT_TRUE(has_fault(read_monitor_file(document, "f").faults,
                          "f: connectionMonitors[0].name: the text is not UTF-8; save the file as "
                          "UTF-8"))
        << hex_of(text);
  }
}

TEST(ReadMonitorFile, TakesNamesOfAnyScript) {
  const MonitorsRead read = read_monitor_file(yaml(R"(
connectionMonitors:
  - name: Überwachung 監視 🛰
    endpoints: [{name: a, type: Agent}, {name: b, address: 192.0.2.1}]
    testConfigurations: [{name: ping, protocol: Icmp}]
    testGroups: [{name: g, sources: [a], destinations: [b], testConfigurations: [ping]}]
)"),
                                              "f");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
}

TEST(ReadMonitorItem, ReadsWhatAMonitorFileLists) {
  const Value flat =
      yaml("{name: cm, location: here, tags: {a: b}, endpoints: [], testGroups: []}");
  const MonitorRead read = read_monitor_item(flat, "", "cm");
  EXPECT_EQ(read.monitor.name, "cm");
  EXPECT_EQ(read.monitor.location, "here");
  EXPECT_EQ(read.monitor.tags.size(), 1U);
  ASSERT_EQ(read.faults.size(), 1U);
  EXPECT_EQ(read.faults[0].path, "cm.testGroups");
  const Value nested = yaml("{name: cm, properties: {notes: x, provisioningState: Succeeded}}");
  EXPECT_EQ(read_monitor_item(nested, "", "").monitor.notes, "x");
}

TEST(ToDocument, PutsTheNameFirstAndEveryListIn) {
  ConnectionMonitor monitor;
  monitor.name = "empty";
  EXPECT_EQ(
      to_json(to_document(monitor)),
      R"({"name":"empty","endpoints":[],"testConfigurations":[],"testGroups":[],"outputs":[]})");
}

TEST(MonitorCount, IsLimitedAsAzuresIs) {
  EXPECT_EQ(check_monitor_count(0), std::nullopt);
  EXPECT_EQ(check_monitor_count(99), std::nullopt);
  EXPECT_NE(check_monitor_count(100), std::nullopt);
}

TEST(Diagnostic, ShowsWhatItKnowsOfThePlace) {
  EXPECT_EQ(to_string(Diagnostic{"a.yaml", {12, 5}, "x[0]", "wrong"}), "a.yaml:12:5: x[0]: wrong");
  EXPECT_EQ(to_string(Diagnostic{"a.json", {}, "x[0]", "wrong"}), "a.json: x[0]: wrong");
  EXPECT_EQ(to_string(Diagnostic{"", {}, "x[0]", "wrong"}), "x[0]: wrong");
  EXPECT_EQ(to_string(Diagnostic{"", {}, "", "wrong"}), "wrong");
}

TEST(Diagnostics, StayOnOneLineWhateverTheyQuote) {
  Diagnostics faults("f");
  faults.add({}, "a\nb", "`x\r\ny\x1b[31m` is wrong");
  EXPECT_EQ(to_string(faults.take().at(0)), "f: a?b: `x??y?[31m` is wrong");
}

TEST(Diagnostics, KnowWhichPathsAreFoundFaultWith) {
  Diagnostics faults("f");
  faults.add({}, "endpoints[1]", "x");
  EXPECT_TRUE(faults.covers("endpoints[1]"));
  EXPECT_TRUE(faults.covers("endpoints[1].name"));
  EXPECT_FALSE(faults.covers("endpoints[10].name"));
  EXPECT_FALSE(faults.covers("endpoints"));
}

/// The placeholders that `linewatch up` fills in, as it would on a machine.
std::string filled_quickstart(std::string text) {
  const std::pair<std::string, std::string> values[] = {{"${gateway}", "192.0.2.1"},
                                                        {"${resolver}", "192.0.2.53"},
                                                        {"${api_host}", "localhost"},
                                                        {"${api_port}", "8443"}};
  for (const auto& [placeholder, value] : values) {
    EXPECT_NE(text.find(placeholder), std::string::npos) << placeholder;
    for (auto at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder)) {
      text.replace(at, placeholder.size(), value);
    }
  }
  return text;
}

TEST(Quickstart, IsValidOnceItsPlaceholdersAreFilledIn) {
  const auto text = read_file(LW_SOURCE_DIR "/examples/quickstart.yaml");
  ASSERT_TRUE(text) << text.error().message;
  const MonitorsRead read = read_monitor_file(yaml(filled_quickstart(*text)), "quickstart.yaml");
  for (const Diagnostic& fault : read.faults) ADD_FAILURE() << to_string(fault);
  ASSERT_EQ(read.monitors.size(), 1U);
  for (const TestGroup& group : read.monitors[0].test_groups) {
    EXPECT_EQ(group.sources, std::vector<std::string>{"local"});
  }
  for (const TestConfiguration& configuration : read.monitors[0].test_configurations) {
    EXPECT_EQ(configuration.frequency, Seconds(10));
  }
}

}  // namespace
}  // namespace lw
