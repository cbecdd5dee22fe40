// SPDX-License-Identifier: Apache-2.0
#include "topology/icmp_words.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>

namespace lw::topology {
namespace {

struct Row {
  std::uint8_t code;
  PathIssueKind kind;
  const char* text;
};

constexpr auto kUnreachable = PathIssueKind::Unreachable;
constexpr auto kProhibited = PathIssueKind::Prohibited;

constexpr Row kRows4[] = {
    {0, kUnreachable, "no route to the network"},
    {1, kUnreachable, "the host does not answer on its own network"},
    {2, kUnreachable, "the protocol is not spoken there"},
    {3, kUnreachable, "the port is closed"},
    {5, kUnreachable, "the source route failed"},
    {6, kUnreachable, "the network is not known"},
    {7, kUnreachable, "the host is not known"},
    {8, kUnreachable, "the source host is isolated"},
    {9, kProhibited, "the network is administratively prohibited"},
    {10, kProhibited, "the host is administratively prohibited"},
    {11, kUnreachable, "the network is not reached with this type of service"},
    {12, kUnreachable, "the host is not reached with this type of service"},
    {13, kProhibited, "communication is administratively prohibited"},
    {14, kProhibited, "host precedence violation"},
    {15, kProhibited, "precedence is cut off"},
};

constexpr Row kRows6[] = {
    {0, kUnreachable, "no route to the destination"},
    {1, kProhibited, "communication is administratively prohibited"},
    {2, kUnreachable, "the destination is beyond the scope of the source address"},
    {3, kUnreachable, "the address is not reachable"},
    {4, kUnreachable, "the port is closed"},
    {5, kProhibited, "the source address fails the policy"},
    {6, kProhibited, "the route to the destination rejects packets"},
};

}  // namespace

IcmpWords icmp_words(bool is_v6, std::uint8_t type, std::uint8_t code, std::uint32_t mtu) {
  const std::string numbers = fmt::format("{} {}/{}", is_v6 ? "ICMPv6" : "ICMP", type, code);
  const bool is_too_big = is_v6 ? type == 2 : type == 3 && code == 4;
  if (is_too_big && mtu == 0) {
    return {PathIssueKind::MtuTooSmall, fmt::format("the packet is too big ({})", numbers)};
  }
  if (is_too_big) {
    return {PathIssueKind::MtuTooSmall,
            fmt::format("packets of more than {} bytes do not pass ({})", mtu, numbers)};
  }
  const std::span<const Row> rows =
      is_v6 ? std::span<const Row>(kRows6) : std::span<const Row>(kRows4);
  const auto row = std::ranges::find(rows, code, &Row::code);
  if (type != (is_v6 ? 1 : 3) || row == rows.end()) {
    return {kUnreachable, fmt::format("the packet cannot be delivered ({})", numbers)};
  }
  return {row->kind, fmt::format("{} ({})", row->text, numbers)};
}

}  // namespace lw::topology
