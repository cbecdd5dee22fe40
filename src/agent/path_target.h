// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/trace_ring.h"
#include "base/ip_address.h"
#include "model/test.h"
#include "topology/path_history.h"
#include "topology/path_statistics.h"
#include "trace/multipath.h"
#include "trace/path_mtu_run.h"
#include "trace/trace_round.h"
#include "trace/tracer.h"

namespace lw::agent {

/// How a test's way is traced; nothing if its configuration says that it is not.
struct TraceKind {
  TraceProtocol protocol = TraceProtocol::Icmp;
  std::uint16_t port = 0;
  std::optional<int> dscp = {};
  std::string source_address = {};
  std::optional<Seconds> interval = {};
  std::optional<int> hops_max = {};
  bool all_paths = true;
  auto operator<=>(const TraceKind&) const = default;
};
std::optional<TraceKind> trace_kind_of(const TestConfiguration& configuration);

/// What is traced once for all tests that share it.
struct TargetKey {
  IpAddress address;
  TraceKind kind;
  auto operator<=>(const TargetKey&) const = default;
};

/// What is known of the ways to one target. Pure; `now` never goes back.
class PathTarget {
 public:
  PathTarget(TargetKey key, Timestamp now);

  void add(TestId test);
  void remove(TestId test);
  [[nodiscard]] bool is_unused() const { return tests_.empty(); }
  [[nodiscard]] const TargetKey& key() const { return key_; }

  struct Order {
    trace::TraceTask task;
    bool is_search = false;  ///< looks for paths
  };
  /// The next trace to make: a step of the search for all paths, which is made once the first way
  /// is known and each hour, or else of one of the flows that were found, which take turns.
  /// `supposed`: what its way may be, as long as that is not known.
  Order next_order(TraceTrigger trigger, Timestamp now, const trace::Way& supposed = {});
  /// Whether the way leads to the destination, and every hop of it has been asked or is known from
  /// elsewhere.
  [[nodiscard]] bool is_way_known() const { return is_way_known_; }
  /// The first path as far as it is known, by TTL from 1.
  [[nodiscard]] const trace::Way& way() const { return way_; }
  /// Whether that ends at the destination.
  [[nodiscard]] bool is_way_whole() const { return is_way_whole_; }
  /// The next report goes to this test whatever it says.
  void report_to(TestId test) { wanted_by_.insert(test); }
  /// The test's checks went from passing to failing at that time, or back. The first trace from
  /// then on is reported to it, at most once a minute.
  void note_state_change(TestId test, Timestamp at);
  /// Something went wrong at that time: what the way was before is kept until all is well again.
  void note_trouble(Timestamp at);

  /// The path's MTU is looked for, and reported to this test.
  void report_mtu_to(TestId test) { mtu_wanted_by_.insert(test); }
  /// Large packets seem to get lost. If the next trace finds that small ones reach the destination,
  /// the MTU is looked for; at most once a minute, and less and less often, down to each ten
  /// minutes, while that suspicion does not come true.
  void suspect_size(Timestamp now);
  /// Whether to look for the MTU now: somebody wants it; or large packets seem to get lost, and it
  /// was not looked for lately; or they did get lost when it was last looked for, and may pass now.
  [[nodiscard]] bool is_mtu_due(Timestamp now) const;
  /// The search to make. The next is_mtu_due() says no until take_mtu().
  trace::PathMtuTask next_mtu(Timestamp now);

  struct Finding {
    std::vector<PathReport> reports;  ///< to hand out
    bool is_suspicious = false;
    /// The routers' turns left nothing of the trace, or of the step of a search that took its
    /// place: it is to be made after all, after that time.
    std::optional<Seconds> missing_trace_in = {};
  };
  /// Takes in a finished trace of next_order().
  Finding take(const Trace& trace, bool is_search, Timestamp now);
  /// Takes in what came of next_mtu().
  Finding take_mtu(const PathMtuResult& result, Timestamp now);

  [[nodiscard]] const TraceRing& ring() const { return ring_; }

 private:
  void take_search(const Trace& trace);
  void remember_hints(const PathReport& report);
  [[nodiscard]] bool may_search(const trace::Way& supposed) const;
  [[nodiscard]] trace::Way common_hops() const;
  [[nodiscard]] trace::TraceTask base_task(TraceTrigger trigger) const;
  [[nodiscard]] PathReport make_report(Timestamp now) const;
  void add_traces(PathReport& report) const;
  std::vector<PathReport> reports_for_tests(const PathReport& report,
                                            const std::set<TestId>& wanted, const Trace* trace,
                                            Timestamp now);
  bool take_state_change(TestId test, const Trace& trace, Timestamp now);

  TargetKey key_;
  std::uint64_t asker_ = 0;  ///< of the routers, for the tracer's budget
  std::set<TestId> tests_;
  std::set<TestId> fresh_;      ///< had no report yet
  std::set<TestId> wanted_by_;  ///< asked for one
  topology::PathStatistics statistics_;
  topology::PathHistory history_;
  std::vector<std::uint16_t> flows_ = {0};
  std::size_t next_flow_ = 0;
  std::vector<trace::TraceHint> hints_;
  std::optional<trace::Multipath> search_;
  bool is_search_running_ = false;
  Timestamp traced_{};  ///< when the last trace ended that was no search and asked somebody
  bool is_trace_missing_ = false;  ///< The next order is a trace, whatever is searched for.
  bool is_suspicious_ = false;     ///< by the last trace
  int traces_since_search_ = 0;
  int first_traces_ = 0;  ///< before the first search
  Timestamp search_due_{};
  TraceRing ring_;
  std::optional<Timestamp> trouble_;  ///< the last sign of it
  struct StateChange {
    std::optional<Timestamp> at;  ///< not reported yet
    Timestamp reported{};
  };
  std::map<TestId, StateChange> state_changes_;
  std::string problem_;        ///< of the last trace
  bool is_refused_ = false;    ///< by the destination, when it last answered
  bool is_reached_ = false;    ///< by the last trace
  trace::Way way_;             ///< of the first path, for looking for the MTU
  bool is_way_whole_ = false;  ///< It ends at the destination.
  bool is_way_known_ = false;
  std::uint16_t way_flow_ = 0;
  std::set<TestId> mtu_wanted_by_;
  bool is_size_suspected_ = false;
  bool is_mtu_running_ = false;
  std::optional<Timestamp> mtu_begun_;
  std::optional<Timestamp> size_suspected_at_;
  Seconds mtu_pause_{0};              ///< before suspicion starts the next search
  std::optional<PathMtuResult> mtu_;  ///< the last that says something
};

}  // namespace lw::agent
