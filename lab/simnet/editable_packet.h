// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/ip_address.h"
#include "packet/bytes.h"
#include "packet/checksum.h"

/// IP packets as routers see and change them. Pure and without allocation once the buffer has
/// grown.
namespace lw::lab {

using Packet = std::vector<std::uint8_t>;
using packet::Bytes;

/// One packet on its way. Setters keep the transport's checksum right (RFC 1624); that of the IPv4
/// header is put right by bytes().
class EditablePacket {
 public:
  /// Takes a copy. False if it is no whole IPv4 or IPv6 header with what it announces behind it.
  bool assign(Bytes packet);

  [[nodiscard]] Bytes bytes();
  [[nodiscard]] bool is_v6() const { return is_v6_; }
  [[nodiscard]] std::size_t size() const { return buffer_.size(); }
  [[nodiscard]] std::size_t header_bytes() const { return transport_; }
  /// Behind the IP header; empty in all fragments but the first.
  [[nodiscard]] Bytes transport() const;
  [[nodiscard]] std::uint8_t protocol() const { return protocol_; }
  [[nodiscard]] bool is_icmp() const {
    return protocol_ == (is_v6_ ? packet::kProtocolIcmp6 : packet::kProtocolIcmp4);
  }
  [[nodiscard]] bool has_ports() const;
  /// Whether a router must not cut it up.
  [[nodiscard]] bool dont_fragment() const { return is_v6_ || (buffer_[6] & 0x40U) != 0; }

  [[nodiscard]] int ttl() const { return buffer_[is_v6_ ? 7 : 8]; }
  void set_ttl(int ttl) { buffer_[is_v6_ ? 7 : 8] = static_cast<std::uint8_t>(ttl); }
  [[nodiscard]] std::uint8_t traffic_class() const;
  void set_traffic_class(std::uint8_t traffic_class);
  [[nodiscard]] const IpAddress& source() const { return source_; }
  [[nodiscard]] const IpAddress& destination() const { return destination_; }
  void set_source(const IpAddress& address);
  void set_destination(const IpAddress& address);
  /// UDP, TCP; ICMP echo: the id. 0 if there is none.
  [[nodiscard]] std::uint16_t source_port() const;
  [[nodiscard]] std::uint16_t destination_port() const;
  void set_source_port(std::uint16_t port);
  void set_destination_port(std::uint16_t port);

  /// What routers tell flows apart by: addresses, protocol, ports or ICMP type, checksum and id,
  /// flow label. `salt` makes the choices of routers independent.
  [[nodiscard]] std::uint64_t flow_hash(std::uint64_t salt) const;

 private:
  void read_addresses();
  [[nodiscard]] std::size_t port_offset() const;
  [[nodiscard]] std::size_t checksum_offset() const;
  /// Writes over `length` bytes at `at`; `counts`: the transport's checksum covers them.
  void replace(std::size_t at, Bytes with, bool counts);
  void replace_port(std::size_t at, std::uint16_t port);

  Packet buffer_;
  bool is_v6_ = false;
  bool is_later_fragment_ = false;
  std::uint8_t protocol_ = 0;
  std::size_t transport_ = 0;
  IpAddress source_;
  IpAddress destination_;
};

}  // namespace lw::lab
