// SPDX-License-Identifier: Apache-2.0
#include "io/route.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>

#include "base/files.h"

namespace lw::io {
namespace {

struct Request {
  nlmsghdr header;
  rtmsg route;
  rtattr attribute;
  std::array<std::uint8_t, 16> address;
};

Request request_for(const IpAddress& destination) {
  Request request{};
  request.header.nlmsg_type = RTM_GETROUTE;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.route.rtm_family = destination.is_v6 ? AF_INET6 : AF_INET;
  request.route.rtm_dst_len = static_cast<unsigned char>(destination.size() * 8);
  request.route.rtm_flags = RTM_F_LOOKUP_TABLE;  // or it says "main" whatever the table
  request.attribute.rta_type = RTA_DST;
  request.attribute.rta_len = static_cast<unsigned short>(RTA_LENGTH(destination.size()));
  std::memcpy(request.address.data(), destination.bytes.data(), destination.size());
  request.header.nlmsg_len =
      static_cast<std::uint32_t>(NLMSG_LENGTH(sizeof(rtmsg)) + RTA_LENGTH(destination.size()));
  return request;
}

/// Reads a T that may stand anywhere.
template <class T>
T read_as(std::span<const char> bytes) {
  T value{};
  if (bytes.size() >= sizeof value) std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

IpAddress address_in(std::span<const char> bytes, bool is_v6) {
  IpAddress address;
  address.is_v6 = is_v6;
  std::memcpy(address.bytes.data(), bytes.data(), std::min(bytes.size(), address.size()));
  return address;
}

void take_attribute(unsigned type, std::span<const char> content, bool is_v6, Route& route) {
  switch (type) {
    case RTA_GATEWAY:
      route.router = address_in(content, is_v6);
      break;
    case RTA_VIA:
      // A router of the other family: struct rtvia, whose family comes first.
      if (content.size() > sizeof(std::uint16_t)) {
        const bool via_v6 = read_as<std::uint16_t>(content) == AF_INET6;
        route.router = address_in(content.subspan(sizeof(std::uint16_t)), via_v6);
      }
      break;
    case RTA_PREFSRC:
      route.source = address_in(content, is_v6);
      break;
    case RTA_TABLE:
      route.table = read_as<std::uint32_t>(content);
      break;
    case RTA_OIF: {
      char name[IF_NAMESIZE] = {};
      if (::if_indextoname(read_as<std::uint32_t>(content), name) != nullptr)
        route.interface = name;
      break;
    }
    default:
      break;
  }
}

Route route_in(std::span<const char> message) {
  const auto head = read_as<rtmsg>(message);
  Route route{.is_reachable = head.rtm_type == RTN_UNICAST || head.rtm_type == RTN_LOCAL,
              .router = std::nullopt,
              .interface = {},
              .source = std::nullopt,
              .table = head.rtm_table};
  auto rest = message.subspan(std::min(message.size(), std::size_t{NLMSG_ALIGN(sizeof(rtmsg))}));
  while (rest.size() >= sizeof(rtattr)) {
    const auto attribute = read_as<rtattr>(rest);
    if (attribute.rta_len < sizeof(rtattr) || attribute.rta_len > rest.size()) break;
    take_attribute(attribute.rta_type,
                   rest.subspan(RTA_LENGTH(0), attribute.rta_len - RTA_LENGTH(0)),
                   head.rtm_family == AF_INET6, route);
    rest = rest.subspan(std::min(rest.size(), std::size_t{RTA_ALIGN(attribute.rta_len)}));
  }
  return route;
}

/// The kernel's answer, which comes at once.
std::optional<Route> read_answer(std::span<const char> bytes) {
  const auto header = read_as<nlmsghdr>(bytes);
  if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > bytes.size()) return std::nullopt;
  const auto content = bytes.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
  if (header.nlmsg_type == RTM_NEWROUTE) return route_in(content);
  if (header.nlmsg_type != NLMSG_ERROR) return std::nullopt;
  // ENETUNREACH, EHOSTUNREACH, EACCES: no route, or one of type unreachable or prohibit.
  const int error = -read_as<nlmsgerr>(content).error;
  const bool is_refused =
      error == ENETUNREACH || error == EHOSTUNREACH || error == EACCES || error == EINVAL;
  return is_refused ? std::optional(Route{}) : std::nullopt;
}

}  // namespace

std::optional<Route> find_route(const IpAddress& destination) {
  const FileDescriptor socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (socket.get() < 0) return std::nullopt;
  const Request request = request_for(destination);
  if (::send(socket.get(), &request, request.header.nlmsg_len, 0) < 0) return std::nullopt;
  std::array<char, 4096> answer{};
  const ssize_t length = ::recv(socket.get(), answer.data(), answer.size(), 0);
  if (length <= 0) return std::nullopt;
  return read_answer(std::span(answer).first(static_cast<std::size_t>(length)));
}

}  // namespace lw::io
