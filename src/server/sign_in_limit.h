// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "base/time.h"

namespace lw::server {

/// Slows down who sends wrong tokens: after kBurst of them, an address is told why they are wrong
/// once a second only. It keeps broken programs from the log and the processor; that tokens cannot
/// be guessed is due to their 192 random bits. Pure; one thread at a time.
class SignInLimit {
 public:
  static constexpr double kBurst = 20;
  static constexpr double kPerSecond = 1;
  static constexpr std::size_t kAddressesMax = 10'000;

  /// Whether a wrong token of that address is dealt with now.
  [[nodiscard]] bool allows(const std::string& address, Instant now) const;
  /// It was wrong. When too many addresses are known, those that have cooled down are forgotten,
  /// and all if there are none.
  void failed(const std::string& address, Instant now);
  [[nodiscard]] std::size_t size() const { return levels_.size(); }

 private:
  struct Level {
    double value = 0;  ///< wrong ones that are not forgotten yet
    Instant at{};
  };
  static double value_at(const Level& level, Instant now);

  std::unordered_map<std::string, Level> levels_;
};

}  // namespace lw::server
