// SPDX-License-Identifier: Apache-2.0
// Anybody on the way can send these bytes to an agent.
#include "packet/icmp.h"

#include "base/assert.h"
#include "tests/fuzz/input.h"

namespace lw::packet {
namespace {

/// A request with the same id, sequence and payload is read back as it was built.
void rebuild(bool is_v6, std::uint16_t id, std::uint16_t sequence, Bytes payload) {
  const std::vector<std::uint8_t> built = build_echo_request(is_v6, id, sequence, payload);
  const auto read = parse_echo_request(is_v6, {}, built);
  LW_ASSERT(read && read->id == id && read->sequence == sequence);
  LW_ASSERT(std::ranges::equal(read->payload, payload));
  LW_ASSERT(is_v6 || internet_checksum(built) == 0);
}

void check_message(bool is_v6, Bytes bytes) {
  const auto message = parse_icmp(is_v6, bytes);
  if (!message) return;
  if (const auto* reply = std::get_if<EchoReply>(&*message)) {
    LW_ASSERT(fuzz::is_inside(reply->payload, bytes));
    rebuild(is_v6, reply->id, reply->sequence, reply->payload);
    return;
  }
  const auto& error = std::get<IcmpError>(*message);
  LW_ASSERT(fuzz::is_inside(error.quote.payload, bytes));
  LW_ASSERT(error.quote.destination.is_v6 == is_v6);
  LW_ASSERT(!icmp_error_text(is_v6, error.type, error.code).empty());
  const bool is_too_big =
      kind_of_icmp_error(is_v6, error.type, error.code) == IcmpErrorKind::TooBig;
  LW_ASSERT(is_too_big || error.mtu == 0);
  rebuild(is_v6, error.quote.id, error.quote.sequence, error.quote.payload);
}

}  // namespace
}  // namespace lw::packet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::packet;
  const Bytes bytes(data, size);
  for (const bool is_v6 : {false, true}) {
    check_message(is_v6, bytes);
    const auto request = parse_echo_request(is_v6, {}, bytes);
    LW_ASSERT(!request || lw::fuzz::is_inside(request->payload, bytes));
  }
  const Bytes inner = skip_ipv4_header(bytes);
  LW_ASSERT(lw::fuzz::is_inside(inner, bytes));
  check_message(false, inner);
  return 0;
}
