// SPDX-License-Identifier: Apache-2.0
// Both parsers take anything; what they read is what they write.
#include "packet/stamp.h"

#include "base/assert.h"
#include "tests/fuzz/input.h"

namespace lw::packet {
namespace {

void check_times(std::uint64_t raw, std::uint16_t error) {
  const StampError read = parse_stamp_error(error);
  LW_ASSERT(read.error_ns >= 0);
  LW_ASSERT(parse_stamp_error(build_stamp_error(read)).error_ns >= read.error_ns);
  LW_ASSERT(from_ntp_time(to_ntp_time(from_ntp_time(raw))) == from_ntp_time(raw));
  (void)stamp_time_ns(raw, read);
}

}  // namespace
}  // namespace lw::packet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw::packet;
  const auto bytes = lw::fuzz::Input(data, size).rest();
  const auto request = parse_stamp_request(bytes);
  const auto reply = parse_stamp_reply(bytes);
  LW_ASSERT(request.has_value() == (size >= kStampSize) &&
            reply.has_value() == request.has_value());
  if (!request) return 0;
  const auto again = parse_stamp_request(build_stamp_request(*request));
  LW_ASSERT(again && again->sequence == request->sequence && again->sent == request->sent);
  const auto built = build_stamp_reply(*reply, bytes);
  LW_ASSERT(built.size() == size);
  const auto read = parse_stamp_reply(built);
  LW_ASSERT(read && read->received == reply->received && read->ttl == reply->ttl);
  LW_ASSERT(read->request.sequence == reply->request.sequence);
  check_times(reply->received, reply->error);
  return 0;
}
