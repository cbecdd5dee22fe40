// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "server/control.h"
#include "server/logs/workspaces.h"
#include "store/client.h"
#include "store/log_facts.h"

namespace lw::server::logs {

/// Keeps in the store what the logs say beside measurements: what is true of each test, whenever
/// that changes, once a minute each connected agent, and the audit log. Looks at the control loop's
/// state every few seconds, and writes from a thread of its own, again and again while the store is
/// away.
class Recorder {
 public:
  /// All outlive it; the control loop must run. `workspaces` is told which ones outputs name.
  Recorder(Control& control, Workspaces& workspaces, store::ClientConfig config,
           const Clock& clock);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

 private:
  struct Snapshot {
    std::unordered_set<std::string> monitors;  ///< whose tests were looked at, since they changed
    std::vector<store::TestFacts> tests;       ///< of these monitors, all
    bool has_more = false;                     ///< monitors that changed are left
    std::vector<store::AgentBeat> beats;
    std::optional<std::vector<store::ListenerResult>> listeners;  ///< if they are due
    std::vector<store::AuditRow> audit;                           ///< the next ones
  };
  /// What the last facts were made of; of the control thread.
  struct Seen {
    struct Monitor {
      ConnectionMonitor model;
      std::size_t tests = 0;
      bool operator==(const Monitor&) const = default;
    };
    std::unordered_map<std::string, Monitor> monitors;
    std::vector<Agent> agents;
  };
  static void look_at_monitors(const Control& control, Seen& seen, Snapshot& snapshot);

  void run();
  std::optional<Snapshot> look();
  Result<void> write_facts();
  Result<void> write_beats();
  Result<void> write_listeners();
  Result<void> write_audit();

  Control& control_;
  Workspaces& workspaces_;
  store::ClientConfig config_;
  const Clock& clock_;
  const std::shared_ptr<Seen> seen_ = std::make_shared<Seen>();
  // Of the recorder's thread.
  store::Client client_;
  std::optional<std::unordered_map<TestId, std::uint64_t>> known_;
  std::vector<store::TestFacts> facts_;  ///< waiting to be written
  std::vector<store::AgentBeat> beats_;
  std::optional<std::vector<store::ListenerResult>> listeners_;  ///< waiting to be written
  std::vector<store::AuditRow> audit_;                           ///< waiting to be written
  std::int64_t audited_ = 0;                                     ///< number of the last one written
  std::int64_t minute_ = 0;                                      ///< of the last beats
  std::int64_t listeners_minute_ = 0;  ///< of the last results of listeners

  Flag stopping_;
  Channel<int> pause_{1, WhenFull::Refuse};  ///< nothing comes through; closing it ends a wait
  Thread thread_;
};

/// What the logs say of a test. `monitor` is its own; `agent` runs it, or null. Pure.
store::TestFacts facts_of(const LiveTest& live, const ConnectionMonitor& monitor,
                          const Agent* agent, const std::string& subscription);

}  // namespace lw::server::logs
