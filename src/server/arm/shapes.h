// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/document.h"
#include "model/connection_monitor.h"
#include "registry/registry.h"

/// The JSON shapes of Azure's resources. Pure.
namespace lw::server::arm {

/// A connection monitor as a GET gives it: what its owner wrote, with the defaults that Azure fills
/// in, its spelling of fixed words (`Icmp` for `ICMP`), and what the service tells. `model` is what
/// was read from the document. Whoever wrote a file gets the same shape.
Value monitor_resource(std::string_view subscription, const registry::StoredMonitor& stored,
                       const ConnectionMonitor& model, std::string_view watcher_location,
                       std::string_view provisioning_state);

/// "MultiEndpoint" or "SingleSourceDestination".
std::string_view to_text(MonitorForm form);

/// Microsecond times with the seven digits of a second that Azure writes.
std::string azure_time(Timestamp time);

Value watcher_resource(std::string_view subscription, const registry::NetworkWatcher& watcher);

}  // namespace lw::server::arm
