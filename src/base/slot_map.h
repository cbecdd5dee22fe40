// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace lw {

/// Values under numbers of its own: put in, found and taken out in constant time without hashing.
/// A number is never 0, and one that was taken out stays unknown until its place has been used 2^32
/// times more. Values do not move.
template <class Value>
class SlotMap {
 public:
  std::uint64_t insert(Value value) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(slots_.size()));
      slots_.emplace_back();
    }
    const std::uint32_t index = free_.back();
    free_.pop_back();
    slots_[index].value.emplace(std::move(value));
    return (std::uint64_t{slots_[index].generation} << 32) | index;
  }

  /// Null if it is not there.
  [[nodiscard]] Value* find(std::uint64_t number) {
    const std::size_t index = number & 0xffffffffU;
    if (index >= slots_.size() || slots_[index].generation != number >> 32) return nullptr;
    return slots_[index].value ? &*slots_[index].value : nullptr;
  }
  /// It must be there.
  [[nodiscard]] Value& at(std::uint64_t number) {
    Value* const value = find(number);
    LW_ASSERT(value != nullptr);
    return *value;
  }

  void erase(std::uint64_t number) {
    if (find(number) == nullptr) return;
    const auto index = static_cast<std::uint32_t>(number & 0xffffffffU);
    slots_[index].value.reset();
    if (++slots_[index].generation == 0) slots_[index].generation = 1;
    free_.push_back(index);
  }

  [[nodiscard]] std::size_t size() const { return slots_.size() - free_.size(); }

 private:
  struct Slot {
    std::optional<Value> value;
    std::uint32_t generation = 1;
  };

  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace lw
