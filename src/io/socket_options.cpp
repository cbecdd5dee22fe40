// SPDX-License-Identifier: Apache-2.0
#include "io/socket_options.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "io/socket_address.h"

namespace lw::io {
namespace {

SocketFault fault(int error_number, const std::string& what) {
  return {error_number,
          fmt::format("{} ({})", what, std::generic_category().message(error_number))};
}

}  // namespace

bool set_option(int fd, int level, int name, int value) {
  return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

std::optional<SocketFault> family_fault(const IpAddress& source, bool is_v6) {
  if (source.is_v6 == is_v6) return std::nullopt;
  return fault(EAFNOSUPPORT, fmt::format("the source address {} is {}, and the destination's is {}",
                                         to_string(source), source.is_v6 ? "IPv6" : "IPv4",
                                         is_v6 ? "IPv6" : "IPv4"));
}

SocketFault source_fault(const IpAddress& source, int error_number) {
  return fault(error_number,
               error_number == EADDRNOTAVAIL
                   ? fmt::format("{} is no address of this host", to_string(source))
                   : fmt::format("cannot use the source address {}", to_string(source)));
}

SocketFault interface_fault(const std::string& name, int error_number) {
  return fault(error_number, error_number == ENODEV
                                 ? fmt::format("this host has no interface {}", name)
                                 : fmt::format("cannot use interface {}", name));
}

namespace {

std::optional<SocketFault> bind_to_interface(const std::string& name, int fd) {
  const auto size = static_cast<socklen_t>(name.size());
  if (::setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name.data(), size) == 0) return std::nullopt;
  return interface_fault(name, errno);
}

std::optional<SocketFault> bind_to_source(const IpAddress& source, int fd, bool is_v6) {
  if (auto wrong = family_fault(source, is_v6)) return wrong;
  set_option(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const SocketAddress local(source, 0);
  if (::bind(fd, local.data(), local.size()) == 0) return std::nullopt;
  return source_fault(source, errno);
}

}  // namespace

std::optional<SocketFault> apply_options(const SocketOptions& options, int fd, bool is_v6) {
  if (!options.interface.empty()) {
    if (auto wrong = bind_to_interface(options.interface, fd)) return wrong;
  }
  const int level = is_v6 ? SOL_IPV6 : SOL_IP;
  // The upper six bits of the old type-of-service octet (RFC 2474).
  if (options.dscp && !set_option(fd, level, is_v6 ? IPV6_TCLASS : IP_TOS, *options.dscp << 2)) {
    return fault(errno, fmt::format("cannot set DSCP {}", *options.dscp));
  }
  if (options.ttl && !set_option(fd, level, is_v6 ? IPV6_UNICAST_HOPS : IP_TTL, *options.ttl)) {
    return fault(errno, fmt::format("cannot set TTL {}", *options.ttl));
  }
  return options.source ? bind_to_source(*options.source, fd, is_v6) : std::nullopt;
}

}  // namespace lw::io
