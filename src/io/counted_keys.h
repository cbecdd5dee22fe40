// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace lw::io {

/// Which request each of the kernel's own numbers of sends stands for, where it does not take keys
/// of ours (Linux before 6.13). A send whose stamp never comes is forgotten after kKept others.
class CountedKeys {
 public:
  static constexpr std::uint32_t kKept = 65'536;

  /// The next send, of the request `key`.
  void add(std::uint32_t key) {
    keys_[next_] = key;
    // Counts rise by one, so that one leaves for each that comes.
    keys_.erase(next_ - kKept);
    ++next_;
  }
  /// The key of the send with this count, which stays.
  [[nodiscard]] std::optional<std::uint32_t> find(std::uint32_t count) const {
    const auto found = keys_.find(count);
    return found == keys_.end() ? std::nullopt : std::optional(found->second);
  }
  /// The key of the send with this count, once.
  std::optional<std::uint32_t> take(std::uint32_t count) {
    const auto found = keys_.find(count);
    if (found == keys_.end()) return std::nullopt;
    const std::uint32_t key = found->second;
    keys_.erase(found);
    return key;
  }
  /// Begins anew at count 0.
  void restart() {
    keys_.clear();
    next_ = 0;
  }
  [[nodiscard]] std::size_t size() const { return keys_.size(); }

 private:
  std::unordered_map<std::uint32_t, std::uint32_t> keys_;
  std::uint32_t next_ = 0;
};

}  // namespace lw::io
