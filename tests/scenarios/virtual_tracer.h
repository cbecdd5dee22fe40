// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "packet/trace_probe.h"
#include "simnet/network.h"
#include "trace/hop_budget.h"
#include "trace/trace_round.h"

namespace lw::scenarios {

/// What trace/tracer.h does, for one destination, in virtual time and in front of a simulated
/// network instead of sockets.
class VirtualTracer {
 public:
  /// `way` is that of flow 0; the others differ in the source port. `network` must outlive this.
  VirtualTracer(lab::SimulatedNetwork& network, const packet::TraceFlow& way)
      : network_(network), way_(way) {}

  using TraceNumber = std::uint64_t;
  struct Finished {
    TraceNumber number = 0;
    Trace trace;
  };
  /// `budget` may be null, and must outlive the trace.
  TraceNumber start(const trace::TraceConfig& config, std::vector<trace::TraceHint> hints,
                    trace::HopBudget* budget, Instant now);
  /// Of all packets from now on, with their IP header; 0: small ones.
  void set_packet_bytes(std::size_t bytes) { packet_bytes_ = bytes; }
  [[nodiscard]] Instant next_event() const;
  /// Takes in what has come by now and sends what is due; returns traces that are complete.
  std::vector<Finished> step(Instant now);
  [[nodiscard]] std::size_t running() const { return running_.size(); }

  struct Counters {
    std::uint64_t probes = 0;
    std::uint64_t answers = 0;
    std::uint64_t unknown_answers = 0;  ///< that nobody could be found to have asked for
  };
  [[nodiscard]] const Counters& counters() const { return counters_; }

 private:
  struct Running {
    std::unique_ptr<trace::TraceRound> round;
    Instant started{};
  };
  struct Sent {
    TraceNumber trace = 0;
    trace::ProbeOrder order;
    Instant at{};
  };

  void take_answer(packet::Bytes bytes, Instant now);
  void send_due(TraceNumber trace, Running& running, Instant now);
  [[nodiscard]] Trace finished(const Running& running) const;
  [[nodiscard]] packet::TraceFlow flow_of(std::uint16_t index) const;

  lab::SimulatedNetwork& network_;
  packet::TraceFlow way_;
  std::size_t packet_bytes_ = 0;
  std::map<TraceNumber, Running> running_;
  std::unordered_map<std::uint16_t, Sent> sent_;
  TraceNumber next_trace_ = 1;
  std::uint16_t next_number_ = 1;
  Counters counters_;
};

/// When scenarios begin, and that as wall-clock time.
inline constexpr Instant kStart{Seconds(100'000)};
Timestamp wall_at(Instant now);

/// The way from the network's source to a node.
packet::TraceFlow way_to(const lab::NetworkConfig& network, std::string_view node, bool is_v6,
                         TraceProtocol protocol, std::uint16_t port);

}  // namespace lw::scenarios
