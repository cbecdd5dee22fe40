// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "migrate/assemble.h"
#include "migrate/migration.h"
#include "migrate/names.h"
#include "migrate/settings.h"

namespace lw::migrate {

// The readers behind migrate_npm, one per part of the configuration.

struct NpmWorkspace {
  std::string name;
  std::string resource_id;  ///< empty if the file has none that is complete
};

struct NpmNames {
  Names endpoints, configurations, groups;
};

struct NpmContext {
  NpmWorkspace workspace;
  const Options& options;
  Report& report;
  NpmNames names;
};

/// A threshold above 0; what is below means "learn it" (-1, -2) or "not tested" (-3).
SuccessThreshold read_npm_threshold(const Value* block);

/// `Rules`: tests between networks.
void read_npm_networks(const Value& configuration, NpmContext& context,
                       std::vector<Batch>& batches);
/// `EPM`: tests of services (Service Endpoint Monitor).
void read_npm_services(const Value& configuration, NpmContext& context,
                       std::vector<Batch>& batches);

}  // namespace lw::migrate
