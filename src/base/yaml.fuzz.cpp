// SPDX-License-Identifier: Apache-2.0
// Files of monitors come from anywhere.
#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "base/document.h"
#include "base/text.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/yaml_text.h"

namespace lw {
namespace {

/// Whether JSON can say it: it has no NaN, no infinity and no text that is not UTF-8.
bool is_json(const Value& value) {
  if (value.is_number()) return std::isfinite(value.as_number());
  if (value.is_string()) return is_utf8(value.as_string());
  if (value.is_array()) return std::ranges::all_of(value.as_array(), is_json);
  if (!value.is_object()) return true;
  return std::ranges::all_of(value.as_object(), [](const Value::Member& member) {
    return is_utf8(member.key) && is_json(member.value);
  });
}

}  // namespace
}  // namespace lw

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace lw;
  const std::string_view text = fuzz::Input(data, size).text();
  if (fuzz::has_many_aliases(text)) return 0;
  const auto value = parse_yaml(text);
  if (!value) {
    LW_ASSERT(!value.error().message.empty());
    return 0;
  }
  const auto again = parse_yaml(to_yaml(*value));
  LW_ASSERT(again);
  LW_ASSERT(!fuzz::is_kept(*value) || *again == *value);
  if (!is_json(*value)) return 0;
  const auto by_json = parse_json(to_json(*value));
  LW_ASSERT(by_json && *by_json == *value);
  return 0;
}
