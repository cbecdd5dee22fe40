// SPDX-License-Identifier: Apache-2.0
#include "topology/forwarding_loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "topology/share.h"

namespace lw::topology {
namespace {

/// What it costs to say that a hop keeps answers back, as a negative log prior. A router often
/// does, a host that answers echoes hardly ever. The half logarithm is that of the Bayesian
/// information criterion: a free rate is an explanation that fits anything.
constexpr double kLimitCost = 6;
constexpr double kSureLimitCost = 14;
constexpr std::size_t kLinksMax = 3;
/// Hops behind a link that must agree on its loss. Two neighbours of one make may well limit their
/// answers in the same way; a host that answers echoes speaks for itself.
constexpr double kWitnessesMin = 3;
/// A destination that answers for itself must have missed so many packets as well: whatever hops on
/// the way keep back, what arrives is not lost.
constexpr double kSureLostMin = 2;
/// The shares that a link is supposed to lose, from first to last.
constexpr std::size_t kShares = 14;
constexpr double kShareMin = 0.01;
constexpr double kShareMax = 0.95;
/// A place is ruled out if it is so much less likely than the best: by much as long as hardly
/// anything got lost, when places change with each loss, and by less the more each hop has missed.
/// Wrongly ruled out is a place in one of a hundred cases at most (docs/paths.md).
constexpr double kMarginFirst = 12;
constexpr double kMarginLast = 3;
constexpr double kMarginPerLoss = 1.6;

double log_likelihood(double lost, double sent, double rate) {
  const double p = std::clamp(rate, 1e-6, 1 - 1e-6);
  return lost * std::log(p) + (sent - lost) * std::log1p(-p);
}

double rate_of(const HopEvidence& hop) { return hop.sent > 0 ? hop.lost / hop.sent : 0; }

double limit_cost(const HopEvidence& hop) {
  if (hop.is_limited) return 0;
  return (hop.is_sure ? kSureLimitCost : kLimitCost) + 0.5 * std::log(std::max(1.0, hop.sent));
}

struct HopFit {
  double log_likelihood = 0;
  bool is_witness = false;  ///< explained by the loss on the way to it alone
};

/// The better of two explanations: everything that is missing was lost on the way, or the hop kept
/// some back as well.
HopFit fit_hop(const HopEvidence& hop, double loss) {
  if (hop.sent <= 0) return {};
  const double plain = log_likelihood(hop.lost, hop.sent, loss);
  if (rate_of(hop) <= loss) return {plain, true};
  const double limited = log_likelihood(hop.lost, hop.sent, rate_of(hop)) - limit_cost(hop);
  return limited > plain ? HopFit{limited, false} : HopFit{plain, true};
}

struct Pool {
  double sent = 0;
  double lost = 0;
  double log_likelihood = 0;
  double hops = 0;       ///< that say so
  double witnesses = 0;  ///< the same by their weight
  [[nodiscard]] double rate() const { return sent > 0 ? lost / sent : 0; }
};

Pool witnesses_at(std::span<const HopEvidence> hops, double loss) {
  Pool pool;
  for (const HopEvidence& hop : hops) {
    const HopFit fit = fit_hop(hop, loss);
    pool.log_likelihood += fit.log_likelihood;
    if (!fit.is_witness) continue;
    pool.sent += hop.sent;
    pool.lost += hop.lost;
    if (hop.sent > 0) pool.hops += 1;
    if (!hop.is_limited) pool.witnesses += hop.is_sure ? kWitnessesMin : 1;
  }
  return pool;
}

/// The likeliest loss that all of these hops share. From the hop that answers best up and from all
/// of them down, each time with the witnesses that the last guess left; the better end counts.
Pool fit_common_loss(std::span<const HopEvidence> hops, double loss_min) {
  double least = 1;
  Pool all;
  for (const HopEvidence& hop : hops) {
    if (hop.sent <= 0) continue;
    least = std::min(least, rate_of(hop));
    if (hop.is_limited) continue;
    all.sent += hop.sent;
    all.lost += hop.lost;
  }
  std::optional<Pool> best;
  for (double guess : {least, all.rate()}) {
    for (int i = 0; i < 4; ++i) {
      guess = std::max(guess, loss_min);
      const Pool pool = witnesses_at(hops, guess);
      if (!best || pool.log_likelihood > best->log_likelihood) best = pool;
      if (std::abs(pool.rate() - guess) < 1e-9) break;
      guess = pool.rate();
    }
  }
  return *best;
}

/// What a link at each place would gain, among the hops with the indexes [begin, end), of which the
/// first ones lose `before` already.
struct LinkGains {
  explicit LinkGains(std::size_t end)
      : gain(end, -std::numeric_limits<double>::infinity()), most(gain), behind(end), span(end) {}

