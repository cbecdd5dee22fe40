// SPDX-License-Identifier: Apache-2.0
#include "evaluate/sentences.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"

namespace lw::sentences {
namespace {

/// "812 ms", or with all its digits where rounding would hide that it is above the limit.
std::string milliseconds(double ms, bool exact) {
  if (exact) return fmt::format("{} ms", std::round(ms * 1000) / 1000);
  return to_human(Microseconds(std::llround(ms * 1000)));
}

/// Whether the round's evidence, which is of its first check that did not succeed, fits `outcome`.
bool is_evidence_for(const Round& round, CheckOutcome outcome) {
  const auto first = std::ranges::find_if(
      round.checks, [](const Check& check) { return check.outcome != CheckOutcome::Success; });
  return first != round.checks.end() && first->outcome == outcome && !round.detail.empty();
}

/// "connection refused (RST from 10.0.2.10:80)".
std::string cause(const Round& round, CheckOutcome outcome) {
  std::string words = to_string(outcome);
  if (!is_evidence_for(round, outcome)) return words;
  // Some evidence is the outcome itself with more to it: "certificate expired 2026-11-01".
  const bool says_it_already = to_lower(round.detail).starts_with(to_lower(words));
  return says_it_already ? round.detail : fmt::format("{} ({})", words, round.detail);
}

/// "; IPv6 address … did not answer, …": what was noted though every check succeeded.
std::string note_of(const Round& round) {
  const bool are_all_fine = std::ranges::all_of(
      round.checks, [](const Check& check) { return check.outcome == CheckOutcome::Success; });
  return are_all_fine && !round.detail.empty() ? "; " + round.detail : std::string();
}

bool has_several_causes(const Round& round, CheckOutcome dominant) {
  return std::ranges::any_of(round.checks, [dominant](const Check& check) {
    return check.outcome != dominant && kind_of(check.outcome) == OutcomeKind::Failed;
  });
}

/// "; 2 more checks not counted: the agent is overloaded", or nothing.
std::string not_counted(const Round& round, const RoundSummary& summary) {
  if (summary.voided == 0) return {};
  const auto first = std::ranges::find_if(
      round.checks, [](const Check& check) { return kind_of(check.outcome) == OutcomeKind::Void; });
  return fmt::format("; {} not counted: {}",
                     counted(static_cast<std::size_t>(summary.voided), "more check"),
                     to_string(first->outcome));
}

/// "; confirmed by 5 of 5 checks made at once", or how many of them got through.
std::string confirmation(const Round& round) {
  if (!round.confirmation || round.confirmation->made == 0) return {};
  const Confirmation& confirmation = *round.confirmation;
  if (confirmation.failed == confirmation.made) {
    return fmt::format("; confirmed by {0} of {0} checks made at once", confirmation.made);
  }
  return fmt::format("; of {} made at once, {} passed",
                     counted(static_cast<std::size_t>(confirmation.made), "check"),
                     confirmation.made - confirmation.failed);
}

std::string failures(const Round& round) {
  const RoundSummary summary = summarize(round);
  const auto dominant = dominant_failure(round);
  std::string start = fmt::format("{} of {} failed", summary.failed,
                                  counted(static_cast<std::size_t>(summary.total), "check"));
  if (!dominant) return start;
  return fmt::format("{}{}{}", start, has_several_causes(round, *dominant) ? ", mostly: " : ": ",
                     cause(round, *dominant));
}

}  // namespace

std::string checks_failed(const Round& round) {
  return failures(round) + confirmation(round) + not_counted(round, summarize(round));
}

std::string checks_failed_above(const Round& round, double limit_percent) {
  return fmt::format("{}; limit {:g} %{}{}", failures(round), limit_percent, confirmation(round),
                     not_counted(round, summarize(round)));
}

std::string checks_failed_near(const Round& round, double threshold_percent) {
  return fmt::format("{}; more than 80 % of the limit of {:g} %{}{}", failures(round),
                     threshold_percent, confirmation(round), not_counted(round, summarize(round)));
}

std::string round_trip_above(double observed_ms, double limit_ms) {
  const bool looks_equal = milliseconds(observed_ms, false) == milliseconds(limit_ms, false);
  return fmt::format("average round-trip time {} is above the limit of {}",
                     milliseconds(observed_ms, looks_equal), milliseconds(limit_ms, looks_equal));
}

std::string passed(const Round& round) {
  const RoundSummary summary = summarize(round);
  std::string text = fmt::format("{} of {} passed", summary.total - summary.failed,
                                 counted(static_cast<std::size_t>(summary.total), "check"));
  if (summary.rtt_avg) {
    text += fmt::format(", average round-trip time {}", to_human(*summary.rtt_avg));
  }
  const auto dominant = summary.failed > 0 ? dominant_failure(round) : std::nullopt;
  if (dominant) text += fmt::format("; {} failed: {}", summary.failed, cause(round, *dominant));
  if (dominant) text += confirmation(round);
  text += note_of(round);
  return text + not_counted(round, summary);
}

std::string name_failed(const NameFacts& name) {
  const std::string words = "name resolution failed: " + to_string(name.outcome);
  return name.detail.empty() ? words : fmt::format("{} ({})", words, name.detail);
}

std::string still_answers(const Round& round) {
  return fmt::format("the last known address {} still answers", round.address);
}

std::string of_last_known(const Round& round, const std::string& reason) {
  return fmt::format("at the last known address {}, {}", round.address, reason);
}

std::string nothing_counted(const Round& round) {
  const auto dominant = dominant_failure(round);
  if (!dominant) return "the round holds no checks";
  return fmt::format("no check could be made: {}", cause(round, *dominant));
}

}  // namespace lw::sentences
