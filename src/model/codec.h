// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/document.h"
#include "model/connection_monitor.h"
#include "model/diagnostic.h"

namespace lw {

/// What a monitor file held. With any fault the monitors are incomplete and must not be used.
struct MonitorsRead {
  std::vector<ConnectionMonitor> monitors;
  std::vector<Diagnostic> faults;
};

/// Reads a file of `connectionMonitors:`. Each item has the ARM `properties` field names plus
/// `name`, `location` and `tags`, or is an ARM resource as it is exported, with a nested
/// `properties`. Every fault is reported at once, unknown keys and broken rules (model/validate.h)
/// included. `file` is its name in messages.
MonitorsRead read_monitor_file(const Value& document, std::string_view file);

/// One monitor. With any fault it is incomplete and must not be used.
struct MonitorRead {
  ConnectionMonitor monitor;
  std::vector<Diagnostic> faults;
};

/// Reads one item of such a file, as it may have been kept since: with its own `name`, `location`
/// and `tags`, and flat or with a nested `properties`. `path` is where it stands in its document.
MonitorRead read_monitor_item(const Value& item, std::string_view file, std::string_view path);

/// Reads an ARM `properties` object, as API clients send it: fields that they send but that mean
/// nothing here (autoStart, provisioningState, …) are passed over. `path` is where the object
/// stands in its document ("properties"), `name` comes from the resource's address.
MonitorRead read_connection_monitor(const Value& properties, std::string_view name,
                                    std::string_view file, std::string_view path);

/// An item of a monitor file: `name` first, ARM property names, lists always present, defaults left
/// out. Reading it back gives an equal monitor.
Value to_document(const ConnectionMonitor& monitor);

}  // namespace lw
