// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/path.h"

/// Which link of one path loses packets, told from how often each hop answers (docs/paths.md). A
/// hop that does not answer says little of the link before it: it may limit its answers. Loss on a
/// link shows at every hop behind it.
namespace lw::topology {

/// What one hop of a path says of loss.
struct HopEvidence {
  double sent = 0;  ///< probes that it ought to have answered
  double lost = 0;  ///< of them
  /// Known to keep answers back: it speaks against loss, never for it.
  bool is_limited = false;
  /// Its answers are not ICMP errors, which hosts limit: echo replies, SYN-ACKs.
  bool is_sure = false;
};

struct LossRules {
  double background = 0.001;  ///< loss per probe that is nobody's fault
  double gain_min = 15;       ///< log-likelihood that a lossy link must gain to be named
};

/// Packets get lost between the hops with the indexes first - 1 (or the source) and last. If
/// last > first, which of the links between them does it is not known yet.
struct LossyLink {
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t best = 0;  ///< the likeliest, first <= best <= last
  double gain = 0;
  double place = 0;  ///< probability that it is between first and last, if there is one
  /// Of `sent` probes that hops behind it ought to have answered.
  double sent = 0;
  double lost = 0;
  double lost_before = 0;  ///< share (0–1) that is lost before it already
};

/// The evidence of one path, `hops` by TTL from 1, since each of several times: nobody knows when a
/// loss began. Earlier times include later ones.
using LossSpans = std::span<const std::vector<HopEvidence>>;

struct LossFinding {
  std::vector<LossyLink> links;  ///< in the order of the path
  std::size_t span = 0;          ///< the time since when the evidence is the strongest
};

/// The links that lose packets. Places are told apart by the evidence of all spans.
LossFinding find_lossy_links(LossSpans spans, const LossRules& rules);

/// How much likelier the evidence is with the best lossy link than without any (natural logarithm),
/// however weak: reason to look closer. 0 if nothing speaks for loss.
double loss_suspicion(LossSpans spans, const LossRules& rules);

/// By how much what both did is likelier if `hop` keeps answers back than if it and one behind it
/// miss what gets lost on the way to either, and nothing else.
double limit_evidence(const HopEvidence& hop, const HopEvidence& behind);

/// By how much the evidence speaks against loss of `share` (0–1) from hop `first` on.
double evidence_of_no_loss(std::span<const HopEvidence> hops, std::size_t first, double share,
                           const LossRules& rules);

/// For each hop, how much of what is sent to it gets lost, own limits left out.
std::vector<Share> forwarding_losses(std::span<const HopEvidence> hops,
                                     std::span<const LossyLink> links);

}  // namespace lw::topology
