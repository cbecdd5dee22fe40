// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

/// A fuzzer's bytes, taken from the front: first what steers the fuzzer, then what is parsed.
namespace lw::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  /// A number of the next bytes; what is missing at the end counts as 0.
  template <class Number>
  Number number() {
    Number value{};
    const std::size_t count = std::min(sizeof value, rest_.size());
    if (count > 0) std::memcpy(&value, rest_.data(), count);
    rest_ = rest_.subspan(count);
    return value;
  }
  bool flag() { return (number<std::uint8_t>() & 1U) != 0; }

  [[nodiscard]] std::span<const std::uint8_t> rest() const { return rest_; }
  [[nodiscard]] std::string_view text() const {
    return {reinterpret_cast<const char*>(rest_.data()), rest_.size()};
  }

 private:
  std::span<const std::uint8_t> rest_;
};

/// Whether a view or span lies in another. An empty one may be anywhere.
template <class Part, class Whole>
bool is_inside(const Part& part, const Whole& whole) {
  if (part.empty()) return true;
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

}  // namespace lw::fuzz
