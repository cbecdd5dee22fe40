// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/connection_monitor.h"
#include "model/object_reader.h"

namespace lw {

// The readers behind model/codec.h, one per part of a connection monitor. Each reports its faults
// and returns what it could read, so that the parts keep their indexes.
Endpoint read_endpoint(const Place& place, Diagnostics& faults);
TestConfiguration read_test_configuration(const Place& place, Diagnostics& faults);
/// Whether the properties that `reader` reads are of a classic monitor (MonitorForm).
bool is_classic(const ObjectReader& reader);
/// Fills the parts of `monitor` from classic properties.
void read_classic(ObjectReader& reader, ConnectionMonitor& monitor, Diagnostics& faults);
/// Where in a classic monitor's properties the owner finds what stands at `path` of the model.
std::string classic_path(std::string path);

}  // namespace lw
