// SPDX-License-Identifier: Apache-2.0
#include "model/validate.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "model/limits.h"
#include "model/validate_rules.h"

namespace lw {
namespace {

/// Azure's limit for names of network resources.
constexpr std::size_t kNameBytesMax = 80;

void check_limit(std::string_view path, std::string_view what, std::size_t count, std::size_t max,
                 Faults& faults) {
  if (count <= max) return;
  faults.push_back({std::string(path),
                    fmt::format("{}, but a connection monitor holds at most {}; spread them over "
                                "several connection monitors",
                                counted(count, what), max)});
}

Faults check_limits(const ConnectionMonitor& monitor) {
  Faults faults;
  check_limit("endpoints", "endpoint", monitor.endpoints.size(),
              limits::kEndpointsPerConnectionMonitor, faults);
  check_limit("testConfigurations", "test configuration", monitor.test_configurations.size(),
              limits::kTestConfigurationsPerConnectionMonitor, faults);
  check_limit("testGroups", "test group", monitor.test_groups.size(),
              limits::kTestGroupsPerConnectionMonitor, faults);
  return faults;
}

void check_outputs(const std::vector<Output>& outputs, Faults& faults) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (!outputs[i].workspace_resource_id.empty()) continue;
    faults.push_back({fmt::format("outputs[{}].workspaceSettings.workspaceResourceId", i),
                      "the output names no workspace; add workspaceSettings.workspaceResourceId "
                      "or remove the output"});
  }
}

}  // namespace

std::string name_fault(std::string_view what, std::string_view name) {
  if (name.empty()) return fmt::format("the name is empty; give the {} one", what);
  if (name.size() > kNameBytesMax) {
    return fmt::format("the name has {} characters; at most {} are allowed", name.size(),
                       kNameBytesMax);
  }
  if (name.find('/') != std::string_view::npos) {
    return fmt::format("the name `{}` contains `/`, which separates names in paths; use `-`", name);
  }
  const bool has_control = std::ranges::any_of(
      name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (has_control) return "the name contains a control character (a line break or tab?); remove it";
  return {};
}

void check_names(std::string_view what, std::string_view path,
                 const std::vector<std::string>& names, Faults& faults) {
  std::map<std::string_view, std::size_t> first_by_name;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string name_path = fmt::format("{}[{}].name", path, i);
    if (std::string message = name_fault(what, names[i]); !message.empty()) {
      faults.push_back({name_path, std::move(message)});
      continue;
    }
    const auto [first, is_new] = first_by_name.emplace(names[i], i);
    if (is_new) continue;
    faults.push_back(
        {name_path, fmt::format("the name `{}` is taken by {}[{}]; give each {} its own", names[i],
                                path, first->second, what)});
  }
}

std::vector<Fault> validate(const ConnectionMonitor& monitor) {
  Faults faults = check_limits(monitor);
  if (!faults.empty()) return faults;
  if (std::string message = name_fault("connection monitor", monitor.name); !message.empty()) {
    faults.push_back({"name", std::move(message)});
  }
  check_endpoints(monitor.endpoints, faults);
  check_test_configurations(monitor.test_configurations, faults);
  check_test_groups(monitor, faults);
  check_outputs(monitor.outputs, faults);
  return faults;
}

std::optional<std::string> check_monitor_count(std::size_t existing) {
  constexpr std::size_t kMax = limits::kConnectionMonitorsPerSubscriptionAndRegion;
  if (existing < kMax) return std::nullopt;
  return fmt::format(
      "there are {} connection monitors, and a subscription holds at most {} in one region; delete "
      "one, or add test groups to an existing one",
      existing, kMax);
}

}  // namespace lw
