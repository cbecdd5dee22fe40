// SPDX-License-Identifier: Apache-2.0
#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "model/ip_range.h"
#include "model/validate_rules.h"

namespace lw {
namespace {

constexpr std::size_t kHostNameBytesMax = 253;
/// "/subscriptions/S/resourceGroups/G/providers/NAMESPACE/TYPE/NAME" split at "/".
constexpr std::size_t kResourceIdPartsMin = 9;

/// What is wrong with an address that is to be an IP address or a host name, or empty.
std::string address_fault(std::string_view address) {
  const bool is_odd = std::ranges::any_of(
      address, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
  if (is_odd) return "the address contains a blank or control character";
  // A zone (fe80::1%eth0) means something on the agent's host only.
  if (parse_ip_address(address.substr(0, address.find('%')))) return {};
  if (address.find("://") != std::string_view::npos || address.starts_with("//")) {
    return fmt::format(
        "`{}` is a URL; use the host name only; the path goes into httpConfiguration.path",
        address);
  }
  if (parse_ip_range(address)) {
    return fmt::format("`{}` is a subnet, not one address; list it under scope.include", address);
  }
  if (address.find_first_of("/?#") != std::string_view::npos) {
    return fmt::format(
        "`{}` has a path; use the host name only; the path goes into httpConfiguration.path",
        address);
  }
  if (address.find(':') != std::string_view::npos) {
    return fmt::format(
        "`{}` has a port or is no IPv6 address; use the host only; the port goes into the test "
        "configuration",
        address);
  }
  if (address.find('@') != std::string_view::npos || address.size() > kHostNameBytesMax) {
    return fmt::format("`{}` is neither an IP address nor a host name",
                       address.substr(0, kHostNameBytesMax));
  }
  // All digits and dots, yet no IPv4 address: a typing slip such as 10.0.0.256.
  if (address.find_first_not_of("0123456789.") == std::string_view::npos) {
    return fmt::format("`{}` is no valid IPv4 address", address);
  }
  return {};
}

/// A scope also takes subnets, names of machines and ids of subnets.
std::string scope_fault(std::string_view entry) {
  if (entry.empty()) return "the address is empty";
  if (entry.starts_with("/subscriptions/") || parse_ip_range(entry)) return {};
  const auto slash = entry.find('/');
  if (slash != std::string_view::npos && parse_ip_address(entry.substr(0, slash))) {
    return fmt::format("`{}` is no subnet; write it like 10.0.0.0/24 or fd00::/64", entry);
  }
  return address_fault(entry);
}

bool needs_resource_id(EndpointType type) {
  switch (type) {
    case EndpointType::AzureVM:
    case EndpointType::AzureVNet:
    case EndpointType::AzureSubnet:
    case EndpointType::AzureVMSS:
    case EndpointType::AzureArcVM:
    case EndpointType::MMAWorkspaceMachine:
    case EndpointType::MMAWorkspaceNetwork:
      return true;
    case EndpointType::AzureArcNetwork:
    case EndpointType::ExternalAddress:
    case EndpointType::Agent:
    case EndpointType::AgentGroup:
      return false;
  }
  return false;
}

bool has_scope(const Endpoint& endpoint) {
  return !endpoint.filter_addresses.empty() || !endpoint.scope.include.empty() ||
         !endpoint.scope.exclude.empty();
}

class EndpointRules {
 public:
  EndpointRules(const Endpoint& endpoint, std::size_t index, Faults& faults)
      : endpoint_(endpoint), path_(fmt::format("endpoints[{}]", index)), faults_(faults) {}

  void check() {
    check_resource_id();
    check_address();
    check_scope();
    check_own_types();
  }

 private:
  void add(std::string_view member, std::string message) {
    if (!message.empty()) {
      faults_.push_back({fmt::format("{}.{}", path_, member), std::move(message)});
    }
  }

  void check_resource_id() {
    const std::string& id = endpoint_.resource_id;
    if (id.empty()) {
      if (needs_resource_id(endpoint_.type)) {
        add("resourceId",
            fmt::format("an endpoint of type {} needs a `resourceId`", to_string(endpoint_.type)));
      }
      return;
    }
    const bool is_complete = id.starts_with('/') && split(id, '/').size() >= kResourceIdPartsMin;
    if (is_complete) return;
    add("resourceId",
        "it is no complete Azure resource id; write it as /subscriptions/…/"
        "resourceGroups/…/providers/…/TYPE/NAME");
  }

  void check_address() {
    const std::string& address = endpoint_.address;
    if (!address.empty()) {
      // An Agent endpoint may name its agent here.
      const bool may_be_name = endpoint_.type == EndpointType::Agent && endpoint_.agent.empty();
      add("address", may_be_name ? name_fault("agent", address) : address_fault(address));
      return;
    }
    if (endpoint_.type == EndpointType::ExternalAddress) {
      add("address", "an ExternalAddress endpoint needs an `address`: an IP address or host name");
    }
    if (endpoint_.type == EndpointType::MMAWorkspaceMachine && !has_scope(endpoint_)) {
      add("address", "an MMAWorkspaceMachine endpoint needs an `address`: the machine's full name");
    }
  }

  void check_scope() {
    check_scope_entries("filter.items[{}].address", endpoint_.filter_addresses);
    check_scope_entries("scope.include[{}].address", endpoint_.scope.include);
    check_scope_entries("scope.exclude[{}].address", endpoint_.scope.exclude);
    if (endpoint_.type == EndpointType::AzureArcNetwork && endpoint_.scope.include.empty()) {
      add("scope", "an AzureArcNetwork endpoint needs `scope.include`: the subnets it stands for");
    }
  }

  void check_scope_entries(std::string_view member, const std::vector<std::string>& entries) {
    for (std::size_t i = 0; i < entries.size(); ++i) {
      add(fmt::format(fmt::runtime(member), i), scope_fault(entries[i]));
    }
  }

  void check_own_types() {
    const std::string type = to_string(endpoint_.type);
    if (!endpoint_.agent.empty() && endpoint_.type != EndpointType::Agent) {
      add("linewatch.agent", fmt::format("an endpoint of type {} names no agent; set type to Agent "
                                         "or remove it",
                                         type));
    }
    if (endpoint_.type == EndpointType::AgentGroup && endpoint_.labels.empty()) {
      add("linewatch",
          "an AgentGroup endpoint needs `linewatch.labels`: which agents belong to it");
    }
    if (!endpoint_.labels.empty() && endpoint_.type != EndpointType::AgentGroup) {
      add("linewatch.labels", fmt::format("an endpoint of type {} has no labels; set type to "
                                          "AgentGroup or remove them",
                                          type));
    }
  }

  const Endpoint& endpoint_;
  std::string path_;
  Faults& faults_;
};

/// The same machine or network may not be there twice with different parts of it selected: the two
/// would run the same tests under two names (seed, FAQ).
void check_same_resource(const std::vector<Endpoint>& endpoints, Faults& faults) {
  std::map<std::string, std::size_t> first_by_resource;
  for (std::size_t i = 0; i < endpoints.size(); ++i) {
    const Endpoint& endpoint = endpoints[i];
    // Many networks share one workspace, so its id does not tell them apart.
    if (endpoint.resource_id.empty() || endpoint.type == EndpointType::MMAWorkspaceNetwork)
      continue;
    const bool is_workspace = endpoint.type == EndpointType::MMAWorkspaceMachine;
    const std::string key = to_lower(endpoint.resource_id) + "\n" +
                            (is_workspace ? to_lower(endpoint.address) : std::string());
    const auto [found, is_new] = first_by_resource.emplace(key, i);
    const Endpoint& first = endpoints[found->second];
    const bool has_same_scope =
        first.scope == endpoint.scope && first.filter_addresses == endpoint.filter_addresses;
    const bool may_differ = endpoint.is_compound() && has_scope(first) && has_scope(endpoint);
    if (is_new || has_same_scope || may_differ) continue;
    faults.push_back({fmt::format("endpoints[{}].resourceId", i),
                      fmt::format("endpoint `{}` is the same resource as endpoint `{}` but with "
                                  "another filter or scope; use one endpoint for both",
                                  endpoint.name, first.name)});
  }
}

}  // namespace

void check_endpoints(const std::vector<Endpoint>& endpoints, Faults& faults) {
  std::vector<std::string> names;
  names.reserve(endpoints.size());
  for (const Endpoint& endpoint : endpoints) names.push_back(endpoint.name);
  check_names("endpoint", "endpoints", names, faults);
  for (std::size_t i = 0; i < endpoints.size(); ++i) EndpointRules(endpoints[i], i, faults).check();
  check_same_resource(endpoints, faults);
}

}  // namespace lw
