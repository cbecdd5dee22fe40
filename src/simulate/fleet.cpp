// SPDX-License-Identifier: Apache-2.0
#include "simulate/fleet.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "model/limits.h"
#include "simulate/landscape.h"

namespace lw::simulate {
namespace {

enum class Kind { Ping, Port, Web };

/// A sort of thing that people watch, and how many of ten tests are of it.
struct Theme {
  std::string_view name;
  Kind kind;
  std::size_t share;
};
constexpr std::array<Theme, 4> kThemes{{{"network", Kind::Ping, 3},
                                        {"databases", Kind::Port, 3},
                                        {"web", Kind::Web, 3},
                                        {"partners", Kind::Ping, 1}}};

constexpr std::uint16_t kDatabasePort = 5432;
constexpr std::string_view kLabel = "simulated";

TestConfiguration configuration_of(Kind kind, Seconds frequency) {
  TestConfiguration made;
  made.frequency = frequency;
  made.threshold.checks_failed_percent = 20;
  switch (kind) {
    case Kind::Ping:
      made.name = "ping";
      made.protocol = IcmpConfiguration{};
      made.threshold.round_trip_time_ms = 400;
      break;
    case Kind::Port:
      made.name = "port-5432";
      made.protocol = TcpConfiguration{.port = kDatabasePort};
      made.threshold.round_trip_time_ms = 400;
      break;
    case Kind::Web: {
      made.name = "https";
      HttpConfiguration http;
      http.path = "/health";
      http.prefer_https = true;
      made.protocol = std::move(http);
      made.threshold.round_trip_time_ms = 1'500;
      break;
    }
  }
  return made;
}

Endpoint site_endpoint(const std::string& name, const std::string& site) {
  Endpoint endpoint;
  endpoint.name = name;
  endpoint.type = EndpointType::AgentGroup;
  endpoint.coverage = CoverageLevel::Full;
  endpoint.labels = {{std::string(kLabel), "yes"}, {"site", site}};
  return endpoint;
}

Endpoint destination_endpoint(const Theme& theme, std::size_t index) {
  Endpoint endpoint;
  endpoint.type = EndpointType::ExternalAddress;
  endpoint.name = destination_name(theme.name, index);
  endpoint.name.resize(endpoint.name.size() - std::string_view(".example").size());
  endpoint.address =
      theme.kind == Kind::Web ? destination_name(theme.name, index) : destination_address(index);
  return endpoint;
}

/// A monitor in which each source checks each of the destinations numbered from `first` on.
ConnectionMonitor monitor_of(const Theme& theme, const std::string& name,
                             const std::vector<Endpoint>& sources, std::size_t first,
                             std::size_t count, Seconds frequency) {
  ConnectionMonitor monitor;
  monitor.name = name;
  monitor.location = "local";
  monitor.endpoints = sources;
  TestGroup group;
  group.name = theme.name;
  for (const Endpoint& source : sources) group.sources.push_back(source.name);
  for (std::size_t i = first; i < first + count; ++i) {
    monitor.endpoints.push_back(destination_endpoint(theme, i));
    group.destinations.push_back(monitor.endpoints.back().name);
  }
  monitor.test_configurations = {configuration_of(theme.kind, frequency)};
  group.test_configurations = {monitor.test_configurations.front().name};
  monitor.test_groups = {std::move(group)};
  return monitor;
}

/// How many destinations each theme gets, `total` together.
std::array<std::size_t, kThemes.size()> split(std::size_t total) {
  std::array<std::size_t, kThemes.size()> counts{};
  std::size_t shares = 0;
  std::size_t given = 0;
  for (std::size_t i = 0; i < kThemes.size(); ++i) {
    shares += kThemes[i].share;
    counts[i] = total * shares / 10 - given;
    given += counts[i];
  }
  return counts;
}

}  // namespace

std::vector<Agent> make_agents(std::size_t count) {
  std::vector<Agent> agents;
  agents.reserve(count);
  const std::size_t sites = site_count(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string site = site_name(i % sites);
    Agent agent;
    agent.name = fmt::format("sim-{}-{:02}", site, i / sites + 1);
    agent.labels = {{std::string(kLabel), "yes"},
                    {"site", site},
                    {"role", i / sites == 0 ? "gateway" : "server"}};
    agent.addresses = {to_string(agent_address(i, count))};
    agents.push_back(std::move(agent));
  }
  return agents;
}

Result<std::vector<ConnectionMonitor>> make_monitors(const FleetWish& wish) {
  const std::size_t sites = site_count(wish.agents);
  std::vector<Endpoint> sources;
  sources.reserve(sites);
  for (std::size_t i = 0; i < sites; ++i) {
    sources.push_back(site_endpoint("site-" + site_name(i), site_name(i)));
  }
  const std::size_t per_monitor = limits::kEndpointsPerConnectionMonitor - sites;
  std::vector<ConnectionMonitor> monitors;
  const auto counts = split(wish.tests / wish.agents);
  std::size_t used = 0;
  for (std::size_t t = 0; t < kThemes.size(); ++t) {
    for (std::size_t done = 0; done < counts[t];) {
      const std::size_t count = std::min(per_monitor, counts[t] - done);
      const std::string name = done == 0
                                   ? std::string(kThemes[t].name)
                                   : fmt::format("{}-{}", kThemes[t].name, done / per_monitor + 1);
      monitors.push_back(
          monitor_of(kThemes[t], "sim-" + name, sources, used, count, wish.frequency));
      done += count;
      used += count;
    }
  }
  // What is left over: one destination more for some of the agents, by their names.
  const std::vector<Agent> agents = make_agents(wish.agents);
  const std::size_t rest = wish.tests % wish.agents;
  for (std::size_t done = 0; done < rest;) {
    const std::size_t count = std::min(rest - done, limits::kEndpointsPerConnectionMonitor - 1);
    std::vector<Endpoint> some;
    for (std::size_t i = done; i < done + count; ++i) {
      Endpoint endpoint;
      endpoint.name = agents[i].name;
      endpoint.type = EndpointType::Agent;
      endpoint.agent = agents[i].name;
      some.push_back(std::move(endpoint));
    }
    monitors.push_back(monitor_of(kThemes[0], fmt::format("sim-more-{}", done / count + 1), some,
                                  used, 1, wish.frequency));
    done += count;
  }
  constexpr std::size_t kMax = limits::kConnectionMonitorsPerSubscriptionAndRegion;
  if (monitors.size() > kMax) {
    return fail(ErrorCode::InvalidInput,
                fmt::format("{} tests for {} agents would take {} connection monitors, and there "
                            "may be {}; ask for fewer tests or more agents",
                            wish.tests, wish.agents, monitors.size(), kMax));
  }
  return monitors;
}

}  // namespace lw::simulate
