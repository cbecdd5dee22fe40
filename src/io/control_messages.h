// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/ip_address.h"

namespace lw::io {

/// What goes with one packet besides its bytes: built to be sent, or read from what came.
class ControlMessages {
 public:
  void clear() { used_ = 0; }

  template <class Value>
  void add(int level, int type, const Value& value) {
    cmsghdr item{};
    item.cmsg_level = level;
    item.cmsg_type = type;
    item.cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(&bytes_[used_], &item, sizeof item);
    std::memcpy(&bytes_[used_ + CMSG_LEN(0)], &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
  }
  /// Under which key its send stamp comes (Linux 6.13).
  void add_stamp_key(std::uint32_t key) {
    constexpr int kScmTsOptId = 81;  // Older headers do not know it.
    add(SOL_SOCKET, kScmTsOptId, key);
  }
  void add_traffic_class(bool is_v6, int value) {
    add(is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_TCLASS : IP_TOS, value);
  }
  void add_ttl(bool is_v6, int value) {
    add(is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_HOPLIMIT : IP_TTL, value);
  }
  /// The address that it leaves from and the interface by its index; what is not set is the
  /// system's choice.
  void add_leaving(bool is_v6, const std::optional<IpAddress>& source,
                   std::optional<unsigned> interface) {
    if (is_v6) {
      in6_pktinfo leave{};
      leave.ipi6_ifindex = interface.value_or(0);
      if (source) std::memcpy(&leave.ipi6_addr, source->bytes.data(), sizeof(in6_addr));
      add(IPPROTO_IPV6, IPV6_PKTINFO, leave);
    } else {
      in_pktinfo leave{};
      leave.ipi_ifindex = static_cast<int>(interface.value_or(0));
      if (source) std::memcpy(&leave.ipi_spec_dst, source->bytes.data(), sizeof(in_addr));
      add(IPPROTO_IP, IP_PKTINFO, leave);
    }
  }
  /// `header` points into this from then on.
  void attach(msghdr& header) {
    header.msg_control = used_ == 0 ? nullptr : bytes_.data();
    header.msg_controllen = used_;
  }

 private:
  // A key, a traffic class, a TTL, which stamps and where it leaves.
  alignas(cmsghdr) std::array<std::uint8_t, 4 * CMSG_SPACE(sizeof(int)) +
                                                CMSG_SPACE(sizeof(in6_pktinfo))> bytes_{};
  std::size_t used_ = 0;
};

template <class T>
T data_of(const cmsghdr& header) {
  T value{};
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

/// Calls `visit` with each control message of one that came.
template <class Visit>
void for_each_control(const msghdr& message, Visit visit) {
  msghdr copy = message;  // CMSG_NXTHDR wants it mutable.
  for (cmsghdr* header = CMSG_FIRSTHDR(&copy); header != nullptr;
       header = CMSG_NXTHDR(&copy, header)) {
    visit(*header);
  }
}

/// The TTL or hop limit with which it came, if its socket was asked to tell; else 0.
inline std::uint8_t read_hop_limit(const msghdr& message) {
  std::uint8_t limit = 0;
  for_each_control(message, [&](const cmsghdr& header) {
    const bool is_v4 = header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_TTL;
    const bool is_v6 = header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_HOPLIMIT;
    if (is_v4 || is_v6) limit = static_cast<std::uint8_t>(data_of<int>(header));
  });
  return limit;
}

}  // namespace lw::io
