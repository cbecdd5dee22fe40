// SPDX-License-Identifier: Apache-2.0
// Anybody who reaches the API can send these bytes.
#include "base/assert.h"
#include "base/document.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/yaml_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const auto value = parse_json(fuzz::Input(data, size).text());
  if (!value) {
    LW_ASSERT(!value.error().message.empty());
    return 0;
  }
  for (const int indent : {-1, 2}) {
    const auto again = parse_json(to_json(*value, indent));
    LW_ASSERT(again && *again == *value);
  }
  const auto by_yaml = parse_yaml(to_yaml(*value));
  LW_ASSERT(by_yaml && (!fuzz::is_kept(*value) || *by_yaml == *value));
  return 0;
}
