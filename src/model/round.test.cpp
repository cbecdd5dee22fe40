// SPDX-License-Identifier: Apache-2.0
#include "model/round.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <set>

namespace lw {
namespace {

Check ok(int rtt_us) { return {CheckOutcome::Success, Microseconds(rtt_us), {}}; }
Check bad(CheckOutcome outcome) { return {outcome, std::nullopt, {}}; }
Round round_of(std::initializer_list<Check> checks) {
  Round round;
  round.checks = checks;
  return round;
}

TEST(Outcome, HasItsOwnNameAndWordsForEachNumber) {
  std::set<std::string> names;
  std::set<std::string> words;
  int known = 0;
  for (int number = -1; number < 300; ++number) {
    const auto outcome = outcome_from_number(number);
    if (!outcome) continue;
    ++known;
    EXPECT_EQ(static_cast<int>(*outcome), number);
    names.insert(outcome_name(*outcome));
    words.insert(to_string(*outcome));
  }
  EXPECT_EQ(known, 32);
  EXPECT_EQ(names.size(), 32U);
  EXPECT_EQ(words.size(), 32U);
}

TEST(Outcome, OfThisHostsOwnFaultIsVoid) {
  EXPECT_EQ(kind_of(CheckOutcome::Success), OutcomeKind::Success);
  EXPECT_EQ(kind_of(CheckOutcome::TimedOut), OutcomeKind::Failed);
  EXPECT_EQ(kind_of(CheckOutcome::HttpTooManyRedirects), OutcomeKind::Failed);
  EXPECT_EQ(kind_of(CheckOutcome::LocalPermission), OutcomeKind::Void);
  EXPECT_EQ(kind_of(CheckOutcome::LocalOverload), OutcomeKind::Void);
}

TEST(Summary, CountsOnlySuccessesAndFailures) {
  const RoundSummary summary = summarize(
      round_of({ok(100), bad(CheckOutcome::TimedOut), bad(CheckOutcome::LocalOverload), ok(300)}));
  EXPECT_EQ(summary.total, 3);
  EXPECT_EQ(summary.failed, 1);
  EXPECT_EQ(summary.voided, 1);
  EXPECT_NEAR(summary.checks_failed_percent(), 33.33, 0.01);
}

TEST(Summary, TakesRoundTripTimesFromSuccessesAlone) {
  // A refusal has an RTT too, but it is not one of the service.
  const Check refused{CheckOutcome::Refused, Microseconds(9'000), {}};
  const RoundSummary summary = summarize(round_of({ok(100), refused, ok(400), ok(250)}));
  EXPECT_EQ(summary.rtt_min, Microseconds(100));
  EXPECT_EQ(summary.rtt_avg, Microseconds(250));
  EXPECT_EQ(summary.rtt_max, Microseconds(400));
  EXPECT_EQ(summary.jitter, Microseconds((300 + 150) / 2));
}

TEST(Summary, LeavesOutWhatWasNotMeasured) {
  const RoundSummary failed = summarize(round_of({bad(CheckOutcome::TimedOut)}));
  EXPECT_FALSE(failed.rtt_min || failed.rtt_avg || failed.rtt_max || failed.jitter);
  const RoundSummary one = summarize(round_of({ok(100)}));
  EXPECT_TRUE(one.rtt_avg);
  EXPECT_FALSE(one.jitter);
  EXPECT_EQ(summarize(round_of({})).checks_failed_percent(), 0);
}

TEST(DominantFailure, IsTheMostFrequentFailure) {
  EXPECT_EQ(dominant_failure(round_of({bad(CheckOutcome::Refused), bad(CheckOutcome::TimedOut),
                                       bad(CheckOutcome::TimedOut), ok(1)})),
            CheckOutcome::TimedOut);
}

TEST(DominantFailure, OfEqualsIsTheFirst) {
  EXPECT_EQ(dominant_failure(round_of({bad(CheckOutcome::Refused), bad(CheckOutcome::TimedOut)})),
            CheckOutcome::Refused);
}

TEST(DominantFailure, PrefersFailuresToVoidChecks) {
  EXPECT_EQ(
      dominant_failure(round_of({bad(CheckOutcome::LocalOverload), bad(CheckOutcome::LocalOverload),
                                 bad(CheckOutcome::TimedOut)})),
      CheckOutcome::TimedOut);
  EXPECT_EQ(dominant_failure(round_of({ok(1), bad(CheckOutcome::LocalOverload)})),
            CheckOutcome::LocalOverload);
}

TEST(DominantFailure, IsAbsentWhereAllSucceeded) {
  EXPECT_FALSE(dominant_failure(round_of({ok(1), ok(2)})));
  EXPECT_FALSE(dominant_failure(round_of({})));
}

}  // namespace
}  // namespace lw
