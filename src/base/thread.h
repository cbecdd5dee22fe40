// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

namespace lw {

/// A named thread that is joined when the object goes. Ask its loop to end first.
class Thread {
 public:
  Thread() = default;
  /// `name` is cut to the kernel's 15 characters. An exception out of `body` is logged and aborts.
  Thread(std::string name, std::function<void()> body);
  void join();

 private:
  std::jthread thread_;
};

/// A counter that any thread may raise and any may read.
class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// A switch that is thrown once, by any thread.
class Flag {
 public:
  void raise() { raised_.store(true, std::memory_order_release); }
  [[nodiscard]] bool is_raised() const { return raised_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> raised_{false};
};

}  // namespace lw
