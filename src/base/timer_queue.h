// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace lw {

/// Values that become due at instants: the earliest comes out first, equal instants in the order in
/// which they went in. Nothing can be taken out of the middle: owners leave a tombstone in the
/// value and call remove_if() when too many have gathered. No clock and no thread of its own.
template <class T>
class TimerQueue {
 public:
  void push(Instant when, T value) {
    heap_.push_back({when, next_order_++, std::move(value)});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  [[nodiscard]] std::optional<Instant> next() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().when;
  }

  /// The earliest value if it is due at `now`.
  std::optional<T> pop_due(Instant now) {
    if (heap_.empty() || heap_.front().when > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    T value = std::move(heap_.back().value);
    heap_.pop_back();
    return value;
  }

  template <class Predicate>
  void remove_if(Predicate predicate) {
    std::erase_if(heap_, [&](const Entry& entry) { return predicate(entry.value); });
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  [[nodiscard]] std::size_t size() const { return heap_.size(); }

 private:
  struct Entry {
    Instant when;
    std::uint64_t order;
    T value;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.when != b.when ? a.when > b.when : a.order > b.order;
  }

  std::vector<Entry> heap_;
  std::uint64_t next_order_ = 0;
};

}  // namespace lw
