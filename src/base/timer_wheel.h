// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace lw {

/// Values that become due at instants, in constant time for each, however many there are (Varghese
/// and Lauck 1987, scheme 6: a hashed wheel). Time goes in ticks of 1.05 ms: a value comes out when
/// the tick of its instant is over, so never early, and those of one tick in the order in which
/// they went in. Takes 0.5 MB when empty. Nothing can be taken out of the middle: owners leave a
/// tombstone in the value and call remove_if() when too many have gathered. No clock and no thread
/// of its own.
template <class T>
class TimerWheel {
 public:
  static constexpr std::chrono::nanoseconds kTick{1 << 20};

  void push(Instant when, T value) {
    const std::int64_t tick = tick_of(when);
    cursor_ = size_ == 0 ? tick : std::min(cursor_, tick);
    const Index index = take_node();
    nodes_[index] = {when, std::move(value), kNone};
    append(slot_of(tick), index);
    ++size_;
  }

  /// When to come next. Too early now and then if there are values over a minute away.
  [[nodiscard]] std::optional<Instant> next() const {
    if (size_ == 0) return std::nullopt;
    const std::size_t first = slot_of(cursor_);
    const std::size_t ahead = (next_used(first) - first) % kSlots;
    return Instant((cursor_ + static_cast<std::int64_t>(ahead) + 1) * kTick);
  }

  /// A value that is due, if any is.
  std::optional<T> pop_due(Instant now) {
    const std::int64_t last = tick_of(now) - 1;
    if (size_ == 0 || cursor_ > last) return std::nullopt;
    while (true) {
      if (auto value = pop_from(slot_of(cursor_))) return value;
      if (cursor_ >= last) return std::nullopt;
      const std::size_t from = slot_of(cursor_ + 1);
      const std::size_t ahead = (next_used(from) - from) % kSlots;
      cursor_ = std::min(last, cursor_ + 1 + static_cast<std::int64_t>(ahead));
    }
  }

  template <class Predicate>
  void remove_if(Predicate predicate) {
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      Index previous = kNone;
      for (Index i = slots_[slot].head; i != kNone;) {
        const Index next = nodes_[i].next;
        if (predicate(nodes_[i].value)) {
          unlink(slot, previous, i);
        } else {
          previous = i;
        }
        i = next;
      }
    }
  }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  using Index = std::uint32_t;
  static constexpr Index kNone = std::numeric_limits<Index>::max();
  static constexpr std::size_t kSlots = std::size_t{1} << 16;
  static constexpr std::size_t kWordBits = 64;

  struct Node {
    Instant when{};
    T value{};
    Index next = kNone;
  };
  struct Slot {
    Index head = kNone, tail = kNone;
  };

  static std::int64_t tick_of(Instant when) { return when.time_since_epoch() / kTick; }
  static std::size_t slot_of(std::int64_t tick) {
    return static_cast<std::size_t>(tick) & (kSlots - 1);
  }

  Index take_node() {
    if (free_ == kNone) {
      nodes_.emplace_back();
      return static_cast<Index>(nodes_.size() - 1);
    }
    return std::exchange(free_, nodes_[free_].next);
  }

  void append(std::size_t slot, Index index) {
    Slot& list = slots_[slot];
    if (list.head == kNone) {
      list.head = index;
      used_[slot / kWordBits] |= std::uint64_t{1} << (slot % kWordBits);
    } else {
      nodes_[list.tail].next = index;
    }
    list.tail = index;
  }

  void unlink(std::size_t slot, Index previous, Index index) {
    Slot& list = slots_[slot];
    const Index next = nodes_[index].next;
    (previous == kNone ? list.head : nodes_[previous].next) = next;
    if (list.tail == index) list.tail = previous;
    if (list.head == kNone) used_[slot / kWordBits] &= ~(std::uint64_t{1} << (slot % kWordBits));
    nodes_[index].next = std::exchange(free_, index);
    --size_;
  }

  /// Of the cursor's tick or before: what is of later turns stays.
  std::optional<T> pop_from(std::size_t slot) {
    Index previous = kNone;
    for (Index i = slots_[slot].head; i != kNone; previous = i, i = nodes_[i].next) {
      if (tick_of(nodes_[i].when) > cursor_) continue;
      T value = std::move(nodes_[i].value);
      unlink(slot, previous, i);
      return value;
    }
    return std::nullopt;
  }

  /// The first slot that holds something, from `slot` on and around. There must be one, or any.
  [[nodiscard]] std::size_t next_used(std::size_t slot) const {
    std::size_t word = slot / kWordBits;
    std::uint64_t bits = used_[word] & (~std::uint64_t{0} << (slot % kWordBits));
    for (std::size_t i = 0; i <= used_.size(); ++i) {
      if (bits != 0) return word * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
      word = (word + 1) % used_.size();
      bits = used_[word];
    }
    return slot;
  }

  std::vector<Node> nodes_;
  std::vector<Slot> slots_{kSlots};
  std::array<std::uint64_t, kSlots / kWordBits> used_{};
  Index free_ = kNone;
  std::int64_t cursor_ = 0;  ///< There is nothing of earlier ticks.
  std::size_t size_ = 0;
};

}  // namespace lw
