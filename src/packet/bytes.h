// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/ip_address.h"

/// Numbers and addresses in network byte order, at offsets that the caller has checked.
namespace lw::packet {

using Bytes = std::span<const std::uint8_t>;

inline std::uint16_t read_u16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>((bytes[at] << 8) | bytes[at + 1]);
}

inline std::uint32_t read_u32(Bytes bytes, std::size_t at) {
  return (static_cast<std::uint32_t>(read_u16(bytes, at)) << 16) | read_u16(bytes, at + 2);
}

inline IpAddress read_address(bool is_v6, Bytes bytes, std::size_t at) {
  IpAddress address;
  address.is_v6 = is_v6;
  std::ranges::copy(bytes.subspan(at, address.size()), address.bytes.begin());
  return address;
}

inline void write_u16(std::span<std::uint8_t> bytes, std::size_t at, std::uint16_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value & 0xff);
}

inline void write_u32(std::span<std::uint8_t> bytes, std::size_t at, std::uint32_t value) {
  write_u16(bytes, at, static_cast<std::uint16_t>(value >> 16));
  write_u16(bytes, at + 2, static_cast<std::uint16_t>(value & 0xffff));
}

inline void write_address(std::span<std::uint8_t> bytes, std::size_t at, const IpAddress& address) {
  const Bytes raw = Bytes(address.bytes).first(address.size());
  std::ranges::copy(raw, bytes.subspan(at, raw.size()).begin());
}

}  // namespace lw::packet
