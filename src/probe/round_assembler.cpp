// SPDX-License-Identifier: Apache-2.0
#include "probe/round_assembler.h"

#include <algorithm>
#include <utility>

namespace lw {

namespace {

bool has_evidence(const CheckResult& result) {
  return !result.detail.empty() || result.http_status || result.http || result.http_facts ||
         result.tls;
}

}  // namespace

RoundAssembler::RoundAssembler(int checks)
    : slots_(std::make_unique<Slot[]>(static_cast<std::size_t>(checks))),
      checks_(static_cast<std::int16_t>(checks)),
      missing_(checks_) {}

void RoundAssembler::set_offset(int index, Microseconds offset) {
  const auto most = static_cast<std::int64_t>(kNoRtt);
  slot(index).offset_us =
      static_cast<std::uint32_t>(std::clamp<std::int64_t>(offset.count(), 0, most));
}

Check RoundAssembler::check(int index) const {
  const Slot& from = slot(index);
  Check check;
  check.outcome = from.outcome;
  check.offset = Microseconds(from.offset_us);
  if (from.rtt_us != kNoRtt) check.rtt = Microseconds(from.rtt_us);
  return check;
}

bool RoundAssembler::record(int index, CheckResult&& result) {
  Slot& place = slot(index);
  if (place.is_recorded) return false;
  place.is_recorded = true;
  --missing_;
  place.outcome = result.outcome;
  if (result.rtt) {
    const auto most = static_cast<std::int64_t>(kNoRtt) - 1;
    place.rtt_us =
        static_cast<std::uint32_t>(std::clamp<std::int64_t>(result.rtt->count(), 0, most));
    // A round is as good as its worst stamp.
    stamps_ = has_stamps_ ? std::min(stamps_, result.stamps) : result.stamps;
    has_stamps_ = true;
  }
  if (result.reply_ttl != 0) keep_reply_ttl(result.reply_ttl);
  if (has_evidence(result)) keep_evidence(index, std::move(result));
  return true;
}

void RoundAssembler::add_note(std::string note) {
  if (!evidence_) evidence_ = std::make_unique<Evidence>();
  evidence_->note = std::move(note);
}

void RoundAssembler::keep_reply_ttl(std::uint8_t ttl) {
  if (reply_ttls_.lowest == 0 || ttl < reply_ttls_.lowest) reply_ttls_.lowest = ttl;
  reply_ttls_.highest = std::max(reply_ttls_.highest, ttl);
}

void RoundAssembler::keep_evidence(int index, CheckResult&& result) {
  if (!evidence_) evidence_ = std::make_unique<Evidence>();
  Evidence& kept = *evidence_;
  const bool succeeded = result.outcome == CheckOutcome::Success;
  if (!succeeded && (kept.detail_of < 0 || index < kept.detail_of)) {
    kept.detail = std::move(result.detail);
    kept.detail_of = index;
  } else if (succeeded && kept.detail_of < 0 && !result.detail.empty()) {
    kept.detail = std::move(result.detail);  // A note, which the first failure will replace.
  }
  if (result.http_status && index > kept.status_of) {
    kept.http_status = result.http_status;
    kept.http_facts = std::move(result.http_facts);
    kept.status_of = index;
  }
  if (succeeded && result.http && index > kept.phases_of) {
    kept.http = result.http;
    kept.phases_of = index;
  }
  if (result.tls) kept.tls = std::move(result.tls);
}

Round RoundAssembler::take() {
  LW_ASSERT(is_complete());
  Round round;
  round.stamp_source = stamps_;
  if (reply_ttls_.lowest != 0) round.reply_ttls = reply_ttls_;
  round.checks.reserve(static_cast<std::size_t>(checks_));
  for (int i = 0; i < checks_; ++i) round.checks.push_back(check(i));
  if (!evidence_) return round;
  round.detail = std::move(evidence_->detail);
  if (round.detail.find(evidence_->note) == std::string::npos) {
    round.detail += (round.detail.empty() ? "" : "; ") + evidence_->note;
  }
  round.http_status = evidence_->http_status;
  round.http = evidence_->http;
  round.http_facts = std::move(evidence_->http_facts);
  round.tls = std::move(evidence_->tls);
  return round;
}

}  // namespace lw
