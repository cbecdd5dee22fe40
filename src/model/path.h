// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "model/ids.h"
#include "model/trace.h"

/// What traces of some minutes, put together, say of the ways from a source to a destination.
namespace lw {

/// stable_hash of the addresses of the hops in order. Silent hops count as such, names never.
using PathId = Id<struct PathIdTag>;

/// What is to be known of a hop when its numbers are read. A bit each; stored: never renumber.
enum class HopLabel : std::uint32_t {
  RateLimited = 1U << 0,        ///< Limits its own answers; what it forwards is not lost.
  Silent = 1U << 1,             ///< Never answers though traffic passes.
  SlowAnswers = 1U << 2,        ///< Later hops answer sooner: its RTT is that of its slow path.
  PerPacketBalanced = 1U << 3,  ///< Several routers answer for one flow.
  Translated = 1U << 4,         ///< From here on the quoted packet has other addresses or ports.
  DscpRewritten = 1U << 5,
  EcnRewritten = 1U << 6,
  InTunnel = 1U << 7,           ///< MPLS labels in its answers (RFC 4950).
  TunnelSuspected = 1U << 8,    ///< TTL anomalies tell of a tunnel that hides its routers.
  Loop = 1U << 9,               ///< The same router came before, not just before.
  Prohibited = 1U << 10,        ///< It said "administratively prohibited".
  Assumed = 1U << 11,           ///< Not asked in this window: known from other tests or earlier.
  AsymmetricReturn = 1U << 12,  ///< Its answers take a way back of another length than the way out.
};
using HopLabels = std::uint32_t;
constexpr bool has(HopLabels labels, HopLabel label) {
  return (labels & static_cast<HopLabels>(label)) != 0;
}
constexpr HopLabels with(HopLabels labels, HopLabel label) {
  return labels | static_cast<HopLabels>(label);
}
/// The label's stable short name for APIs: "RateLimited".
std::string to_string(HopLabel label);
std::vector<HopLabel> labels_in(HopLabels labels);

/// A share in percent with its confidence bounds (Wilson, 95 %).
struct Share {
  double low = 0;
  double value = 0;
  double high = 100;
  bool operator==(const Share&) const = default;
};

struct PathHop {
  std::uint8_t ttl = 0;
  std::optional<IpAddress> address = {};  ///< Missing: silent.
  std::vector<IpAddress> others = {};     ///< which answered for the same flow as well
  std::uint32_t sent = 0;                 ///< probes in the window
  std::uint32_t answered = 0;
  std::optional<Microseconds> rtt_min = {}, rtt_low = {}, rtt_median = {},
                              rtt_max = {};  ///< rtt_low: 10 % quantile
  /// Of what was sent through this hop how much got lost on the way there, own limits left out.
  Share forwarding_loss = {};
  /// What the link to this hop adds to the round trip (low-quantile envelope); 0 if nothing.
  Microseconds added{0};
  HopLabels labels = 0;
  std::optional<std::uint8_t> reply_ttl = {};
  std::uint8_t icmp_type = 0;  ///< of its last "unreachable"; else 0
  std::uint8_t icmp_code = 0;
  std::uint32_t mtu = 0;
  std::vector<MplsLabel> mpls = {};
  std::vector<InterfaceFacts> interfaces = {};
  std::optional<QuoteFacts> quote = {};  ///< if it differs from what was sent
  std::string name = {};                 ///< reverse DNS; may come later, never part of an id
  std::string network = {};              ///< AS and its name, or the site, from the operator's file
  bool operator==(const PathHop&) const = default;
};

struct Path {
  PathId id = {};
  std::vector<std::uint16_t> flows = {};  ///< that took it
  std::vector<PathHop> hops = {};         ///< by TTL, without gaps, beginning at 1
  bool is_reached = false;                ///< its last hop is the destination
  bool operator==(const Path&) const = default;
};

/// What is wrong on the way. The numbers are stored and sent: never reuse or renumber one.
enum class PathIssueKind : std::uint8_t {
  ForwardingLoss = 0,  ///< a link that loses packets
  AddedLatency = 1,    ///< a link that adds most of the time, or of the change of it
  Broken = 2,          ///< nothing behind it answers any more
  Loop = 3,
  Prohibited = 4,   ///< a router or firewall says that it does not let this through
  Unreachable = 5,  ///< a router says that it knows no way
  MtuTooSmall = 6,  ///< large packets end here
  PerPacketBalancing = 7,
  LocalError = 8,  ///< probes do not leave this host
};
/// The issue's stable short name for APIs: "ForwardingLoss".
std::string to_string(PathIssueKind kind);

struct PathIssue {
  PathIssueKind kind = PathIssueKind::ForwardingLoss;
  PathId path = {};
  /// The link: from the hop with this TTL (0: the source) to that with the next named one.
  std::uint8_t from_ttl = 0;
  std::uint8_t to_ttl = 0;
  std::optional<IpAddress> from = {};
  std::optional<IpAddress> to = {};
  std::optional<Share> loss = {};
  std::optional<Microseconds> added = {};  ///< of `total`
  std::optional<Microseconds> total = {};
  double confidence = 0;  ///< 0–1
  std::string text = {};  ///< "the link from 10.0.2.1 (hop 2) to 10.0.3.1 (hop 3) loses 5 %"
  bool operator==(const PathIssue&) const = default;
};

/// What looking for a path's MTU came to. The numbers are stored and sent: never renumber.
enum class PathMtuVerdict : std::uint8_t {
  Unknown = 0,    ///< Not complete yet.
  Full = 1,       ///< The largest that was to be tried passes.
  Told = 2,       ///< Less passes, and a router or this host says so: senders adapt.
  BlackHole = 3,  ///< Less passes and nobody says so: large packets just get lost.
  NoAnswer = 4,   ///< Not even small packets are answered; nothing can be said.
  Unclear = 5,    ///< So many packets of any size get lost that size says nothing.
};
/// The verdict's stable short name for APIs: "BlackHole".
std::string to_string(PathMtuVerdict verdict);

/// The largest packet that passes to a destination, as measured; sizes are of whole IP packets.
struct PathMtuResult {
  PathMtuVerdict verdict = PathMtuVerdict::Unknown;
  std::optional<std::uint32_t> path_mtu = {};  ///< The largest packet that was answered.
  /// Who told of a limit, and which; the lowest. It may be wrong: path_mtu is measured.
  std::optional<IpAddress> told_by = {};
  std::uint32_t told_mtu = 0;
  /// Large packets reach the hop with from_ttl (0: only this host) and not that with to_ttl.
  std::optional<std::uint8_t> from_ttl = {};
  std::optional<std::uint8_t> to_ttl = {};
  std::optional<IpAddress> from = {};  ///< who answered at from_ttl
  /// The largest that was to be tried: what the interface takes.
  std::uint32_t bytes_max = 0;
  Timestamp at{};  ///< when it was found
  TraceProtocol protocol = TraceProtocol::Icmp;
  std::string text = {};  ///< one sentence for people
  bool operator==(const PathMtuResult&) const = default;
};

/// Why a report was made. The numbers are stored: never renumber.
enum class PathReportCause : std::uint8_t {
  First = 0,
  Change = 1,
  Hourly = 2,
  Request = 3,
  StateChange = 4,  ///< The test's checks went from passing to failing, or back.
};

/// The ways of one test over a window of time. One stored set of rows.
struct PathReport {
  TestId test = {};
  Timestamp from{};
  Timestamp to{};
  PathReportCause cause = PathReportCause::First;
  TraceProtocol protocol = TraceProtocol::Icmp;
  IpAddress source{};
  IpAddress destination{};
  std::uint16_t port = 0;
  std::uint32_t traces = 0;            ///< that the window holds
  std::vector<Path> paths = {};        ///< the one that most flows take first
  std::vector<PathIssue> issues = {};  ///< the gravest first
  /// What is other than in the report before: "hop 3 was 10.0.3.1, is 10.0.3.9". Empty for others.
  std::vector<std::string> changes = {};
  /// The destination's last answer to a TCP trace was a refusal: its port is closed.
  bool is_refused = false;
  std::optional<PathMtuResult> mtu = {};  ///< if the path's MTU was looked for in the last hour
  /// Raw traces, oldest first: the last ones before something went wrong, and the newest one. Only
  /// in reports that tell of a change.
  std::vector<Trace> traces_before = {};
  std::vector<Trace> traces_after = {};
  std::string problem = {};  ///< why there are no traces; else empty
  bool operator==(const PathReport&) const = default;
};

}  // namespace lw
