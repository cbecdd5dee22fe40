// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "io/name_answer.h"
#include "model/round.h"
#include "model/test.h"

/// What becomes of a destination that is a name. Pure.
namespace lw {

io::AddressFamily family_of(const TestConfiguration& configuration);
bool is_of_family(const IpAddress& address, io::AddressFamily family);
CheckOutcome outcome_of(io::NameStatus status);

/// The addresses in the order in which the configuration uses them.
std::vector<IpAddress> in_order_of_use(const std::vector<IpAddress>& addresses, AddressUse use);

/// The round's facts about the name, with `addresses` in the order of their use.
NameFacts facts_of(const io::NameAnswer& answer, const std::vector<IpAddress>& addresses);

/// The last addresses that each test's name had, so that the network is still measured while names
/// fail. For as long as the agent runs; what no round has asked about for a day belongs to tests
/// that have gone, and is forgotten.
class LastGoodAddresses {
 public:
  struct Entry {
    std::string name;
    std::vector<IpAddress> addresses;
    Instant at{};  ///< when the name had them
    Instant used_at{};
    std::size_t turn = 0;  ///< Where the next round begins to take turns.
  };

  /// The entry of a test, if its name and wanted family are still those.
  Entry* find(const ProbeTask& test, Instant now);
  void remember(const ProbeTask& test, std::vector<IpAddress> addresses, Instant now);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  void sweep(Instant now);

  std::unordered_map<TestId, Entry> entries_;
  std::size_t sweep_at_ = 1024;
};

}  // namespace lw
