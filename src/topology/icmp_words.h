// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "model/path.h"

namespace lw::topology {

/// What a refusing router says, for people (RFC 792, RFC 1122 §3.2.2.1, RFC 1812 §5.2.7.1,
/// RFC 4443 §3.1 and §3.2), and which kind of issue it is.
struct IcmpWords {
  PathIssueKind kind = PathIssueKind::Unreachable;
  std::string text;
};
IcmpWords icmp_words(bool is_v6, std::uint8_t type, std::uint8_t code, std::uint32_t mtu);

}  // namespace lw::topology
