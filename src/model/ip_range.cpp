// SPDX-License-Identifier: Apache-2.0
#include "model/ip_range.h"

#include "base/number.h"

namespace lw {

bool IpRange::contains(const IpAddress& candidate) const {
  if (candidate.is_v6 != address.is_v6) return false;
  for (int bit = 0; bit < prefix_length; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if ((candidate.bytes[byte] & mask) != (address.bytes[byte] & mask)) return false;
  }
  return true;
}

std::optional<IpRange> parse_ip_range(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_ip_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const int bits = address->is_v6 ? 128 : 32;
  if (slash == std::string_view::npos) return IpRange{*address, bits};
  const std::string_view length_text = text.substr(slash + 1);
  const auto length = parse_number<int>(length_text);
  if (!length || *length < 0 || *length > bits) return std::nullopt;
  return IpRange{*address, *length};
}

}  // namespace lw
