// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"
#include "model/path.h"
#include "topology/localise_nodes.h"

/// Which links explain what many tests meet (docs/localisation.md). Sources: Harsh, Meng, Agrawal,
/// Godfrey: "Flock: Accurate network fault localization at scale" (PACMNET 1, 2023) for the greedy
/// search by likelihood; Peng, Yang et al.: "deTector" (USENIX ATC 2017) for probes that tell links
/// apart. All of it is pure.
namespace lw::topology {

/// What one flow of a test met lately, and the way it takes.
struct PathObservation {
  TestId test;
  /// The source first, then each hop by TTL, the destination last. kUnknownNode for silent hops.
  std::vector<NodeKey> way;
  std::uint32_t checks = 0;  ///< 0: a way that is known, but not measured now.
  std::uint32_t lost = 0;    ///< at most `checks`
  /// How much longer the median round trip is than it used to be, and how much such medians
  /// scatter.
  Microseconds delay_change{0};
  Microseconds delay_spread{0};
};

struct LocaliseConfig {
  /// Where to begin to learn what a healthy link loses; it may be wrong by far.
  double background_loss_guess = 2e-4;
  /// What a link must explain (in natural logarithms of likelihood) to be blamed. On top of this
  /// comes the logarithm of how many links there are: among many, chance finds more.
  double link_cost = 7.0;
  /// Less for a link that is new on some path: faults like company.
  double fresh_link_bonus = 3.0;
  /// What it costs, over a link, to say that a flow's loss is its own (its way back, say).
  double own_cost = 2.0;
  double loss_min = 0.002;        ///< Findings below this share are not worth a word.
  Microseconds added_min{5'000};  ///< Findings below this are not worth a word.
  Microseconds spread_min{500};   ///< No delay is known better than this.
  std::size_t findings_max = 64;
};

/// A stretch between two known places; `hidden` silent hops lie between them. If one end is
/// unknown, it is somewhere in the silent hops before or behind the other one.
struct PathLink {
  NodeKey from = kUnknownNode;
  NodeKey to = kUnknownNode;
  std::uint8_t hidden = 0;
  auto operator<=>(const PathLink&) const = default;
};

/// What the blamed place is to those who suffer from it.
enum class FaultPlace : std::uint8_t {
  OnTheWay,
  Source,       ///< the first links of an agent: all of its tests suffer
  Destination,  ///< the last links to a destination: all tests to it suffer
  OneTest,      ///< only one test crosses it: nothing to compare with
};

/// A check that would tell the links of a finding apart.
struct ProbeProposal {
  std::size_t observation = 0;   ///< Along whose way (index into the input).
  NodeKey until = kUnknownNode;  ///< To this hop; unknown: the whole way.
};

/// How many tests speak for and against a finding.
struct CrossingTests {
  std::size_t failing = 0;     ///< that cross it
  std::size_t failing_of = 0;  ///< of all failing ones
  std::size_t healthy = 0;
  std::size_t healthy_of = 0;
};

struct LocalisedFault {
  /// One of these is it; what was measured cannot tell which. The likeliest first.
  std::vector<PathLink> links;
  std::optional<Share> loss;  ///< 95 % bounds
  struct Delay {
    Microseconds low, value, high;
  };
  std::optional<Delay> added;
  double confidence = 0;  ///< 0–1, that one of the links is faulty
  /// Below 1: only this share of the flows that cross the links suffers. Then it is one member of a
  /// bundle, or something that was not seen, like their way back; the confidence is low.
  double affected_share = 1;
  FaultPlace place = FaultPlace::OnTheWay;
  std::vector<TestId> tests;  ///< that fail and cross it, sorted
  CrossingTests crossing;
  std::optional<ProbeProposal> next_probe;  ///< Missing: no known way would split it.
  std::string text;
};

struct Localisation {
  std::vector<LocalisedFault> faults;  ///< The one that explains most first.
  /// Tests with trouble that no link shares: their way back, the far host, a path other than known.
  std::vector<TestId> unexplained;
  double background_loss = 0;  ///< of a healthy link, as learned; loss only
};

/// Which links lose packets. `fresh`: links that are new on some path.
Localisation localise_loss(std::span<const PathObservation> observations, const NodeTable& nodes,
                           std::span<const PathLink> fresh = {}, const LocaliseConfig& config = {});
/// Which links became slower.
Localisation localise_delay(std::span<const PathObservation> observations, const NodeTable& nodes,
                            std::span<const PathLink> fresh = {},
                            const LocaliseConfig& config = {});

}  // namespace lw::topology
