// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

/// What our echo requests carry, so that a reply proves which request it answers. The ICMP id and
/// sequence alone are 32 guessable bits shared with every other ping on the host.
namespace lw::packet {

/// Keys the cookie and marks our packets; random per prober.
struct EchoSecret {
  std::uint32_t mark =
      0;  ///< First word of each payload: what the kernel's socket filter looks for.
  std::uint64_t key0 = 0;
  std::uint64_t key1 = 0;
};

struct EchoPayload {
  std::uint32_t token = 0;   ///< Number of the request; ICMP id and sequence are its halves.
  std::int64_t sent_ns = 0;  ///< Monotonic send time, so that a late reply tells how late it is.
};

inline constexpr std::size_t kEchoPayloadSize = 24;

std::array<std::uint8_t, kEchoPayloadSize> build_echo_payload(const EchoSecret& secret,
                                                              const EchoPayload& payload);
/// Nothing unless the mark and the cookie are right. Longer payloads are fine: padding follows.
std::optional<EchoPayload> parse_echo_payload(const EchoSecret& secret,
                                              std::span<const std::uint8_t> bytes);

/// SipHash-2-4 (Aumasson and Bernstein) over the bytes.
std::uint64_t sip_hash(std::uint64_t key0, std::uint64_t key1, std::span<const std::uint8_t> bytes);

}  // namespace lw::packet
