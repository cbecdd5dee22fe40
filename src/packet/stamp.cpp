// SPDX-License-Identifier: Apache-2.0
#include "packet/stamp.h"

#include <algorithm>
#include <cmath>

namespace lw::packet {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
/// From 1900 to 1970.
constexpr std::uint64_t kNtpToUnixSeconds = 2'208'988'800;
constexpr std::uint16_t kSynchronizedBit = 0x8000;
constexpr std::uint16_t kPtpBit = 0x4000;
constexpr unsigned kScaleMax = 63;
constexpr std::uint64_t kMultiplierMax = 255;

template <class Number>
void put(std::span<std::uint8_t> bytes, std::size_t at, Number number) {
  for (std::size_t i = sizeof(Number); i-- > 0;) {
    bytes[at + i] = static_cast<std::uint8_t>(number & 0xff);
    number = static_cast<Number>(static_cast<std::uint64_t>(number) >> 8);
  }
}

template <class Number>
Number get(std::span<const std::uint8_t> bytes, std::size_t at) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) number = (number << 8) | bytes[at + i];
  return static_cast<Number>(number);
}

}  // namespace

std::array<std::uint8_t, kStampSize> build_stamp_request(const StampRequest& request) {
  std::array<std::uint8_t, kStampSize> bytes{};
  put(bytes, 0, request.sequence);
  put(bytes, 4, request.sent);
  put(bytes, 12, request.error);
  put(bytes, 14, request.session);
  return bytes;
}

std::optional<StampRequest> parse_stamp_request(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kStampSize) return std::nullopt;
  return StampRequest{get<std::uint32_t>(bytes, 0), get<std::uint64_t>(bytes, 4),
                      get<std::uint16_t>(bytes, 12), get<std::uint16_t>(bytes, 14)};
}

std::vector<std::uint8_t> build_stamp_reply(const StampReply& reply,
                                            std::span<const std::uint8_t> request) {
  std::vector<std::uint8_t> bytes(request.begin(), request.end());
  if (bytes.size() < kStampSize) return {};
  std::fill_n(bytes.begin(), kStampSize, std::uint8_t{0});
  put(bytes, 0, reply.sequence);
  put(bytes, 4, reply.reflected);
  put(bytes, 12, reply.error);
  put(bytes, 14, reply.session);
  put(bytes, 16, reply.received);
  put(bytes, 24, reply.request.sequence);
  put(bytes, 28, reply.request.sent);
  put(bytes, 36, reply.request.error);
  bytes[40] = reply.ttl;
  return bytes;
}

std::optional<StampReply> parse_stamp_reply(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kStampSize) return std::nullopt;
  StampReply reply;
  reply.sequence = get<std::uint32_t>(bytes, 0);
  reply.reflected = get<std::uint64_t>(bytes, 4);
  reply.error = get<std::uint16_t>(bytes, 12);
  reply.session = get<std::uint16_t>(bytes, 14);
  reply.received = get<std::uint64_t>(bytes, 16);
  reply.request = {get<std::uint32_t>(bytes, 24), get<std::uint64_t>(bytes, 28),
                   get<std::uint16_t>(bytes, 36), reply.session};
  reply.ttl = bytes[40];
  return reply;
}

std::uint64_t to_ntp_time(std::int64_t unix_ns) {
  std::int64_t seconds = unix_ns / kNanosecondsPerSecond;
  std::int64_t rest = unix_ns % kNanosecondsPerSecond;
  if (rest < 0) {
    --seconds;
    rest += kNanosecondsPerSecond;
  }
  const std::uint64_t since_1900 = static_cast<std::uint64_t>(seconds) + kNtpToUnixSeconds;
  // Rounded up, so that reading it, which rounds down, gives the same nanosecond.
  const std::uint64_t fraction =
      ((static_cast<std::uint64_t>(rest) << 32) + kNanosecondsPerSecond - 1) /
      kNanosecondsPerSecond;
  return (since_1900 << 32) | fraction;
}

std::int64_t from_ntp_time(std::uint64_t ntp) {
  std::uint64_t seconds = ntp >> 32;
  // Without its top bit it is of the era that begins in 2036 (RFC 4330 §3).
  if ((seconds & 0x8000'0000U) == 0) seconds += std::uint64_t{1} << 32;
  const std::uint64_t fraction = ((ntp & 0xffff'ffffU) * kNanosecondsPerSecond) >> 32;
  return static_cast<std::int64_t>(seconds - kNtpToUnixSeconds) * kNanosecondsPerSecond +
         static_cast<std::int64_t>(fraction);
}

std::int64_t stamp_time_ns(std::uint64_t raw, const StampError& error) {
  if (!error.is_ptp) return from_ntp_time(raw);
  return static_cast<std::int64_t>(raw >> 32) * kNanosecondsPerSecond +
         static_cast<std::int64_t>(raw & 0xffff'ffffU);
}

std::uint16_t build_stamp_error(const StampError& error) {
  // Multiplier × 2^(Scale − 32) seconds, rounded up; a Multiplier of 0 is not allowed.
  const double wanted = static_cast<double>(std::max<std::int64_t>(error.error_ns, 1)) /
                        static_cast<double>(kNanosecondsPerSecond) * 4294967296.0;
  unsigned scale = 0;
  double multiplier = std::ceil(wanted);
  while (multiplier > static_cast<double>(kMultiplierMax) && scale < kScaleMax) {
    ++scale;
    multiplier = std::ceil(std::ldexp(wanted, -static_cast<int>(scale)));
  }
  auto raw = static_cast<std::uint16_t>((scale << 8) | static_cast<unsigned>(multiplier));
  if (error.is_synchronized) raw = static_cast<std::uint16_t>(raw | kSynchronizedBit);
  if (error.is_ptp) raw = static_cast<std::uint16_t>(raw | kPtpBit);
  return raw;
}

StampError parse_stamp_error(std::uint16_t raw) {
  const int scale = (raw >> 8) & 0x3f;
  const double seconds = std::ldexp(static_cast<double>(raw & 0xff), scale - 32);
  // Up to 2^31 × 255 seconds, which 64 bits of nanoseconds do not hold.
  constexpr double kMost = 9e18;
  const double ns = std::min(std::ceil(seconds * 1e9), kMost);
  return {(raw & kSynchronizedBit) != 0, (raw & kPtpBit) != 0, static_cast<std::int64_t>(ns)};
}

}  // namespace lw::packet
