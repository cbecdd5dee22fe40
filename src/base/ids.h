// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace lw {

/// A 64-bit number that cannot be mixed up with another kind of id. Shown as 16 hex digits.
template <class Tag>
struct Id {
  std::uint64_t value = 0;
  auto operator<=>(const Id&) const = default;
};

/// 16 lower-case hex digits.
std::string to_hex(std::uint64_t value);
/// Reads what to_hex writes (1 to 16 digits).
std::optional<std::uint64_t> parse_hex(std::string_view text);

template <class Tag>
std::string to_string(Id<Tag> id) {
  return to_hex(id.value);
}

}  // namespace lw

template <class Tag>
struct std::hash<lw::Id<Tag>> {
  std::size_t operator()(lw::Id<Tag> id) const noexcept {
    return std::hash<std::uint64_t>{}(id.value);
  }
};
