// SPDX-License-Identifier: Apache-2.0
// Network Performance Monitor. Names are those that Azure's own migration gives:
// WORKSPACE_on-premises, WORKSPACE_endpoint_FQDN, TC_TEST, TC_TEST_AppThresholds
// (reference/azure-api.md, 3.6).
#include <fmt/core.h>

#include <cmath>

#include "base/text.h"
#include "migrate/npm_parts.h"

namespace lw::migrate {
namespace {

std::string last_part(const std::string& resource_id) {
  return resource_id.substr(resource_id.find_last_of('/') + 1);
}

NpmWorkspace read_workspace(const Value& configuration) {
  NpmWorkspace workspace;
  const Value* const metadata = configuration.find("Metadata");
  if (metadata != nullptr) {
    workspace.resource_id = metadata->text("WorkspaceResourceId");
    workspace.name = last_part(workspace.resource_id);
    if (workspace.name.empty()) workspace.name = metadata->text("WorkspaceId");
  }
  if (workspace.name.empty()) workspace.name = "npm";
  Endpoint machine = address_endpoint("m", "m");
  machine.type = EndpointType::MMAWorkspaceMachine;
  machine.resource_id = workspace.resource_id;
  TestConfiguration any;
  any.name = "c";
  // Without an id that is one, machines are known by their names and networks by their addresses.
  if (!test_fault(machine, any).empty()) workspace.resource_id.clear();
  return workspace;
}

/// ExpressRoute tests are about circuits, which linewatch does not know.
void report_express_route(const Value& configuration, Report& report) {
  const Value* const express_route = configuration.find("ER");
  if (express_route == nullptr) return;
  for (const char* const list : {"PrivateRules", "MSPeeringRules"}) {
    for (const Value& rule : items_of(express_route->find(list))) {
      report.loss(rule.location(), fmt::format("ER.{} {}", list, rule.text("Name")),
                  "tests of ExpressRoute circuits have no counterpart; test the addresses at its "
                  "far end instead");
    }
  }
}

std::optional<int> threshold_percent(const Value* block) {
  const Value* const value = block == nullptr ? nullptr : block->find("ChecksFailedPercent");
  const auto number = value == nullptr ? std::nullopt : number_of(*value);
  // Below zero stands for "learn it" and "not tested".
  if (!number || *number < 0.5 || *number > 100) return std::nullopt;
  return static_cast<int>(std::lround(*number));
}

}  // namespace

SuccessThreshold read_npm_threshold(const Value* block) {
  SuccessThreshold threshold;
  threshold.checks_failed_percent = threshold_percent(block);
  const Value* const value = block == nullptr ? nullptr : block->find("RoundTripTimeMs");
  const auto number = value == nullptr ? std::nullopt : number_of(*value);
  if (number && *number > 0) threshold.round_trip_time_ms = number;
  return threshold;
}

Result<Migration> migrate_npm(std::string_view text, const Options& options) {
  const Value document = TRY(parse_document(text, options.file));
  const Value* const inner = document.find("Configuration");
  const Value& configuration = inner != nullptr ? *inner : document;
  if (configuration.find("EPM") == nullptr && configuration.find("Rules") == nullptr) {
    return fail(ErrorCode::InvalidInput,
                options.file +
                    ": it is no agent configuration of Network Performance Monitor; it "
                    "has neither `EPM` nor `Rules`");
  }
  static_cast<void>(TRY(agent_sources(options.sources)));
  Report report(options.file);
  NpmContext context{read_workspace(configuration), options, report, {}};
  std::vector<Batch> batches;
  read_npm_networks(configuration, context, batches);
  read_npm_services(configuration, context, batches);
  report_express_route(configuration, report);
  const std::string name =
      options.name.empty() ? context.workspace.name + "_on-premises" : options.name;
  std::vector<ConnectionMonitor> monitors = assemble(name, batches, report);
  return Migration{std::move(monitors), report.take()};
}

}  // namespace lw::migrate
