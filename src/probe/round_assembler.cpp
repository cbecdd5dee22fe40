// SPDX-License-Identifier: Apache-2.0
#include "probe/round_assembler.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace lw {

RoundAssembler::RoundAssembler(TestId test, Timestamp started, int checks)
    : recorded_(static_cast<std::size_t>(checks)), missing_(checks) {
  round_.test = test;
  round_.started = started;
  round_.checks.resize(recorded_.size());
}

void RoundAssembler::set_offset(int index, Microseconds offset) {
  round_.checks.at(static_cast<std::size_t>(index)).offset = offset;
}

bool RoundAssembler::is_recorded(int index) const {
  return recorded_.at(static_cast<std::size_t>(index));
}

const Check& RoundAssembler::check(int index) const {
  return round_.checks.at(static_cast<std::size_t>(index));
}

bool RoundAssembler::record(int index, CheckResult&& result) {
  if (is_recorded(index)) return false;
  recorded_.at(static_cast<std::size_t>(index)) = true;
  --missing_;
  Check& check = round_.checks.at(static_cast<std::size_t>(index));
  check.outcome = result.outcome;
  check.rtt = result.rtt;
  const bool succeeded = result.outcome == CheckOutcome::Success;
  if (!succeeded && (detail_of_ < 0 || index < detail_of_)) {
    round_.detail = std::move(result.detail);
    detail_of_ = index;
  }
  if (result.rtt) {
    // A round is as good as its worst stamp.
    round_.stamp_source =
        has_stamps_ ? std::min(round_.stamp_source, result.stamps) : result.stamps;
    has_stamps_ = true;
  }
  if (result.http_status && index > status_of_) {
    round_.http_status = result.http_status;
    status_of_ = index;
  }
  if (succeeded && result.http && index > phases_of_) {
    round_.http = result.http;
    phases_of_ = index;
  }
  if (result.tls) round_.tls = std::move(result.tls);
  return true;
}

Round RoundAssembler::take() {
  LW_ASSERT(is_complete());
  return std::move(round_);
}

}  // namespace lw
