// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/endpoint.h"
#include "model/test_configuration.h"

namespace lw {

/// Sources × destinations × test configurations, all by name.
struct TestGroup {
  std::string name;
  bool disable = false;
  std::vector<std::string> sources;
  std::vector<std::string> destinations;
  std::vector<std::string> test_configurations;
  bool operator==(const TestGroup&) const = default;
};

/// Where results go besides the default workspace.
struct Output {
  std::string type = "Workspace";
  std::string workspace_resource_id;
  bool operator==(const Output&) const = default;
};

/// Which of Azure's two forms a monitor was written in. The first, called classic today, has one
/// source and one destination; it is read as endpoints, one configuration and one group.
enum class MonitorForm { MultiEndpoint, SingleSourceDestination };

/// The resource that a user writes. Read from and written to documents by model/codec.h.
struct ConnectionMonitor {
  std::string name;
  std::string location;
  std::vector<std::pair<std::string, std::string>> tags;
  std::string notes;
  std::vector<Endpoint> endpoints;
  std::vector<TestConfiguration> test_configurations;
  std::vector<TestGroup> test_groups;
  std::vector<Output> outputs;
  MonitorForm form = MonitorForm::MultiEndpoint;
  bool auto_start = true;   ///< classic: whether it starts when it is made
  bool is_stopped = false;  ///< by its owner: all of its tests are Not Running. In no document.
  bool operator==(const ConnectionMonitor&) const = default;
};

}  // namespace lw
