// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "base/result.h"
#include "base/time.h"
#include "model/ids.h"
#include "registry/registry.h"

namespace lw::server {

/// What the server remembers of its agents over a restart besides what they say of themselves: when
/// they were last heard of, and which certificates they may show. Kept in memory; certificates are
/// written to the registry at once, the times all together now and then. Of the control thread.
class AgentRecords {
 public:
  /// `registry` must outlive it.
  explicit AgentRecords(registry::Registry& registry) : registry_(registry) {}
  /// Reads what was written. Times to come, of a clock that was set back since, become `now`.
  Result<void> load(Timestamp now);

  void saw(AgentId agent, Timestamp now);
  /// As saw(), and worth writing soon: nothing more will be heard of it for a while.
  void left(AgentId agent, Timestamp now);
  [[nodiscard]] std::optional<Timestamp> last_seen(AgentId agent) const;

  /// PermissionDenied if another host has joined under the agent's name since. An agent that joined
  /// under a release that kept no certificates may show what the CA has signed.
  [[nodiscard]] Result<void> check_certificate(AgentId agent, const std::string& sha256_hex) const;
  /// The registry has it already (redeem_join_token).
  void joined(AgentId agent, const std::string& sha256_hex);
  /// The present one stays good as well: the agent may end before it has saved the fresh one.
  Result<void> renewed(AgentId agent, const std::string& present, const std::string& fresh);
  void removed(AgentId agent);

  /// Writes the times once a minute, or soon if an agent has left. On failure it warns, and tries
  /// again a minute later.
  void write_if_due(Instant now);
  /// Writes the times now; nothing if there is nothing new.
  void write();

 private:
  registry::Registry& registry_;
  std::unordered_map<AgentId, Timestamp> last_seen_;
  std::unordered_set<AgentId> unwritten_;
  std::unordered_map<AgentId, std::set<std::string>> certificates_;
  Instant written_{};
  bool is_urgent_ = false;
  bool has_warned_ = false;
};

}  // namespace lw::server
