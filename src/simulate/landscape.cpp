// SPDX-License-Identifier: Apache-2.0
#include "simulate/landscape.h"

#include <fmt/core.h>

#include <array>
#include <cmath>
#include <numbers>

#include "base/hash.h"
#include "base/number.h"
#include "simulate/dice.h"

namespace lw::simulate {
namespace {

struct City {
  std::string_view name;
  double latitude;
  double longitude;
};

constexpr std::array<City, 24> kSites{{
    {"berlin", 52.5, 13.4},      {"london", 51.5, -0.1},     {"paris", 48.9, 2.4},
    {"newyork", 40.7, -74.0},    {"singapore", 1.35, 103.8}, {"tokyo", 35.7, 139.7},
    {"chicago", 41.9, -87.6},    {"madrid", 40.4, -3.7},     {"saopaulo", -23.5, -46.6},
    {"sydney", -33.9, 151.2},    {"toronto", 43.7, -79.4},   {"warsaw", 52.2, 21.0},
    {"milan", 45.5, 9.2},        {"stockholm", 59.3, 18.1},  {"seattle", 47.6, -122.3},
    {"mumbai", 19.1, 72.9},      {"zurich", 47.4, 8.5},      {"dallas", 32.8, -96.8},
    {"vienna", 48.2, 16.4},      {"seoul", 37.6, 127.0},     {"oslo", 59.9, 10.8},
    {"johannesburg", -26.2, 28}, {"mexico", 19.4, -99.1},    {"lisbon", 38.7, -9.1},
}};
constexpr std::array<City, 6> kDataCentres{{
    {"frankfurt", 50.1, 8.7},
    {"dublin", 53.3, -6.3},
    {"virginia", 39.0, -77.5},
    {"oregon", 45.8, -119.7},
    {"singapore", 1.35, 103.8},
    {"campinas", -22.9, -47.1},
}};
constexpr std::array<City, 4> kCores{{
    {"ams", 52.4, 4.9},
    {"iad", 38.9, -77.0},
    {"sin", 1.35, 103.8},
    {"gru", -23.4, -46.5},
}};
constexpr std::size_t kAgentsPerSite = 20;
constexpr std::size_t kSitesMax = 50;
/// Destinations of a data centre lie in 198.18.0.0/15 (RFC 2544: for measurements), 16 networks
/// each.
constexpr std::size_t kNetworksPerDataCentre = 16;
constexpr std::size_t kHostsPerNetwork = 250;

double radians(double degrees) { return degrees * std::numbers::pi / 180; }

/// There and back through fibre that makes detours: 200 km a millisecond, half as far again.
Microseconds delay_between(const City& a, const City& b) {
  constexpr double kEarthRadiusKm = 6371;
  const double cosine = std::sin(radians(a.latitude)) * std::sin(radians(b.latitude)) +
                        std::cos(radians(a.latitude)) * std::cos(radians(b.latitude)) *
                            std::cos(radians(a.longitude - b.longitude));
  const double km = kEarthRadiusKm * std::acos(std::min(1.0, std::max(-1.0, cosine)));
  return Microseconds(static_cast<std::int64_t>(2 * 1.5 * km / 200 * 1000) + 200);
}

std::size_t nearest_core(const City& city) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < kCores.size(); ++i) {
    if (delay_between(city, kCores[i]) < delay_between(city, kCores[best])) best = i;
  }
  return best;
}

const City& city_of(std::size_t site) { return kSites[site % kSites.size()]; }

IpAddress ipv4(std::size_t a, std::size_t b, std::size_t c, std::size_t d) {
  IpAddress address;
  address.bytes[0] = static_cast<std::uint8_t>(a);
  address.bytes[1] = static_cast<std::uint8_t>(b);
  address.bytes[2] = static_cast<std::uint8_t>(c);
  address.bytes[3] = static_cast<std::uint8_t>(d);
  return address;
}

std::uint64_t link_key(LinkKind kind, std::uint64_t from, std::uint64_t to) {
  return mix({static_cast<std::uint64_t>(kind) + 1, from, to});
}

Link backbone_link(std::size_t from, std::size_t to) {
  return {.kind = LinkKind::Backbone,
          .key = link_key(LinkKind::Backbone, from, to),
          .delay = delay_between(kCores[from], kCores[to]),
          .to = ipv4(172, 16, to, from + 10)};
}

IpAddress address_in(std::size_t data_centre, std::size_t number) {
  const std::size_t network =
      data_centre * kNetworksPerDataCentre + number / kHostsPerNetwork % kNetworksPerDataCentre;
  return ipv4(198, 18, network, 1 + number % kHostsPerNetwork);
}

