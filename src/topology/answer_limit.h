// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "base/time.h"

namespace lw::topology {

/// Whether a router may have kept silent only because it limits its ICMP errors as Linux does by
/// default (net.ipv4.icmp_ratelimit, kernel: inet_peer_xrlim_allow): a bucket of 6 tokens per
/// asking host that gains one a second; an answer costs one, a refused one nothing. The bucket is
/// followed by the answers, second by second, in any order: traces overlap and are told of when
/// they are complete. A router that answers more often than such a bucket could is known not to
/// have it, for some minutes. A value; one per router.
class AnswerLimit {
 public:
  /// A question that went out at `at`, in microseconds of any clock, and what came of it. Returns
  /// whether the silence, if it was one, may be the bucket's doing.
  bool asked(std::int64_t at_us, bool was_answered);
  [[nodiscard]] std::int64_t last_asked_us() const;

 private:
  /// So far back questions are remembered: longer than traces with silent hops take.
  static constexpr std::int64_t kSeconds = 16;
  struct Second {
    std::uint8_t asked = 0;
    std::uint8_t answered = 0;
  };
  Second& at(std::int64_t second) { return seconds_[static_cast<std::size_t>(second % kSeconds)]; }
  void advance(std::int64_t second);
  /// How many tokens the bucket would have left after `second`; the least it ever had is noted.
  float tokens_after(std::int64_t second);

  std::array<Second, kSeconds> seconds_{};
  std::int64_t newest_ = 0;           ///< second; 0: never asked
  std::int64_t unlimited_until_ = 0;  ///< second
};

}  // namespace lw::topology
