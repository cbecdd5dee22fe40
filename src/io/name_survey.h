// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "io/name_answer.h"
#include "io/name_lookup.h"

namespace lw::io {

/// Asks the name servers that lookups had no need of. A lookup ends with the first server that has
/// addresses, so that a second one may be dead for months and nobody knows before the first one
/// fails. Delays nobody: what is found out is for the lookups that follow. Belongs to the loop's
/// thread.
class NameSurvey {
 public:
  /// `every`: between two questions for one name; 0: never.
  NameSurvey(const Clock& clock, Seconds every) : clock_(clock), every_(every) {}

  /// A lookup found addresses: asks all servers but the one that had them, if that is due.
  void after(const NameAnswer& found, const std::shared_ptr<NameServers>& servers);
  /// What the others did not know of this name when they were asked last, server by server; mostly
  /// empty.
  [[nodiscard]] std::string failures(const std::string& asked_name) const;
  /// The servers are others now.
  void forget() { subjects_.clear(); }

 private:
  /// Beyond, all are forgotten and asked anew.
  static constexpr std::size_t kNamesMax = 10'000;

  struct Subject {
    Instant again{};
    /// Of the last time; shared with questions under way.
    std::shared_ptr<std::vector<ServerReply>> replies;
  };
  const Clock& clock_;
  const Seconds every_;
  std::unordered_map<std::string, Subject> subjects_;
};

}  // namespace lw::io
