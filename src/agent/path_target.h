// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "model/test.h"
#include "topology/path_history.h"
#include "topology/path_statistics.h"
#include "trace/multipath.h"
#include "trace/trace_round.h"
#include "trace/tracer.h"

namespace lw::agent {

/// How a test's way is traced; nothing if its configuration says that it is not.
struct TraceKind {
  TraceProtocol protocol = TraceProtocol::Icmp;
  std::uint16_t port = 0;
  std::optional<int> dscp = {};
  std::string source_address = {};
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
  /// The next trace to make: a step of the search for all paths, which is made at first and each
  /// hour, or else of one of the flows that were found, which take turns.
  Order next_order(TraceTrigger trigger, Timestamp now);
  /// The next report goes to this test whatever it says.
  void report_to(TestId test) { wanted_by_.insert(test); }

  struct Finding {
    std::vector<PathReport> reports;  ///< to hand out
    bool is_suspicious = false;
  };
  /// Takes in a finished trace of next_order().
  Finding take(const Trace& trace, bool is_search, Timestamp now);

 private:
  void take_search(const Trace& trace);
  void remember_hints(const PathReport& report);
  [[nodiscard]] std::vector<std::optional<IpAddress>> common_hops() const;

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
  Timestamp search_due_{};
};

}  // namespace lw::agent
