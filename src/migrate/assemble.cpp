// SPDX-License-Identifier: Apache-2.0
#include "migrate/assemble.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "migrate/names.h"
#include "model/codec.h"
#include "model/limits.h"

namespace lw::migrate {
namespace {

/// One monitor that is being filled.
class Filling {
 public:
  explicit Filling(std::string name) { monitor_.name = std::move(name); }

  [[nodiscard]] bool is_empty() const { return monitor_.test_groups.empty(); }

  /// How many of the destinations, from `first` on, fit beside what is there already.
  [[nodiscard]] std::size_t room_for(const Batch& batch, std::size_t first) const {
    if (monitor_.test_groups.size() >= limits::kTestGroupsPerConnectionMonitor) return 0;
    if (count_new(batch.configurations, configurations_) + configurations_.size() >
        limits::kTestConfigurationsPerConnectionMonitor) {
      return 0;
    }
    std::set<std::string_view> added;
    const auto fits = [&](const Endpoint& endpoint) {
      if (!endpoints_.contains(endpoint.name)) added.insert(endpoint.name);
      return endpoints_.size() + added.size() <= limits::kEndpointsPerConnectionMonitor;
    };
    if (!std::ranges::all_of(batch.sources, fits)) return 0;
    std::size_t count = 0;
    while (first + count < batch.destinations.size() && fits(batch.destinations[first + count])) {
      ++count;
    }
    return count;
  }

  void add(const Batch& batch, std::size_t first, std::size_t count) {
    TestGroup group{.name = batch.group,
                    .disable = false,
                    .sources = {},
                    .destinations = {},
                    .test_configurations = {}};
    for (const Endpoint& source : batch.sources) add_endpoint(source, group.sources);
    for (std::size_t i = first; i < first + count; ++i) {
      add_endpoint(batch.destinations[i], group.destinations);
    }
    for (const TestConfiguration& configuration : batch.configurations) {
      group.test_configurations.push_back(configuration.name);
      if (configurations_.insert(configuration.name).second) {
        monitor_.test_configurations.push_back(configuration);
      }
    }
    monitor_.test_groups.push_back(std::move(group));
  }

  ConnectionMonitor take() { return std::move(monitor_); }

 private:
  static std::size_t count_new(const std::vector<TestConfiguration>& wanted,
                               const std::set<std::string>& present) {
    return static_cast<std::size_t>(std::ranges::count_if(
        wanted, [&](const TestConfiguration& one) { return !present.contains(one.name); }));
  }

  void add_endpoint(const Endpoint& endpoint, std::vector<std::string>& list) {
    list.push_back(endpoint.name);
    if (endpoints_.insert(endpoint.name).second) monitor_.endpoints.push_back(endpoint);
  }

  ConnectionMonitor monitor_;
  std::set<std::string> endpoints_, configurations_;
};

std::string numbered(const std::string& name, std::size_t number) {
  return number == 1 ? name : fmt::format("{}-{}", name, number);
}

void tell_of_split(const std::vector<ConnectionMonitor>& monitors, Report& report) {
  if (monitors.size() < 2) return;
  report.note(
      {}, "",
      fmt::format("one connection monitor holds {} endpoints, {} test groups and {} test "
                  "configurations; this makes {}: {} to {}",
                  limits::kEndpointsPerConnectionMonitor, limits::kTestGroupsPerConnectionMonitor,
                  limits::kTestConfigurationsPerConnectionMonitor, monitors.size(),
                  monitors.front().name, monitors.back().name));
  if (monitors.size() <= limits::kConnectionMonitorsPerSubscriptionAndRegion) return;
  report.loss({}, "",
              fmt::format("a server takes {} connection monitors; apply a part of them, or use "
                          "several servers",
                          limits::kConnectionMonitorsPerSubscriptionAndRegion));
}

}  // namespace

std::vector<ConnectionMonitor> assemble(const std::string& name, const std::vector<Batch>& batches,
                                        Report& report) {
  const std::string base = valid_name(name);
  std::vector<ConnectionMonitor> monitors;
  Filling current(base);
  for (const Batch& batch : batches) {
    std::size_t first = 0;
    while (first < batch.destinations.size()) {
      const std::size_t left = batch.destinations.size() - first;
      std::size_t count = current.room_for(batch, first);
      // A group that would fit into a monitor of its own is not torn apart.
      const bool keep_whole = Filling("").room_for(batch, first) == left;
      if (!current.is_empty() && (count == 0 || (count < left && keep_whole))) {
        monitors.push_back(current.take());
        current = Filling(numbered(base, monitors.size() + 1));
        count = current.room_for(batch, first);
      }
      if (count == 0) {
        report.loss({}, "test group " + batch.group,
                    "its sources and configurations do not fit into one connection monitor");
        break;
      }
      current.add(batch, first, count);
      first += count;
    }
  }
  if (!current.is_empty()) monitors.push_back(current.take());
  tell_of_split(monitors, report);
  return monitors;
}

std::string test_fault(const Endpoint& destination, const TestConfiguration& configuration) {
  ConnectionMonitor monitor;
  monitor.name = "m";
  Endpoint source;
  source.name = destination.name == "s" ? "t" : "s";
  source.type = EndpointType::Agent;
  source.agent = "a";
  monitor.test_groups = {{.name = "g",
                          .disable = false,
                          .sources = {source.name},
                          .destinations = {destination.name},
                          .test_configurations = {configuration.name}}};
  monitor.endpoints = {std::move(source), destination};
  monitor.test_configurations = {configuration};
  const MonitorRead read = read_monitor_item(to_document(monitor), "", "");
  return read.faults.empty() ? std::string() : read.faults.front().message;
}

Endpoint address_endpoint(std::string name, std::string address) {
  Endpoint endpoint;
  endpoint.name = std::move(name);
  endpoint.type = EndpointType::ExternalAddress;
  endpoint.address = std::move(address);
  return endpoint;
}

Result<std::vector<Endpoint>> agent_sources(const std::vector<std::string>& names) {
  const std::vector<std::string> wanted =
      names.empty() ? std::vector<std::string>{std::string(kDefaultSource)} : names;
  std::vector<Endpoint> sources;
  for (const std::string& name : wanted) {
    const bool is_known = std::ranges::find(sources, name, &Endpoint::agent) != sources.end();
    if (is_known) continue;
    Endpoint source;
    source.name = name;
    source.type = EndpointType::Agent;
    source.agent = name;
    TestConfiguration any;
    any.name = "c";
    if (const std::string fault = test_fault(source, any); !fault.empty()) {
      return fail(ErrorCode::InvalidInput, fmt::format("--source {}: {}", quoted(name), fault));
    }
    sources.push_back(std::move(source));
  }
  if (sources.size() >= limits::kEndpointsPerConnectionMonitor) {
    return fail(
        ErrorCode::InvalidInput,
        fmt::format("{} sources leave no room for destinations; name fewer", sources.size()));
  }
  return sources;
}

}  // namespace lw::migrate
