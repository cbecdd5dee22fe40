// SPDX-License-Identifier: Apache-2.0
#include "probe/destination.h"

#include <algorithm>
#include <utility>

#include "probe/connect_race.h"

namespace lw {
namespace {

constexpr std::chrono::hours kForgetAfter{24};
constexpr std::size_t kSweepFrom = 1024;

}  // namespace

io::AddressFamily family_of(const TestConfiguration& configuration) {
  if (!configuration.preferred_ip_version) return io::AddressFamily::V4ThenV6;
  return *configuration.preferred_ip_version == IpVersion::V4 ? io::AddressFamily::V4
                                                              : io::AddressFamily::V6;
}

bool is_of_family(const IpAddress& address, io::AddressFamily family) {
  return family == io::AddressFamily::V4ThenV6 ||
         address.is_v6 == (family == io::AddressFamily::V6);
}

CheckOutcome outcome_of(io::NameStatus status) {
  switch (status) {
    case io::NameStatus::Found:
      return CheckOutcome::Success;
    case io::NameStatus::NotFound:
      return CheckOutcome::NameNotFound;
    case io::NameStatus::NoAddress:
      return CheckOutcome::NameNoAddress;
    case io::NameStatus::ServerFailed:
      return CheckOutcome::NameServerFailed;
    case io::NameStatus::TimedOut:
      return CheckOutcome::NameTimedOut;
    case io::NameStatus::Invalid:
      return CheckOutcome::NameInvalid;
  }
  return CheckOutcome::NameServerFailed;
}

std::vector<IpAddress> in_order_of_use(const std::vector<IpAddress>& addresses, AddressUse use) {
  return use == AddressUse::HappyEyeballs ? happy_eyeballs_order(addresses) : addresses;
}

NameFacts facts_of(const io::NameAnswer& answer, const std::vector<IpAddress>& addresses) {
  NameFacts facts;
  facts.outcome = outcome_of(answer.status);
  facts.took = answer.took;
  facts.server = answer.server;
  facts.ttl = answer.ttl;
  for (const IpAddress& address : addresses) facts.addresses.push_back(to_string(address));
  facts.detail = answer.evidence;
  return facts;
}

LastGoodAddresses::Entry* LastGoodAddresses::find(const ProbeTask& test, Instant now) {
  const auto found = entries_.find(test.id);
  if (found == entries_.end()) return nullptr;
  Entry& entry = found->second;
  const io::AddressFamily family = family_of(*test.configuration);
  const auto fits = [family](const IpAddress& one) { return is_of_family(one, family); };
  if (entry.name != test.destination_address || !std::ranges::all_of(entry.addresses, fits)) {
    return nullptr;
  }
  entry.used_at = now;
  return &entry;
}

void LastGoodAddresses::remember(const ProbeTask& test, std::vector<IpAddress> addresses,
                                 Instant now) {
  Entry& entry = entries_[test.id];
  entry.name = test.destination_address;
  entry.addresses = std::move(addresses);
  entry.at = entry.used_at = now;
  sweep(now);
}

void LastGoodAddresses::sweep(Instant now) {
  if (entries_.size() < sweep_at_) return;
  std::erase_if(entries_,
                [now](const auto& entry) { return now - entry.second.used_at > kForgetAfter; });
  sweep_at_ = std::max(kSweepFrom, entries_.size() * 2);
}

}  // namespace lw
