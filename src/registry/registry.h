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
#include "model/ids.h"

namespace lw::registry {

/// A connection monitor as its owner wrote it, with the server's book-keeping.
struct StoredMonitor {
  std::string name;  ///< model/resource_id.h, monitor_key
  Value document;    ///< as sent; never rewritten
  std::string etag;  ///< changes with every write
  Timestamp created{};
  Timestamp updated{};
  std::string resource_guid;         ///< stays while the resource lives
  std::optional<Timestamp> started;  ///< last time; nothing if never
  bool is_stopped = false;           ///< by its owner
};

/// A monitor to be put, new or in place of the one of its name.
struct MonitorWrite {
  std::string name;
  Value document;
  /// Of a new one; one that is there stays stopped or started.
  bool starts = true;
};

/// The place of connection monitors in Azure's tree of resources.
struct NetworkWatcher {
  std::string resource_group;
  std::string name;
  std::string location;
  Value tags;  ///< an object, or null
  std::string etag;
};

/// What a bearer token may do.
enum class Role { Reader, Operator, Administrator };

/// A bearer token of the API. What it is made of is known to its owner only.
struct ApiToken {
  std::string name;  ///< unique; what the audit log calls its owner
  Role role = Role::Reader;
  std::string sha256;  ///< raw bytes
  Timestamp created{};
  std::optional<Timestamp> expires = {};  ///< good until then; nothing: until it is removed
  /// Resource ids: what lies at or below them is all that it is good for. Nothing: everything.
  std::optional<std::vector<std::string>> scopes = {};
  bool operator==(const ApiToken&) const = default;
};

/// A request that changed something, or was refused since its caller may not.
struct AuditEntry {
  Timestamp at{};
  std::string caller;  ///< the token's name
  std::string address;
  std::string method;
  std::string target;       ///< path and query, as sent
  int status = 0;           ///< of the answer
  std::string detail = {};  ///< what the target does not say, in words
  bool operator==(const AuditEntry&) const = default;
};

struct NumberedAuditEntry {
  std::int64_t number = 0;  ///< grows, and is never used again
  AuditEntry entry;
};

/// A certificate that the CA has signed for an agent.
struct AgentCertificate {
  AgentId agent;
  std::string sha256_hex;  ///< of its DER form
  auto operator<=>(const AgentCertificate&) const = default;
};

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

  /// By name. Documents of those that have not changed since they were `known` are taken from
  /// there: reading a hundred large ones takes longer than all else.
  Result<std::vector<StoredMonitor>> monitors(const std::vector<StoredMonitor>& known = {});
  /// All of them or none: puts `changed`, removes `removed`.
  Result<void> write_monitors(const std::vector<MonitorWrite>& changed,
                              const std::vector<std::string>& removed, Timestamp now);
  /// Stops or starts a monitor that is there; NotFound if it is not.
  Result<void> set_monitor_stopped(const std::string& name, bool is_stopped, Timestamp now);

  /// Sorted by resource group and name.
  Result<std::vector<NetworkWatcher>> network_watchers();
  /// New, or in place of the one of its resource group and name. Gives it a new etag.
  Result<void> put_network_watcher(const NetworkWatcher& watcher, Timestamp now);
  /// Its monitors are `monitors` and go with it, in the same transaction.
  Result<void> remove_network_watcher(const NetworkWatcher& watcher,
                                      const std::vector<std::string>& monitors);

  Result<std::vector<Agent>> agents();
  /// Conflict if the name is taken by another agent.
  Result<void> put_agent(const Agent& agent);
  /// Its certificates go with it.
  Result<void> remove_agent(AgentId id);

  using LastSeen = std::vector<std::pair<AgentId, Timestamp>>;
  /// When agents were last heard of; those of whom nothing was ever written are left out.
  Result<LastSeen> last_seen();
  /// All of them or none. Agents that are no longer entered are passed over.
  Result<void> write_last_seen(const LastSeen& seen);

  /// The certificates that agents may show. Of an agent that has none here, which joined under an
  /// older release, nothing is known.
  Result<std::vector<AgentCertificate>> agent_certificates();
  /// The agent may show these and no others, from now on.
  Result<void> set_agent_certificates(AgentId agent, const std::vector<std::string>& sha256_hex);

  Result<void> add_join_token(const JoinTokenGrant& grant);
  /// Whether the token could be redeemed now; Unauthenticated if not.
  Result<void> check_join_token(const std::string& secret_sha256, Timestamp now);
  /// Uses the token up by one and enters the agent, in one transaction: a token is never spent on
  /// an agent that was not entered. From then on the agent may show the certificate with that
  /// SHA-256 only. Unauthenticated if the token is unknown, expired or used up.
  Result<void> redeem_join_token(const std::string& secret_sha256, const Agent& agent,
                                 const std::string& certificate_sha256_hex, Timestamp now);

  /// Replaces the token that had that name: a rotated token is good for nothing any more. Writes
  /// nothing if it is registered with that role already.
  Result<void> put_api_token(const ApiToken& token);
  /// By name.
  Result<std::vector<ApiToken>> api_tokens();
  /// NotFound if there is none of that name.
  Result<void> remove_api_token(const std::string& name);

  /// Keeps the newest `most`.
  Result<void> add_audit_entry(const AuditEntry& entry, std::int64_t most);
  /// The newest `limit`, newest first.
  Result<std::vector<AuditEntry>> audit_entries(std::size_t limit);
  /// Those behind that number, oldest first, at most `limit`.
  Result<std::vector<NumberedAuditEntry>> audit_entries_behind(std::int64_t number,
                                                               std::size_t limit);

 private:
  struct Impl;
  explicit Registry(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::registry
