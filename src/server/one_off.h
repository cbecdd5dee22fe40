// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/path.h"
#include "model/round.h"
#include "model/test_configuration.h"

/// Checks that somebody asks for and waits for, beside the tests.
namespace lw::server {

struct OneOffCheck {
  std::string destination;  ///< address or name
  TestConfiguration configuration;
  bool next_hop_only = false;
};

/// Where the agent's host sends what goes to the destination.
struct NextHop {
  bool is_reachable = false;
  std::optional<IpAddress> router;  ///< Missing: the destination is on a network of the host's own.
  std::string interface;
  std::string source;
  std::uint32_t table = 0;
};

struct OneOffResult {
  std::optional<Round> round;       ///< Missing if only the next hop was wanted.
  std::optional<PathReport> path;   ///< Missing if the agent cannot trace.
  std::optional<NextHop> next_hop;  ///< Missing if the destination's name does not resolve.
};

/// Requests that agents have not answered yet. Of the control thread.
class OneOffRequests {
 public:
  using Done = std::function<void(Result<OneOffResult>)>;

  /// The number to ask under. LimitExceeded if too many wait for that agent.
  Result<std::uint64_t> begin(AgentId agent, Instant give_up, Done done);
  /// An answer under a number that is not waited for, or another agent's, means nothing.
  void finish(AgentId agent, std::uint64_t number, Result<OneOffResult> result);
  /// Nothing more will come of the agent.
  void fail_all(AgentId agent, const Error& error);
  /// Gives up on those that have waited for too long.
  void tick(Instant now);

 private:
  struct Waiting {
    AgentId agent;
    Instant give_up{};
    Done done;
  };
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t next_number_ = 1;
};

/// Outcomes of long-running operations, for whoever asks for them by their id: for an hour, and the
/// newest thousand. Of the control thread.
class Operations {
 public:
  void begin(const std::string& id, Instant now);
  void finish(const std::string& id, Result<Value> outcome);
  struct Operation {
    std::optional<Result<Value>> outcome;  ///< Missing: it runs.
    Instant began{};
  };
  /// Null if there is none, or no more.
  [[nodiscard]] const Operation* find(const std::string& id) const;

 private:
  std::map<std::string, Operation> operations_;
};

}  // namespace lw::server
