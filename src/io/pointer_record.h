// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/ip_address.h"
#include "base/time.h"

/// Names of addresses as name servers keep them: PTR records (RFC 1035 §3.3.12). Pure.
namespace lw::io {

/// The name under which an address has its PTR record: "1.2.0.192.in-addr.arpa" (RFC 1035 §3.5), or
/// the 32 hex digits of IPv6 before ".ip6.arpa" (RFC 3596 §2.5).
std::string pointer_name_of(const IpAddress& address);

struct PointerRecord {
  std::string name;  ///< A host name by form, without the last dot; empty: there is none.
  Seconds ttl{0};    ///< of the records on the way to it, the shortest
};
/// What a whole answer message says to its question, through aliases (RFC 2317) if they come before
/// what they lead to. Of several names the first by the alphabet, since servers shuffle them. What
/// is no host name is as if it were not there. Nothing if the message is malformed.
std::optional<PointerRecord> parse_pointer_answer(std::span<const unsigned char> message);

}  // namespace lw::io
