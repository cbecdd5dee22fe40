// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/ip_address.h"
#include "model/trace.h"

/// Multipath discovery: which flows to ask at which TTLs until all ways that load balancers make
/// are known with a given certainty. Augustin, Friedman, Teixeira, "Measuring load-balanced paths
/// in the Internet" (IMC 2007) for the algorithm; Veitch, Augustin, Teixeira, Friedman, "Failure
/// control in multipath route tracing" (INFOCOM 2009) for the stopping points; Vermeulen et al.,
/// "Multilevel MDA-Lite Paris traceroute" (IMC 2018) for the cheaper kind.
namespace lw::trace {

/// So many flows through a router must have been asked for its next hop, and no more than `found`
/// different ones have come, before one more can be ruled out but for a chance of `failure_max`:
/// the least n so that n flows, dealt out evenly among found + 1, leave one of them out no oftener.
/// For 5 %: 6, 11, 16, 21, 27, 33, 38, 44, 51, 57, 63, 70, 76, 83, 90, 96, ...
std::size_t flows_needed(std::size_t found, double failure_max = 0.05);

struct MultipathConfig {
  /// Chance that a router's next hops are not all found, for each router that balances. For a
  /// chance over a whole way with up to B such routers: 1 - (1 - chance)^(1/B).
  double failure_max = 0.05;
  std::uint8_t ttl_max = 30;
  /// No flow beyond is used. What is not certain then is said (is_exhausted()).
  std::uint16_t flows_max = 512;
  int silent_tail_max = 5;
  /// Ask a branching hop so often for one flow whether it balances each packet anew: the chance to
  /// miss that, with two equal ways, is 2^-(repeats - 1).
  int repeats = 7;
  /// Count flows over a whole TTL rather than for each of its routers, as long as what is found is
  /// even and unmeshed (MDA-Lite). May miss ways of uneven networks.
  bool is_lite = false;
};

/// A trace to make next: as TraceConfig has it.
struct MultipathStep {
  std::uint8_t first_ttl = 1;
  std::uint8_t ttl_max = 30;
  int probes_per_hop = 1;
  std::vector<std::uint16_t> flows;
  bool operator==(const MultipathStep&) const = default;
};

/// Two routers (or the destination) that one flow met one after the other. If to_ttl is more than
/// one above from_ttl, all between was silent for that flow.
struct MultipathLink {
  std::uint8_t from_ttl = 0;
  std::uint8_t to_ttl = 0;
  IpAddress from;
  IpAddress to;
  auto operator<=>(const MultipathLink&) const = default;
};

/// A way that one flow took from end to end.
struct MultipathPath {
  std::uint16_t flow = 0;  ///< the one that is kept for it
  /// By TTL, from 1. Missing: silent, or balanced for each packet (per_packet_ttls()).
  std::vector<std::optional<IpAddress>> hops;
  bool is_reached = false;
  bool operator==(const MultipathPath&) const = default;
};

/// The rules of one discovery. Has no socket, clock or thread. The caller makes the trace that
/// next() wants and adds it, until there is none. What was spared for a budget's sake is not asked
/// for again: then ways may be missing beyond the chance that is configured, but none is false.
///
/// Cost: six flows over the whole way; then for each router with k next hops flows_needed(k) probes
/// one TTL on, and so many at its own TTL until enough flows go through it; at last one trace for
/// each kept flow that was not traced as a whole. On a way of six hops, one of them balancing, that
/// is in the mean: no balancer 36 probes, two ways 61, four 109, eight 221, sixteen 468 (is_lite:
/// 339). A step waits for the one before: some five to twenty steps.
class Multipath {
 public:
  explicit Multipath(const MultipathConfig& config = {});

  /// What to ask next; nothing once complete. The same again until add().
  [[nodiscard]] std::optional<MultipathStep> next() const;
  /// The outcome of the latest next(). What is missing in it counts as silent.
  void add(const Trace& trace);
  [[nodiscard]] bool is_complete() const { return !next_.has_value(); }
  /// Flows ran out before it was certain.
  [[nodiscard]] bool is_exhausted() const { return is_exhausted_; }

