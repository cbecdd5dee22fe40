// SPDX-License-Identifier: Apache-2.0
#include "packet/icmp.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace lw::packet {
namespace {

constexpr std::uint8_t kEchoReply4 = 0;
constexpr std::uint8_t kEchoRequest4 = 8;
constexpr std::uint8_t kUnreachable4 = 3;
constexpr std::uint8_t kTimeExceeded4 = 11;
constexpr std::uint8_t kParameterProblem4 = 12;
constexpr std::uint8_t kEchoRequest6 = 128;
constexpr std::uint8_t kEchoReply6 = 129;
constexpr std::size_t kEchoHeader = 8;  // type, code, checksum, id, sequence; errors have the same
constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;

std::optional<QuotedEcho> parse_quote4(Bytes packet) {
  if (packet.size() < kIpv4Header || packet[9] != kProtocolIcmp4) return std::nullopt;
  // A fragment other than the first does not begin with the ICMP header.
  if ((read_u16(packet, 6) & 0x1fff) != 0) return std::nullopt;
  return parse_echo_request(false, read_address(false, packet, 16), skip_ipv4_header(packet));
}

/// Our requests carry no extension headers, so a quote that has some is not ours.
std::optional<QuotedEcho> parse_quote6(Bytes packet) {
  if (packet.size() < kIpv6Header || (packet[0] >> 4) != 6 || packet[6] != kProtocolIcmp6) {
    return std::nullopt;
  }
  return parse_echo_request(true, read_address(true, packet, 24), packet.subspan(kIpv6Header));
}

std::string_view unreachable_name4(std::uint8_t code) {
  // RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1.
  constexpr std::array<std::string_view, 16> kNames = {"net-unreachable",
                                                       "host-unreachable",
                                                       "protocol-unreachable",
                                                       "port-unreachable",
                                                       "fragmentation-needed",
                                                       "source-route-failed",
                                                       "net-unknown",
                                                       "host-unknown",
                                                       "source-isolated",
                                                       "net-prohibited",
                                                       "host-prohibited",
                                                       "net-unreachable-for-tos",
                                                       "host-unreachable-for-tos",
                                                       "admin-prohibited",
                                                       "host-precedence-violation",
                                                       "precedence-cutoff"};
  return code < kNames.size() ? kNames.at(code) : "unreachable";
}

std::string_view unreachable_name6(std::uint8_t code) {
  // RFC 4443 §3.1.
  constexpr std::array<std::string_view, 8> kNames = {
      "no-route",         "admin-prohibited",     "beyond-scope", "address-unreachable",
      "port-unreachable", "source-policy-failed", "reject-route", "source-routing-error"};
  return code < kNames.size() ? kNames.at(code) : "unreachable";
}

std::string_view error_name(bool is_v6, std::uint8_t type, std::uint8_t code) {
  if (is_v6) {
    if (type == 1) return unreachable_name6(code);
    if (type == 2) return "packet-too-big";
    if (type == 3) return code == 0 ? "hop-limit-exceeded" : "reassembly-time-exceeded";
    return type == 4 ? "parameter-problem" : "error";
  }
  if (type == kUnreachable4) return unreachable_name4(code);
  if (type == kTimeExceeded4) return code == 0 ? "ttl-exceeded" : "reassembly-time-exceeded";
  return type == kParameterProblem4 ? "parameter-problem" : "error";
}

}  // namespace

std::vector<std::uint8_t> build_echo_request(bool is_v6, std::uint16_t id, std::uint16_t sequence,
                                             Bytes payload) {
  std::vector<std::uint8_t> message;
  write_echo_request(is_v6, id, sequence, payload, payload.size(), message);
  return message;
}

