// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/document.h"
#include "base/result.h"
#include "base/time.h"
#include "model/agent.h"

namespace lw::registry {

/// A connection monitor as its owner wrote it, with the server's book-keeping.
struct StoredMonitor {
  std::string name;
  Value document;    ///< as sent; never rewritten
  std::string etag;  ///< changes with every write
  Timestamp created{};
  Timestamp updated{};
};

/// What a bearer token may do.
enum class Role { Reader, Operator, Administrator };

struct JoinTokenGrant {
  std::string secret_sha256;  ///< raw bytes
  Timestamp expires{};
  int uses_left = 1;
};

/// The server's durable control state, in one SQLite file (WAL, synchronous FULL) that is for the
/// owner only. Every write is
/// one transaction; when the call returns, it is on the disk. One thread at a time; calls block on
/// the disk for milliseconds. Moving it behind another database means another implementation of
/// this class's functions.
class Registry {
 public:
  /// Opens or creates the file and brings its schema up to date. Refuses a newer schema.
  static Result<Registry> open(const std::string& path);
  Registry(Registry&&) noexcept;
  Registry& operator=(Registry&&) noexcept;
  ~Registry();

  /// The setting's value; stores `initial` first if there is none.
  Result<std::string> setting(const std::string& key, const std::string& initial);

  Result<std::vector<StoredMonitor>> monitors();
  /// All of them or none: puts `changed` (new or replaced), removes `removed`.
  Result<void> write_monitors(const std::vector<std::pair<std::string, Value>>& changed,
                              const std::vector<std::string>& removed, Timestamp now);

  Result<std::vector<Agent>> agents();
  /// Conflict if the name is taken by another agent.
  Result<void> put_agent(const Agent& agent);
  Result<void> remove_agent(AgentId id);

  Result<void> add_join_token(const JoinTokenGrant& grant);
  /// Whether the token could be redeemed now; Unauthenticated if not.
  Result<void> check_join_token(const std::string& secret_sha256, Timestamp now);
  /// Uses the token up by one and enters the agent, in one transaction: a token is never spent on
  /// an agent that was not entered. Unauthenticated if it is unknown, expired or used up.
  Result<void> redeem_join_token(const std::string& secret_sha256, const Agent& agent,
                                 Timestamp now);

  /// Replaces the token that had that name: a rotated token is good for nothing any more. Writes
  /// nothing if it is registered as it is.
  Result<void> add_api_token(const std::string& token_sha256, const std::string& name, Role role);
  Result<std::vector<std::pair<std::string, Role>>> api_tokens();

 private:
  struct Impl;
  explicit Registry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::registry
