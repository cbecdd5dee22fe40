// SPDX-License-Identifier: Apache-2.0
#include "topology/path_loss.h"

#include <algorithm>
#include <cmath>

#include "topology/share.h"

namespace lw::topology {
namespace {

/// Named links stay named above this share of what naming them took.
constexpr double kStayShare = 0.5;
/// Log-likelihood for the end of a loss; less is enough if nothing at all got lost since.
constexpr double kEndEvidence = 9;
constexpr double kCleanEndEvidence = 5;
/// Log-likelihood for loss above the least share that is blamed, not only above the background.
constexpr double kAboveMinimum = 3;
/// Log-likelihood for a hop that keeps answers back. It is compared with each hop behind it again
/// and again, and what is learnt wrongly hides loss for long.
constexpr double kLimitEvidence = 12;
constexpr double kSuspicion = 2;
/// Background loss is learnt within these bounds; at first it is taken to be the lower one.
constexpr double kBackgroundMin = 0.001;
constexpr double kBackgroundMax = 0.003;
constexpr double kBackgroundWeight = 2'000;

bool has_losses(const std::vector<HopEvidence>& hops) {
  return std::ranges::any_of(
      hops, [](const HopEvidence& hop) { return hop.lost > 0 && !hop.is_limited; });
}

/// What the hops did over the memory's time. The newest part of the window is not in there yet.
std::vector<HopEvidence> long_run_of(const PathState& path, EpochSeconds now) {
  const std::uint32_t newest = path.window.newest();
  std::vector<HopEvidence> found = path.evidence(newest, now).front();
  for (std::size_t i = 0; i < path.hops.size(); ++i) {
    found[i].sent += static_cast<double>(path.hops[i].long_witnessed);
    found[i].lost += static_cast<double>(path.hops[i].long_missed);
  }
  return found;
}

/// What usually gets lost on the way to the hops that keep nothing back.
LossRules rules_for(const PathState& path) {
  double sent = kBackgroundWeight;
  double lost = kBackgroundMin * kBackgroundWeight;
  for (const HopState& hop : path.hops) {
    if (hop.limited_until != 0) continue;
    sent += static_cast<double>(hop.long_witnessed);
    lost += static_cast<double>(hop.long_missed);
  }
  LossRules rules;
  rules.background = std::clamp(lost / sent, kBackgroundMin, kBackgroundMax);
  return rules;
}

bool was_named(const PathState& path, const LossyLink& link) {
  return std::ranges::any_of(path.named, [&](const NamedLoss& named) {
    return named.best_ttl >= link.first + 1 && named.best_ttl <= link.last + 1;
  });
}

/// Loss that is clearly more than what nobody wants to hear of.
bool is_enough(const PathState& path, const LossyLink& link, double loss_percent_min) {
  const Share share = share_of(link);
  if (was_named(path, link)) return share.value >= loss_percent_min;
  if (share.low <= loss_percent_min) return false;
  const double least = std::clamp(loss_percent_min / 100 + link.lost_before, 1e-6, 0.999);
  const double rate = link.lost / link.sent;
  return link.lost * std::log(rate / least) +
             (link.sent - link.lost) * std::log((1 - std::min(rate, 1 - 1e-9)) / (1 - least)) >=
         kAboveMinimum;
}

LossFinding find_links(const PathState& path, LossSpans spans, const LossRules& rules) {
  LossRules lenient = rules;
  if (!path.named.empty()) lenient.gain_min *= kStayShare;
  LossFinding found = find_lossy_links(spans, lenient);
  std::erase_if(found.links, [&](const LossyLink& link) {
    return link.gain < rules.gain_min && !was_named(path, link);
  });
  return found;
}

/// The share that gets lost behind `link` over the whole window: the median of what its hops miss,
/// since one or the other of them may keep answers back.
double lasting_share(const LossyLink& link, const std::vector<HopEvidence>& whole) {
  std::vector<double> shares;
  for (std::size_t i = link.best; i < whole.size(); ++i) {
    if (!whole[i].is_limited && whole[i].sent > 0) shares.push_back(whole[i].lost / whole[i].sent);
  }
  if (shares.empty()) return 0;
  const auto middle = shares.begin() + static_cast<std::ptrdiff_t>((shares.size() - 1) / 2);
  std::ranges::nth_element(shares, middle);
  return *middle;
}

/// Whether the newest spans show that what lost packets is over: too little gets lost since for a
/// loss that lasts. Against the share over the whole window, not that of the worst part of it:
/// after a run of bad luck the usual share would look like an end.
bool is_over(const LossyLink& link, LossSpans spans, const LossRules& rules) {
  const double share = lasting_share(link, spans.back());
  return std::any_of(spans.begin(), spans.end() - 1, [&](const std::vector<HopEvidence>& recent) {
    const bool is_clean = std::all_of(
        recent.begin() + static_cast<std::ptrdiff_t>(std::min(link.best, recent.size())),
        recent.end(), [](const HopEvidence& hop) { return hop.lost <= 0 || hop.is_limited; });
    return evidence_of_no_loss(recent, link.best, share, rules) >=
           (is_clean ? kCleanEndEvidence : kEndEvidence);
  });
}

}  // namespace

Share share_of(const LossyLink& link) {
  const Share all = share_of(link.lost, link.sent);
  const double passed = std::max(1e-6, 1 - link.lost_before);
  const auto own = [&](double percent) {
    return std::clamp(100 * (percent / 100 - link.lost_before) / passed, 0.0, 100.0);
  };
  return {own(all.low), own(all.value), own(all.high)};
}

PathLoss judge_loss(const PathState& path, Timestamp now, const PathStatisticsConfig& config) {
  const std::uint32_t part = HopWindow::part_of(now, config.window);
  const auto spans = path.evidence(part, to_seconds(now));
  PathLoss loss;
  loss.whole = spans.back();
  LossFinding found;
  if (has_losses(loss.whole)) {
    const LossRules rules = rules_for(path);
    loss.is_suspected = loss_suspicion(spans, rules) >= kSuspicion;
    found = find_links(path, spans, rules);
    std::erase_if(found.links, [&](const LossyLink& link) { return is_over(link, spans, rules); });
  }
  loss.per_hop =
      forwarding_losses(found.links.empty() ? loss.whole : spans[found.span], found.links);
  std::erase_if(found.links, [&](const LossyLink& link) {
    return !is_enough(path, link, config.loss_percent_min);
  });
  loss.links = std::move(found.links);
  return loss;
}

void remember_named(PathState& path, const PathLoss& loss) {
  path.named.clear();
  for (const LossyLink& link : loss.links) {
    path.named.push_back(
        {static_cast<std::uint8_t>(link.best + 1), static_cast<float>(share_of(link).value / 100)});
  }
}

void learn_limits(PathState& path, const PathLoss& loss, EpochSeconds now,
                  const PathStatisticsConfig& config) {
  const std::vector<HopEvidence> long_run = long_run_of(path, now);
  for (std::size_t i = 0; i < path.hops.size(); ++i) {
    const HopEvidence& window = loss.whole[i];
    if (window.lost <= 0 || window.is_sure) continue;
    for (std::size_t behind = i + 1; behind < path.hops.size(); ++behind) {
      const bool is_limited = limit_evidence(window, loss.whole[behind]) >= kLimitEvidence ||
                              limit_evidence(long_run[i], long_run[behind]) >= kLimitEvidence;
      if (!is_limited) continue;
      path.hops[i].limited_until = now + static_cast<EpochSeconds>(config.memory.count());
      break;
    }
  }
}

}  // namespace lw::topology
