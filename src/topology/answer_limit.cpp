// SPDX-License-Identifier: Apache-2.0
#include "topology/answer_limit.h"

#include <algorithm>

namespace lw::topology {
namespace {

constexpr float kBurst = 6;
constexpr float kTokensPerSecond = 1;
/// Questions reach the router a little closer to each other than they left.
constexpr float kEnough = 1.15F;
/// No such bucket gives so much; less may come of the same unevenness.
constexpr float kRefuted = -2;
constexpr std::int32_t kRefutedSeconds = 300;
constexpr std::int64_t kUsPerSecond = 1'000'000;

}  // namespace

bool AnswerLimit::asked(std::int64_t at_us, bool was_answered) {
  const std::int64_t gap_us = last_us_ == 0 ? 0 : std::max<std::int64_t>(0, at_us - last_us_);
  const float gap_s = static_cast<float>(std::min(gap_us, 1'000 * kUsPerSecond)) / kUsPerSecond;
  last_us_ = std::max(last_us_, at_us);
  tokens_ = std::min(kBurst, tokens_ + gap_s * kTokensPerSecond);
  without_limit_s_ = std::max(0, without_limit_s_ - static_cast<std::int32_t>(gap_s));
  const bool may_be_limited = tokens_ < kEnough && without_limit_s_ == 0;
  if (!was_answered) return may_be_limited;
  tokens_ -= 1;
  if (tokens_ <= kRefuted) {
    tokens_ = kBurst;
    without_limit_s_ = kRefutedSeconds;
  }
  return may_be_limited;
}

}  // namespace lw::topology
