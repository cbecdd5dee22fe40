// SPDX-License-Identifier: Apache-2.0
// A forged reply must not pass for ours, and every one of ours must pass.
#include "packet/echo_payload.h"

#include <vector>

#include "base/assert.h"
#include "tests/fuzz/input.h"

namespace lw::packet {
namespace {

/// What is read is what was built, whatever follows it; and with one bit turned it is nothing.
void check_ours(const EchoSecret& secret, const EchoPayload& payload, fuzz::Input& input) {
  const auto turned_bit = input.number<std::uint8_t>();
  const auto built = build_echo_payload(secret, payload);
  std::vector<std::uint8_t> bytes(built.begin(), built.end());
  bytes.insert(bytes.end(), input.rest().begin(), input.rest().end());
  const auto read = parse_echo_payload(secret, bytes);
  LW_ASSERT(read && read->token == payload.token && read->sent_ns == payload.sent_ns);
  const std::size_t bit = turned_bit % (kEchoPayloadSize * 8);
  bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1U << (bit % 8)));
  LW_ASSERT(!parse_echo_payload(secret, bytes));
}

}  // namespace
}  // namespace lw::packet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::packet;
  lw::fuzz::Input input(data, size);
  const auto mark = input.number<std::uint32_t>();
  const auto key0 = input.number<std::uint64_t>();
  const auto key1 = input.number<std::uint64_t>();
  const EchoSecret secret{mark, key0, key1};
  // What looks like ours is ours: its first bytes are those that we would have built.
  if (const auto forged = parse_echo_payload(secret, input.rest())) {
    const auto built = build_echo_payload(secret, *forged);
    LW_ASSERT(std::ranges::equal(built, input.rest().first(kEchoPayloadSize)));
  }
  const auto token = input.number<std::uint32_t>();
  const auto sent_ns = input.number<std::int64_t>();
  check_ours(secret, {token, sent_ns}, input);
  return 0;
}
