// SPDX-License-Identifier: Apache-2.0
#include "topology/path_state.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"

namespace lw::topology {
namespace {

constexpr std::size_t kOthersMax = 15;
/// So long silence may still be that of a router that refused before.
constexpr EpochSeconds kRefusalSeconds = 10;

bool is_all_silent(const ObservedWay& way, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < std::min(to, way.hops.size()); ++i) {
    if (!way.hops[i].empty()) return false;
  }
  return true;
}

bool was_asked(const TraceProbe& probe) {
  return probe.reply.answer != HopAnswer::NotAsked && probe.reply.answer != HopAnswer::LocalError;
}

std::uint32_t key_of(const IpAddress& address) {
  const std::string_view raw(reinterpret_cast<const char*>(address.bytes.data()), address.size());
  return static_cast<std::uint32_t>(stable_hash({raw}));
}

float faded(float value, double factor) { return static_cast<float>(value * factor); }

}  // namespace

AnswerLimit& AnswerLimits::of(const IpAddress& router) {
  const std::uint32_t key = key_of(router);
  const auto found = std::ranges::find(routers_, key, &Router::key);
  if (found != routers_.end()) return found->limit;
  return routers_.emplace_back(Router{key, {}}).limit;
}

void AnswerLimits::forget(std::int64_t now_us, Seconds age) {
  std::erase_if(routers_, [&](const Router& router) {
    return router.limit.last_asked_us() < now_us - Microseconds(age).count();
  });
}

std::size_t HopExtras::bytes() const {
  return sizeof(HopExtras) + others.capacity() * sizeof(Other) +
         mpls.capacity() * sizeof(MplsLabel) + interfaces.capacity() * sizeof(InterfaceFacts);
}

bool HopState::is_known_as(const IpAddress& router) const {
  if (address == router) return true;
  return extras && std::ranges::find(extras->others, router, &HopExtras::Other::address) !=
                       extras->others.end();
}

HopExtras& HopState::make_extras() {
  if (!extras) extras = std::make_unique<HopExtras>();
  return *extras;
}

bool PathState::is_balanced() const { return std::ranges::any_of(hops, &HopState::is_balanced); }

bool PathState::accepts_length(const ObservedWay& way) const {
  const std::size_t here = reached_ttl;
  const std::size_t there = way.reached_ttl;
  if (loop_ttl != 0 && there != 0) return false;
  if (way.loop_ttl != 0 && here != 0) return false;
  if (here != 0 && there == 0) return way.hops.size() <= here;
  if (here == 0 && there != 0) return hops.size() <= there;
  if (here == there) return true;
  if (is_balanced()) return true;
  // The destination answers at each later TTL too: it may be nearer than the first answer was.
  if (there > here) return is_all_silent(way, here - 1, there - 1);
  return std::none_of(hops.begin() + static_cast<std::ptrdiff_t>(there) - 1, hops.end() - 1,
                      [](const HopState& hop) { return hop.address.has_value(); });
}

bool PathState::accepts(const ObservedWay& way) const {
  if (!accepts_length(way)) return false;
  std::size_t end = std::min(way.hops.size(), hops.size());
  if (loop_ttl != 0) end = std::min<std::size_t>(end, loop_ttl);
  // Where the destination was met earlier, its later TTLs say nothing of routers.
  if (way.reached_ttl != 0 && reached_ttl != 0 && way.reached_ttl != reached_ttl) {
    end = std::min(end, static_cast<std::size_t>(std::min(way.reached_ttl, reached_ttl)) - 1);
  }
  for (std::size_t i = 0; i < end; ++i) {
    const HopState& hop = hops[i];
    if (way.hops[i].empty() || !hop.address || hop.is_balanced || hop.is_assumed) continue;
    // Not others: one trace that met two routers, while the way changed or because packets are
    // dealt out, must not hide the next changes, by which these are told apart.
    if (std::ranges::find(way.hops[i], *hop.address) == way.hops[i].end()) return false;
  }
  return true;
}

std::size_t PathState::likeness(const ObservedWay& way) const {
  std::size_t same = 0;
  for (std::size_t i = 0; i < std::min(way.hops.size(), hops.size()); ++i) {
    for (const IpAddress& router : way.hops[i]) same += hops[i].is_known_as(router) ? 1U : 0U;
  }
  return same;
}

