// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/time.h"

namespace lw {

/// A table of bounded size of what strangers make us remember. Each use of an entry makes it the
/// youngest; a new one takes the place of the oldest if that has been idle for long enough, and
/// otherwise finds no room, so that a flood of new keys cannot push out what is in use.
template <class Key, class Value, class Hash = std::hash<Key>>
class RecentTable {
 public:
  RecentTable(std::size_t size_max, std::chrono::nanoseconds idle)
      : size_max_(size_max), idle_(idle) {}

  /// The entry of `key`, a new one being `fresh`; null if there is no room. Good until the next
  /// call.
  Value* use(const Key& key, Instant now, const Value& fresh) {
    // Two a call: so the idle ones go faster than new ones come.
    for (int i = 0; i < 2; ++i) drop_idle(now);
    const auto found = index_.find(key);
    if (found != index_.end()) {
      entries_.splice(entries_.end(), entries_, found->second);
      found->second->used = now;
      return &found->second->value;
    }
    if (entries_.size() >= size_max_) return nullptr;
    entries_.push_back({key, fresh, now});
    index_.emplace(key, std::prev(entries_.end()));
    return &entries_.back().value;
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Key key;
    Value value;
    Instant used;
  };

  void drop_idle(Instant now) {
    if (entries_.empty() || now - entries_.front().used < idle_) return;
    index_.erase(entries_.front().key);
    entries_.pop_front();
  }

  const std::size_t size_max_;
  const std::chrono::nanoseconds idle_;
  std::list<Entry> entries_;  ///< the one used longest ago first
  std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> index_;
};

}  // namespace lw
