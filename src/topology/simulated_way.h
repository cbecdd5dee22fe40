// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/trace.h"

/// A way through a network in virtual time, for tests of this module. Packets are lost one by one;
/// routers answer, keep silent or limit their answers; traces come out as the trace engine makes
/// them: each TTL once, once more after a time-out.
namespace lw::topology {

struct SimulatedHop {
  IpAddress address{};
  std::vector<IpAddress> balanced;  ///< with `address`: one of them by chance for each packet
  Microseconds delay{1'000};        ///< of the link to it, there and back
  Microseconds slow{0};             ///< what its own answers take longer
  double loss = 0;                  ///< of the link to it, on the way there
  double loss_back = 0;             ///< of the link to it, on the way back
  double keeps_back = 0;            ///< share of its own answers that it never makes
  double tokens_per_second = 0;     ///< 0: no bucket
  double tokens = 6;
  double tokens_max = 6;
  std::int64_t asked_us = 0;
  std::uint8_t reply_ttl = 0;  ///< 0: as if the way back were the way there
  QuoteFacts quote;
  std::vector<MplsLabel> labels;
};

class SimulatedWay {
 public:
  /// `hops` routers 10.0.1.1, 10.0.2.1 …; the last is the destination.
  explicit SimulatedWay(std::size_t count, std::uint32_t seed = 1) : random_(seed) {
    for (std::size_t i = 1; i <= count; ++i) {
      SimulatedHop& hop = hops.emplace_back();
      hop.address = router(i);
    }
  }

  static IpAddress router(std::size_t number, int last = 1) {
    const std::string text = "10.0." + std::to_string(number) + "." + std::to_string(last);
    return parse_ip_address(text).value();
  }

  /// A trace that starts at `at`, of `flows`, with up to `retries` more questions after silence.
  Trace trace(Timestamp at, const std::vector<std::uint16_t>& flows = {0}, int retries = 1) {
    Trace made;
    made.test = TestId{7};
    made.started = at;
    made.protocol = protocol;
    made.source = parse_ip_address("10.0.0.1").value();
    made.destination = hops.back().address;
    for (int attempt = 0; attempt <= retries; ++attempt) {
      for (const std::uint16_t flow : flows) ask_all(made, flow, attempt);
    }
    return made;
  }

  /// How long a trace takes: until the last time-out.
  static Microseconds duration(const Trace& trace) {
    Microseconds longest{0};
    for (const TraceProbe& probe : trace.probes) {
      longest = std::max(longest, probe.offset + probe.reply.rtt.value_or(kTimeout));
    }
    return longest;
  }

  std::vector<SimulatedHop> hops;
  TraceProtocol protocol = TraceProtocol::Icmp;
  std::size_t cut_behind = SIZE_MAX;  ///< nothing passes behind this hop (by TTL)
  bool is_destination_silent = false;

 private:
  static constexpr Microseconds kTimeout{2'000'000};
  static constexpr Microseconds kPace{10'000};

  bool chance(double share) {
    return share > 0 && std::uniform_real_distribution<double>(0, 1)(random_) < share;
  }

  static bool is_answered(const Trace& made, std::uint16_t flow, std::size_t ttl) {
    for (const TraceProbe& probe : made.probes) {
      if (probe.flow == flow && probe.ttl == ttl && probe.reply.rtt) return true;
    }
    return false;
  }

  /// The engine gives up five hops behind the last that answered.
  static std::size_t asked_up_to(const Trace& made, std::uint16_t flow, std::size_t hops) {
    std::size_t top = 0;
    for (const TraceProbe& probe : made.probes) {
      if (probe.flow == flow && probe.reply.rtt) top = std::max<std::size_t>(top, probe.ttl);
    }
    return std::min(hops, top + 5);
  }

  void ask_all(Trace& made, std::uint16_t flow, int attempt) {
    for (std::size_t ttl = 1; ttl <= hops.size(); ++ttl) {
      if (ttl > asked_up_to(made, flow, hops.size())) break;
      if (attempt > 0 && is_answered(made, flow, ttl)) continue;
      TraceProbe probe;
      probe.flow = flow;
      probe.ttl = static_cast<std::uint8_t>(ttl);
      probe.offset = kTimeout * attempt + kPace * static_cast<int>(ttl - 1);
      probe.reply = ask(ttl, to_unix_us(made.started) + probe.offset.count());
      made.probes.push_back(std::move(probe));
    }
  }

  HopReply ask(std::size_t ttl, std::int64_t at_us) {
    HopReply reply;
    SimulatedHop& hop = hops[ttl - 1];
    const bool is_destination = ttl == hops.size();
    Microseconds rtt = hop.slow;
    for (std::size_t i = 0; i < ttl; ++i) {
      rtt += hops[i].delay + Microseconds(std::uniform_int_distribution<int>(0, 300)(random_));
      if (chance(hops[i].loss) || i >= cut_behind) return reply;
    }
    if (is_destination && is_destination_silent) return reply;
    if (chance(hop.keeps_back) || !has_token(hop, at_us)) return reply;
    for (std::size_t i = 0; i < ttl; ++i) {
      if (chance(hops[i].loss_back)) return reply;
    }
    reply.answer = is_destination ? HopAnswer::Destination : HopAnswer::TimeExceeded;
    reply.from = responder(hop);
    reply.rtt = rtt;
    reply.icmp_type = is_destination ? 0 : 11;
    reply.reply_ttl = hop.reply_ttl != 0 ? hop.reply_ttl : static_cast<std::uint8_t>(65 - ttl);
    reply.quote = hop.quote;
    reply.labels = hop.labels;
    return reply;
  }

  IpAddress responder(const SimulatedHop& hop) {
    if (hop.balanced.empty()) return hop.address;
    const std::size_t pick =
        std::uniform_int_distribution<std::size_t>(0, hop.balanced.size())(random_);
    return pick == 0 ? hop.address : hop.balanced[pick - 1];
  }

  static bool has_token(SimulatedHop& hop, std::int64_t at_us) {
    if (hop.tokens_per_second <= 0) return true;
    const double gap_s = static_cast<double>(at_us - hop.asked_us) / 1e6;
    hop.tokens = std::min(hop.tokens_max, hop.tokens + gap_s * hop.tokens_per_second);
    hop.asked_us = at_us;
    if (hop.tokens < 1) return false;
    hop.tokens -= 1;
    return true;
  }

  std::mt19937 random_;
};

}  // namespace lw::topology
