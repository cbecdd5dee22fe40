// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/connection_monitor.h"
#include "model/validate.h"

namespace lw {

// The rules behind model/validate.h, one function per part of a monitor; each appends its faults.
using Faults = std::vector<Fault>;

/// What is wrong with a name of a `what` ("endpoint"), or empty.
std::string name_fault(std::string_view what, std::string_view name);
/// Names are valid and no two are equal. `path` is the list's ("endpoints").
void check_names(std::string_view what, std::string_view path,
                 const std::vector<std::string>& names, Faults& faults);

void check_endpoints(const std::vector<Endpoint>& endpoints, Faults& faults);
void check_test_configurations(const std::vector<TestConfiguration>& configurations,
                               Faults& faults);
void check_test_groups(const ConnectionMonitor& monitor, Faults& faults);

}  // namespace lw
