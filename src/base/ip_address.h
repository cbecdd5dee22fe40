// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lw {

/// An IPv4 or IPv6 address in network byte order; IPv4 uses the first four bytes. A value: no name,
/// no port, no resolving.
struct IpAddress {
  bool is_v6 = false;
  std::array<std::uint8_t, 16> bytes{};
  std::uint32_t scope = 0;  ///< Interface index of a link-local IPv6 address; else 0.
  auto operator<=>(const IpAddress&) const = default;

  [[nodiscard]] std::size_t size() const { return is_v6 ? 16 : 4; }
};

/// "192.0.2.1", "2001:db8::1", "[2001:db8::1]", "fe80::1%2" and "fe80::1%eth0"; nothing else.
std::optional<IpAddress> parse_ip_address(std::string_view text);
std::string to_string(const IpAddress& address);
/// As it stands before ":port" and in URLs: IPv6 in brackets.
std::string to_url_host(const IpAddress& address);

}  // namespace lw

template <>
struct std::hash<lw::IpAddress> {
  std::size_t operator()(const lw::IpAddress& address) const noexcept {
    const std::string_view raw(reinterpret_cast<const char*>(address.bytes.data()), address.size());
    return std::hash<std::string_view>{}(raw);
  }
};
