// SPDX-License-Identifier: Apache-2.0
#include "topology/answer_limit.h"

#include <algorithm>

namespace lw::topology {
namespace {

constexpr float kBurst = 6;
constexpr float kTokensPerSecond = 1;
/// Questions reach the router a little closer to each other than they left.
constexpr float kEnough = 1.15F;
/// No such bucket gives so much; less may come of the same unevenness, and of whole seconds.
constexpr float kRefuted = -3;
constexpr std::int64_t kRefutedSeconds = 300;
/// What traces that are still out were answered is not known yet, but took tokens as well. With
/// more questions in so many seconds than a bucket answers, any silence may be its doing.
constexpr std::int64_t kPressureSeconds = 8;
constexpr int kPressure = 14;
constexpr std::int64_t kUsPerSecond = 1'000'000;

void count(std::uint8_t& counter) {
  if (counter < UINT8_MAX) ++counter;
}

}  // namespace

std::int64_t AnswerLimit::last_asked_us() const { return newest_ * kUsPerSecond; }

void AnswerLimit::advance(std::int64_t second) {
  if (second <= newest_) return;
  for (std::int64_t i = std::max(newest_ + 1, second - kSeconds + 1); i <= second; ++i) at(i) = {};
  newest_ = second;
}

float AnswerLimit::tokens_after(std::int64_t second) {
  float tokens = kBurst;
  for (std::int64_t i = std::max<std::int64_t>(0, newest_ - kSeconds + 1); i <= second; ++i) {
    tokens = std::min(kBurst, tokens + kTokensPerSecond) - static_cast<float>(at(i).answered);
    if (tokens <= kRefuted) unlimited_until_ = newest_ + kRefutedSeconds;
  }
  return tokens;
}

bool AnswerLimit::asked(std::int64_t at_us, bool was_answered) {
  const std::int64_t second = at_us / kUsPerSecond;
  advance(second);
  if (second <= newest_ - kSeconds) return newest_ >= unlimited_until_;
  count(at(second).asked);
  // An answer had its token: what is asked is whether there was another one.
  const float tokens = tokens_after(second);
  if (was_answered) {
    count(at(second).answered);
    (void)tokens_after(newest_);
  }
  int asked = 0;
  for (std::int64_t i = std::max(second - kPressureSeconds, newest_ - kSeconds) + 1; i <= second;
       ++i) {
    asked += at(i).asked;
  }
  return newest_ >= unlimited_until_ && (tokens < kEnough || asked > kPressure);
}

}  // namespace lw::topology
