// SPDX-License-Identifier: Apache-2.0
// Escapes in the targets of requests. The head of a request is read by the library http_parser.
#include "io/http_server.h"

#include "base/assert.h"
#include "tests/fuzz/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const std::string_view text = fuzz::Input(data, size).text();
  for (const bool plus_is_space : {false, true}) {
    const auto decoded = io::percent_decode(text, plus_is_space);
    if (decoded) {
      LW_ASSERT(decoded->size() <= text.size());
      const auto again = io::percent_decode(io::percent_encode(*decoded), plus_is_space);
      LW_ASSERT(again && *again == *decoded);
    }
    const auto same = io::percent_decode(io::percent_encode(text), plus_is_space);
    LW_ASSERT(same && *same == text);
  }
  return 0;
}
