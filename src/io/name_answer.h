// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"

/// What name servers say about a name, and what that amounts to. Pure.
namespace lw::io {

enum class NameStatus {
  Found,
  NotFound,      ///< NXDOMAIN: persistent.
  NoAddress,     ///< The name exists, without an address of the wanted families.
  ServerFailed,  ///< SERVFAIL, REFUSED and the like: temporary.
  TimedOut,      ///< No name server answered: temporary.
  Invalid,       ///< Not a host name.
};

/// Which addresses are asked for. V4ThenV6: both, each by a question of its own.
enum class AddressFamily { V4, V6, V4ThenV6 };

/// What one name server said to one question, or that it did not.
struct ServerReply {
  std::string server;  ///< "10.0.0.53:53"
  bool is_v6 = false;  ///< AAAA was asked for, else A.
  NameStatus status = NameStatus::TimedOut;
  std::string says;      ///< "SERVFAIL from", "no answer from"; empty if found
  Microseconds took{0};  ///< to the answer, or how long was waited for one
};

/// What came of the question for one family's addresses.
struct FamilyAnswer {
  NameStatus status = NameStatus::TimedOut;
  std::vector<IpAddress> addresses;  ///< in the server's order
  std::string server;                ///< who decided it; empty: no server did
  std::optional<Seconds> ttl;        ///< the shortest of the addresses'
};

struct NameAnswer {
  NameStatus status = NameStatus::TimedOut;  ///< Found if any family has an address
  std::vector<IpAddress> addresses;          ///< IPv4 before IPv6
  std::string server;                        ///< who gave them; empty: no name server was asked
  std::string asked;                         ///< the full name; empty: no name server was asked
  std::optional<Seconds> ttl;
  Microseconds took{0};
  /// What went wrong, server by server: "SERVFAIL from 10.0.0.53:53 in 1.2 ms; no answer from …".
  /// Not empty either where another server helped out, or one family's question failed.
  std::string evidence;
  std::optional<FamilyAnswer> v4, v6;  ///< those that were asked for
};

/// Joins the families' answers; `replies` are the evidence, in order.
NameAnswer join_families(std::optional<FamilyAnswer> v4, std::optional<FamilyAnswer> v6,
                         std::span<const ServerReply> replies);

/// The replies that are no addresses, in words. What a server said alike to both questions is
/// said once.
std::string describe_failures(std::span<const ServerReply> replies, bool are_both_asked);

}  // namespace lw::io