void PathState::set_reached(std::uint8_t ttl) {
  if (reached_ttl == 0) {
    reached_ttl = ttl;
  } else if (is_balanced()) {
    reached_ttl = std::max(reached_ttl, ttl);
  } else if (ttl < reached_ttl) {
    // What lies between was never met: the destination's first answers had got lost.
    hops.resize(ttl);
    window.resize(ttl);
    reached_ttl = ttl;
  }
}

void PathState::learn_hop(std::size_t index, const IpAddress& router, EpochSeconds now) {
  HopState& hop = hops[index];
  if (!hop.address || hop.address == router || hop.is_assumed) {
    hop.address = router;
    hop.is_assumed = false;
    hop.address_seen = now;
    return;
  }
  auto& others = hop.make_extras().others;
  const auto known = std::ranges::find(others, router, &HopExtras::Other::address);
  if (known != others.end()) {
    known->seen = now;
  } else if (others.size() < kOthersMax) {
    others.push_back({router, now});
  }
}

/// Without this, a way whose routers other tests ask would begin as one of silent hops.
void PathState::assume_spared(const ObservedWay& way) {
  for (const TraceProbe* probe : way.probes) {
    if (probe->reply.answer != HopAnswer::NotAsked || probe->ttl == 0) continue;
    if (probe->ttl > hops.size() || probe->reply.from == IpAddress{}) continue;
    HopState& hop = hops[probe->ttl - 1U];
    if (hop.address) continue;
    hop.address = probe->reply.from;
    hop.is_assumed = true;
  }
}

void PathState::learn(const ObservedWay& way, EpochSeconds now) {
  last_seen = now;
  ++traces;
  const auto flow = std::ranges::find(flows, way.flow, &FlowSeen::flow);
  if (flow == flows.end()) {
    flows.push_back({way.flow, now});
  } else {
    flow->seen = now;
  }
  if (way.reached_ttl != 0) set_reached(way.reached_ttl);
  std::size_t end = way.hops.size();
  if (reached_ttl != 0) end = std::min<std::size_t>(end, reached_ttl);
  if (loop_ttl != 0) end = std::min<std::size_t>(end, loop_ttl);
  if (hops.size() < end) hops.resize(end);
  for (std::size_t i = 0; i < end; ++i) {
    for (const IpAddress& router : way.hops[i]) learn_hop(i, router, now);
  }
  assume_spared(way);
  if (way.loop_ttl != 0) {
    loop_ttl = loop_ttl == 0 ? way.loop_ttl : std::min(loop_ttl, way.loop_ttl);
    hops.resize(std::min<std::size_t>(hops.size(), loop_ttl));
    loops_seen = static_cast<std::uint8_t>(std::min(loops_seen + 1, 255));
  }
  if (way.stop_ttl != 0) {
    refused_ttl = way.stop_ttl;
    refused_seen = now;
  }
  if (way.stop_ttl != 0 || way.top_ttl > stop_ttl) {
    stop_ttl = way.stop_ttl;
    stop_type = way.stop_type;
    stop_code = way.stop_code;
    stop_mtu = way.stop_mtu;
  }
}

void PathState::learn_facts(HopState& hop, const HopReply& reply) {
  hop.reply_ttl = reply.reply_ttl;
  if (reply.answer != HopAnswer::TimeExceeded) return;
  const bool has_any =
      !reply.labels.empty() || !reply.interfaces.empty() || reply.quote != QuoteFacts{};
  if (!has_any && !hop.extras) return;
  HopExtras& extras = hop.make_extras();
  extras.mpls = reply.labels;
  extras.interfaces = reply.interfaces;
  extras.quote = reply.quote;
}

