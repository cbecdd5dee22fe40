// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "packet/icmp.h"

/// Extensions of ICMP errors (RFC 4884 §7): MPLS label stacks (RFC 4950) and interface information
/// (RFC 5837). Pure; unknown objects are skipped, broken ones end the reading: what was read before
/// them stays.
namespace lw::packet {

/// RFC 3032 §2.1.
struct MplsEntry {
  std::uint32_t label = 0;         ///< 20 bits
  std::uint8_t traffic_class = 0;  ///< 3 bits
  bool is_bottom = false;
  std::uint8_t ttl = 0;
  bool operator==(const MplsEntry&) const = default;
};

struct InterfaceInformation {
  std::uint8_t role = 0;  ///< 0 incoming, 1 sub-IP of it, 2 outgoing, 3 next hop
  std::optional<std::uint32_t> index;
  std::optional<IpAddress> address;
  std::string name;  ///< printable ASCII only, whatever was sent; at most 63 characters
  std::optional<std::uint32_t> mtu;
  bool operator==(const InterfaceInformation&) const = default;
};

struct IcmpExtensions {
  std::vector<MplsEntry> labels;  ///< top of the stack first
  std::vector<InterfaceInformation> interfaces;
  bool operator==(const IcmpExtensions&) const = default;
};

/// `structure` begins at the extension header. Nothing if its version is not 2 or its checksum is
/// there and wrong.
std::optional<IcmpExtensions> parse_icmp_extensions(Bytes structure);
/// The same as bytes, checksum in place: first all labels in one object, if there are any, then an
/// object for each interface. For simulated routers and tests; bits that have no room are cut off.
std::vector<std::uint8_t> build_icmp_extensions(const IcmpExtensions& extensions);

}  // namespace lw::packet
