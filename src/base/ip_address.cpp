// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include "base/number.h"

namespace lw {
namespace {

std::optional<std::uint32_t> parse_scope(const std::string& zone) {
  if (const auto number = parse_number<std::uint32_t>(zone)) return number;
  const std::uint32_t index = ::if_nametoindex(zone.c_str());
  if (index == 0) return std::nullopt;
  return index;
}

}  // namespace

std::optional<IpAddress> parse_ip_address(std::string_view text) {
  // The system's functions would take it for the end of the text.
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) return std::nullopt;
  }
  IpAddress address;
  if (const auto percent = text.find('%'); percent != std::string_view::npos) {
    const auto scope = parse_scope(std::string(text.substr(percent + 1)));
    if (!scope) return std::nullopt;
    address.scope = *scope;
    text = text.substr(0, percent);
  }
  const std::string plain(text);
  if (address.scope == 0 && ::inet_pton(AF_INET, plain.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  address.is_v6 = true;
  if (::inet_pton(AF_INET6, plain.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::string to_string(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.is_v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  std::string result(text.data());
  if (address.scope != 0) result += "%" + std::to_string(address.scope);
  return result;
}

std::string to_url_host(const IpAddress& address) {
  return address.is_v6 ? "[" + to_string(address) + "]" : to_string(address);
}

}  // namespace lw
