// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/agent.h"
#include "model/endpoint.h"

namespace lw {

/// What an endpoint stands for in one test: itself, or one machine of a compound endpoint.
struct Member {
  std::string name;     ///< "endpoint", or "endpoint/member" of a compound one
  AgentId agent;        ///< The agent on that machine; 0 if none is known.
  std::string address;  ///< Empty if `missing` is not, and for sources.
  std::string missing;  ///< Why it cannot take part, as a sentence; else empty.
};

/// The agents that run the endpoint's tests. Never empty: without an agent, one member says why.
std::vector<Member> source_members(const Endpoint& endpoint, const std::vector<Agent>& agents);

/// The addresses to check for the endpoint. Never empty: without one, one member says why.
std::vector<Member> destination_members(const Endpoint& endpoint, const std::vector<Agent>& agents);

}  // namespace lw
