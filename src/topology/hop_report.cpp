// SPDX-License-Identifier: Apache-2.0
#include "topology/hop_report.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "topology/icmp_words.h"

namespace lw::topology {
namespace {

/// Below these an answer is not called slow: queues and schedulers do as much.
constexpr Microseconds kSlowMin{2'000};
constexpr int kSlowPercentMin = 20;
constexpr std::uint32_t kSilentProbesMin = 2;
/// TNT's trigger (Vanaubel et al., "TNT, watch me explode", TMA 2019) for tunnels that show neither
/// labels nor quoted TTLs: answers from their end take so many more steps than the hop before.
constexpr int kTunnelShiftMin = 3;
constexpr int kTunnelTimePercentMin = 25;
constexpr std::uint16_t kUsualHopPartsMin = 6;

void add_label(PathHop& hop, HopLabel label) { hop.labels = with(hop.labels, label); }

PathHop report_hop(const PathState& path, std::size_t index, const PathLoss& loss,
                   std::uint32_t from, std::uint32_t to) {
  const HopState& state = path.hops[index];
  const HopBucket total = path.window.sum(index, from, to);
  const RttSummary rtts = path.window.rtts(index, from, to);
  PathHop hop;
  hop.ttl = static_cast<std::uint8_t>(index + 1);
  hop.address = state.address;
  hop.sent = total.sent;
  hop.answered = total.answered;
  hop.rtt_min = rtts.min;
  hop.rtt_low = rtts.low;
  hop.rtt_median = rtts.median;
  hop.rtt_max = rtts.max;
  hop.forwarding_loss = loss.per_hop[index];
  if (state.reply_ttl != 0) hop.reply_ttl = state.reply_ttl;
  if (!state.extras) return hop;
  for (const HopExtras::Other& other : state.extras->others) hop.others.push_back(other.address);
  hop.mpls = state.extras->mpls;
  hop.interfaces = state.extras->interfaces;
  if (state.extras->quote != QuoteFacts{}) hop.quote = state.extras->quote;
  return hop;
}

bool is_prohibited(const PathState& path, bool is_v6) {
  return icmp_words(is_v6, path.stop_type, path.stop_code, 0).kind == PathIssueKind::Prohibited;
}

void label_from_state(PathHop& hop, const PathState& path, std::size_t index, EpochSeconds now) {
  const HopState& state = path.hops[index];
  const bool is_last = index + 1 == path.hops.size();
  const bool is_asked = hop.sent >= kSilentProbesMin;
  if (hop.sent == 0 && hop.address) add_label(hop, HopLabel::Assumed);
  if (!hop.address && is_asked && !is_last) add_label(hop, HopLabel::Silent);
  if (state.is_balanced) add_label(hop, HopLabel::PerPacketBalanced);
  if (state.limited_until > now) add_label(hop, HopLabel::RateLimited);
  if (!hop.mpls.empty()) add_label(hop, HopLabel::InTunnel);
  if (path.loop_ttl == hop.ttl) add_label(hop, HopLabel::Loop);
  if (path.stop_ttl == hop.ttl) {
    hop.icmp_type = path.stop_type;
    hop.icmp_code = path.stop_code;
    hop.mtu = path.stop_mtu;
    if (is_prohibited(path, hop.address && hop.address->is_v6)) {
      add_label(hop, HopLabel::Prohibited);
    }
  }
}

/// A bucket of tokens that ran dry: what is missing was neither lost nor a fault.
void label_excused(PathHop& hop, const HopEvidence& evidence) {
  const std::uint32_t missing = hop.sent - std::min(hop.sent, hop.answered);
  const auto excused = static_cast<double>(missing) - evidence.lost;
  if (hop.address && excused >= 3 && 5 * excused >= hop.sent) {
    add_label(hop, HopLabel::RateLimited);
  }
}

/// What a hop quotes shows the packet as it came there; the label stands where it first differs.
void label_quotes(std::vector<PathHop>& hops) {
  bool is_translated = false;
  std::optional<std::uint8_t> dscp;
  std::optional<std::uint8_t> ecn;
  for (PathHop& hop : hops) {
    if (!hop.quote) continue;
    const QuoteFacts& quote = *hop.quote;
    const bool differs = quote.destination || quote.source || quote.ports_or_checksum_changed;
    if (differs && !is_translated) add_label(hop, HopLabel::Translated);
    is_translated = is_translated || differs;
    if (quote.dscp && quote.dscp != dscp) add_label(hop, HopLabel::DscpRewritten);
    dscp = quote.dscp;
    if (quote.ecn && quote.ecn != ecn) add_label(hop, HopLabel::EcnRewritten);
    ecn = quote.ecn;
    if (quote.ttl.value_or(1) > 1) add_label(hop, HopLabel::TunnelSuspected);
  }
}

void label_returns(std::vector<PathHop>& hops, Microseconds total) {
  int shift_before = 0;
  for (PathHop& hop : hops) {
    if (!hop.reply_ttl || hop.answered == 0) continue;
    const int shift = hops_back(*hop.reply_ttl) - hop.ttl;
    if (shift != 0) add_label(hop, HopLabel::AsymmetricReturn);
    const bool is_slow = 100 * hop.added >= kTunnelTimePercentMin * total;
    if (shift - shift_before >= kTunnelShiftMin && is_slow && hop.added > kSlowMin &&
        !has(hop.labels, HopLabel::InTunnel)) {
      add_label(hop, HopLabel::TunnelSuspected);
    }
    shift_before = shift;
  }
}

void add_latency(std::vector<PathHop>& hops) {
  std::vector<std::optional<Microseconds>> lows;
  lows.reserve(hops.size());
  for (const PathHop& hop : hops) lows.push_back(hop.rtt_low);
  const LatencyEnvelope envelope = latency_envelope(lows);
  for (std::size_t i = 0; i < hops.size(); ++i) {
    hops[i].added = envelope.added[i];
    if (!hops[i].rtt_low) continue;
    const Microseconds over = *hops[i].rtt_low - *envelope.level[i];
    if (over >= kSlowMin && 100 * over >= kSlowPercentMin * *envelope.level[i]) {
      add_label(hops[i], HopLabel::SlowAnswers);
    }
  }
  label_returns(hops, envelope.total);
}

}  // namespace

int hops_back(std::uint8_t reply_ttl) {
  for (const int first : {32, 64, 128, 255}) {
    if (reply_ttl <= first) return first - reply_ttl + 1;
  }
  return 0;
}

bool returns_alike(const std::vector<PathHop>& hops, std::uint8_t from, std::uint8_t to) {
  for (const PathHop& hop : hops) {
    if (hop.ttl < from || hop.ttl > to || !hop.address) continue;
    if (!hop.reply_ttl || hops_back(*hop.reply_ttl) != hop.ttl) return false;
  }
  return true;
}

std::vector<std::optional<Microseconds>> recent_lows(const PathState& path, Timestamp now,
                                                     const PathStatisticsConfig& config) {
  std::vector<std::optional<Microseconds>> lows;
  const std::uint32_t part = HopWindow::part_of(now, config.window);
  lows.reserve(path.hops.size());
  for (std::size_t i = 0; i < path.hops.size(); ++i) {
    lows.push_back(path.window.recent_low(i, part));
  }
  return lows;
}

std::vector<std::optional<Microseconds>> usual_lows(const PathState& path) {
  std::vector<std::optional<Microseconds>> lows(path.hops.size());
  for (std::size_t i = 0; i < path.hops.size(); ++i) {
    if (path.hops[i].base_parts < kUsualHopPartsMin) continue;
    lows[i] = Microseconds(static_cast<std::int64_t>(path.hops[i].base_low_us));
  }
  return lows;
}

std::vector<PathHop> report_hops(const PathState& path, const PathLoss& loss, Timestamp now,
                                 const PathStatisticsConfig& config) {
  const std::uint32_t to = HopWindow::part_of(now, config.window);
  const std::uint32_t from =
      to + 1 - std::min(to + 1, static_cast<std::uint32_t>(HopWindow::kParts));
  std::vector<PathHop> hops;
  for (std::size_t i = 0; i < path.hops.size(); ++i) {
    hops.push_back(report_hop(path, i, loss, from, to));
    label_from_state(hops.back(), path, i, to_seconds(now));
    label_excused(hops.back(), loss.whole[i]);
  }
  label_quotes(hops);
  add_latency(hops);
  return hops;
}

}  // namespace lw::topology
