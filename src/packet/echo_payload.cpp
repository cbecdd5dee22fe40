// SPDX-License-Identifier: Apache-2.0
#include "packet/echo_payload.h"

#include <bit>

namespace lw::packet {
namespace {

constexpr std::size_t kCookieAt = 16;  // After mark (4), token (4) and send time (8).

void write_big_endian(std::span<std::uint8_t> bytes, std::uint64_t value) {
  for (std::size_t i = bytes.size(); i-- > 0; value >>= 8) {
    bytes[i] = static_cast<std::uint8_t>(value & 0xff);
  }
}

std::uint64_t read_big_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (const std::uint8_t byte : bytes) value = (value << 8) | byte;
  return value;
}

std::uint64_t read_little_endian(std::span<const std::uint8_t> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = (value << 8) | bytes[i];
  return value;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t sip_hash(std::uint64_t key0, std::uint64_t key1,
                       std::span<const std::uint8_t> bytes) {
  SipState state{key0 ^ 0x736f6d6570736575U, key1 ^ 0x646f72616e646f6dU, key0 ^ 0x6c7967656e657261U,
                 key1 ^ 0x7465646279746573U};
  const std::uint64_t length = bytes.size();
  while (bytes.size() >= 8) {
    state.absorb(read_little_endian(bytes.first(8)));
    bytes = bytes.subspan(8);
  }
  state.absorb(read_little_endian(bytes) | (length << 56));
  state.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) state.round();
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::array<std::uint8_t, kEchoPayloadSize> build_echo_payload(const EchoSecret& secret,
                                                              const EchoPayload& payload) {
  std::array<std::uint8_t, kEchoPayloadSize> bytes{};
  const std::span<std::uint8_t> all(bytes);
  write_big_endian(all.subspan(0, 4), secret.mark);
  write_big_endian(all.subspan(4, 4), payload.token);
  write_big_endian(all.subspan(8, 8), static_cast<std::uint64_t>(payload.sent_ns));
  write_big_endian(all.subspan(kCookieAt, 8),
                   sip_hash(secret.key0, secret.key1, all.first(kCookieAt)));
  return bytes;
}

std::optional<EchoPayload> parse_echo_payload(const EchoSecret& secret,
                                              std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kEchoPayloadSize) return std::nullopt;
  if (read_big_endian(bytes.first(4)) != secret.mark) return std::nullopt;
  const std::uint64_t cookie = read_big_endian(bytes.subspan(kCookieAt, 8));
  if (cookie != sip_hash(secret.key0, secret.key1, bytes.first(kCookieAt))) return std::nullopt;
  return EchoPayload{static_cast<std::uint32_t>(read_big_endian(bytes.subspan(4, 4))),
                     static_cast<std::int64_t>(read_big_endian(bytes.subspan(8, 8)))};
}

}  // namespace lw::packet