void write_echo_request(bool is_v6, std::uint16_t id, std::uint16_t sequence, Bytes payload,
                        std::size_t payload_bytes, std::vector<std::uint8_t>& message) {
  message.assign(kEchoHeader + std::max(payload_bytes, payload.size()), 0);
  message[0] = is_v6 ? kEchoRequest6 : kEchoRequest4;
  write_u16(message, 4, id);
  write_u16(message, 6, sequence);
  std::copy(payload.begin(), payload.end(), message.begin() + kEchoHeader);
  if (!is_v6) write_u16(message, 2, internet_checksum(message));
}

std::optional<IcmpMessage> parse_icmp(bool is_v6, Bytes message) {
  if (message.size() < kEchoHeader) return std::nullopt;
  const std::uint8_t type = message[0];
  if (const auto reply = parse_echo_reply(is_v6, message)) return *reply;
  if (!is_icmp_error(is_v6, type)) return std::nullopt;
  const Bytes quoted = message.subspan(kEchoHeader);
  const auto quote = is_v6 ? parse_quote6(quoted) : parse_quote4(quoted);
  if (!quote) return std::nullopt;
  return IcmpError{type, message[1], mtu_of_icmp_error(is_v6, message), *quote};
}

std::optional<EchoReply> parse_echo_reply(bool is_v6, Bytes message) {
  if (message.size() < kEchoHeader) return std::nullopt;
  if (message[0] != (is_v6 ? kEchoReply6 : kEchoReply4)) return std::nullopt;
  return EchoReply{read_u16(message, 4), read_u16(message, 6), message.subspan(kEchoHeader)};
}

std::optional<QuotedEcho> parse_echo_request(bool is_v6, const IpAddress& destination,
                                             Bytes message) {
  if (message.size() < kEchoHeader) return std::nullopt;
  if (message[0] != (is_v6 ? kEchoRequest6 : kEchoRequest4)) return std::nullopt;
  return QuotedEcho{destination, read_u16(message, 4), read_u16(message, 6),
                    message.subspan(kEchoHeader)};
}

bool is_icmp_error(bool is_v6, std::uint8_t type) {
  if (is_v6) return type >= 1 && type <= 4;
  return type == kUnreachable4 || type == kTimeExceeded4 || type == kParameterProblem4;
}

std::uint32_t mtu_of_icmp_error(bool is_v6, Bytes message) {
  if (is_v6) return message[0] == 2 ? read_u32(message, 4) : 0;
  return message[0] == kUnreachable4 && message[1] == 4 ? read_u16(message, 6) : 0;
}

Bytes skip_ipv4_header(Bytes packet) {
  if (packet.size() < kIpv4Header || (packet[0] >> 4) != 4) return {};
  const std::size_t length = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  if (length < kIpv4Header || length > packet.size()) return {};
  return packet.subspan(length);
}

IcmpErrorKind kind_of_icmp_error(bool is_v6, std::uint8_t type, std::uint8_t code) {
  if (is_v6) {
    if (type == 1) {
      // Policy and reject routes (5, 6) are decisions of somebody too, RFC 4443 §3.1.
      const bool prohibited = code == 1 || code == 5 || code == 6;
      return prohibited ? IcmpErrorKind::Prohibited : IcmpErrorKind::Unreachable;
    }
    if (type == 2) return IcmpErrorKind::TooBig;
    return type == 3 ? IcmpErrorKind::TtlExceeded : IcmpErrorKind::Other;
  }
  if (type == kTimeExceeded4) return IcmpErrorKind::TtlExceeded;
  if (type != kUnreachable4) return IcmpErrorKind::Other;
  if (code == 4) return IcmpErrorKind::TooBig;
  const bool prohibited = code == 9 || code == 10 || code == 13;
  return prohibited ? IcmpErrorKind::Prohibited : IcmpErrorKind::Unreachable;
}

std::string icmp_error_text(bool is_v6, std::uint8_t type, std::uint8_t code) {
  return fmt::format("{} {} ({}/{})", is_v6 ? "ICMPv6" : "ICMP", error_name(is_v6, type, code),
                     type, code);
}

}  // namespace lw::packet
