// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <utility>

namespace lw {

/// Data and its lock as one object: the data cannot be touched without holding the lock. Keep what
/// happens inside `with` short; it must not call out.
template <class T>
class Guarded {
 public:
  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  /// Runs `action(T&)` under the lock and returns what it returns.
  template <class Action>
  auto with(Action&& action) {
    const std::scoped_lock lock(mutex_);
    return std::forward<Action>(action)(value_);
  }
  template <class Action>
  auto with(Action&& action) const {
    const std::scoped_lock lock(mutex_);
    return std::forward<Action>(action)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_{};
};

}  // namespace lw
