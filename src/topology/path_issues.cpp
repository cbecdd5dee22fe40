// SPDX-License-Identifier: Apache-2.0
#include "topology/path_issues.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "topology/hop_report.h"
#include "topology/icmp_words.h"

namespace lw::topology {
namespace {

/// That a way which was never seen to lead anywhere is broken, not closed on purpose.
constexpr double kDeadEndConfidence = 0.5;

std::string ms(Microseconds time) {
  const double value = static_cast<double>(time.count()) / 1'000;
  return value < 9.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
}

const PathHop* hop_at(const Path& path, std::size_t ttl) {
  return ttl >= 1 && ttl <= path.hops.size() ? &path.hops[ttl - 1] : nullptr;
}

/// "this host", "10.0.2.1 (hop 2)", "a silent hop (hop 3)", "the destination 10.0.9.1 (hop 9)"
std::string place(const Path& path, std::size_t ttl) {
  if (ttl == 0) return "this host";
  const PathHop* hop = hop_at(path, ttl);
  if (hop == nullptr) return fmt::format("what follows (hop {})", ttl);
  if (!hop->address) return fmt::format("a silent hop (hop {})", ttl);
  const bool is_destination = path.is_reached && ttl == path.hops.size();
  return fmt::format("{}{} (hop {})", is_destination ? "the destination " : "",
                     to_string(*hop->address), ttl);
}

PathIssue issue_on(const Path& path, PathIssueKind kind, std::size_t from_ttl, std::size_t to_ttl) {
  PathIssue issue;
  issue.kind = kind;
  issue.path = path.id;
  issue.from_ttl = static_cast<std::uint8_t>(from_ttl);
  issue.to_ttl = static_cast<std::uint8_t>(to_ttl);
  if (const PathHop* hop = hop_at(path, from_ttl)) issue.from = hop->address;
  if (const PathHop* hop = hop_at(path, to_ttl)) issue.to = hop->address;
  return issue;
}

std::string link_text(const Path& path, std::size_t from_ttl, std::size_t to_ttl, bool is_exact) {
  if (is_exact) {
    return fmt::format("the link from {} to {}", place(path, from_ttl), place(path, to_ttl));
  }
  return fmt::format("a link between {} and {}", place(path, from_ttl), place(path, to_ttl));
}

PathIssue loss_issue(const Path& path, const LossyLink& link, const LossRules& rules) {
  const std::size_t from = link.first;
  const std::size_t to = link.last + 1;
  PathIssue issue = issue_on(path, PathIssueKind::ForwardingLoss, from, to);
  issue.loss = share_of(link);
  // The prior odds of a lossy link are about e^-7; what is named has gained more.
  issue.confidence = link.place / (1 + std::exp(7 - std::max(link.gain, rules.gain_min / 2)));
  issue.text = fmt::format("{} loses {} of packets", link_text(path, from, to, to == from + 1),
                           to_text(*issue.loss));
  const bool is_only_destination = path.is_reached && to == path.hops.size();
  if (is_only_destination) issue.text += ", or the destination itself does not answer them";
  const bool is_same_way_back =
      returns_alike(path.hops, static_cast<std::uint8_t>(std::max<std::size_t>(1, from)),
                    static_cast<std::uint8_t>(to));
  if (!is_same_way_back) issue.text += "; it may be on the way back as well";
  return issue;
}

void add_break(std::vector<PathIssue>& issues, const Path& path, std::span<const FlowState> flows) {
  const FlowState* broken = nullptr;
  for (const FlowState& flow : flows) {
    if (!flow.is_broken()) continue;
    if (broken == nullptr || flow.end_evidence > broken->end_evidence) broken = &flow;
  }
  if (broken == nullptr) return;
  const std::size_t from = broken->end_ttl;
  PathIssue issue = issue_on(path, PathIssueKind::Broken, from, from + 1);
  issue.confidence = broken->break_confidence();
  issue.text = from == 0 ? "nothing answers any more, not even the first hop"
                         : fmt::format("nothing behind {} answers any more", place(path, from));
  const PathHop* next = hop_at(path, from + 1);
  if (from > 0 && next != nullptr && next->address) {
    issue.text += fmt::format(": it went on to {}", place(path, from + 1));
  }
  issues.push_back(std::move(issue));
}

/// Nobody knows whether it ever led further: a firewall before the destination, or the destination
/// itself, may be meant to keep silent. With UDP most of them are.
void add_dead_end(std::vector<PathIssue>& issues, const PathState& state, const Path& path,
                  std::span<const FlowState> flows) {
  if (state.protocol == TraceProtocol::Udp || path.is_reached) return;
  const auto flow = std::ranges::find_if(flows, &FlowState::has_never_reached);
  if (flow == flows.end()) return;
  const std::size_t from = flow->end_ttl;
  PathIssue issue = issue_on(path, PathIssueKind::Broken, from, from + 1);
  issue.confidence = kDeadEndConfidence;
  issue.text = from == 0 ? "nothing has ever answered, not even the first hop"
                         : fmt::format(
                               "nothing behind {} has ever answered: the way ends there, or "
                               "what follows is meant to keep silent",
                               place(path, from));
  issues.push_back(std::move(issue));
}

void add_refusal(std::vector<PathIssue>& issues, const PathState& state, const Path& path) {
  if (state.stop_ttl == 0) return;
  const PathHop* hop = hop_at(path, state.stop_ttl);
  if (hop == nullptr || !hop->address) return;
  const IcmpWords words =
      icmp_words(hop->address->is_v6, state.stop_type, state.stop_code, state.stop_mtu);
  PathIssue issue = issue_on(path, words.kind, state.stop_ttl, state.stop_ttl + 1U);
  issue.confidence = 1;
  issue.text = fmt::format("{} says: {}", place(path, state.stop_ttl), words.text);
  issues.push_back(std::move(issue));
}

void add_loop(std::vector<PathIssue>& issues, const PathState& state, const Path& path) {
  if (state.loop_ttl == 0 || state.is_balanced()) return;
  const auto& last = path.hops[state.loop_ttl - 1U].address;
  std::size_t first = 1;
  while (first < state.loop_ttl && path.hops[first - 1].address != last) ++first;
  PathIssue issue = issue_on(path, PathIssueKind::Loop, first, state.loop_ttl);
  issue.confidence = state.loops_seen >= 2 ? 0.99 : 0.7;
  issue.text = fmt::format("packets go in a circle: {} comes again as hop {}", place(path, first),
                           state.loop_ttl);
  issues.push_back(std::move(issue));
}

void add_balancing(std::vector<PathIssue>& issues, const Path& path) {
  const auto is_balanced = [](const PathHop& hop) {
    return has(hop.labels, HopLabel::PerPacketBalanced);
  };
  const auto first = std::ranges::find_if(path.hops, is_balanced);
  if (first == path.hops.end()) return;
  auto last = first;
  while (last + 1 != path.hops.end() && is_balanced(*(last + 1))) ++last;
  PathIssue issue = issue_on(path, PathIssueKind::PerPacketBalancing, first->ttl - 1U, last->ttl);
  issue.confidence = 0.95;
  issue.text = fmt::format("{} spreads the packets of one flow over several routers (hop {}{})",
                           place(path, first->ttl - 1U), first->ttl,
                           last == first ? std::string() : fmt::format(" to {}", last->ttl));
  issues.push_back(std::move(issue));
}

struct LatencyChange {
  LatencyEnvelope now;
  std::vector<Microseconds> added;  ///< more than usual
  Microseconds total{0};            ///< more than usual
};

/// What each link adds beyond what it usually adds; all of it for links of which nothing is known.
std::optional<LatencyChange> latency_change(const PathState& state, Timestamp now,
                                            const PathStatisticsConfig& config) {
  constexpr std::uint16_t kPartsMin = 6;
  LatencyChange change;
  const auto lows = recent_lows(state, now, config);
  const auto usual = usual_lows(state);
  if (!state.is_reached() || state.base_total_parts < kPartsMin || lows.empty() || !lows.back()) {
    return std::nullopt;
  }
  change.now = latency_envelope(lows);
  const LatencyEnvelope before = latency_envelope(usual);
  change.added.resize(lows.size());
  for (std::size_t i = 0; i < lows.size(); ++i) {
    change.added[i] = change.now.added[i] - (usual[i] ? before.added[i] : Microseconds(0));
  }
  change.total = change.now.total - Microseconds(static_cast<std::int64_t>(state.base_total_us));
  return change;
}

void add_latency_issue(std::vector<PathIssue>& issues, const Path& path, std::size_t index,
                       const LatencyEnvelope& envelope, std::optional<Microseconds> more) {
  const std::size_t ttl = index + 1;
  std::size_t from = index;
  // A silent hop's share cannot be told from that of the next that answers.
  while (from > 0 && path.hops[from - 1].answered == 0) --from;
  PathIssue issue = issue_on(path, PathIssueKind::AddedLatency, from, ttl);
  issue.added = envelope.added[index];
  issue.total = envelope.total;
  issue.confidence = 0.9;
  const PathHop& hop = path.hops[index];
  issue.text = fmt::format("hop {} ({}) adds {} of {} ms", ttl,
                           hop.address ? to_string(*hop.address) : "silent",
                           ms(envelope.added[index]), ms(envelope.total));
  if (more) issue.text += fmt::format(", {} ms more than usual", ms(*more));
  issues.push_back(std::move(issue));
}

void add_latency(std::vector<PathIssue>& issues, const PathState& state, const Path& path,
                 Timestamp now, const PathStatisticsConfig& config) {
  const auto change = latency_change(state, now, config);
  if (change && change->total >= config.added_min) {
    const auto link = link_of_half(change->added, change->total);
    if (link && change->added[*link] >= config.added_min) {
      add_latency_issue(issues, path, *link, change->now, change->added[*link]);
      return;
    }
  }
  if (!config.total_max || !path.is_reached) return;
  std::vector<std::optional<Microseconds>> lows;
  lows.reserve(path.hops.size());
  for (const PathHop& hop : path.hops) lows.push_back(hop.rtt_low);
  const LatencyEnvelope envelope = latency_envelope(lows);
  if (envelope.total <= *config.total_max) return;
  const auto link = link_of_half(envelope.added, envelope.total);
  if (link && envelope.added[*link] >= config.added_min) {
    add_latency_issue(issues, path, *link, envelope, std::nullopt);
  }
}

int gravity(PathIssueKind kind) {
  constexpr std::array kOrder{PathIssueKind::LocalError,  PathIssueKind::Broken,
                              PathIssueKind::Loop,        PathIssueKind::Prohibited,
                              PathIssueKind::Unreachable, PathIssueKind::ForwardingLoss,
                              PathIssueKind::MtuTooSmall, PathIssueKind::AddedLatency};
  return static_cast<int>(std::ranges::find(kOrder, kind) - kOrder.begin());
}

}  // namespace

std::string to_text(const Share& share) {
  const auto percent = [](double value) {
    return value < 9.95 ? fmt::format("{:.1f}", value) : fmt::format("{:.0f}", value);
  };
  return fmt::format("{} % ({}–{} %)", percent(share.value), percent(share.low),
                     percent(share.high));
}

std::vector<PathIssue> find_issues(const PathState& path, const Path& report, const PathLoss& loss,
                                   std::span<const FlowState> flows, Timestamp now,
                                   const PathStatisticsConfig& config) {
  std::vector<PathIssue> issues;
  add_break(issues, report, flows);
  add_loop(issues, path, report);
  add_refusal(issues, path, report);
  // What is cut or refused loses everything; to say so twice would only confuse.
  const bool is_cut = !issues.empty();
  if (!is_cut) {
    for (const LossyLink& link : loss.links) issues.push_back(loss_issue(report, link, {}));
    add_latency(issues, path, report, now, config);
  }
  if (!is_cut) add_dead_end(issues, path, report, flows);
  add_balancing(issues, report);
  return issues;
}

void sort_by_gravity(std::vector<PathIssue>& issues) {
  std::ranges::stable_sort(issues, [](const PathIssue& a, const PathIssue& b) {
    if (gravity(a.kind) != gravity(b.kind)) return gravity(a.kind) < gravity(b.kind);
    return (a.loss ? a.loss->value : 0) > (b.loss ? b.loss->value : 0);
  });
}

}  // namespace lw::topology
