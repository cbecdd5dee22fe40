// SPDX-License-Identifier: Apache-2.0
// An agent sends these bytes to the server, and whoever has its certificate may send others.
#include "base/assert.h"
#include "base/text.h"
#include "tests/fuzz/input.h"
#include "wire/convert.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  auto round = wire::decode_round(fuzz::Input(data, size).text());
  if (!round) {
    LW_ASSERT(!round.error().message.empty());
    return 0;
  }
  // Inside, every value is valid: it can be counted with, shown and stored.
  const RoundSummary summary = summarize(*round);
  LW_ASSERT(summary.total + summary.voided == static_cast<int>(round->checks.size()));
  LW_ASSERT(!to_iso8601(round->started).empty());
  LW_ASSERT(round->checks.size() <= 255);
  LW_ASSERT(!round->http_status || (*round->http_status > 0 && *round->http_status <= 65'535));
  LW_ASSERT(is_utf8(round->detail) && is_utf8(round->address));
  // Ages are worked out from it, so it must not be near the end of the range.
  LW_ASSERT(round->started > from_unix_us(INT64_MIN / 4));
  LW_ASSERT(round->started < from_unix_us(INT64_MAX / 4));
  LW_ASSERT(!round->reply_ttls || (round->reply_ttls->lowest > 0 &&
                                   round->reply_ttls->highest >= round->reply_ttls->lowest));
  const auto again = wire::decode_round(wire::encode_round(*round));
  LW_ASSERT(again && *again == *round);
  return 0;
}
