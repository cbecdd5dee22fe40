// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "model/ids.h"

namespace lw {

/// How one check ended. A failed check is a measurement, never an Error. The numbers are stored and
/// sent: never reuse or renumber one.
enum class CheckOutcome : std::uint8_t {
  Success = 0,
  // Network: counted as failed.
  TimedOut = 1,     ///< No answer within the time-out.
  Refused = 2,      ///< RST to our SYN: the host is up, nothing listens.
  Reset = 3,        ///< RST later on.
  Prohibited = 4,   ///< ICMP administratively prohibited (3/9, 3/10, 3/13; v6 1/1).
  Unreachable = 5,  ///< ICMP net, host, port or protocol unreachable; `detail` says which.
  NoRoute = 6,      ///< This host has no route there (ENETUNREACH, EHOSTUNREACH without ICMP).
  TooBig = 7,       ///< Fragmentation needed and not allowed.
  TtlExceeded = 8,  ///< ICMP time exceeded: a routing loop.
  Closed = 9,       ///< The peer closed before the exchange was complete.
  // Name resolution
  NameNotFound = 20,      ///< NXDOMAIN: persistent.
  NameNoAddress = 21,     ///< The name exists without an address of the wanted family.
  NameServerFailed = 22,  ///< SERVFAIL, REFUSED: temporary.
  NameTimedOut = 23,      ///< No name server answered.
  NameInvalid = 24,       ///< Not a host name at all.
  // TLS
  CertificateExpired = 40,
  CertificateNotYetValid = 41,
  CertificateWrongName = 42,
  CertificateUnknownRoot = 43,
  CertificateRevoked = 44,
  ClientCertificateRequired = 45,
  TlsIncompatible = 46,               ///< No protocol version or cipher in common.
  TlsFailed = 47,                     ///< Handshake broke otherwise.
  CertificateRevocationUnknown = 48,  ///< Nobody says whether it is revoked, and we must know.
  // HTTP
  HttpStatus = 60,     ///< A status code that is not valid.
  HttpMalformed = 61,  ///< The answer is no HTTP.
  HttpTooManyRedirects = 62,
  HttpBodyMismatch = 63,  ///< The body does not contain what it must.
  // This host's own fault: not counted for or against the network.
  LocalPermission = 80,  ///< No right to open the socket, or a local firewall refused the packet.
  LocalResources = 81,   ///< Ports, buffers, descriptors or memory exhausted.
  LocalOverload = 82,    ///< The agent was late or its sockets dropped packets.
  // 83 stood for a clock that jumped; no release sent it: RTTs do not depend on the wall clock.
  /// The test asks for a source address or interface that this host does not have.
  LocalConfiguration = 84,
};

/// Success, counted as failed, or void (not counted, since the fault is this host's own).
enum class OutcomeKind { Success, Failed, Void };
OutcomeKind kind_of(CheckOutcome outcome);
/// "timed out", "connection refused", …: fits into "10 of 10 checks failed: …".
std::string to_string(CheckOutcome outcome);
/// The outcome's stable short name for APIs: "TimedOut".
std::string outcome_name(CheckOutcome outcome);
std::optional<CheckOutcome> outcome_from_number(int number);

/// Where a timestamp pair comes from, best last.
enum class StampSource : std::uint8_t { User = 0, KernelReceive = 1, Kernel = 2, Hardware = 3 };

/// One exchange: an echo, a handshake, a request.
struct Check {
  CheckOutcome outcome = CheckOutcome::TimedOut;
  std::optional<Microseconds> rtt;  ///< Present exactly if one was measured; never 0 for missing.
  Microseconds offset{0};           ///< Start, counted from the round's start.
  bool operator==(const Check&) const = default;
};

/// Where the time of one HTTP exchange went. A phase that did not happen is missing.
struct HttpPhases {
  std::optional<Microseconds> dns, connect, tls, request, first_byte, transfer;
  bool operator==(const HttpPhases&) const = default;
};

/// How an HTTP exchange went, beside its times.
struct HttpFacts {
  std::string version;          ///< "HTTP/2", of the last answer
  int redirects = 0;            ///< followed ones
  std::string url = {};         ///< where the redirects led to; empty without any
  std::int64_t body_bytes = 0;  ///< what was read of the last answer's body
  bool operator==(const HttpFacts&) const = default;
};

/// What the server's certificate said, recorded after every finished handshake, valid or not.
struct TlsFacts {
  std::string subject;
  std::string issuer;
  std::vector<std::string> names;  ///< subject alternative names
  Timestamp not_before{};
  Timestamp not_after{};
  std::string version;  ///< "TLSv1.3"
  std::string cipher;
  std::string key = {};                 ///< type and bits: "EC 256"
  std::vector<std::string> chain = {};  ///< subjects of all certificates sent, leaf first
  bool is_verified = false;             ///< no fault was found with it
  bool operator==(const TlsFacts&) const = default;
};

/// What the name servers said of a destination that is a name. A result of its own: while names
/// fail, the checks go on to the last good address.
struct NameFacts {
  CheckOutcome outcome = CheckOutcome::Success;  ///< or one of the Name… outcomes
  Microseconds took{0};
  std::string server;                  ///< who answered; empty: the hosts file, or nobody did
  std::optional<Seconds> ttl;          ///< the shortest of the answer
  std::vector<std::string> addresses;  ///< all, the preferred ones first
  bool is_last_good = false;           ///< The checks went to an address of an earlier answer.
  /// Evidence of the failure; on success what went wrong beside the answer (one family, one
  /// server).
  std::string detail;
  bool operator==(const NameFacts&) const = default;
};

/// The checks made at once when a test that had passed saw its first failure, beside the round's.
struct Confirmation {
  int made = 0;
  int failed = 0;
  bool operator==(const Confirmation&) const = default;
};

/// The times to live (IPv6: hop limits) that a round's replies came with. Each router on the way
/// back takes one off, so another number than before is another way, or another host that answers.
struct ReplyTtls {
  std::uint8_t lowest = 0;
  std::uint8_t highest = 0;
  bool operator==(const ReplyTtls&) const = default;
};

/// The checks that one test made in one interval. One stored row.
struct Round {
  TestId test;
  Timestamp started{};
  std::vector<Check> checks;
  std::string address;  ///< The IP address that was checked; empty if the name did not resolve.
  StampSource stamp_source = StampSource::User;
  /// Evidence for the first check that did not succeed: who answered what ("ICMP admin-prohibited
  /// from 10.0.1.1", "HTTP 503", "certificate expired 2026-11-01T00:00:00Z"). If all did, what is
  /// to be noted all the same ("revocation not checkable: …"); mostly empty.
  std::string detail;
  std::optional<int> http_status;       ///< of the last answered check
  std::optional<HttpPhases> http;       ///< of the last successful check
  std::optional<HttpFacts> http_facts;  ///< of the last answered check
  std::optional<TlsFacts> tls;
  std::optional<NameFacts> name;  ///< Missing for an address.
  std::optional<Confirmation> confirmation;
  /// Of successful ICMP checks; of connections the kernel does not tell.
  std::optional<ReplyTtls> reply_ttls;
  bool operator==(const Round&) const = default;
};

/// The numbers that states and rollups are made of. Void checks are left out of all of them.
struct RoundSummary {
  int total = 0;  ///< counted checks
  int failed = 0;
  int voided = 0;
  std::optional<Microseconds> rtt_min, rtt_avg, rtt_max;  ///< over successful checks
  /// Mean absolute difference of neighbouring RTTs (RFC 3550 §6.4.1 without the smoothing).
  std::optional<Microseconds> jitter;
  [[nodiscard]] double checks_failed_percent() const {
    return total == 0 ? 0.0 : 100.0 * failed / total;
  }
};
RoundSummary summarize(const Round& round);

/// The failed (or else void) outcome that most checks of the round share, if any did not succeed.
std::optional<CheckOutcome> dominant_failure(const Round& round);

/// A round as the server keeps it: where it came from and what it meant.
struct RoundOrigin {
  AgentId agent;
  SpoolId spool;
  std::uint64_t sequence = 0;
  bool operator==(const RoundOrigin&) const = default;
};

}  // namespace lw
