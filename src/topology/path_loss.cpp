// SPDX-License-Identifier: Apache-2.0
#include "topology/path_loss.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "topology/share.h"

namespace lw::topology {
namespace {

/// How many parts of the window, counted back from now, are tried as the time since a loss began.
constexpr std::array<std::uint32_t, 4> kSpans = {1, 2, 4, HopWindow::kParts};
/// Named links stay named above this share of what naming them took.
constexpr double kStayShare = 0.5;
/// Log-likelihood for the end of a loss; less is enough if nothing at all got lost since.
constexpr double kEndEvidence = 9;
constexpr double kCleanEndEvidence = 5;
/// Log-likelihood for loss above the least share that is blamed, not only above the background.
constexpr double kAboveMinimum = 3;
/// Log-likelihood for a hop that keeps answers back.
constexpr double kLimitEvidence = 8;
constexpr double kSuspicion = 2;
/// Background loss is learnt within these bounds; at first it is taken to be the lower one.
constexpr double kBackgroundMin = 0.001;
constexpr double kBackgroundMax = 0.003;
constexpr double kBackgroundWeight = 2'000;

bool has_losses(const std::vector<HopEvidence>& hops) {
  return std::ranges::any_of(
      hops, [](const HopEvidence& hop) { return hop.lost > 0 && !hop.is_limited; });
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

std::uint32_t start_of(std::uint32_t part, std::uint32_t span) {
  return part + 1 - std::min(part + 1, span);
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

std::vector<std::vector<HopEvidence>> spans_of(const PathState& path, std::uint32_t part,
                                               EpochSeconds now) {
  std::vector<std::vector<HopEvidence>> spans;
  for (const std::uint32_t span : kSpans) {
    spans.push_back(path.evidence(start_of(part, span), part, now));
  }
  return spans;
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
  const auto spans = spans_of(path, part, to_seconds(now));
  PathLoss loss;
  loss.whole = spans.back();
  LossFinding found;
  if (has_losses(loss.whole)) {
    const LossRules rules = rules_for(path);
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
  const double background = rules_for(path).background;
  // At most so much gets lost on the way to any hop from here on, by what the hops behind it show.
  double window_bound = 1;
  double long_bound = 1;
  for (std::size_t i = path.hops.size(); i-- > 0;) {
    HopState& hop = path.hops[i];
    const HopEvidence& window = loss.whole[i];
    const HopEvidence long_run{window.sent + static_cast<double>(hop.long_witnessed),
                               window.lost + static_cast<double>(hop.long_missed)};
    const bool is_limited =
        limit_evidence(window, std::max(background, window_bound)) >= kLimitEvidence ||
        limit_evidence(long_run, std::max(background, long_bound)) >= kLimitEvidence;
    if (is_limited && window.lost > 0 && !window.is_sure) {
      hop.limited_until = now + static_cast<EpochSeconds>(config.memory.count());
    }
    if (window.sent > 0) {
      window_bound = std::min(window_bound, share_of(window.lost, window.sent).high / 100);
    }
    if (long_run.sent > 0) {
      long_bound = std::min(long_bound, share_of(long_run.lost, long_run.sent).high / 100);
    }
  }
}

bool is_loss_suspected(const PathState& path, Timestamp now, const PathStatisticsConfig& config) {
  const auto spans = spans_of(path, HopWindow::part_of(now, config.window), to_seconds(now));
  return has_losses(spans.back()) && loss_suspicion(spans, rules_for(path)) >= kSuspicion;
}

}  // namespace lw::topology
