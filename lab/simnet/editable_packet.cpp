// SPDX-License-Identifier: Apache-2.0
#include "simnet/editable_packet.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "packet/bytes.h"
#include "packet/checksum.h"

namespace lw::lab {
namespace {

/// RFC 1624 equation 3: the checksum after one word that it covers has become another.
std::uint16_t updated_checksum(std::uint16_t checksum, std::uint16_t before, std::uint16_t after) {
  std::uint32_t sum = static_cast<std::uint16_t>(~checksum);
  sum += static_cast<std::uint16_t>(~before);
  sum += after;
  while (sum > 0xffffU) sum = (sum & 0xffffU) + (sum >> 16U);
  return static_cast<std::uint16_t>(~sum);
}

constexpr std::uint64_t mixed(std::uint64_t state, std::uint64_t word) {
  std::uint64_t z = state ^ (word + 0x9e3779b97f4a7c15U + (state << 6U) + (state >> 2U));
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace

bool EditablePacket::assign(Bytes packet) {
  if (packet.empty()) return false;
  is_v6_ = packet[0] >> 4U == 6;
  const std::size_t header = is_v6_ ? 40 : (packet[0] & 15U) * std::size_t{4};
  if ((!is_v6_ && packet[0] >> 4U != 4) || header < 20 || packet.size() < header) return false;
  const std::size_t total =
      is_v6_ ? 40 + std::size_t{packet::read_u16(packet, 4)} : packet::read_u16(packet, 2);
  if (total < header || total > packet.size()) return false;
  buffer_.assign(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(total));
  transport_ = header;
  protocol_ = packet[is_v6_ ? 6 : 9];
  is_later_fragment_ = !is_v6_ && (packet::read_u16(packet, 6) & 0x1fffU) != 0;
  read_addresses();
  return true;
}

void EditablePacket::read_addresses() {
  source_ = destination_ = IpAddress{};
  source_.is_v6 = destination_.is_v6 = is_v6_;
  const std::size_t size = source_.size();
  const std::size_t at = is_v6_ ? 8 : 12;
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at), size, source_.bytes.begin());
  std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(at + size), size,
              destination_.bytes.begin());
}

Bytes EditablePacket::bytes() {
  if (!is_v6_) {
    packet::write_u16(buffer_, 10, 0);
    packet::write_u16(buffer_, 10, packet::internet_checksum(Bytes(buffer_).first(transport_)));
  }
  return buffer_;
}

Bytes EditablePacket::transport() const {
  return is_later_fragment_ ? Bytes{} : Bytes(buffer_).subspan(transport_);
}

bool EditablePacket::has_ports() const {
  return (protocol_ == packet::kProtocolUdp || protocol_ == packet::kProtocolTcp) &&
         transport().size() >= 4;
}

std::uint8_t EditablePacket::traffic_class() const {
  if (!is_v6_) return buffer_[1];
  return static_cast<std::uint8_t>(((buffer_[0] & 15U) << 4U) | (buffer_[1] >> 4U));
}

void EditablePacket::set_traffic_class(std::uint8_t traffic_class) {
  if (!is_v6_) {
    buffer_[1] = traffic_class;
    return;
  }
  buffer_[0] = static_cast<std::uint8_t>(0x60U | (traffic_class >> 4U));
  buffer_[1] = static_cast<std::uint8_t>(((traffic_class & 15U) << 4U) | (buffer_[1] & 15U));
}

std::size_t EditablePacket::checksum_offset() const {
  const std::size_t offset = protocol_ == packet::kProtocolUdp   ? 6
                             : protocol_ == packet::kProtocolTcp ? 16
                             : is_icmp()                         ? 2
                                                                 : 0;
  return offset != 0 && transport().size() >= offset + 2 ? transport_ + offset : 0;
}

void EditablePacket::replace(std::size_t at, Bytes with, bool counts) {
  const std::size_t checksum = counts ? checksum_offset() : 0;
  // A UDP checksum of 0 says that there is none.
  const bool keeps = checksum == 0 || (protocol_ == packet::kProtocolUdp &&
                                       packet::read_u16(buffer_, checksum) == 0);
  for (std::size_t i = 0; i < with.size(); i += 2) {
    const std::uint16_t after = packet::read_u16(with, i);
    if (!keeps) {
      packet::write_u16(buffer_, checksum,
                        updated_checksum(packet::read_u16(buffer_, checksum),
                                         packet::read_u16(buffer_, at + i), after));
    }
    packet::write_u16(buffer_, at + i, after);
  }
}

void EditablePacket::set_source(const IpAddress& address) {
  const bool counts = protocol_ != packet::kProtocolIcmp4;
  replace(is_v6_ ? 8 : 12, Bytes(address.bytes).first(address.size()), counts);
  source_ = address;
}

void EditablePacket::set_destination(const IpAddress& address) {
  const bool counts = protocol_ != packet::kProtocolIcmp4;
  replace(is_v6_ ? 24 : 16, Bytes(address.bytes).first(address.size()), counts);
  destination_ = address;
}

std::size_t EditablePacket::port_offset() const {
  if (has_ports()) return transport_;
  return is_icmp() && transport().size() >= 8 ? transport_ + 4 : 0;
}

std::uint16_t EditablePacket::source_port() const {
  const std::size_t at = port_offset();
  return at == 0 ? std::uint16_t{0} : packet::read_u16(buffer_, at);
}

std::uint16_t EditablePacket::destination_port() const {
  return has_ports() ? packet::read_u16(buffer_, transport_ + 2) : std::uint16_t{0};
}

void EditablePacket::replace_port(std::size_t at, std::uint16_t port) {
  const std::array<std::uint8_t, 2> word{static_cast<std::uint8_t>(port >> 8U),
                                         static_cast<std::uint8_t>(port & 0xffU)};
  replace(at, word, true);
}

void EditablePacket::set_source_port(std::uint16_t port) {
  if (const std::size_t at = port_offset(); at != 0) replace_port(at, port);
}

void EditablePacket::set_destination_port(std::uint16_t port) {
  if (has_ports()) replace_port(transport_ + 2, port);
}

std::uint64_t EditablePacket::flow_hash(std::uint64_t salt) const {
  std::uint64_t state = mixed(salt, protocol_);
  const auto mix_in = [&](std::size_t at, std::size_t count) {
    std::uint64_t word = 0;
    std::memcpy(&word, buffer_.data() + at, count);
    state = mixed(state, word);
  };
  if (is_v6_) {
    for (std::size_t at = 8; at < 40; at += 8) mix_in(at, 8);
    state = mixed(state, (buffer_[1] & 15U) * 65'536U + packet::read_u16(buffer_, 2));
  } else {
    mix_in(12, 8);
  }
  if (has_ports()) mix_in(transport_, 4);
  if (is_icmp() && transport().size() >= 6) mix_in(transport_, 6);
  return state;
}

}  // namespace lw::lab
