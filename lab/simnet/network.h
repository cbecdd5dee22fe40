// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/rate_budget.h"
#include "base/time.h"
#include "simnet/departures.h"
#include "simnet/editable_packet.h"
#include "simnet/network_config.h"

namespace lw::lab {

/// What became of the packets that went in.
struct NetworkCounters {
  std::uint64_t received = 0;
  std::uint64_t malformed = 0;
  std::uint64_t answered = 0;
  std::uint64_t lost = 0;     ///< by chance, on the way out or back
  std::uint64_t refused = 0;  ///< no answer because of a rate limit
  std::uint64_t silent = 0;   ///< no answer because nobody gives one
  bool operator==(const NetworkCounters&) const = default;
};

/// A network of routers and hosts in virtual time: packets of the source go in with the time at
/// which they are sent, what comes back to the source comes out with the time of its arrival. Two
/// of the same configuration and input give the same output. A packet's whole way is worked out
/// when it goes in: links have no queues, so packets do not wait for each other, and with jitter
/// they may overtake. `now` must never go back. Not thread-safe; never blocks.
class SimulatedNetwork {
 public:
  /// The configuration must be one that was read without a fault. Changes count from `start`.
  SimulatedNetwork(NetworkConfig config, Instant start);

  /// An IP packet that the source sends.
  void deliver(Bytes packet, Instant now);
  /// When the next packet gets back to the source; nothing while none is on its way.
  [[nodiscard]] std::optional<Instant> next_departure() const { return departures_.next(); }
  /// The packets that are back not after `now`, in the order of their arrival.
  std::vector<Packet> take_departed(Instant now);
  /// The same without copies: `take` gets each, and must not keep it.
  void hand_out_departed(Instant now, const std::function<void(Bytes)>& take);

  [[nodiscard]] const NetworkCounters& counters() const { return counters_; }
  /// The node's index, for those who send on behalf of others.
  [[nodiscard]] std::optional<std::size_t> find_node(std::string_view name) const;

 private:
  /// A token bucket whose callers come in nearly the order of time.
  struct Limiter {
    RateBudget budget;
    Instant latest{};
  };
  struct Node {
    std::size_t phase = 0;
    std::uint64_t salt = 0;
    std::uint16_t identification = 0;
    std::uint64_t visit = 0;      ///< Number of the last packet that passed,
    std::size_t visit_depth = 0;  ///< and how many links it had come by then.
    std::unordered_map<IpAddress, Limiter> limits;
    std::optional<Limiter> limit_all;
  };
  /// A link that the packet came along: its answer goes back along it.
  struct Step {
    std::size_t node;
    const Edge* edge;
    const LinkConfig* link;
  };
  struct Refused {
    std::uint8_t type;
    std::uint8_t code;
    std::uint32_t word = 0;
  };
  enum class Fate : std::uint8_t { Goes, Ends };

  double roll() { return dice_.next(); }
  bool happens(double percent) { return percent > 0 && roll() * 100 < percent; }
  std::chrono::nanoseconds spread(Microseconds jitter);

  [[nodiscard]] const NodeConfig& config_of(std::size_t node) const;
  void advance_phases(Instant now);

  // One packet's way out (network_walk.cpp).
  void walk();
  const Edge* choose_edge(std::size_t node);
  Fate pass_link(std::size_t from, const Edge& edge);
  Fate arrive(std::size_t node);
  Fate count_down(std::size_t node);
  Fate leave(std::size_t node);
  void rewrite(const NodeConfig& node);
  [[nodiscard]] const FirewallRule* denying_rule(const NodeConfig& node) const;
  [[nodiscard]] bool owns_destination(const NodeConfig& node) const;

  // What comes back (network_answers.cpp).
  void answer_as_host(std::size_t node);
  void answer_tcp(std::size_t node);
  void refuse(std::size_t node, Refusal refusal);
  void send_error(std::size_t node, const Refused& what);
  bool may_answer(std::size_t node, bool is_error);
  bool within_limits(std::size_t node);
  [[nodiscard]] std::optional<IpAddress> answering_address(std::size_t node);
  [[nodiscard]] Bytes quote_for(const NodeConfig& node);
  /// The TTL and the time with which an answer of `node` arrives; nothing if it gets lost.
  std::optional<std::pair<int, Instant>> way_back(std::size_t node);
  void send(const Packet& packet, Instant arrival);

  struct Dice {
    std::uint64_t state;
    double next();
  };

  NetworkConfig config_;
  Instant start_;
  Instant next_change_;
  Dice dice_;
  std::vector<Node> nodes_;
  Departures departures_;
  NetworkCounters counters_;

  // Of the packet that is on its way now.
  EditablePacket original_;
  EditablePacket packet_;
  Packet reply_;
  std::vector<Step> steps_;
  Instant at_{};
  std::uint64_t visit_ = 0;
  int copies_ = 1;
  int label_ttl_ = -1;  ///< Below 0: in no tunnel.
  bool label_shows_ = false;
  bool is_translated_ = false;
  bool quotes_show_translation_ = false;
};

}  // namespace lw::lab
