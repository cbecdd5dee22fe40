// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace lw {

/// Values by 32-bit token, for tokens that are handed out one after the other and live for a while:
/// each has its home at its own number, so the next one lies beside it. Open addressing where the
/// poor take from the rich and a hole is closed by shifting back (Celis 1986, "Robin Hood
/// hashing"). As large as what it holds asks for: after a burst it shrinks again. Pointers hold
/// until the next insert or erase.
template <class Value>
class TokenTable {
 public:
  /// There must be none of that token.
  Value& insert(std::uint32_t token) {
    if (4 * (size_ + 1) > 3 * slots_.size()) resize(2 * slots_.size());
    ++size_;
    std::size_t at = home_of(token);
    while (slots_[at].is_used && distance_of(at) >= distance(home_of(token), at)) at = next(at);
    Value& value = slots_[at].value;
    Slot carried{token, true, {}};
    while (slots_[at].is_used) {
      std::swap(carried, slots_[at]);
      // The richest gives its place: whoever is carried now looks for the next one nearer home.
      at = next(at);
      while (slots_[at].is_used && distance_of(at) >= distance(home_of(carried.token), at)) {
        at = next(at);
      }
    }
    slots_[at] = std::move(carried);
    return value;
  }

  [[nodiscard]] Value* find(std::uint32_t token) {
    const std::size_t at = place_of(token);
    return slots_[at].is_used && slots_[at].token == token ? &slots_[at].value : nullptr;
  }

  void erase(std::uint32_t token) {
    std::size_t hole = place_of(token);
    if (!slots_[hole].is_used || slots_[hole].token != token) return;
    for (std::size_t at = next(hole); slots_[at].is_used && distance_of(at) > 0; at = next(at)) {
      slots_[hole] = std::move(slots_[at]);
      hole = at;
    }
    slots_[hole] = {};
    --size_;
    if (slots_.size() > kFirstSlots && 8 * size_ < slots_.size()) resize(slots_.size() / 2);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  /// How many it has room for, the empty places that it needs included.
  [[nodiscard]] std::size_t capacity() const { return slots_.size(); }

 private:
  static constexpr std::size_t kFirstSlots = 256;

  struct Slot {
    std::uint32_t token = 0;
    bool is_used = false;
    Value value{};
  };

  [[nodiscard]] std::size_t home_of(std::uint32_t token) const {
    return token & (slots_.size() - 1);
  }
  [[nodiscard]] std::size_t next(std::size_t at) const { return (at + 1) & (slots_.size() - 1); }
  [[nodiscard]] std::size_t distance(std::size_t from, std::size_t to) const {
    return (to - from) & (slots_.size() - 1);
  }

  /// How far the slot's token is from its home.
  [[nodiscard]] std::size_t distance_of(std::size_t at) const {
    return distance(home_of(slots_[at].token), at);
  }
  /// Where the token is, or would be.
  [[nodiscard]] std::size_t place_of(std::uint32_t token) const {
    std::size_t at = home_of(token);
    while (slots_[at].is_used && slots_[at].token != token &&
           distance_of(at) >= distance(home_of(token), at)) {
      at = next(at);
    }
    return at;
  }

  void resize(std::size_t slots) {
    std::vector<Slot> old(slots);
    old.swap(slots_);
    size_ = 0;
    for (Slot& slot : old) {
      if (slot.is_used) insert(slot.token) = std::move(slot.value);
    }
  }

  std::vector<Slot> slots_{kFirstSlots};
  std::size_t size_ = 0;
};

}  // namespace lw
