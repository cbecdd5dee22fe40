// SPDX-License-Identifier: Apache-2.0
#include "notify/deliveries.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lw::notify {
namespace {

constexpr std::array<Seconds, 5> kWaits{Seconds(5), Seconds(20), Seconds(5), Seconds(40),
                                        Seconds(5)};
constexpr Seconds kRest = std::chrono::minutes(15);
constexpr Seconds kAgeMax = std::chrono::hours(24);
/// What is known of addresses to which nothing goes any more.
constexpr std::size_t kIdleAddressesMax = 1'000;

}  // namespace

Attempted::Outcome outcome_of(int status) {
  if (status >= 200 && status < 300) return Attempted::Outcome::Delivered;
  const bool may_pass = status == 408 || status == 429 || status == 503 || status == 504;
  return may_pass ? Attempted::Outcome::TryAgain : Attempted::Outcome::Refused;
}

void Deliveries::add(Message message) {
  if (addresses_.size() >= kIdleAddressesMax && !addresses_.contains(message.uri)) {
    std::erase_if(addresses_, [](const auto& entry) { return entry.second.messages.empty(); });
  }
  Address& address = addresses_[message.uri];
  address.status.uri = message.uri;
  address.messages.push_back(std::move(message));
}

std::optional<Message> Deliveries::next(Instant now) {
  for (auto& [uri, address] : addresses_) {
    if (address.is_busy || address.messages.empty() || address.due > now) continue;
    address.is_busy = true;
    return address.messages.front();
  }
  return std::nullopt;
}

void Deliveries::fail(Address& address, Instant now, Timestamp wall_now) {
  if (address.failures < kWaits.size()) {
    address.due = now + kWaits.at(address.failures++);
    return;
  }
  address.failures = 0;
  address.due = now + kRest;
  address.status.rests_until = wall_now + kRest;
}

std::optional<Message> Deliveries::attempted(const std::string& uri, const Attempted& attempt,
                                             Instant now, Timestamp wall_now) {
  const auto found = addresses_.find(uri);
  if (found == addresses_.end() || !found->second.is_busy) return std::nullopt;
  Address& address = found->second;
  address.is_busy = false;
  address.status.rests_until.reset();
  const bool is_delivered = attempt.outcome == Attempted::Outcome::Delivered;
  address.status.problem = is_delivered ? std::string() : attempt.words;
  if (is_delivered) address.status.last_delivered = wall_now;
  if (attempt.outcome == Attempted::Outcome::TryAgain) {
    fail(address, now, wall_now);
    if (wall_now - address.messages.front().created < kAgeMax) return std::nullopt;
  } else {
    address.failures = 0;
    address.due = now;
  }
  Message message = std::move(address.messages.front());
  address.messages.pop_front();
  return message;
}

std::optional<Instant> Deliveries::due() const {
  std::optional<Instant> due;
  for (const auto& [uri, address] : addresses_) {
    if (address.is_busy || address.messages.empty()) continue;
    due = due ? std::min(*due, address.due) : address.due;
  }
  return due;
}

std::vector<AddressStatus> Deliveries::status() const {
  std::vector<AddressStatus> all;
  for (const auto& [uri, address] : addresses_) {
    all.push_back(address.status);
    all.back().waiting = address.messages.size();
  }
  return all;
}

}  // namespace lw::notify
