// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "model/round.h"
#include "probe/check_result.h"

namespace lw {

/// Collects the checks of one round in whatever order they end. Every check ends, if only by its
/// time-out, so every round becomes complete. Pure.
class RoundAssembler {
 public:
  RoundAssembler(TestId test, Timestamp started, int checks);

  void set_address(std::string address) { round_.address = std::move(address); }
  /// When a check was sent, counted from the round's start.
  void set_offset(int index, Microseconds offset);
  /// Takes a check's end. A second end of one check is ignored, and false.
  bool record(int index, CheckResult&& result);

  [[nodiscard]] bool is_recorded(int index) const;
  [[nodiscard]] bool is_complete() const { return missing_ == 0; }
  [[nodiscard]] const Check& check(int index) const;
  /// The round; only once, when it is complete.
  Round take();

 private:
  Round round_;
  std::vector<bool> recorded_;
  int missing_ = 0;
  int detail_of_ = -1;  ///< Which check's evidence the round has.
  int status_of_ = -1;  ///< Which check's HTTP status.
  int phases_of_ = -1;  ///< Which check's HTTP phases.
  bool has_stamps_ = false;
};

}  // namespace lw
