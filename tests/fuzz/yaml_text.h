// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/document.h"
#include "base/text.h"

/// What a fuzzer of YAML must know of yaml-cpp.
namespace lw::fuzz {

/// Aliases multiply; parse_yaml ends that after half a million nodes, which takes a fuzzer too
/// long.
inline bool has_many_aliases(std::string_view text) { return std::ranges::count(text, '*') > 6; }

/// U+FDD0 to U+FDEF and the last two code points of each plane, which yaml-cpp writes as U+FFFD.
inline bool has_noncharacter(std::string_view text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    const auto at = [&](std::size_t k) { return static_cast<unsigned char>(text[i + k]); };
    if (at(0) == 0xef && at(1) == 0xb7 && at(2) >= 0x90 && at(2) <= 0xaf) return true;
    if (at(1) == 0xbf && (at(2) == 0xbe || at(2) == 0xbf) && at(0) >= 0x80) return true;
  }
  return false;
}

/// Whether YAML gives this text back: it is UTF-8 and has no noncharacters.
inline bool is_kept(std::string_view text) { return is_utf8(text) && !has_noncharacter(text); }

/// Whether to_yaml and parse_yaml give an equal value; NaN is not equal to itself.
inline bool is_kept(const Value& value) {
  if (value.is_number()) return !std::isnan(value.as_number());
  if (value.is_string()) return is_kept(std::string_view(value.as_string()));
  if (value.is_array()) {
    return std::ranges::all_of(value.as_array(), [](const Value& item) { return is_kept(item); });
  }
  if (!value.is_object()) return true;
  return std::ranges::all_of(value.as_object(), [](const Value::Member& member) {
    return is_kept(std::string_view(member.key)) && is_kept(member.value);
  });
}

}  // namespace lw::fuzz
