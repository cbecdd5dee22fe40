// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

/// Test packets of STAMP in unauthenticated mode (RFC 8762 §4.2.1, §4.3.1), with the session
/// identifier of RFC 8972 §3. Pure: bytes in, values out. The parsers take whatever the network
/// sends; all that they ask for is the length, since every bit pattern means something.
namespace lw::packet {

inline constexpr std::size_t kStampSize = 44;
inline constexpr std::uint16_t kStampPort = 862;

/// How far a timestamp may be from true time (RFC 4656 §4.1.2).
struct StampError {
  bool is_synchronized = false;  ///< with something outside of this host
  bool is_ptp = false;           ///< The timestamps beside it are PTP's, not NTP's.
  std::int64_t error_ns = 1;     ///< Never 0 on the wire: rounded up.
  bool operator==(const StampError&) const = default;
};

/// What a sender sends.
struct StampRequest {
  std::uint32_t sequence = 0;
  std::uint64_t sent = 0;  ///< T1 as on the wire
  std::uint16_t error = 0;
  std::uint16_t session = 0;
};

/// What a reflector sends back.
struct StampReply {
  std::uint32_t sequence = 0;   ///< its own count, or a copy if it keeps no state
  std::uint64_t reflected = 0;  ///< T3 as on the wire
  std::uint16_t error = 0;
  std::uint16_t session = 0;
  std::uint64_t received = 0;  ///< T2 as on the wire
  StampRequest request;        ///< as the reflector copied it
  std::uint8_t ttl = 0;        ///< with which the request arrived
};

std::array<std::uint8_t, kStampSize> build_stamp_request(const StampRequest& request);
/// Nothing if it is shorter than kStampSize. What is longer is padding or extensions.
std::optional<StampRequest> parse_stamp_request(std::span<const std::uint8_t> bytes);

/// As long as the request, never longer; what follows its first kStampSize bytes is sent back as it
/// came (RFC 8972 §4: extensions that a reflector does not know keep the mark of that).
std::vector<std::uint8_t> build_stamp_reply(const StampReply& reply,
                                            std::span<const std::uint8_t> request);
std::optional<StampReply> parse_stamp_reply(std::span<const std::uint8_t> bytes);

/// Between nanoseconds since 1970 and NTP's 64 bits (RFC 5905 §6): exact to a nanosecond from 1968
/// to 2104, when the seconds come around again.
std::uint64_t to_ntp_time(std::int64_t unix_ns);
std::int64_t from_ntp_time(std::uint64_t ntp);
/// A timestamp as the error estimate beside it says it is made. PTP's (IEEE 1588, truncated) count
/// TAI, so only differences of them are of use.
std::int64_t stamp_time_ns(std::uint64_t raw, const StampError& error);

std::uint16_t build_stamp_error(const StampError& error);
StampError parse_stamp_error(std::uint16_t raw);

}  // namespace lw::packet