/// The place of an address of ours, or of a name like `shop-017.dublin.example`.
std::optional<Place> own_place(std::string_view destination) {
  if (const auto address = parse_ip_address(destination)) {
    const auto& bytes = address->bytes;
    const std::size_t data_centre = bytes[2] / kNetworksPerDataCentre;
    const bool is_ours = !address->is_v6 && bytes[0] == 198 && bytes[1] == 18 && bytes[3] > 0 &&
                         data_centre < kDataCentres.size();
    if (!is_ours) return std::nullopt;
    const std::size_t number =
        bytes[2] % kNetworksPerDataCentre * kHostsPerNetwork + (bytes[3] - std::size_t{1});
    return Place{data_centre, number, *address};
  }
  const auto dot = destination.find('.');
  const auto dash = destination.substr(0, dot).rfind('-');
  if (dot == std::string_view::npos || dash == std::string_view::npos) return std::nullopt;
  const auto number = parse_number<std::uint32_t>(destination.substr(dash + 1, dot - dash - 1));
  for (std::size_t i = 0; number && i < kDataCentres.size(); ++i) {
    if (destination.substr(dot + 1) == fmt::format("{}.example", kDataCentres[i].name)) {
      return Place{i, *number, address_in(i, *number)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::size_t data_centre_count() { return kDataCentres.size(); }

std::string data_centre_name(std::size_t data_centre) {
  return std::string(kDataCentres[data_centre % kDataCentres.size()].name);
}

std::size_t site_count(std::size_t agents) {
  // Few agents are still spread, so that a fault of one site is not one of all.
  const std::size_t wanted =
      std::max((agents + kAgentsPerSite - 1) / kAgentsPerSite, std::min<std::size_t>(agents, 4));
  return std::min(kSitesMax, std::max<std::size_t>(1, wanted));
}

std::string site_name(std::size_t site) {
  const std::size_t turn = site / kSites.size();
  const City& city = city_of(site);
  return turn == 0 ? std::string(city.name) : fmt::format("{}-{}", city.name, turn + 1);
}

IpAddress agent_address(std::size_t agent, std::size_t agents) {
  const std::size_t sites = site_count(agents);
  const std::size_t in_site = agent / sites;
  return ipv4(10, 1 + agent % sites, 1 + in_site / 200, 10 + in_site % 200);
}

std::string destination_address(std::size_t index) {
  return to_string(address_in(index % kDataCentres.size(), index / kDataCentres.size()));
}

std::string destination_name(std::string_view service, std::size_t index) {
  return fmt::format("{}-{:03}.{}.example", service, index / kDataCentres.size(),
                     data_centre_name(index));
}

Place place_of(std::string_view destination) {
  if (const auto ours = own_place(destination)) return *ours;
  const std::uint64_t hash = stable_hash({destination});
  Place place{.data_centre = hash % kDataCentres.size(), .number = hash / 7 % 4000, .address = {}};
  const auto address = parse_ip_address(destination);
  place.address = address ? *address : address_in(place.data_centre, place.number);
  return place;
}

Way way_between(std::size_t agent, std::size_t agents, const Place& place) {
  const std::size_t site = agent % site_count(agents);
  const City& centre = kDataCentres[place.data_centre];
  const std::size_t near = nearest_core(city_of(site));
  const std::size_t far = nearest_core(centre);
  Dice dice{0x517e, site};
  Way way{.source = agent_address(agent, agents), .links = {}};
  way.links.push_back({.kind = LinkKind::Access,
                       .key = link_key(LinkKind::Access, site, 0),
                       .delay = Microseconds(static_cast<std::int64_t>(dice.between(200, 600))),
                       .to = ipv4(10, 1 + site, 0, 1)});
  way.links.push_back({.kind = LinkKind::Uplink,
                       .key = link_key(LinkKind::Uplink, site, 1),
                       .delay = Microseconds(static_cast<std::int64_t>(dice.spread(900, 9'000))),
                       .to = ipv4(172, 20, site, 1)});
  way.links.push_back({.kind = LinkKind::Edge,
                       .key = link_key(LinkKind::Edge, site, 1'000 + near),
                       .delay = delay_between(city_of(site), kCores[near]),
                       .to = ipv4(172, 16, near, 1)});
  if (near != far) way.links.push_back(backbone_link(near, far));
  way.links.push_back({.kind = LinkKind::Edge,
                       .key = link_key(LinkKind::Edge, 2'000 + far, place.data_centre),
                       .delay = delay_between(kCores[far], centre),
                       .to = ipv4(172, 24, place.data_centre, 1)});
  // Every second data centre has a firewall that keeps silent.
  if (place.data_centre % 2 == 1) {
    way.links.push_back({.kind = LinkKind::Last,
                         .key = link_key(LinkKind::Last, place.data_centre, 1),
                         .delay = Microseconds(150),
                         .to = ipv4(172, 24, place.data_centre, 2),
                         .is_silent = true});
  }
  way.links.push_back({.kind = LinkKind::Last,
                       .key = link_key(LinkKind::Last, stable_hash({to_string(place.address)}), 2),
                       .delay = Microseconds(300),
                       .to = place.address});
  return way;
}

std::vector<Link> backbone() {
  std::vector<Link> links;
  for (std::size_t from = 0; from < kCores.size(); ++from) {
    for (std::size_t to = 0; to < kCores.size(); ++to) {
      if (from != to) links.push_back(backbone_link(from, to));
    }
  }
  return links;
}

}  // namespace lw::simulate
