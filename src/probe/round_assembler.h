// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/assert.h"
#include "model/round.h"
#include "probe/check_result.h"

namespace lw {

/// Collects the checks of one round in whatever order they end. Every check ends, if only by its
/// time-out, so every round becomes complete. Small while under way, since an agent has as many as
/// tests. Pure.
class RoundAssembler {
 public:
  explicit RoundAssembler(int checks);

  /// When a check was sent, counted from the round's start.
  void set_offset(int index, Microseconds offset);
  /// Takes a check's end. A second end of one check is ignored, and false.
  bool record(int index, CheckResult&& result);

  /// Something to say of the round's failures beside the first one's own evidence.
  void add_note(std::string note);

  /// Says that it will be needed soon.
  void prefetch() const { __builtin_prefetch(slots_.get()); }

  [[nodiscard]] bool is_recorded(int index) const { return slot(index).is_recorded; }
  [[nodiscard]] bool is_complete() const { return missing_ == 0; }
  [[nodiscard]] Check check(int index) const;
  /// What it knows of the round; only once, when it is complete.
  Round take();

 private:
  static constexpr std::uint32_t kNoRtt = 0xffffffff;

  /// A Check in 12 bytes. Microseconds of 32 bits are 71 minutes.
  struct Slot {
    std::uint32_t rtt_us = kNoRtt;
    std::uint32_t offset_us = 0;
    CheckOutcome outcome = CheckOutcome::TimedOut;
    bool is_recorded = false;
  };
  /// What most rounds have nothing of.
  struct Evidence {
    std::string detail;
    std::string note;
    std::optional<int> http_status;
    std::optional<HttpPhases> http;
    std::optional<HttpFacts> http_facts;
    std::optional<TlsFacts> tls;
    int detail_of = -1;  ///< Which check's detail,
    int status_of = -1;  ///< HTTP status,
    int phases_of = -1;  ///< HTTP phases.
  };

  [[nodiscard]] Slot& slot(int index) const {
    LW_ASSERT(index >= 0 && index < checks_);
    return slots_[static_cast<std::size_t>(index)];
  }
  void keep_reply_ttl(std::uint8_t ttl);
  void keep_evidence(int index, CheckResult&& result);

  std::unique_ptr<Slot[]> slots_;
  std::unique_ptr<Evidence> evidence_;
  std::int16_t checks_;
  std::int16_t missing_;
  StampSource stamps_ = StampSource::User;
  bool has_stamps_ = false;
  ReplyTtls reply_ttls_;  ///< 0: of no check known
};

}  // namespace lw
