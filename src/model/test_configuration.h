// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "model/trace.h"

namespace lw {

enum class IpVersion { V4, V6 };
enum class HttpMethod { Get, Post, Head };
/// Which version a request offers; Any: the best that both sides speak.
enum class HttpVersion { Any, Http11, Http2 };

/// What to do about a certificate's revocation. Soft: a certificate known to be revoked fails the
/// check, and "not checkable" is noted as evidence. Strict: what cannot be checked fails too.
enum class RevocationPolicy { Off, Soft, Strict };

/// Which of a name's addresses are checked. All: the round's checks take turns over them.
/// HappyEyeballs: as a browser connects (RFC 8305), IPv6 first and IPv4 soon after.
enum class AddressUse { First, All, HappyEyeballs };

/// When the checks of a round begin. Even: at the same distances, the same in each round. Random:
/// each anywhere in its share of the interval, so that no rhythm of the network or of its load can
/// keep in step with them (RFC 2330 §11.1).
enum class CheckTiming { Even, Random };

/// What an agent at the destination does with the port: nothing, or listen if nobody else does.
enum class DestinationPortBehavior { None, ListenIfAvailable };

struct HttpHeader {
  std::string name;
  std::string value;
  bool operator==(const HttpHeader&) const = default;
};

/// Status codes `first` to `last`, both included: "2xx" is 200–299, "301-304" is 301–304.
struct StatusCodeRange {
  int first = 200;
  int last = 299;
  bool operator==(const StatusCodeRange&) const = default;
};

struct HttpConfiguration {
  std::optional<std::uint16_t> port;  ///< 443 or 80 by scheme if not given.
  HttpMethod method = HttpMethod::Get;
  std::string path = "/";
  std::vector<HttpHeader> request_headers;
  std::vector<StatusCodeRange> valid_status_codes;  ///< Empty: 200–399 is valid.
  bool prefer_https = false;
  // The `linewatch` block:
  HttpVersion version = HttpVersion::Any;
  int redirects_max = 0;     ///< 0: an answer that redirects is the answer.
  std::string body_matches;  ///< Regular expression (RE2) that the body must contain; empty: any.
  std::int64_t body_bytes_max = 1 << 20;  ///< A longer body is read no further.
  RevocationPolicy revocation = RevocationPolicy::Off;
  bool operator==(const HttpConfiguration&) const = default;

  /// Port 443 is https and port 80 http; any other port, or none, follows prefer_https.
  [[nodiscard]] bool uses_tls() const;
  [[nodiscard]] std::uint16_t effective_port() const;
  [[nodiscard]] bool is_valid_status(int status) const;
};

struct TcpConfiguration {
  std::uint16_t port = 0;
  bool disable_trace_route = false;
  DestinationPortBehavior destination_port_behavior = DestinationPortBehavior::None;
  bool operator==(const TcpConfiguration&) const = default;
};

struct IcmpConfiguration {
  bool disable_trace_route = false;
  bool operator==(const IcmpConfiguration&) const = default;
};

/// What a check's packets look like and where they leave. What is not set is the system's choice.
struct PacketOptions {
  std::optional<int> payload_bytes;  ///< ICMP: data after the echo header; ours take the first 24.
  std::optional<int> dscp;           ///< 0–63
  std::optional<int> ttl;            ///< 1–255; IPv6: hop limit
  bool dont_fragment = false;        ///< ICMP
  std::string source_address;        ///< an IP address of this host
  std::string source_interface;      ///< a name such as eth1
  bool operator==(const PacketOptions&) const = default;
};

/// How a test's way is traced, where that is not as usual.
struct TraceOptions {
  std::optional<TraceProtocol> protocol = {};  ///< ICMP for ICMP tests, else TCP
  std::optional<std::uint16_t> port = {};      ///< of TCP and UDP; the test's, UDP 33434
  std::optional<Seconds> interval = {};        ///< between two traces; the agent's
  std::optional<int> hops_max = {};            ///< 30
  bool all_paths = true;  ///< Look for the ways of load balancers each hour, and follow them all.
  bool operator==(const TraceOptions&) const = default;
};

/// In Azure's order of the wire's `protocol` values.
using ProtocolConfiguration = std::variant<TcpConfiguration, HttpConfiguration, IcmpConfiguration>;

/// When a test stops to Pass. A threshold that is 0 on the wire is not set here (DESIGN §6).
struct SuccessThreshold {
  std::optional<int> checks_failed_percent;  ///< 1–100
  std::optional<double> round_trip_time_ms;  ///< above 0
  bool operator==(const SuccessThreshold&) const = default;
};

/// How a test is made: protocol, frequency, thresholds. Public fields; validity is checked where
/// documents are read (model/codec.h), so inside any value is taken as valid.
struct TestConfiguration {
  std::string name;
  Seconds frequency{60};
  std::optional<IpVersion> preferred_ip_version;
  ProtocolConfiguration protocol = IcmpConfiguration{};
  SuccessThreshold threshold;
  // The `linewatch` block:
  std::optional<int> checks_per_round;
  std::optional<Milliseconds> check_timeout;
  PacketOptions packets;
  AddressUse address_use = AddressUse::First;
  CheckTiming timing = CheckTiming::Even;
  TraceOptions trace;
  bool operator==(const TestConfiguration&) const = default;

  [[nodiscard]] bool is_http() const { return std::holds_alternative<HttpConfiguration>(protocol); }
  /// "ICMP", "TCP", "HTTP": for people.
  [[nodiscard]] std::string protocol_name() const;
  [[nodiscard]] int effective_checks_per_round() const;
  /// The check time-out in force: the set one or the default, never longer than what lets the last
  /// check of a round end before the next round begins.
  [[nodiscard]] Milliseconds effective_check_timeout() const;
  /// The longest check time-out that the frequency leaves room for.
  [[nodiscard]] Milliseconds check_timeout_max() const;
  /// Distance between the starts of two checks of a round: checks are spread evenly over the first
  /// part of the interval, so that the last one's time-out still ends inside it.
  [[nodiscard]] Microseconds check_spacing() const;
  /// The destination port, if the protocol has one.
  [[nodiscard]] std::optional<std::uint16_t> port() const;
};

}  // namespace lw
