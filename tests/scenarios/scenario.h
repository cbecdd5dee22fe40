// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/diagnostic.h"
#include "model/path.h"
#include "simnet/network_config.h"
#include "trace/path_mtu.h"

/// A network, how the ways through it are traced, and what must be found
/// (tests/scenarios/README.md).
namespace lw::scenarios {

struct TraceSettings {
  std::string to;                        ///< node
  std::vector<bool> families = {false};  ///< true: IPv6
  std::vector<TraceProtocol> protocols = {TraceProtocol::Icmp};
  std::uint16_t tcp_port = 443;
  std::uint16_t udp_port = 33'434;
  int dscp = 0;
  int flows = 1;          ///< traced in each trace; 1: as the agent does it
  bool discover = false;  ///< Multipath discovery instead of watching for a while.
  Seconds duration{60};
  int first_seed = 0;  ///< 0: as the network says
  int seeds = 1;       ///< Runs with other chances each.
  int found_min = 1;   ///< In so many of them each issue must be found in time,
  int near_min = 0;    ///< in so many at least on one link more than it should be put on,
  int wrong_max = 0;   ///< and in so many something may be wrong.
  bool spare_routers = true;
  bool checks = false;  ///< The test's own checks run besides, and raise suspicion if they fail.
};

struct Range {
  double low = 0;
  double high = 0;
};

/// Far beyond any scenario, and still a number of microseconds.
inline constexpr Seconds kNever{1'000'000};

/// Must be found exactly so by `by`. Until then, a loss may be put on a longer part of the way that
/// holds the link.
struct ExpectedIssue {
  PathIssueKind kind = PathIssueKind::ForwardingLoss;
  std::string from;  ///< node; empty: any
  std::string to;
  Seconds since{0};  ///< Before that it would be wrong.
  Seconds by = kNever;
  Seconds until = kNever;     ///< After that it would be wrong.
  int links_max = 1;          ///< A loss counts as found once it is put on so many links.
  std::optional<Range> loss;  ///< percent
  std::optional<Range> added_ms;
  std::optional<std::string> text;  ///< that its text contains
  bool may_be_missing = false;
};

struct HopExpectation {
  std::string node;
  std::optional<std::vector<std::string>> labels;  ///< exactly these
  std::optional<int> icmp_type;
  std::optional<int> icmp_code;
  std::optional<int> reply_ttl;
  std::optional<Range> added_ms;
  std::vector<std::uint32_t> mpls;
};

/// What the last report not after `at` must say.
struct Checkpoint {
  std::optional<Seconds> at;  ///< Missing: the end.
  /// All paths, each as its hops: node names, "-" for silence.
  std::optional<std::vector<std::vector<std::string>>> paths;
  std::optional<int> paths_min;  ///< if not all are told
  std::optional<bool> reached;
  std::vector<HopExpectation> hops;  ///< Those that are not named have no labels.
};

/// What a search for the path's MTU must find.
struct ExpectedMtu {
  trace::PathMtuVerdict verdict = trace::PathMtuVerdict::Full;
  int path_mtu = 0;
  std::string told_by;  ///< node; empty: nobody
  std::string from;     ///< the node that large packets reach, and no further; empty: not said
};

struct Scenario {
  std::string description;
  lab::NetworkConfig network;
  TraceSettings trace;
  std::vector<Checkpoint> checkpoints;
  std::vector<ExpectedIssue> issues;  ///< and no others, at any time
  std::vector<std::string> changes;   ///< Texts of which each is part of some report's change.
  bool no_changes = false;            ///< Nothing is told but the first report.
  std::vector<int> per_packet_ttls;   ///< of a discovery
  std::optional<ExpectedMtu> mtu;     ///< Look for it instead of watching for a while.
};

struct ScenarioRead {
  Scenario scenario;
  std::vector<Diagnostic> faults;
};
ScenarioRead parse_scenario(std::string_view text, std::string_view file);

}  // namespace lw::scenarios
