// SPDX-License-Identifier: Apache-2.0
// Rules between networks: every agent of one tests to every agent of the other.
#include <fmt/core.h>

#include <bit>
#include <map>

#include "base/text.h"
#include "migrate/npm_parts.h"
#include "model/ip_range.h"

namespace lw::migrate {
namespace {

/// Where NPM's agents listen for each other, unless they were told otherwise.
constexpr std::uint16_t kAgentPort = 8084;
constexpr int kProtocolTcp = 1;
constexpr int kProtocolIcmp = 2;

int count_ones(const IpAddress& mask) {
  int ones = 0;
  for (std::size_t i = 0; i < mask.size(); ++i) ones += std::popcount(mask.bytes[i]);
  return ones;
}

IpAddress masked(IpAddress address, const IpAddress& mask) {
  for (std::size_t i = 0; i < address.size(); ++i) address.bytes[i] &= mask.bytes[i];
  address.scope = 0;
  return address;
}

/// The subnets that agents stand in, by their first address, with the length of their prefixes: the
/// networks' own list has no lengths.
std::map<IpAddress, int> read_prefixes(const Value& configuration) {
  std::map<IpAddress, int> prefixes;
  for (const Value& agent : items_of(configuration.find("Agents"))) {
    for (const Value& ip : items_of(agent.find("IPConfiguration"))) {
      const auto address = parse_ip_address(ip.text("IP"));
      const auto mask = parse_ip_address(ip.text("Mask"));
      if (!address || !mask || address->is_v6 != mask->is_v6) continue;
      prefixes[masked(*address, *mask)] = count_ones(*mask);
    }
  }
  return prefixes;
}

class NetworkRules {
 public:
  NetworkRules(const Value& configuration, NpmContext& context, std::vector<Batch>& batches)
      : context_(context), batches_(batches), prefixes_(read_prefixes(configuration)) {
    for (const Value& network : items_of(configuration.find("Networks"))) read_network(network);
  }

  void read_rule(const Value& rule) {
    const std::string name = rule.text("Name", "unnamed");
    const std::string path = "rule " + name;
    const auto configuration = read_configuration(rule, name, path);
    if (!configuration) return;
    for (const Value& exception : items_of(rule.find("Exceptions"))) {
      context_.report.loss(exception.location(), path,
                           "exceptions are not carried over; exclude addresses in the endpoints' "
                           "scope");
    }
    int number = 0;
    for (const Value& pair : items_of(rule.find("NetworkTestMatrix"))) {
      const auto source = find_endpoint(pair, "Source", path);
      const auto destination = find_endpoint(pair, "Dest", path);
      if (!source || !destination) continue;
      batches_.push_back(
          {.group = context_.names.groups.of(name, fmt::format("{} {}", path, ++number)),
           .sources = {*source},
           .destinations = {*destination},
           .configurations = {*configuration}});
    }
  }

 private:
  void read_network(const Value& network) {
    std::vector<std::string>& ranges = networks_[network.text("Name")];
    const std::string path = "network " + network.text("Name");
    for (const Value& subnet : items_of(network.find("Subnet"))) {
      const std::string id = subnet.text("ID");
      const auto address = parse_ip_address(id);
      const auto prefix = address ? prefixes_.find(*address) : prefixes_.end();
      const std::vector<Value> disabled = items_of(subnet.find("Disabled"));
      if (!disabled.empty() && flag_of(disabled.front()) == true) {
        context_.report.note(subnet.location(), path,
                             fmt::format("subnet {} is disabled and left out", quoted(id)));
      } else if (prefix == prefixes_.end()) {
        context_.report.loss(
            subnet.location(), path,
            fmt::format("the size of subnet {} is not known, since no agent of the file stands in "
                        "it; add it under scope.include",
                        quoted(id)));
      } else {
        ranges.push_back(fmt::format("{}/{}", to_string(*address), prefix->second));
      }
    }
  }

  std::optional<TestConfiguration> read_configuration(const Value& rule, const std::string& name,
                                                      const std::string& path) {
    TestConfiguration configuration;
    const Value* const value = rule.find("Protocol");
    const auto protocol = value == nullptr ? std::nullopt : number_of(*value);
    if (protocol == kProtocolTcp) {
      configuration.protocol =
          TcpConfiguration{.port = kAgentPort,
                           .disable_trace_route = false,
                           .destination_port_behavior = DestinationPortBehavior::ListenIfAvailable};
    } else if (protocol != kProtocolIcmp) {
      context_.report.loss(rule.location(), path,
                           "its protocol is neither 1 (TCP) nor 2 (ICMP); the rule is left out");
      return std::nullopt;
    }
    configuration.threshold = read_npm_threshold(rule.find("AlertConfiguration"));
    configuration.name = context_.names.configurations.of("TC_" + name, path);
    context_.report.note(
        rule.location(), path,
        fmt::format("protocol {} is taken for {}", text_of(*value),
                    protocol == kProtocolTcp ? "TCP, between agents on port 8084" : "ICMP"));
    return configuration;
  }

  /// The endpoint of one side of a pair: a network, or one of its subnets.
  std::optional<Endpoint> find_endpoint(const Value& pair, const std::string& side,
                                        const std::string& path) {
    const std::string network = pair.text(side + "Network");
    const std::string subnet = pair.text(side + "Subnet", "*");
    const auto found = networks_.find(network);
    std::vector<std::string> ranges =
        found == networks_.end() ? std::vector<std::string>{} : found->second;
    if (subnet != "*" && !subnet.empty()) {
      const auto address = parse_ip_address(subnet);
      std::erase_if(ranges, [&](const std::string& range) {
        const auto parsed = parse_ip_range(range);
        return !parsed || !address || parsed->address != *address;
      });
    }
    if (ranges.empty()) {
      context_.report.loss(
          pair.location(), path,
          fmt::format("no subnet of network {} can be carried over, so neither can this pair",
                      quoted(network)));
      return std::nullopt;
    }
    Endpoint endpoint;
    endpoint.resource_id = context_.workspace.resource_id;
    endpoint.type = endpoint.resource_id.empty() ? EndpointType::AzureArcNetwork
                                                 : EndpointType::MMAWorkspaceNetwork;
    std::string wanted = context_.workspace.name + "_" + network;
    if (subnet != "*" && !subnet.empty()) wanted += "_" + subnet;
    endpoint.name = context_.names.endpoints.of(wanted, network + "\n" + subnet);
    endpoint.scope.include = std::move(ranges);
    return endpoint;
  }

  NpmContext& context_;
  std::vector<Batch>& batches_;
  std::map<IpAddress, int> prefixes_;
  std::map<std::string, std::vector<std::string>> networks_;
};

}  // namespace

void read_npm_networks(const Value& configuration, NpmContext& context,
                       std::vector<Batch>& batches) {
  const std::vector<Value> rules = items_of(configuration.find("Rules"));
  if (rules.empty()) return;
  NetworkRules networks(configuration, context, batches);
  for (const Value& rule : rules) networks.read_rule(rule);
}

}  // namespace lw::migrate