  std::vector<double> gain;
  std::vector<double> most;  ///< the same for the best time and share alone
  std::vector<Pool> behind;
  std::vector<std::size_t> span;
  std::size_t best = 0;
};

/// The shares that a link may lose, each as likely as the other beforehand: a factor of 1.4 between
/// neighbours, less than what a dozen losses tell.
std::array<double, kShares> shares_tried() {
  std::array<double, kShares> shares{};
  for (std::size_t i = 0; i < kShares; ++i) {
    shares[i] = kShareMin * std::pow(kShareMax / kShareMin, static_cast<double>(i) / (kShares - 1));
  }
  return shares;
}

/// Sums likelihoods that are given by their logarithms.
class LogMean {
  static constexpr double kNegligible = 40;

 public:
  void add(double log_value) {
    if (log_value > most_) {
      sum_ *= std::exp(most_ - log_value);
      most_ = log_value;
    }
    if (log_value > most_ - kNegligible) sum_ += std::exp(log_value - most_);
    ++count_;
  }
  [[nodiscard]] double value() const { return most_ + std::log(sum_ / count_); }

 private:
  double most_ = -std::numeric_limits<double>::infinity();
  double sum_ = 0;
  double count_ = 0;
};

/// What is needed of one hop's evidence again and again.
struct HopTerms {
  double lost = 0;
  double passed = 0;
  double usual = 0;    ///< log-likelihood if only what is lost before any link in question is lost
  double limited = 0;  ///< the same if it keeps answers back, and this costs what it costs
  double rate = 0;
};

HopTerms terms_of(const HopEvidence& hop, double before) {
  HopTerms terms{hop.lost, hop.sent - hop.lost, 0, 0, rate_of(hop)};
  if (hop.sent <= 0) return terms;
  terms.usual = log_likelihood(hop.lost, hop.sent, before);
  terms.limited = log_likelihood(hop.lost, hop.sent, terms.rate) - limit_cost(hop);
  return terms;
}

using TermsOfSpans = std::vector<std::vector<HopTerms>>;

TermsOfSpans terms_of(LossSpans spans, std::size_t end, double before) {
  TermsOfSpans terms(spans.size());
  for (std::size_t span = 0; span < spans.size(); ++span) {
    for (std::size_t at = 0; at < end; ++at) {
      terms[span].push_back(terms_of(spans[span][at], before));
    }
  }
  return terms;
}

/// How much better each hop is explained without a lossy link than by the usual loss: by keeping
/// answers back since any of the times.
std::vector<double> excuses(const TermsOfSpans& terms, std::size_t end) {
  std::vector<double> best(end, 0.0);
  for (const std::vector<HopTerms>& hops : terms) {
    for (std::size_t at = 0; at < end; ++at) {
      best[at] = std::max(best[at], hops[at].limited - hops[at].usual);
    }
  }
  return best;
}

/// A link's gain is the mean over all times since when it may lose and all shares that it may lose,
/// not the most: a maximum finds a stretch of bad luck for any place. What is outside of a span is
/// explained by the usual loss, so that spans compare.
LinkGains gains_of(LossSpans spans, std::size_t begin, std::size_t end, double before) {
  static const auto kTried = shares_tried();
  LinkGains found(end);
  std::vector<LogMean> means(end);
  std::vector<double> rates(end);
  const TermsOfSpans terms = terms_of(spans, end, before);
  const std::vector<double> excused = excuses(terms, end);
  for (const double share : kTried) {
    const double rate = before + (1 - before) * share;
    const double log_lost = std::log(rate);
    const double log_passed = std::log1p(-rate);
    for (std::size_t span = 0; span < spans.size(); ++span) {
      double gain = 0;
      for (std::size_t at = end; at-- > begin;) {
        const HopTerms& hop = terms[span][at];
        double explained = hop.lost * log_lost + hop.passed * log_passed;
        if (hop.rate > rate) explained = std::max(explained, hop.limited);
        gain += explained - hop.usual - excused[at];
        means[at].add(gain);
        if (gain <= found.most[at]) continue;
        found.most[at] = gain;
        found.span[at] = span;
        rates[at] = rate;
      }
    }
  }
  found.best = begin;
  for (std::size_t at = begin; at < end; ++at) {
    found.gain[at] = means[at].value();
    const auto behind = std::span(spans[found.span[at]]).subspan(at, end - at);
    found.behind[at] = witnesses_at(behind, rates[at]);
    if (found.gain[at] > found.gain[found.best]) found.best = at;
  }
  return found;
}

/// As if one hop more had missed nothing: of few hops the luckiest are the witnesses.
double margin_of(const Pool& behind) {
  const double each = behind.lost / (behind.hops + 1);
  return std::max(kMarginLast, kMarginFirst - kMarginPerLoss * each);
}

LossyLink link_of(const LinkGains& found, std::size_t begin, std::size_t end, double before) {
  LossyLink link;
  const double most = found.gain[found.best];
  link.first = link.last = link.best = found.best;
  const double margin = margin_of(found.behind[found.best]);
  double inside = 0;
  double all = 0;
  for (std::size_t at = begin; at < end; ++at) {
    const double weight = std::exp(found.gain[at] - most);
    all += weight;
    if (found.gain[at] < most - margin) continue;
    link.first = std::min(link.first, at);
    link.last = std::max(link.last, at);
  }
  for (std::size_t at = link.first; at <= link.last; ++at) {
    inside += std::exp(found.gain[at] - most);
  }
  link.gain = most;
  link.place = inside / all;
  link.sent = found.behind[found.best].sent;
  link.lost = found.behind[found.best].lost;
  link.lost_before = before;
  return link;
}

/// Whether those behind a place may accuse the link before it at all.
bool may_accuse(const LinkGains& found, LossSpans spans, std::size_t at, std::size_t end) {
  if (found.behind[at].witnesses < kWitnessesMin) return false;
  const std::vector<HopEvidence>& hops = spans[found.span[at]];
  return std::none_of(hops.begin() + static_cast<std::ptrdiff_t>(at),
                      hops.begin() + static_cast<std::ptrdiff_t>(end), [](const HopEvidence& hop) {
                        return hop.is_sure && hop.sent > 0 && hop.lost < kSureLostMin;
                      });
}

/// Looks for a link among the hops [begin, end), then among those before and those behind it.
void collect(LossSpans spans, std::size_t begin, std::size_t end, double before,
             const LossRules& rules, LossFinding& finding) {
  if (begin >= end || finding.links.size() >= kLinksMax) return;
  const LinkGains found = gains_of(spans, begin, end, before);
  if (found.gain[found.best] < rules.gain_min) return;
  if (!may_accuse(found, spans, found.best, end)) return;
  const LossyLink link = link_of(found, begin, end, before);
  if (finding.links.empty()) finding.span = found.span[found.best];
  finding.links.push_back(link);
  const LossSpans same = spans.size() == 1 ? spans : spans.subspan(finding.span, 1);
  collect(spans, begin, link.first, before, rules, finding);
  collect(same, link.last + 1, end, link.lost / std::max(1.0, link.sent), rules, finding);
}

}  // namespace

LossFinding find_lossy_links(LossSpans spans, const LossRules& rules) {
  LossFinding finding;
  if (spans.empty()) return finding;
  collect(spans, 0, spans.front().size(), rules.background, rules, finding);
  std::ranges::sort(finding.links, {}, &LossyLink::best);
  return finding;
}

double loss_suspicion(LossSpans spans, const LossRules& rules) {
  if (spans.empty() || spans.front().empty()) return 0;
  const LinkGains found = gains_of(spans, 0, spans.front().size(), rules.background);
  double most = 0;
  for (std::size_t at = 0; at < found.gain.size(); ++at) {
    if (found.behind[at].witnesses >= kWitnessesMin) most = std::max(most, found.most[at]);
  }
  return most;
}

double limit_evidence(const HopEvidence& hop, const HopEvidence& behind) {
  if (hop.sent <= 0 || behind.sent <= 0 || rate_of(hop) <= rate_of(behind)) return 0;
  const double common = (hop.lost + behind.lost) / (hop.sent + behind.sent);
  return log_likelihood(hop.lost, hop.sent, rate_of(hop)) +
         log_likelihood(behind.lost, behind.sent, rate_of(behind)) -
         log_likelihood(hop.lost, hop.sent, common) -
         log_likelihood(behind.lost, behind.sent, common);
}

double evidence_of_no_loss(std::span<const HopEvidence> hops, std::size_t first, double share,
                           const LossRules& rules) {
  double sum = 0;
  for (const HopEvidence& hop : hops.subspan(std::min(first, hops.size()))) {
    if (hop.sent <= 0) continue;
    sum += fit_hop(hop, rules.background).log_likelihood -
           fit_hop(hop, std::max(share, rules.background)).log_likelihood;
  }
  return sum;
}

std::vector<Share> forwarding_losses(std::span<const HopEvidence> hops,
                                     std::span<const LossyLink> links) {
  std::vector<Share> shares(hops.size());
  double best_behind = 1;  // the least loss of any hop from here on
  std::size_t end = hops.size();
  auto link = links.rbegin();
  while (true) {
    const std::size_t begin = link == links.rend() ? 0 : link->best;
    const auto part = hops.subspan(begin, end - begin);
    const Pool pool = fit_common_loss(part, 0);
    const Share pooled = share_of(pool.lost, pool.sent);
    for (std::size_t i = end; i-- > begin;) {
      if (hops[i].sent > 0) best_behind = std::min(best_behind, rate_of(hops[i]));
      shares[i] = pooled;
      if (link != links.rend()) continue;
      // Without a link that is to blame, chance has no place: what any later hop got passed here.
      shares[i].value = pool.sent > 0 ? std::min(pooled.value, 100 * best_behind) : 0;
      shares[i].low = std::min(pooled.low, shares[i].value);
    }
    if (link == links.rend() || begin == 0) break;
    end = begin;
    ++link;
  }
  return shares;
}

}  // namespace lw::topology
