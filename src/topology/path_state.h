// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/path.h"
#include "topology/answer_limit.h"
#include "topology/forwarding_loss.h"
#include "topology/hop_window.h"
#include "topology/observed_way.h"
#include "topology/path_statistics.h"

namespace lw::topology {

/// Whole seconds since 1970: enough for what is remembered.
using EpochSeconds = std::uint32_t;
inline EpochSeconds to_seconds(Timestamp time) {
  return static_cast<EpochSeconds>(to_unix_us(time) / 1'000'000);
}

/// The answer limits of the routers of one test, over all of its paths.
class AnswerLimits {
 public:
  AnswerLimit& of(const IpAddress& router);
  /// Forgets routers that were not asked for `age`.
  void forget(std::int64_t now_us, Seconds age);
  [[nodiscard]] std::size_t bytes() const { return routers_.capacity() * sizeof(Router); }

 private:
  struct Router {
    std::uint32_t key = 0;  ///< hash of the address; two routers of one test hardly ever share it
    AnswerLimit limit;
  };
  std::vector<Router> routers_;
};

/// What few hops have.
struct HopExtras {
  struct Other {
    IpAddress address;
    EpochSeconds seen = 0;
  };
  std::vector<Other> others;
  std::vector<MplsLabel> mpls;
  std::vector<InterfaceFacts> interfaces;
  QuoteFacts quote;
  [[nodiscard]] std::size_t bytes() const;
};

struct HopState {
  std::optional<IpAddress> address;
  EpochSeconds address_seen = 0;
  EpochSeconds limited_until = 0;  ///< known to keep answers back
  std::unique_ptr<HopExtras> extras;
  float base_low_us = 0;     ///< its usual low round-trip time
  float long_witnessed = 0;  ///< as in HopBucket, over the memory, fading
  float long_missed = 0;
  std::uint16_t base_parts = 0;  ///< of how many parts of the window base_low_us is made
  std::uint8_t reply_ttl = 0;
  bool is_balanced = false;
  bool is_assumed = false;      ///< `address` is what other tests meet there; it was not asked yet.
  bool answers_others = false;  ///< On other paths it misses nothing lately.

  [[nodiscard]] bool is_known_as(const IpAddress& router) const;
  HopExtras& make_extras();
};

/// A lossy link that has been named; it stays named until the evidence has clearly gone.
struct NamedLoss {
  std::uint8_t best_ttl = 0;
  float share = 0;  ///< 0–1
};

/// One way from the source to the destination and what its hops did.
class PathState {
 public:
  explicit PathState(EpochSeconds now) : first_seen(now), last_seen(now) {}

  /// Whether `way` may be this path: what both know is the same.
  [[nodiscard]] bool accepts(const ObservedWay& way) const;
  /// How many hops both know to be the same.
  [[nodiscard]] std::size_t likeness(const ObservedWay& way) const;
  /// Takes the addresses of an accepted way in.
  void learn(const ObservedWay& way, EpochSeconds now);
  /// Takes the samples of an accepted and learnt way in. Returns the silent probes that no known
  /// limit of a router explains.
  std::vector<const TraceProbe*> count(const ObservedWay& way, const Trace& trace,
                                       AnswerLimits& limits);
  /// Begins the part of the window that `now` belongs to and turns what is finished into history.
  void begin_part(Timestamp now, const PathStatisticsConfig& config);
  /// Makes this and `other` one path with several routers at the TTLs where they differ.
  void merge(const PathState& other);
  /// Takes over what is usual from the path that the same flow took before.
  void inherit(const PathState& former);
  /// Forgets routers of balanced hops that were not seen for long.
  void forget_others(EpochSeconds oldest);

  [[nodiscard]] PathId id() const;
  [[nodiscard]] bool is_balanced() const;
  [[nodiscard]] bool is_reached() const { return reached_ttl != 0; }
  /// The hops' evidence over the last part up to `to`, the last two, and so on up to all that the
  /// window holds. Hops known to limit are marked at `now`.
  [[nodiscard]] std::vector<std::vector<HopEvidence>> evidence(std::uint32_t to,
                                                               EpochSeconds now) const;
  [[nodiscard]] std::size_t bytes() const;

  std::vector<HopState> hops;  ///< as far as anything answered
  HopWindow window;
  struct FlowSeen {
    std::uint16_t flow = 0;
    EpochSeconds seen = 0;
  };
  std::vector<FlowSeen> flows;
  std::vector<NamedLoss> named;
  EpochSeconds first_seen = 0;
  EpochSeconds last_seen = 0;
  std::uint32_t traces = 0;
  float base_total_us = 0;
  std::uint16_t base_total_parts = 0;
  std::uint8_t reached_ttl = 0;
  std::uint8_t loop_ttl = 0;
  std::uint8_t loops_seen = 0;
  std::uint8_t stop_ttl = 0;  ///< of the last trace, as in ObservedWay
  std::uint8_t stop_type = 0;
  std::uint8_t stop_code = 0;
  std::uint32_t stop_mtu = 0;
  std::uint8_t refused_ttl = 0;   ///< the stop_ttl of the last trace that had one
  EpochSeconds refused_seen = 0;  ///< when that was
  TraceProtocol protocol = TraceProtocol::Icmp;

 private:
  [[nodiscard]] bool accepts_length(const ObservedWay& way) const;
  void set_reached(std::uint8_t ttl);
  void assume_spared(const ObservedWay& way);
  void learn_hop(std::size_t index, const IpAddress& router, EpochSeconds now);
  /// Whether its silence may be that of a router that refuses what lies behind it.
  [[nodiscard]] bool is_refusal_limited(const TraceProbe& probe, const Trace& trace,
                                        AnswerLimits& limits) const;
  /// Returns whether the probe ought to have been answered.
  bool count_probe(const TraceProbe& probe, bool is_fair, const Trace& trace, AnswerLimits& limits);
  void learn_facts(HopState& hop, const HopReply& reply);
  void fold_part(const PathStatisticsConfig& config);
};

}  // namespace lw::topology
