// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/ids.h"

namespace lw {

/// What the server knows of an agent that has joined.
struct Agent {
  AgentId id;
  std::string name;                                         ///< unique; the host name by default
  std::vector<std::pair<std::string, std::string>> labels;  ///< for AgentGroup endpoints
  std::string resource_id;                                  ///< an Azure resource id it claims
  std::vector<std::string> addresses;                       ///< its own, without loopback
  Timestamp joined{};
  bool operator==(const Agent&) const = default;
};

}  // namespace lw
