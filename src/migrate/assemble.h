// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "migrate/report.h"
#include "model/connection_monitor.h"

namespace lw::migrate {

/// What shall be one test group: sources × destinations × configurations. Names are valid and mean
/// the same thing in all batches (Names).
struct Batch {
  std::string group;
  std::vector<Endpoint> sources;
  std::vector<Endpoint> destinations;
  std::vector<TestConfiguration> configurations;
};

/// The batches as connection monitors that keep to the limits (model/limits.h). What does not fit
/// into one is spread over NAME, NAME-2, …, which the report says. Empty batches are passed over.
std::vector<ConnectionMonitor> assemble(const std::string& name, const std::vector<Batch>& batches,
                                        Report& report);

/// The first rule that a test of this destination and configuration breaks; empty if none.
std::string test_fault(const Endpoint& destination, const TestConfiguration& configuration);

/// An endpoint that is one address.
Endpoint address_endpoint(std::string name, std::string address);

/// The agents of those names, or the default one, as sources. Fails if a name cannot be one.
Result<std::vector<Endpoint>> agent_sources(const std::vector<std::string>& names);

}  // namespace lw::migrate
