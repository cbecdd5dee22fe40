// SPDX-License-Identifier: Apache-2.0
#include "evaluate/evaluate.h"

#include <algorithm>
#include <cstdint>

#include "evaluate/sentences.h"

namespace lw {
namespace {

// What Connection Monitor takes where the user has set no threshold (seed, "States of a test").
constexpr int kDefaultChecksFailedPercent = 10;
constexpr double kDefaultRoundTripMs = 750;
/// The part of the checks-failed threshold above which a test is in Warning, in percent.
constexpr int kWarningPercent = 80;

/// The numbers that the rules compare.
struct Facts {
  const Round& round;
  const TestConfiguration& configuration;
  RoundSummary summary;
  double failed_percent;
  std::optional<double> rtt_ms;
};

Facts facts_of(const Test& test, const Round& round) {
  Facts facts{round, *test.configuration, summarize(round), 0, std::nullopt};
  facts.failed_percent = facts.summary.checks_failed_percent();
  if (facts.summary.rtt_avg) {
    facts.rtt_ms = static_cast<double>(facts.summary.rtt_avg->count()) / 1000.0;
  }
  return facts;
}

/// Whether more than `percent` of `percent_of_that` percent of the checks failed; in whole numbers,
/// since a value on the limit must not pass for one above it.
bool fails_above(const RoundSummary& summary, int percent, int percent_of_that = 100) {
  return std::int64_t{summary.failed} * 100 * 100 >
         std::int64_t{summary.total} * percent * percent_of_that;
}

using MaybeVerdict = std::optional<Verdict>;

Verdict verdict(TestState state, ReasonCode code, double observed, double limit, std::string text) {
  return {state, {code, observed, limit, std::move(text)}};
}

/// No check says anything about the network.
MaybeVerdict without_counted_checks(const Facts& facts) {
  if (facts.summary.total > 0) return std::nullopt;
  const ReasonCode code = facts.summary.voided > 0 ? ReasonCode::LocalFault : ReasonCode::NoData;
  return Verdict{TestState::Indeterminate, {code, {}, {}, sentences::nothing_counted(facts.round)}};
}

/// Fail above the threshold. A round in which nothing got through fails whatever the threshold,
/// which at 100 % could otherwise never be exceeded.
MaybeVerdict checks_failed(const Facts& facts) {
  const auto limit = facts.configuration.threshold.checks_failed_percent;
  const bool all_failed = facts.summary.failed == facts.summary.total;
  if (!limit) {
    if (!all_failed) return std::nullopt;
    return verdict(TestState::Fail, ReasonCode::AllChecksFailed, facts.failed_percent, 100,
                   sentences::checks_failed(facts.round));
  }
  if (!all_failed && !fails_above(facts.summary, *limit)) return std::nullopt;
  return verdict(TestState::Fail, ReasonCode::ChecksFailedThreshold, facts.failed_percent, *limit,
                 sentences::checks_failed_above(facts.round, *limit));
}

MaybeVerdict round_trip_failed(const Facts& facts) {
  const auto limit = facts.configuration.threshold.round_trip_time_ms;
  if (!limit || !facts.rtt_ms || *facts.rtt_ms <= *limit) return std::nullopt;
  return verdict(TestState::Fail, ReasonCode::RoundTripThreshold, *facts.rtt_ms, *limit,
                 sentences::round_trip_above(*facts.rtt_ms, *limit));
}

MaybeVerdict checks_warning(const Facts& facts) {
  const auto threshold = facts.configuration.threshold.checks_failed_percent;
  if (!threshold) {
    if (!fails_above(facts.summary, kDefaultChecksFailedPercent)) return std::nullopt;
    return verdict(TestState::Warning, ReasonCode::ChecksFailedDefault, facts.failed_percent,
                   kDefaultChecksFailedPercent,
                   sentences::checks_failed_above(facts.round, kDefaultChecksFailedPercent));
  }
  if (!fails_above(facts.summary, *threshold, kWarningPercent)) return std::nullopt;
  const double limit = *threshold * kWarningPercent / 100.0;
  return verdict(TestState::Warning, ReasonCode::ChecksFailedThreshold, facts.failed_percent, limit,
                 sentences::checks_failed_near(facts.round, *threshold));
}

/// HTTP has no default limit: an answer's time depends on the application, not on the network
/// alone.
MaybeVerdict round_trip_warning(const Facts& facts) {
  if (facts.configuration.threshold.round_trip_time_ms || facts.configuration.is_http()) {
    return std::nullopt;
  }
  if (!facts.rtt_ms || *facts.rtt_ms <= kDefaultRoundTripMs) return std::nullopt;
  return verdict(TestState::Warning, ReasonCode::RoundTripDefault, *facts.rtt_ms,
                 kDefaultRoundTripMs,
                 sentences::round_trip_above(*facts.rtt_ms, kDefaultRoundTripMs));
}

/// What the checks alone say.
Verdict judge_checks(const Test& test, const Round& round) {
  const Facts facts = facts_of(test, round);
  for (const auto rule : {without_counted_checks, checks_failed, round_trip_failed, checks_warning,
                          round_trip_warning}) {
    if (MaybeVerdict found = rule(facts)) return *std::move(found);
  }
  return {TestState::Pass, {ReasonCode::None, {}, {}, sentences::passed(round)}};
}

/// A name that does not resolve is a failure, whatever its last known address answers: who looks it
/// up now gets nowhere. Where no address was known, the checks themselves have failed for it.
bool has_failed_beside_checks(const std::optional<NameFacts>& name) {
  return name && name->is_last_good && kind_of(name->outcome) == OutcomeKind::Failed;
}

Verdict with_name_failure(const Round& round, Verdict&& of_checks) {
  const bool is_news = of_checks.state == TestState::Pass || of_checks.state == TestState::Warning;
  if (!is_news) {
    of_checks.reason.text += "; besides, " + sentences::name_failed(*round.name);
    return std::move(of_checks);
  }
  std::string text =
      sentences::name_failed(*round.name) + "; " +
      (of_checks.state == TestState::Pass ? sentences::still_answers(round)
                                          : sentences::of_last_known(round, of_checks.reason.text));
  return {TestState::Fail, {ReasonCode::NameResolutionFailed, {}, {}, std::move(text)}};
}

}  // namespace

Verdict evaluate(const Test& test, const Round& round) {
  Verdict of_checks = judge_checks(test, round);
  if (!has_failed_beside_checks(round.name)) return of_checks;
  return with_name_failure(round, std::move(of_checks));
}

TestState roll_up(std::span<const TestState> states) {
  for (const TestState worst : {TestState::Fail, TestState::Warning, TestState::Indeterminate,
                                TestState::Pass, TestState::NotRunning}) {
    if (std::ranges::find(states, worst) != states.end()) return worst;
  }
  return TestState::Indeterminate;
}

}  // namespace lw
