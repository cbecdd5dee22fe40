// SPDX-License-Identifier: Apache-2.0
// Path reports come from agents: no bytes may do harm, and what was read is written and read alike.
#include "model/path_document.h"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto report = lw::decode_path_report(bytes);
  if (!report) return 0;
  const auto again = lw::decode_path_report(lw::encode_path_report(*report));
  if (!again || *again != *report) std::abort();
  return 0;
}
