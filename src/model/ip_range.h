// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/ip_address.h"

namespace lw {

/// An address and how many of its leading bits count: a subnet.
struct IpRange {
  IpAddress address;
  int prefix_length = 32;
  [[nodiscard]] bool contains(const IpAddress& candidate) const;
};

/// "10.0.0.0/24", or one address, which is a range of one. Host bits may be set.
std::optional<IpRange> parse_ip_range(std::string_view text);

}  // namespace lw