bool PathState::count_probe(const TraceProbe& probe, bool is_fair, const Trace& trace,
                            AnswerLimits& limits) {
  HopState& hop = hops[probe.ttl - 1U];
  const HopReply& reply = probe.reply;
  const bool was_answered = reply.rtt.has_value();
  const bool is_destination = reached_ttl == probe.ttl;
  bool may_be_limited = false;
  if (hop.address && !(is_destination && trace.protocol != TraceProtocol::Udp)) {
    const std::int64_t at = to_unix_us(trace.started) + probe.offset.count();
    may_be_limited = limits.of(was_answered ? reply.from : *hop.address).asked(at, was_answered);
  }
  HopBucket& bucket = window.now(probe.ttl - 1U);
  ++bucket.sent;
  if (was_answered) {
    ++bucket.answered;
    bucket.add_rtt(*reply.rtt);
    learn_facts(hop, reply);
  }
  if (may_be_limited) return false;
  if (!is_fair) return true;
  ++bucket.witnessed;
  if (!was_answered) ++bucket.missed;
  return true;
}

/// A router that refuses answers for all TTLs behind it, and limits those answers: after a few of
/// them nothing comes from there on.
bool PathState::is_refusal_limited(const TraceProbe& probe, const Trace& trace,
                                   AnswerLimits& limits) const {
  if (refused_ttl == 0 || refused_ttl > hops.size() || probe.ttl <= refused_ttl) return false;
  // Traces that met silence are told of late, others that passed again meanwhile.
  if (to_seconds(trace.started) > refused_seen + kRefusalSeconds) return false;
  const std::optional<IpAddress>& refuser = hops[refused_ttl - 1U].address;
  const bool is_refusal =
      probe.reply.answer == HopAnswer::Unreachable && refuser == probe.reply.from;
  if (!refuser || (!is_refusal && probe.reply.rtt)) return false;
  const std::int64_t at = to_unix_us(trace.started) + probe.offset.count();
  return limits.of(*refuser).asked(at, is_refusal) && !is_refusal;
}

std::vector<const TraceProbe*> PathState::count(const ObservedWay& way, const Trace& trace,
                                                AnswerLimits& limits) {
  std::vector<const TraceProbe*> unexplained;
  protocol = trace.protocol;
  window.resize(hops.size());
  // A trace that gives up early asks the hops just behind a break, but not those further on. To
  // count the silence of the first only would look as if they kept answers back.
  const bool asked_last = std::ranges::any_of(way.probes, [&](const TraceProbe* probe) {
    return probe->ttl >= hops.size() && was_asked(*probe);
  });
  for (const TraceProbe* probe : way.probes) {
    if (!was_asked(*probe) || probe->ttl == 0 || probe->ttl > hops.size()) continue;
    const bool is_silent = !probe->reply.rtt.has_value();
    if (is_refusal_limited(*probe, trace, limits)) continue;
    if (way.stop_ttl != 0) {
      // Routers behind a refusal were not asked, and whose answers come instead is known.
      if (probe->ttl > way.stop_ttl) continue;
      if (probe->reply.answer == HopAnswer::Unreachable && probe->ttl != way.stop_ttl) continue;
    }
    const bool is_fair = !is_silent || probe->ttl <= way.top_ttl || asked_last;
    if (count_probe(*probe, is_fair, trace, limits) && is_silent) unexplained.push_back(probe);
  }
  return unexplained;
}

