// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "model/ip_range.h"

/// What a simulated network is made of, as its file describes it (docs/formats/simnet.md). Plain
/// values; network_reader.h makes them and sees to it that they fit together.
namespace lw::lab {

/// The link by which packets get to a node, and their answers away from it.
struct LinkConfig {
  Microseconds delay{0};
  Microseconds jitter{0};  ///< Up to this much more, evenly spread.
  double loss = 0;         ///< percent, on the way out
  Microseconds return_delay{0};
  Microseconds return_jitter{0};
  double return_loss = 0;
  int return_hops = 1;  ///< How many routers answers pass for this link.
  double duplicate = 0;
  double reorder = 0;
  Microseconds reorder_by{10'000};
  std::size_t mtu = 0;      ///< 0: no limit
  bool mtu_silent = false;  ///< The router before it drops what is too big without a word.
};

/// How a node answers with packets of its own.
struct AnswerConfig {
  bool silent = false;
  double loss = 0;  ///< Percent of its answers that are never made.
  Microseconds delay{0};
  Microseconds jitter{0};
  std::vector<IpAddress> from;     ///< Answers come from one of these instead, by chance.
  int ttl = 0;                     ///< of a fresh answer; 0: 255 for routers, 64 for hosts
  int hops = 0;                    ///< The way back is this much longer.
  std::optional<int> quoted_ttl;   ///< forged
  std::optional<int> quote_bytes;  ///< behind the IP header
  bool length_field = true;        ///< of RFC 4884
};

/// How many ICMP errors a node sends a second. Rates of 0 have no limit.
struct LimitConfig {
  double rate = 0;  ///< to one address
  double burst = 6;
  double all_rate = 0;  ///< to all together
  double all_burst = 50;
  bool operator==(const LimitConfig&) const = default;
};

struct NatConfig {
  std::vector<IpAddress> source;       ///< The packet leaves with that of its family.
  std::vector<IpAddress> destination;  ///< likewise
  std::optional<int> source_port;      ///< UDP and TCP port, ICMP id
  std::optional<int> destination_port;
  bool restores_quotes = false;  ///< As a stateful NAT does: nothing of it shows in ICMP errors.
};

enum class Refusal : std::uint8_t {
  Drop,
  Net,
  Host,
  Port,
  NetProhibited,
  HostProhibited,
  Prohibited,
  Reset,
};

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
};

/// What a node does not forward. What is left out fits all.
struct FirewallRule {
  std::optional<std::uint8_t> protocol;  ///< 1 stands for ICMPv6 as well.
  std::vector<PortRange> ports;          ///< of the destination
  Refusal answer = Refusal::Drop;
};

enum class PortAnswer : std::uint8_t { Accept, Refuse, Silent };
struct PortConfig {
  std::vector<std::pair<PortRange, PortAnswer>> ports;
  PortAnswer otherwise = PortAnswer::Refuse;
};

enum class LabelSwitching : std::uint8_t {
  None,
  Labelled,  ///< Only the label's TTL counts down; it is the IP TTL's copy.
  Hidden,    ///< The label's TTL has nothing to do with the IP TTL: nobody in it ever answers.
};

enum class Balance : std::uint8_t { PerFlow, PerPacket, PerDestination };

/// One way on from a node.
struct Edge {
  std::size_t to = 0;  ///< index of the node
  unsigned weight = 1;
  std::vector<IpAddress> via;      ///< Of the far end's interface: it answers from these.
  std::optional<LinkConfig> link;  ///< instead of the far node's
};
struct Route {
  IpRange range;
  std::vector<Edge> edges;  ///< Empty: no way.
};

/// A router, or a host if it leads nowhere on.
struct NodeConfig {
  std::vector<IpRange> addresses;
  LinkConfig link;
  double forward_loss = 0;  ///< percent of what it passes on, on the way out
  std::vector<Edge> next;
  std::vector<Route> routes;  ///< The first that fits goes before `next`.
  Balance balance = Balance::PerFlow;
  AnswerConfig answers;
  LimitConfig limit;
  bool transparent = false;  ///< Does not count the TTL down.
  LabelSwitching tunnel = LabelSwitching::None;
  std::vector<std::uint8_t> extensions;  ///< The RFC 4884 structure of its errors; may be empty.
  std::optional<int> dscp;               ///< that packets leave with
  std::optional<int> ecn;
  std::optional<NatConfig> nat;
  std::vector<FirewallRule> deny;
  bool echo = true;
  PortConfig tcp;
  PortConfig udp;
};

/// What a node is from some time on, counted from the network's start.
struct NodePhase {
  Microseconds at{0};
  NodeConfig config;
};
struct NodeTimeline {
  std::string name;
  std::vector<NodePhase> phases;  ///< by time; the first begins at 0
};

struct NetworkConfig {
  std::uint64_t seed = 1;
  std::vector<NodeTimeline> nodes;  ///< The first is the source.
};

}  // namespace lw::lab
