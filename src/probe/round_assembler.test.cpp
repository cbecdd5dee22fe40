// SPDX-License-Identifier: Apache-2.0
#include "probe/round_assembler.h"

#include <gtest/gtest.h>

#include <array>

namespace lw {
namespace {

CheckResult success(int rtt_us, StampSource stamps = StampSource::Kernel) {
  CheckResult result;
  result.outcome = CheckOutcome::Success;
  result.rtt = Microseconds(rtt_us);
  result.stamps = stamps;
  return result;
}

CheckResult failure(CheckOutcome outcome, std::string detail) {
  CheckResult result;
  result.outcome = outcome;
  result.detail = std::move(detail);
  return result;
}

TEST(RoundAssembler, is_complete_when_the_last_check_has_ended_in_any_order) {
  RoundAssembler assembler(3);
  for (const int index : {2, 0}) {
    assembler.record(index, success(10 + index));
    EXPECT_FALSE(assembler.is_complete());
  }
  assembler.set_offset(1, Milliseconds(500));
  assembler.record(1, failure(CheckOutcome::TimedOut, "no reply"));
  ASSERT_TRUE(assembler.is_complete());
  const Round round = assembler.take();
  const std::vector<Check> expected = {{CheckOutcome::Success, Microseconds(10), Microseconds(0)},
                                       {CheckOutcome::TimedOut, std::nullopt, Milliseconds(500)},
                                       {CheckOutcome::Success, Microseconds(12), Microseconds(0)}};
  EXPECT_EQ(round.checks, expected);
  EXPECT_EQ(round.detail, "no reply");
}

TEST(RoundAssembler, keeps_the_evidence_of_the_first_check_that_failed_not_of_the_first_to_end) {
  RoundAssembler assembler(2);
  assembler.record(1, failure(CheckOutcome::TimedOut, "second"));
  assembler.record(0, failure(CheckOutcome::Refused, "first"));
  EXPECT_EQ(assembler.take().detail, "first");
}

TEST(RoundAssembler, knows_the_lowest_and_the_highest_ttl_of_replies_if_any_was_known) {
  RoundAssembler assembler(4);
  constexpr std::array<std::uint8_t, 4> kTtls{58, 0, 57, 60};
  for (int i = 0; i < 4; ++i) {
    CheckResult result = success(10);
    result.reply_ttl = kTtls.at(static_cast<std::size_t>(i));
    assembler.record(i, std::move(result));
  }
  EXPECT_EQ(assembler.take().reply_ttls, (ReplyTtls{57, 60}));

  RoundAssembler unknown(1);
  unknown.record(0, success(10));
  EXPECT_FALSE(unknown.take().reply_ttls.has_value());
}

TEST(RoundAssembler, adds_a_note_to_the_first_failure_unless_that_says_so_itself) {
  for (const char* detail : {"RST", "RST; not the host"}) {
    RoundAssembler assembler(2);
    assembler.record(0, failure(CheckOutcome::Refused, detail));
    assembler.add_note("not the host");
    assembler.record(1, failure(CheckOutcome::Refused, "RST; not the host"));
    EXPECT_EQ(assembler.take().detail, "RST; not the host");
  }
}

TEST(RoundAssembler, keeps_a_note_of_a_success_until_a_check_fails) {
  CheckResult noted = success(1);
  noted.detail = "revocation not checkable";
  noted.http_status = 200;
  noted.http_facts = HttpFacts{.version = "HTTP/2"};
  RoundAssembler assembler(2);
  assembler.record(0, CheckResult(noted));
  assembler.record(1, success(2));
  const Round round = assembler.take();
  EXPECT_EQ(round.detail, "revocation not checkable");
  ASSERT_TRUE(round.http_facts);
  EXPECT_EQ(round.http_facts->version, "HTTP/2");
  RoundAssembler failing(2);
  failing.record(0, CheckResult(noted));
  failing.record(1, failure(CheckOutcome::TimedOut, "no reply"));
  EXPECT_EQ(failing.take().detail, "no reply");
}

TEST(RoundAssembler, ignores_a_second_end_of_one_check) {
  RoundAssembler assembler(2);
  EXPECT_TRUE(assembler.record(0, failure(CheckOutcome::TimedOut, "")));
  EXPECT_FALSE(assembler.record(0, success(1)));
  EXPECT_FALSE(assembler.is_complete());
  EXPECT_EQ(assembler.check(0).outcome, CheckOutcome::TimedOut);
}

TEST(RoundAssembler, names_the_worst_stamps_among_measured_checks) {
  RoundAssembler assembler(3);
  assembler.record(0, success(1, StampSource::Kernel));
  assembler.record(1, success(1, StampSource::KernelReceive));
  assembler.record(2, failure(CheckOutcome::TimedOut, ""));
  EXPECT_EQ(assembler.take().stamp_source, StampSource::KernelReceive);
}

TEST(RoundAssembler, has_status_of_the_last_answer_and_phases_of_the_last_success) {
  RoundAssembler assembler(3);
  CheckResult refused = failure(CheckOutcome::HttpStatus, "HTTP 503");
  refused.http_status = 503;
  refused.http = HttpPhases{{}, Microseconds(9), {}, {}, {}, {}};
  assembler.record(2, std::move(refused));
  CheckResult ok = success(5);
  ok.http_status = 200;
  ok.http = HttpPhases{{}, Microseconds(4), {}, {}, {}, {}};
  assembler.record(1, std::move(ok));
  assembler.record(0, failure(CheckOutcome::TimedOut, ""));
  const Round round = assembler.take();
  EXPECT_EQ(round.http_status, 503);
  ASSERT_TRUE(round.http);
  EXPECT_EQ(round.http->connect, Microseconds(4));
}

}  // namespace
}  // namespace lw
