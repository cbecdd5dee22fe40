// SPDX-License-Identifier: Apache-2.0
#include "topology/flow_state.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace lw::topology {
namespace {

/// A route that changes does so now and then; a balancer of two ways every second trace.
constexpr float kFade = 0.25F;
/// Two routers for one flow within one trace: a balancer, or a change while the trace ran.
constexpr float kMixedWeight = 1.5F;
/// No silence counts for more than that of a hop that answers seven times of ten, so that a link
/// that loses much is not taken for one that is cut.
constexpr double kAnswerRateMax = 0.7;
constexpr double kUnknownSilence = 0.7;
constexpr float kBreakEvidence = 9;
/// For a way of which nobody knows that it leads anywhere: so many traces over so long, each of
/// which asked so many TTLs behind the last that answered.
constexpr std::uint16_t kTriesMin = 5;
constexpr EpochSeconds kTryingMin = 30;
constexpr std::size_t kTailMin = 4;

/// How unlikely it is that a hop keeps silent by chance, as a negative logarithm.
double silence_of(const HopState& hop) {
  const double witnessed = static_cast<double>(hop.long_witnessed) + 1;
  const double answered = static_cast<double>(hop.long_witnessed - hop.long_missed) + 1;
  const double rate = hop.address ? std::min(kAnswerRateMax, answered / witnessed) : 0;
  return -std::log1p(-rate);
}

double silence_behind(const ObservedWay& way, const PathState& path,
                      std::span<const TraceProbe* const> unexplained, std::size_t end_ttl) {
  double sum = 0;
  for (const TraceProbe* probe : unexplained) {
    if (probe->ttl > end_ttl) sum += silence_of(path.hops[probe->ttl - 1U]);
  }
  if (path.is_reached()) return sum;
  // A new way, of which nobody knows how it goes on.
  for (const TraceProbe* probe : way.probes) {
    if (probe->reply.answer == HopAnswer::Silent && probe->ttl > path.hops.size()) {
      sum += kUnknownSilence;
    }
  }
  return sum;
}

std::size_t silent_tail(const ObservedWay& way) {
  std::set<std::uint8_t> ttls;
  for (const TraceProbe* probe : way.probes) {
    if (probe->ttl > way.top_ttl && probe->reply.answer == HopAnswer::Silent) {
      ttls.insert(probe->ttl);
    }
  }
  return ttls.size();
}

}  // namespace

void FlowState::note_path(bool is_other, bool is_mixed) {
  if (is_mixed) changes += kMixedWeight;
  if (is_other) changes += 1;
  if (!is_other && !is_mixed) changes = std::max(0.0F, changes - kFade);
  changes = std::min(changes, 6.0F);
}

void FlowState::note_end(const ObservedWay& way, const PathState& path,
                         std::span<const TraceProbe* const> unexplained, EpochSeconds now,
                         Seconds memory) {
  const bool has_ended = way.reached_ttl == 0 && way.loop_ttl == 0 && way.stop_ttl == 0;
  if (!has_ended) {
    if (way.reached_ttl != 0) last_reached = now;
    end_ttl = 0;
    end_traces = 0;
    end_evidence = 0;
    tries = 0;
    return;
  }
  if (last_reached == 0 && way.left_host) note_try(way, now);
  const bool has_reached =
      last_reached != 0 && now - last_reached <= static_cast<EpochSeconds>(memory.count());
  if (!has_reached || !way.left_host) return;
  if (way.top_ttl > end_ttl) {
    end_evidence = 0;
    end_traces = 0;
    end_ttl = way.top_ttl;
  }
  const double silence = silence_behind(way, path, unexplained, end_ttl);
  if (silence <= 0) return;
  ++end_traces;
  end_evidence += static_cast<float>(silence);
}

void FlowState::note_try(const ObservedWay& way, EpochSeconds now) {
  if (silent_tail(way) < kTailMin) return;
  if (tries == 0) tried_since = now;
  if (tries < UINT16_MAX) ++tries;
  end_ttl = std::max(end_ttl, way.top_ttl);
}

bool FlowState::has_never_reached() const {
  return last_reached == 0 && tries >= kTriesMin && last_seen >= tried_since + kTryingMin;
}

bool FlowState::is_broken() const { return end_traces >= 2 && end_evidence >= kBreakEvidence; }

double FlowState::break_confidence() const {
  return 1 - std::exp(-static_cast<double>(end_evidence) / 2);
}

}  // namespace lw::topology
