// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_head.h"

#include <cstddef>

namespace lw::io {

std::optional<TcpHead> read_tcp_head(std::span<const std::uint8_t> segment, std::uint8_t ttl) {
  constexpr std::size_t kFlagsAt = 13;
  constexpr std::uint8_t kReset = 0x04;
  if (segment.size() <= kFlagsAt) return std::nullopt;
  const auto port_at = [&](std::size_t at) {
    return static_cast<std::uint16_t>((segment[at] << 8) | segment[at + 1]);
  };
  return TcpHead{port_at(0), port_at(2), (segment[kFlagsAt] & kReset) != 0, ttl};
}

std::optional<TcpHead> read_tcp_head_of_ipv4(std::span<const std::uint8_t> packet) {
  constexpr std::size_t kTtlAt = 8;
  constexpr std::size_t kHeaderMin = 20;
  if (packet.size() < kHeaderMin) return std::nullopt;
  const std::size_t length = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  if (length < kHeaderMin || length > packet.size()) return std::nullopt;
  return read_tcp_head(packet.subspan(length), packet[kTtlAt]);
}

}  // namespace lw::io