  /// Never one that no single flow saw; none from a TTL where packets of one flow part, since one
  /// packet may have gone this way and the next another.
  [[nodiscard]] std::set<MultipathLink> links() const;
  /// All different ways seen from end to end. Together they hold every link, unless packets of one
  /// flow part or answers got lost meanwhile.
  [[nodiscard]] std::vector<MultipathPath> paths() const;
  /// TTLs at which packets of one flow met different routers.
  [[nodiscard]] std::vector<std::uint8_t> per_packet_ttls() const;
  /// Which routers answered at a TTL.
  [[nodiscard]] std::set<IpAddress> routers_at(std::uint8_t ttl) const;
  /// The last TTL that was asked.
  [[nodiscard]] std::uint8_t depth() const { return static_cast<std::uint8_t>(hops_.size() - 1); }
  /// Whom a flow met at a TTL: an address, or nothing if all was silent. Nothing at all if it was
  /// not asked there, or if it meets this one now and that one then.
  [[nodiscard]] std::optional<std::optional<IpAddress>> met_by(std::uint16_t flow,
                                                               std::uint8_t ttl) const;

 private:
  /// What a flow met at a TTL.
  struct Seen {
    std::optional<IpAddress> address = {};  ///< missing: silent
    bool is_end = false;                    ///< the destination, or "unreachable"
    bool is_destination = false;
    bool is_spared = false;  ///< It was to be asked, and was not: it may have met anybody.
  };
  struct Hop {
    std::map<std::uint16_t, Seen> flows;
    bool is_per_packet = false;
    bool is_before_tested = false;  ///< The TTL before was asked repeatedly since.
    std::set<IpAddress> others;     ///< seen for a flow that had met another
    std::set<IpAddress> tested;     ///< routers before, whose next hops were asked repeatedly
  };
  /// Flows that met one router, and what they met next. Silent ones are one, and so are all of a
  /// TTL where packets part.
  struct Branch {
    std::vector<std::uint16_t> unasked;
    std::vector<std::uint16_t> answered;
    std::size_t silent = 0;
    std::size_t spared = 0;
    std::set<IpAddress> next;
    [[nodiscard]] std::size_t asked() const {
      return spared + (answered.empty() ? silent : answered.size());
    }
  };
  using Branches = std::map<IpAddress, Branch>;

  void plan();
  std::optional<MultipathStep> plan_hop(std::uint8_t ttl);
  std::optional<MultipathStep> plan_test(std::uint8_t ttl, const Branches& branches);
  std::optional<MultipathStep> plan_test_before(std::uint8_t ttl);
  std::optional<MultipathStep> plan_flows(std::uint8_t ttl, const Branches& branches);
  std::optional<MultipathStep> plan_whole_traces();
  MultipathStep at(std::uint8_t ttl, std::vector<std::uint16_t> flows) const;
  std::vector<std::uint16_t> fresh_flows(std::uint8_t ttl, std::size_t count) const;

  Branches branches_before(std::uint8_t ttl) const;
  IpAddress key_of(std::uint8_t ttl, const Seen& seen) const;
  std::size_t missing(const Branch& branch, const Branches& all) const;
  static bool is_even(const Branches& branches);
  bool is_silent_tail(std::uint8_t ttl) const;
  void note(const TraceProbe& probe);
  void note_unanswered();
  bool is_whole(std::uint16_t flow) const;
  std::vector<MultipathLink> links_of(std::uint16_t flow) const;
  std::set<std::uint16_t> flows() const;
  MultipathPath path_of(std::uint16_t flow) const;
  bool is_spared(std::uint16_t flow, std::size_t ttl) const;
  bool may_be_one(const MultipathPath& a, const MultipathPath& b) const;

  MultipathConfig config_;
  std::vector<std::size_t> needed_;  ///< flows_needed() by found - 1
  std::vector<Hop> hops_;            ///< by TTL; [0] is the source
  std::set<std::uint16_t> traced_;   ///< flows that were to be traced as a whole
  std::optional<MultipathStep> next_;
  bool is_exhausted_ = false;
};

}  // namespace lw::trace