void PathState::fold_part(const PathStatisticsConfig& config) {
  const double part_s = static_cast<double>(config.window.count()) / (HopWindow::kParts - 1);
  const double memory_s = std::max(part_s, static_cast<double>(config.memory.count()));
  const double keep = std::exp(-part_s / memory_s);
  const double slowest = std::min(1.0, 3 * part_s / memory_s);
  const std::uint32_t part = window.newest();
  const auto blend = [&](float& base, std::uint16_t& parts, std::uint16_t code) {
    const double weight = std::max(slowest, 1.0 / (parts + 1.0));
    base += static_cast<float>(weight * (static_cast<double>(from_code(code).count()) - base));
    if (parts < 1'000) ++parts;
  };
  for (std::size_t i = 0; i < hops.size() && i < window.hops(); ++i) {
    HopState& hop = hops[i];
    const HopBucket bucket = window.sum(i, part, part);
    hop.long_witnessed = faded(hop.long_witnessed, keep) + bucket.witnessed;
    hop.long_missed = faded(hop.long_missed, keep) + bucket.missed;
    if (bucket.lowest == 0) continue;
    blend(hop.base_low_us, hop.base_parts, bucket.lowest);
    if (i + 1U == reached_ttl) blend(base_total_us, base_total_parts, bucket.lowest);
  }
}

void PathState::begin_part(Timestamp now, const PathStatisticsConfig& config) {
  const std::uint32_t part = HopWindow::part_of(now, config.window);
  if (!window.is_new(part)) return;
  fold_part(config);
  window.begin(part);
}

void PathState::merge(const PathState& other) {
  if (hops.size() < other.hops.size()) hops.resize(other.hops.size());
  for (std::size_t i = 0; i < other.hops.size(); ++i) {
    const HopState& theirs = other.hops[i];
    if (!theirs.address || theirs.is_assumed) continue;
    if (hops[i].address && hops[i].address != theirs.address) hops[i].is_balanced = true;
    learn_hop(i, *theirs.address, theirs.address_seen);
    if (!theirs.extras) continue;
    for (const HopExtras::Other& also : theirs.extras->others) {
      learn_hop(i, also.address, also.seen);
      hops[i].is_balanced = true;
    }
  }
  for (const FlowSeen& flow : other.flows) {
    const auto known = std::ranges::find(flows, flow.flow, &FlowSeen::flow);
    if (known == flows.end()) flows.push_back(flow);
  }
  window.merge(other.window);
  window.resize(hops.size());
  reached_ttl = std::max(reached_ttl, other.reached_ttl);
  first_seen = std::min(first_seen, other.first_seen);
  last_seen = std::max(last_seen, other.last_seen);
  traces += other.traces;
}

void PathState::inherit(const PathState& former) {
  for (std::size_t i = 0; i < std::min(hops.size(), former.hops.size()); ++i) {
    if (!hops[i].address || hops[i].address != former.hops[i].address) break;
    hops[i].base_low_us = former.hops[i].base_low_us;
    hops[i].base_parts = former.hops[i].base_parts;
    hops[i].limited_until = former.hops[i].limited_until;
  }
  base_total_us = former.base_total_us;
  base_total_parts = former.base_total_parts;
}

void PathState::forget_others(EpochSeconds oldest) {
  for (HopState& hop : hops) {
    if (!hop.is_balanced || !hop.extras) continue;
    auto& others = hop.extras->others;
    std::erase_if(others, [&](const HopExtras::Other& other) { return other.seen < oldest; });
    if (hop.address_seen < oldest && !others.empty()) {
      hop.address = others.back().address;
      hop.address_seen = others.back().seen;
      others.pop_back();
    }
    hop.is_balanced = !others.empty();
  }
}

PathId PathState::id() const {
  std::string text;
  for (const HopState& hop : hops) {
    // Which of several routers came first is chance and must not make another path of it.
    text += hop.is_balanced ? "+" : hop.address ? to_string(*hop.address) : "*";
    text += ' ';
  }
  return PathId{stable_hash({text})};
}

std::vector<std::vector<HopEvidence>> PathState::evidence(std::uint32_t to,
                                                          EpochSeconds now) const {
  std::vector<std::vector<HopEvidence>> spans(HopWindow::kParts,
                                              std::vector<HopEvidence>(hops.size()));
  for (std::size_t i = 0; i < hops.size(); ++i) {
    HopEvidence sum;
    sum.is_limited = hops[i].limited_until > now;
    const bool is_echo = reached_ttl == i + 1 && protocol != TraceProtocol::Udp;
    sum.is_sure = is_echo || (hops[i].answers_others && !sum.is_limited);
    for (std::uint32_t back = 0; back < HopWindow::kParts; ++back) {
      // What never answered is no witness of anything.
      if (hops[i].address && back <= to) {
        const HopBucket part = window.part(i, to - back);
        sum.sent += part.witnessed;
        sum.lost += part.missed;
      }
      spans[back][i] = sum;
    }
  }
  return spans;
}

std::size_t PathState::bytes() const {
  std::size_t sum = sizeof(PathState) + hops.capacity() * sizeof(HopState) + window.bytes() +
                    flows.capacity() * sizeof(FlowSeen) + named.capacity() * sizeof(NamedLoss);
  for (const HopState& hop : hops) sum += hop.extras ? hop.extras->bytes() : 0;
  return sum;
}

}  // namespace lw::topology
