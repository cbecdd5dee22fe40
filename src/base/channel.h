// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace lw {

/// What `push` does when a channel is full.
enum class WhenFull {
  Block,     ///< Waits. Never on an event loop.
  Refuse,    ///< Returns false; the caller answers "busy" or keeps the item.
  Conflate,  ///< Drops the oldest item: the latest state wins.
};

/// Numbers of one channel for /metrics.
struct ChannelStats {
  std::size_t depth = 0;
  std::size_t high_water = 0;
  std::size_t refused = 0;    ///< pushes turned away by Refuse
  std::size_t conflated = 0;  ///< items dropped by Conflate
};

/// A bounded, typed, one-way queue between two loops. Any thread may push, one side pops. After
/// `close` nothing more goes in; what is inside still comes out, then `pop` returns nothing.
template <class T>
class Channel {
 public:
  Channel(std::size_t capacity, WhenFull policy) : capacity_(capacity), policy_(policy) {
    LW_ASSERT(capacity > 0);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Called after each push, on the pushing thread: an event loop uses it to wake itself.
  /// Set before the first push.
  void on_push(std::function<void()> wake) { wake_ = std::move(wake); }

  /// False if the item did not go in: closed, or full with Refuse.
  bool push(T item) {
    {
      std::unique_lock lock(mutex_);
      if (policy_ == WhenFull::Block) {
        space_.wait(lock, [&] { return closed_ || items_.size() < capacity_; });
      }
      if (closed_) return false;
      if (items_.size() >= capacity_) {
        if (policy_ == WhenFull::Refuse) {
          ++stats_.refused;
          return false;
        }
        items_.pop_front();
        ++stats_.conflated;
      }
      items_.push_back(std::move(item));
      stats_.high_water = std::max(stats_.high_water, items_.size());
    }
    item_.notify_one();
    if (wake_) wake_();
    return true;
  }

  /// The next item, waiting for one; nothing once closed and empty.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    item_.wait(lock, [&] { return closed_ || !items_.empty(); });
    return take(lock);
  }

  /// The next item if one comes within `patience`.
  std::optional<T> pop_for(std::chrono::nanoseconds patience) {
    std::unique_lock lock(mutex_);
    item_.wait_for(lock, patience, [&] { return closed_ || !items_.empty(); });
    return take(lock);
  }

  /// The next item if there is one now. For event loops.
  std::optional<T> try_pop() {
    std::unique_lock lock(mutex_);
    return take(lock);
  }

  void close() {
    {
      const std::scoped_lock lock(mutex_);
      closed_ = true;
    }
    item_.notify_all();
    space_.notify_all();
    if (wake_) wake_();
  }

  [[nodiscard]] bool is_closed() const {
    const std::scoped_lock lock(mutex_);
    return closed_;
  }

  [[nodiscard]] ChannelStats stats() const {
    const std::scoped_lock lock(mutex_);
    ChannelStats stats = stats_;
    stats.depth = items_.size();
    return stats;
  }

 private:
  std::optional<T> take(std::unique_lock<std::mutex>& lock) {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    lock.unlock();
    space_.notify_one();
    return item;
  }

  const std::size_t capacity_;
  const WhenFull policy_;
  std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable item_;
  std::condition_variable space_;
  std::deque<T> items_;
  ChannelStats stats_;
  bool closed_ = false;
};

}  // namespace lw
