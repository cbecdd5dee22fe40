// SPDX-License-Identifier: Apache-2.0
#include "packet/checksum.h"

namespace lw::packet {
namespace {

std::uint64_t sum_of_words(Bytes bytes) {
  std::uint64_t sum = 0;
  std::size_t at = 0;
  for (; at + 1 < bytes.size(); at += 2) sum += read_u16(bytes, at);
  if (at < bytes.size()) sum += static_cast<std::uint64_t>(bytes[at]) << 8;
  return sum;
}

std::uint16_t complement_of(std::uint64_t sum) {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum & 0xffff);
}

std::uint64_t sum_of_address(const IpAddress& address) {
  return sum_of_words(Bytes(address.bytes).first(address.size()));
}

}  // namespace

std::uint16_t internet_checksum(Bytes bytes) { return complement_of(sum_of_words(bytes)); }

std::uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination,
                                 std::uint8_t protocol, Bytes segment) {
  if (protocol == kProtocolIcmp4) return internet_checksum(segment);
  // The pseudo headers of both families differ only in widths, which add nothing to the sum.
  return complement_of(sum_of_address(source) + sum_of_address(destination) + protocol +
                       segment.size() + sum_of_words(segment));
}

}  // namespace lw::packet
