// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "model/ids.h"

/// What one trace found out: probes whose time to live ends on the way, and what came back.
namespace lw {

enum class TraceProtocol : std::uint8_t { Icmp = 0, Udp = 1, Tcp = 2 };
/// "icmp", "udp", "tcp"
std::string to_string(TraceProtocol protocol);
std::optional<TraceProtocol> parse_trace_protocol(const std::string& text);

/// What one probe of a trace met. The numbers are stored and sent: never reuse or renumber one.
enum class HopAnswer : std::uint8_t {
  Silent = 0,        ///< Nothing came within the time-out.
  TimeExceeded = 1,  ///< A router said that the time to live ended there.
  Destination = 2,   ///< The destination answered: echo reply, SYN-ACK, RST, its port unreachable.
  Unreachable = 3,   ///< Some other ICMP unreachable or "too big"; type and code say which.
  NotAsked = 4,      ///< Spared, since its router was asked a moment ago (trace/hop_budget.h).
  LocalError = 5,    ///< The probe never left this host.
};

/// One entry of an MPLS label stack (RFC 3032 §2.1, in ICMP by RFC 4950).
struct MplsLabel {
  std::uint32_t label = 0;  ///< 20 bits
  std::uint8_t traffic_class = 0;
  bool is_bottom = false;
  std::uint8_t ttl = 0;
  bool operator==(const MplsLabel&) const = default;
};

/// Which of a router's interfaces an answer tells about (RFC 5837 §4.1).
enum class InterfaceRole : std::uint8_t { Incoming = 0, SubIp = 1, Outgoing = 2, NextHop = 3 };
struct InterfaceFacts {
  InterfaceRole role = InterfaceRole::Incoming;
  std::optional<std::uint32_t> index = {};
  std::optional<IpAddress> address = {};
  std::string name = {};
  std::optional<std::uint32_t> mtu = {};
  bool operator==(const InterfaceFacts&) const = default;
};

/// How the packet that an ICMP error quotes differs from the one that was sent. What is not set did
/// not differ, or was not quoted.
struct QuoteFacts {
  /// Of the quoted packet. A router that counts down and discards sees 1 (some quote 0); more means
  /// that hops before it did not count down (an MPLS tunnel without labels in its answers).
  std::optional<std::uint8_t> ttl = {};
  std::optional<IpAddress> destination = {};  ///< Another than was sent to: translated on the way.
  std::optional<IpAddress> source = {};  ///< Another than was sent from: translated on the way.
  bool ports_or_checksum_changed = false;
  std::optional<std::uint8_t> dscp = {};  ///< 0–63, as it arrived there
  std::optional<std::uint8_t> ecn = {};   ///< 0–3, as it arrived there
  bool operator==(const QuoteFacts&) const = default;
};

struct HopReply {
  HopAnswer answer = HopAnswer::Silent;
  IpAddress from{};                      ///< Meaningless if nothing came.
  std::optional<Microseconds> rtt = {};  ///< Present exactly if an answer came in time.
  std::uint8_t icmp_type = 0;            ///< of an ICMP error; else 0
  std::uint8_t icmp_code = 0;
  std::uint8_t reply_ttl = 0;  ///< Of the answer's IP header: a hint of the way back; 0: unknown.
  std::uint32_t mtu = 0;       ///< of "fragmentation needed" and "packet too big"
  bool is_refusal = false;     ///< The destination answered by RST or port unreachable.
  std::vector<MplsLabel> labels = {};
  std::vector<InterfaceFacts> interfaces = {};
  QuoteFacts quote = {};
  std::string detail = {};  ///< of LocalError: why
  bool operator==(const HopReply&) const = default;
};

/// One probe and its fate.
struct TraceProbe {
  std::uint16_t flow =
      0;  ///< Index of the flow: probes of one flow take one way through balancers.
  std::uint8_t ttl = 0;
  Microseconds offset{0};  ///< when it was sent, counted from the trace's start
  HopReply reply = {};
  bool operator==(const TraceProbe&) const = default;
};

/// Why a trace was made.
enum class TraceTrigger : std::uint8_t {
  Schedule = 0,
  Suspicion = 1,  ///< Something seems wrong: often, for a while.
  Request = 2,
  StateChange = 3,  ///< The test's checks went from passing to failing, or back.
};
/// The trigger's stable short name for APIs: "Schedule".
std::string to_string(TraceTrigger trigger);
std::optional<TraceTrigger> parse_trace_trigger(const std::string& name);

/// All probes of one trace, of one flow or several, in the order they were sent.
struct Trace {
  TestId test{};  ///< 0 for a trace from the command line
  Timestamp started{};
  TraceTrigger trigger = TraceTrigger::Schedule;
  TraceProtocol protocol = TraceProtocol::Icmp;
  IpAddress source{};
  IpAddress destination{};
  std::uint16_t port = 0;  ///< of TCP and UDP
  std::vector<TraceProbe> probes = {};
  std::string problem = {};  ///< Why it could not be made or stopped early; else empty.
  bool operator==(const Trace&) const = default;
};

/// The destination answered a TCP trace, and each time by a refusal (RST): its port is closed, or a
/// firewall on the way answers for it. Refusals end UDP and ICMP traces as a matter of course.
bool is_refused(const Trace& trace);
/// A router said that it does not pass packets on to the destination (no route, prohibited, …).
bool is_refused_on_the_way(const Trace& trace);
/// The destination answered.
bool is_reached(const Trace& trace);

}  // namespace lw
