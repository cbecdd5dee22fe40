// SPDX-License-Identifier: Apache-2.0
// Answers of name servers may come from anybody who guesses a port and a number.
#include "io/pointer_record.h"

#include "base/assert.h"
#include "io/name_files.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  // c-ares hands no longer messages on.
  if (size > 65'535) return 0;
  const auto record = io::parse_pointer_answer({data, size});
  if (!record) return 0;
  LW_ASSERT(record->name.empty() || io::is_host_name(record->name));
  LW_ASSERT(!record->name.empty() || record->ttl == Seconds(0));
  LW_ASSERT(record->ttl >= Seconds(0) && record->ttl <= Seconds(INT32_MAX));
  return 0;
}
