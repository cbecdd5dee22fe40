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

/// It lies over ee_data, which is 0 for those that did not ask.
sock_ee_data_rfc4884 extensions_of(const sock_extended_err& error) {
  sock_ee_data_rfc4884 extensions{};
  static_assert(sizeof extensions == sizeof error.ee_data);
  std::memcpy(&extensions, &error.ee_data, sizeof extensions);
  return extensions;
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
    IcmpReport report{is_v6, error.ee_type, error.ee_code, offender_of(*header), error.ee_info};
    const sock_ee_data_rfc4884 extensions = extensions_of(error);
    if ((extensions.flags & SO_EE_RFC4884_FLAG_INVALID) == 0) report.extensions_at = extensions.len;
    return report;
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

void enable_icmp_extensions(int fd, bool is_v6) {
  // Of linux/in.h and linux/in6.h, which do not go together with netinet/in.h.
  constexpr int kIpRecverrRfc4884 = 26;
  constexpr int kIpv6RecverrRfc4884 = 31;
  const int on = 1;
  ::setsockopt(fd, is_v6 ? SOL_IPV6 : SOL_IP, is_v6 ? kIpv6RecverrRfc4884 : kIpRecverrRfc4884, &on,
               sizeof on);
}

}  // namespace lw::io
