// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/connection.h"
#include "agent/lane.h"
#include "agent/one_off.h"
#include "agent/reconnect_pause.h"
#include "agent/spool.h"
#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "model/listening.h"
#include "model/path.h"
#include "model/round.h"
#include "model/self_test.h"
#include "model/test.h"
#include "wire/assignment.h"

namespace lw::agent {

/// What the agent's other parts report for AgentStatus.
struct ProbeReport {
  std::uint64_t intervals_missed = 0;
  std::string problem;
  std::uint64_t responder_connections = 0;
  std::uint64_t stamp_replies = 0;
  std::optional<SelfTest> self_test = std::nullopt;
  std::string path_problem =
      {};  ///< why there are no traces, or fewer kinds; empty when all is well
  std::vector<ListeningPort> listening = {};  ///< the ports of AssignedWork::listen_ports
};

/// What the server wants of this agent.
struct AssignedWork {
  std::vector<Test> tests;
  std::vector<std::uint16_t> listen_ports;  ///< TCP ports to accept connections on
};

struct UplinkConfig {
  std::string server;
  std::string data_directory;
  Agent facts;
};

/// Where an uplink keeps what the server does not have yet.
struct Spools {
  Spool rounds;
  Spool paths;
};

/// What the uplink hands on, on its thread.
struct UplinkHandlers {
  /// Each complete assignment; the last known one at once, before there is any connection.
  std::function<void(AssignedWork)> assigned;
  /// The server asks for traces of a test now, and for the path's MTU if `with_mtu`.
  std::function<void(TestId, bool with_mtu)> trace_wanted;
  std::function<ProbeReport()> report;
  /// The server wants a check of its own made; the answer goes to Uplink::answer(). May be empty:
  /// then it is told so.
  std::function<void(OneOffOrder)> check_wanted = {};
  /// The host's addresses now; those of the facts for ever if empty. Asked every few seconds.
  std::function<std::vector<std::string>()> addresses = {};
};

/// Carries rounds and path reports through their spools to the server, and assignments back. Has
/// one thread of its own, which may block on the disk but not on the network (only
/// for some seconds when it renews its certificate, every few months). Reconnects for
/// ever, with growing pauses. What the server acknowledged leaves the spool; everything else is
/// sent again.
class Uplink {
 public:
  Uplink(UplinkConfig config, Identity identity, Spools spools, const Clock& clock,
         UplinkHandlers handlers);
  /// Sends what it can within two seconds, then ends. Rounds that are left wait in the spool.
  ~Uplink();

  /// Any thread; never blocks. If the disk stalls for so long that the queue is full, the oldest
  /// round goes and is counted as dropped.
  void submit(Round round);
  void submit(PathReport report);
  /// Any thread. Lost if there is no connection by then: nobody waits for it any more.
  void answer(OneOffAnswer answer);

 private:
  void run();
  void drain();
  [[nodiscard]] bool is_all_sent() const;
  void handle(ConnectionEvent event);
  void on_received(const ::linewatch::wire::ServerMessage& message);
  void on_closed(const Error& reason);
  void forget_connection();
  bool has_moved();
  void take_assignment(const ::linewatch::wire::Assignment& part);
  void take_difference(const ::linewatch::wire::AssignmentDifference& part);
  void adopt_assignment(wire::AssignedSet set);
  void restore_assignment();
  bool write_assignment_wanted();
  void connect_if_due();
  void write_next();
  bool write_rounds();
  bool write_paths();
  bool write_answer();
  void take_check(const ::linewatch::wire::CheckRequest& request);
  void write_status();
  void renew_if_due();

  UplinkConfig config_;
  Identity identity_;
  Lane round_lane_;
  Lane path_lane_;
  const Clock& clock_;
  const UplinkHandlers handlers_;

  // probe loop → uplink
  Channel<Round> rounds_{100'000, WhenFull::Conflate};
  // path monitor → uplink
  Channel<PathReport> reports_{20'000, WhenFull::Conflate};
  // one-off checks → uplink
  Channel<OneOffAnswer> answers_{100, WhenFull::Conflate};
  // gRPC's threads → uplink. Bounded by what the server sends between two of our reads.
  Channel<ConnectionEvent> events_{10'000, WhenFull::Block};
  Flag stopping_;

  // All below belongs to the thread.
  std::unique_ptr<Connection> connection_;
  std::uint64_t generation_ = 0;
  bool is_welcome_ = false;
  bool is_writing_ = false;
  Instant retry_at_{};
  ReconnectPause pause_;
  std::string last_failure_;
  Instant synced_at_{};
  Instant status_at_{};
  Instant renewal_checked_at_{};
  std::uint64_t assignment_version_ = 0;
  wire::AssignmentReader incoming_;
  std::optional<std::string> assignment_problem_;  ///< why the whole set is to be asked for
  Thread thread_;
};

}  // namespace lw::agent
