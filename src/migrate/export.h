// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/connection_monitor.h"
#include "model/resource_id.h"

/// A connection monitor as files for other tools. Pure.
namespace lw::migrate {

struct Exported {
  std::string text;
  /// What the other tool does not know, in sentences.
  std::vector<std::string> remarks;
};

/// A monitor file: what `linewatch apply -f` reads.
Exported export_yaml(const ConnectionMonitor& monitor);

/// A deployment template for Azure Resource Manager with the one resource. Our own additions stay
/// in it: this server takes them, Azure may refuse them.
Exported export_arm(const ConnectionMonitor& monitor, const MonitorPlace& place);

/// A resource `azurerm_network_connection_monitor` of Terraform's provider azurerm (arguments as of
/// version 4). What it has no argument for stands in it as a comment.
Exported export_terraform(const ConnectionMonitor& monitor, const MonitorPlace& place,
                          const std::string& subscription);

/// What Azure itself does not have, each with the part of the monitor that uses it.
std::vector<std::string> additions_of(const ConnectionMonitor& monitor);

}  // namespace lw::migrate
