// SPDX-License-Identifier: Apache-2.0
#include "io/host.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <sstream>

#include "base/files.h"
#include "base/ids.h"
#include "base/text.h"
#include "io/socket_address.h"

namespace lw::io {
namespace {

std::string text_of_v4(std::uint32_t network_order) {
  char text[INET_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET, &network_order, text, sizeof text);
  return text;
}

std::optional<std::string> useful_address(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    return text_of_v4(v4.sin_addr.s_addr);
  }
  if (address.sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  const bool is_link_local =
      v6.sin6_addr.s6_addr[0] == 0xfe && (v6.sin6_addr.s6_addr[1] & 0xc0) == 0x80;
  if (is_link_local) return std::nullopt;
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  return text;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// /proc/net/route: Iface Destination Gateway Flags …, addresses as host-order hex of network
/// bytes.
std::optional<std::string> default_gateway_v4() {
  const std::string table = read_file("/proc/net/route").value_or("");
  for (const std::string& line : split(table, '\n')) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 4 || words[1] != "00000000" || words[2] == "00000000") continue;
    if (const auto gateway = parse_hex(words[2])) {
      return text_of_v4(static_cast<std::uint32_t>(*gateway));
    }
  }
  return std::nullopt;
}

/// /proc/net/ipv6_route: destination, prefix length, source, prefix length, next hop, …
std::optional<std::string> default_gateway_v6() {
  const std::string table = read_file("/proc/net/ipv6_route").value_or("");
  for (const std::string& line : split(table, '\n')) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 5 || words[0] != std::string(32, '0') || words[1] != "00") continue;
    if (words[4] == std::string(32, '0')) continue;
    const auto bytes = bytes_of_hex(words[4]);
    if (!bytes) continue;
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET6, bytes->data(), text, sizeof text);
    return text;
  }
  return std::nullopt;
}

}  // namespace

bool is_own_address(const IpAddress& address) {
  const FileDescriptor socket(
      ::socket(address.is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress local(address, 0);
  return ::bind(socket.get(), local.data(), local.size()) == 0;
}

std::optional<unsigned> interface_index(const std::string& name) {
  const unsigned index = ::if_nametoindex(name.c_str());
  return index == 0 ? std::nullopt : std::optional(index);
}

std::vector<std::string> local_addresses() {
  std::vector<std::string> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    const bool is_useful = entry->ifa_addr != nullptr && (entry->ifa_flags & IFF_UP) != 0 &&
                           (entry->ifa_flags & IFF_LOOPBACK) == 0;
    if (!is_useful) continue;
    if (auto address = useful_address(*entry->ifa_addr)) addresses.push_back(std::move(*address));
  }
  ::freeifaddrs(list);
  std::ranges::sort(addresses);
  return addresses;
}

std::optional<std::string> default_gateway() {
  if (auto gateway = default_gateway_v4()) return gateway;
  return default_gateway_v6();
}

std::vector<std::string> configured_name_servers() {
  std::vector<std::string> servers;
  const std::string text = read_file("/etc/resolv.conf").value_or("");
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() >= 2 && words[0] == "nameserver") servers.push_back(words[1]);
  }
  return servers;
}

Result<std::uint16_t> free_loopback_port() {
  const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return fail_errno("find a free port", errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(socket.get(), generic, length) != 0 ||
      ::getsockname(socket.get(), generic, &length) != 0) {
    return fail_errno("find a free port", errno);
  }
  return ntohs(address.sin_port);
}

}  // namespace lw::io
