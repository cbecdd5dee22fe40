// SPDX-License-Identifier: Apache-2.0
#include "io/error_queue.h"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "io/socket_address.h"

namespace lw::io {
namespace {

bool is_report_header(const cmsghdr& header) {
  return (header.cmsg_level == SOL_IP && header.cmsg_type == IP_RECVERR) ||
         (header.cmsg_level == SOL_IPV6 && header.cmsg_type == IPV6_RECVERR);
}

/// The kernel puts the offender's address right behind the error.
IpAddress offender_of(const cmsghdr& header) {
  sockaddr_storage raw{};
  const std::size_t begin = sizeof(sock_extended_err);
  const std::size_t length = header.cmsg_len - CMSG_LEN(0);
  if (length <= begin) return {};
  const std::size_t available = length - begin;
  std::memcpy(&raw, CMSG_DATA(&header) + begin, available < sizeof raw ? available : sizeof raw);
  return address_of(reinterpret_cast<const sockaddr*>(&raw));
}

}  // namespace

std::optional<IcmpReport> read_icmp_report(const msghdr& message) {
  msghdr copy = message;
  for (cmsghdr* header = CMSG_FIRSTHDR(&copy); header != nullptr;
       header = CMSG_NXTHDR(&copy, header)) {
    if (!is_report_header(*header)) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(header), sizeof error);
    const bool is_v6 = error.ee_origin == SO_EE_ORIGIN_ICMP6;
    if (!is_v6 && error.ee_origin != SO_EE_ORIGIN_ICMP) continue;
    return IcmpReport{is_v6, error.ee_type, error.ee_code, offender_of(*header)};
  }
  return std::nullopt;
}

std::optional<IcmpReport> take_icmp_report(int fd) {
  std::array<char, 512> data{};
  alignas(cmsghdr) std::array<char, 512> control{};
  iovec vector{data.data(), data.size()};
  msghdr message{};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  return read_icmp_report(message);
}

void enable_icmp_reports(int fd, bool is_v6) {
  const int on = 1;
  ::setsockopt(fd, is_v6 ? SOL_IPV6 : SOL_IP, is_v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on);
}

}  // namespace lw::io
