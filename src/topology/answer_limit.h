// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/time.h"

namespace lw::topology {

/// Whether a router may have kept silent only because it limits its ICMP errors as Linux does by
/// default (net.ipv4.icmp_ratelimit, kernel: inet_peer_xrlim_allow): a bucket of 6 tokens per
/// asking host that gains one a second; an answer costs one, a refused one nothing. The bucket is
/// followed by the answers. A router that answers more often than such a bucket could is known not
/// to have it, for some minutes. A value; one per router.
class AnswerLimit {
 public:
  /// A question that went out at `at`, in microseconds of any clock, and what came of it. Times
  /// that go back a little count as equal. Returns whether the silence, if it was one, may be the
  /// bucket's doing.
  bool asked(std::int64_t at_us, bool was_answered);
  [[nodiscard]] std::int64_t last_asked_us() const { return last_us_; }

 private:
  float tokens_ = 6;
  std::int32_t without_limit_s_ = 0;  ///< for so long after last_us_
  std::int64_t last_us_ = 0;
};

}  // namespace lw::topology
