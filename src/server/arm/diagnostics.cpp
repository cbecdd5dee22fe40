// SPDX-License-Identifier: Apache-2.0
// What a network watcher does at once: connectivityCheck and nextHop, by an agent, as long-running
// operations. Their outcomes are kept for an hour, in memory: after a restart one asks again.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "server/arm/arm.h"
#include "server/arm/connectivity.h"
#include "server/arm/operations.h"

namespace lw::server::arm {
namespace {

/// The agent of a machine: by the resource id that it claims, or else by its name, which may stand
/// for itself or at the end of an id.
std::optional<AgentView> find_agent(const Control& control, std::string_view resource_id) {
  const std::string_view name = resource_id.substr(resource_id.rfind('/') + 1);
  std::optional<AgentView> named;
  for (AgentView& view : control.agents()) {
    if (equals_ignoring_case(view.agent.resource_id, resource_id)) return std::move(view);
    if (equals_ignoring_case(view.agent.name, name)) named = std::move(view);
  }
  return named;
}

Refusal no_agent(const std::string& resource_id) {
  return {.status = 404,
          .code = "ResourceNotFound",
          .message = fmt::format("No agent stands for the resource '{}'. Start one on it with "
                                 "`linewatch agent --resource-id`, or name an agent.",
                                 resource_id)};
}

const registry::NetworkWatcher* find_watcher(const Services& services, const Call& call) {
  return services.control.find_watcher(call.path.at("group"), call.path.at("watcher"));
}

/// Begins the operation and says where to ask for its outcome.
std::string accept(Services& services, const Call& call, const registry::NetworkWatcher& watcher) {
  Headers headers = operation_headers(services, call, OperationKind::Check, watcher.location);
  const auto id =
      std::ranges::find(headers, "x-ms-request-id", &Headers::value_type::first)->second;
  services.control.operations().begin(id, services.clock.now());
  reply_empty(call, 202, std::move(headers));
  return id;
}

std::string first_address(const AgentView& view) {
  return view.agent.addresses.empty() ? "" : view.agent.addresses.front();
}

ConnectivityEnds ends_of(const AgentView& source, const ConnectivityWish& wish) {
  return {.source_address = first_address(source),
          .source_resource_id = wish.source_resource_id,
          .destination_address = wish.check.destination,
          .destination_resource_id = wish.destination_resource_id};
}

/// What the checks told of the ends goes before what was known.
ConnectivityEnds told_by(ConnectivityEnds ends, const OneOffResult& result) {
  if (result.next_hop && !result.next_hop->source.empty()) {
    ends.source_address = result.next_hop->source;
  }
  if (result.round && !result.round->address.empty()) {
    ends.destination_address = result.round->address;
  }
  if (ends.destination_resource_id.empty()) ends.destination_resource_id = "Internet";
  return ends;
}

void check_connectivity(Services& services, const Call& call, const Value& body) {
  const auto* const watcher = find_watcher(services, call);
  if (watcher == nullptr) return refuse(call, provider_not_found(call.request.path));
  auto read = read_connectivity_wish(body);
  if (const auto* const refusal = std::get_if<Refusal>(&read)) return refuse(call, *refusal);
  auto wish = std::get<ConnectivityWish>(std::move(read));
  Control& control = services.control;
  const auto source = find_agent(control, wish.source_resource_id);
  if (!source) return refuse(call, no_agent(wish.source_resource_id));
  if (wish.check.destination.empty()) {
    const auto destination = find_agent(control, wish.destination_resource_id);
    if (!destination) return refuse(call, no_agent(wish.destination_resource_id));
    wish.check.destination = first_address(*destination);
  }
  const std::string id = accept(services, call, *watcher);
  control.check_once(source->agent.id, wish.check,
                     [&control, id, ends = ends_of(*source, wish)](Result<OneOffResult> result) {
                       control.operations().finish(
                           id, result ? connectivity_result(told_by(ends, *result), *result)
                                      : connectivity_unknown(ends, result.error()));
                     });
}

void find_next_hop(Services& services, const Call& call, const Value& body) {
  const auto* const watcher = find_watcher(services, call);
  if (watcher == nullptr) return refuse(call, provider_not_found(call.request.path));
  const auto read = read_next_hop_wish(body);
  if (const auto* const refusal = std::get_if<Refusal>(&read)) return refuse(call, *refusal);
  const NextHopWish wish = std::get<NextHopWish>(read);
  Control& control = services.control;
  const auto target = find_agent(control, wish.target_resource_id);
  if (!target) return refuse(call, no_agent(wish.target_resource_id));
  const std::string id = accept(services, call, *watcher);
  OneOffCheck check{
      .destination = to_string(wish.destination), .configuration = {}, .next_hop_only = true};
  check.configuration.name = "nextHop";
  control.check_once(
      target->agent.id, check,
      [&control, id, destination = wish.destination](const Result<OneOffResult>& result) {
        Result<Value> outcome =
            fail(ErrorCode::Unavailable, "the agent's host could not say where it sends that");
        if (!result) outcome = std::unexpected(result.error());
        if (result && result->next_hop) outcome = next_hop_result(destination, *result->next_hop);
        control.operations().finish(id, std::move(outcome));
      });
}

}  // namespace

void add_diagnostic_routes(Router& router, Services& services) {
  const std::string watcher =
      "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Network/"
      "networkWatchers/{watcher}/";
  const auto add = [&](const char* action, void (*handle)(Services&, const Call&, const Value&)) {
    router.add("POST", watcher + action, Access::Operator, [&services, handle](Call call) {
      auto body = read_body(call);
      if (!body) return;
      on_subscription(services, std::move(call),
                      [&services, handle, body = std::move(*body)](const Call& inner) {
                        handle(services, inner, body);
                      });
    });
  };
  add("connectivityCheck", check_connectivity);
  add("nextHop", find_next_hop);
}

}  // namespace lw::server::arm
