// SPDX-License-Identifier: Apache-2.0
// Whoever can send packets to this host sends these.
#include "io/tcp_head.h"

#include "base/assert.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const auto bytes = fuzz::Input(data, size).rest();
  const auto whole = io::read_tcp_head_of_ipv4(bytes);
  if (whole) {
    // The same, told from the TCP header on.
    const std::size_t length = static_cast<std::size_t>(bytes[0] & 0x0f) * 4;
    const auto inner = io::read_tcp_head(bytes.subspan(length), whole->ttl);
    LW_ASSERT(inner && inner->from_port == whole->from_port && inner->to_port == whole->to_port);
    LW_ASSERT(inner->is_reset == whole->is_reset && whole->ttl == bytes[8]);
  }
  for (std::size_t cut = 0; cut < bytes.size() && cut < 20; ++cut) {
    LW_ASSERT(!io::read_tcp_head_of_ipv4(bytes.first(cut)));
  }
  return 0;
}
