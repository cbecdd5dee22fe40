// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/connection_monitor.h"
#include "model/object_reader.h"

namespace lw {

// The readers behind model/codec.h, one per part of a connection monitor. Each reports its faults
// and returns what it could read, so that the parts keep their indexes.
Endpoint read_endpoint(const Place& place, Diagnostics& faults);
TestConfiguration read_test_configuration(const Place& place, Diagnostics& faults);

}  // namespace lw
