// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/path_schedule.h"
#include "agent/path_target.h"
#include "trace/hop_budget.h"
#include "trace/trace_round.h"

namespace lw::scenarios {

/// The network of `bench/trace` (networks.py): a tree of routers with the source at its root, in
/// which all ways share the first two routers, and in the end two or three share the last one. Each
/// router limits its answers as Linux does. The destination is the tenth hop.
class RouterTree {
 public:
  static constexpr std::uint8_t kHops = 10;

  static IpAddress destination(std::uint32_t number);
  /// Who answers a packet to that destination whose TTL ends there, before the last hop.
  static IpAddress router(std::uint32_t number, std::uint8_t ttl);
  /// Whether it answers that question: one a second after a burst of six.
  bool answers(const IpAddress& router, Instant now);
  /// Questions, and those that came less than a second after another to the same router.
  struct Asked {
    std::uint64_t routers = 0;
    std::uint64_t too_soon = 0;
    std::array<std::uint64_t, kHops> too_soon_at{};  ///< by TTL
  };
  [[nodiscard]] const Asked& asked() const { return asked_; }
  void note_question(const IpAddress& router, std::uint8_t ttl, Instant now);

 private:
  struct Limit {
    double tokens = 6;
    Instant at{};
    Instant asked{};
  };
  std::unordered_map<IpAddress, Limit> limits_;
  Asked asked_;
};

/// Many targets of one agent, followed as its path monitor does (agent/path_monitor.cpp), through a
/// RouterTree and in virtual time.
class ManyWays {
 public:
  /// By UDP the destinations limit their answers as routers do.
  ManyWays(std::uint32_t count, Seconds interval, TraceProtocol protocol = TraceProtocol::Icmp);

  void run_until(Instant end);

  /// Traces that one as soon as can be. Whether the trace tells each of its hops, rightly.
  bool request(std::uint32_t number);

  struct Known {
    std::size_t whole = 0;  ///< targets all of whose hops were told, rightly
    std::size_t wrong_hops = 0;
    /// How often nothing was sent to a target for an interval, a tenth of it and the 15 s that a
    /// step of a search may wait for routers.
    std::size_t silences = 0;
  };
  [[nodiscard]] Known known() const { return known_; }
  [[nodiscard]] const RouterTree& tree() const { return tree_; }

 private:
  struct Running {
    std::uint32_t target = 0;
    bool is_search = false;
    TraceTrigger trigger = TraceTrigger::Schedule;
    std::unique_ptr<trace::TraceRound> round;
    Instant started{};
    Instant wake_at = Instant::max();
  };
  struct Event {
    Instant at{};
    std::uint64_t trace = 0;
    bool is_answer = false;
    trace::ProbeOrder order{};
    HopReply reply{};
    bool operator>(const Event& other) const { return at > other.at; }
  };

  void start_due();
  void start(std::uint32_t number, TraceTrigger trigger);
  [[nodiscard]] trace::Way supposed_way_of(const agent::PathTarget& path) const;
  void step(std::uint64_t id, Running& running);
  void send(std::uint64_t id, const Running& running, const trace::ProbeOrder& order);
  void finish(std::uint64_t id);
  void learn(std::uint32_t number, const Trace& trace);

  struct Followed {
    std::unique_ptr<agent::PathTarget> path;
    int running = 0;
    Instant sent{};           ///< a packet, last
    std::uint16_t known = 0;  ///< one bit for each hop
  };

  Instant now_;
  TraceProtocol protocol_;
  std::chrono::nanoseconds silence_max_;
  RouterTree tree_;
  trace::HopBudget budget_;
  agent::PathSchedule schedule_;
  std::vector<Followed> targets_;
  std::map<agent::TargetKey, std::uint64_t> ids_;
  std::unordered_map<std::uint64_t, Running> running_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  std::uint64_t next_id_ = 1;
  Instant forgot_{};
  Known known_;
  std::optional<bool> is_request_whole_;
};

}  // namespace lw::scenarios
