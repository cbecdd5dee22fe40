// SPDX-License-Identifier: Apache-2.0
#include "server/past_states.h"

#include <algorithm>

#include "store/alert_changes.h"

namespace lw::server {
namespace {

/// Most tests run each minute or so; looking back further is for the others.
constexpr auto kRoundsNear = std::chrono::minutes(5);
/// The longest time between rounds is half an hour, and one may be missing.
constexpr auto kRoundsFar = std::chrono::minutes(65);
constexpr auto kChangesBack = std::chrono::days(31);
/// Reports are made at least hourly.
constexpr auto kReportsBack = std::chrono::hours(2);

std::size_t index_of(TestState state) {
  return static_cast<std::size_t>(std::ranges::find(kTestStates, state) - kTestStates.begin());
}

/// Tests that had no round lately though they ran, as far as their last change tells.
std::vector<TestId> without_round(const std::vector<store::RoundAt>& rounds,
                                  const std::vector<store::StateAt>& changes) {
  std::unordered_map<TestId, bool> seen;
  for (const store::RoundAt& round : rounds) seen[round.test] = true;
  std::vector<TestId> missing;
  for (const store::StateAt& change : changes) {
    if (!seen.contains(change.test)) missing.push_back(change.test);
  }
  return missing;
}

std::optional<PathIssueKind> issue_of(const std::string& name) {
  for (int kind = 0; kind <= static_cast<int>(PathIssueKind::LocalError); ++kind) {
    if (to_string(static_cast<PathIssueKind>(kind)) == name)
      return static_cast<PathIssueKind>(kind);
  }
  return std::nullopt;
}

TestMoment moment_of(const PastTest& past) {
  TestMoment moment;
  moment.state = past.verdict.state;
  const Reason& reason = past.verdict.reason;
  moment.reason = {
      .code = reason.code, .observed = reason.observed, .limit = reason.limit, .text = {}};
  moment.since = past.since;
  if (!past.round) return moment;
  const store::RoundAt& round = *past.round;
  moment.last_round = round.ts;
  if (round.summary.total > 0) moment.checks_failed_percent = round.summary.checks_failed_percent();
  moment.rtt_avg = round.summary.rtt_avg;
  moment.rtt_min = round.summary.rtt_min;
  moment.rtt_max = round.summary.rtt_max;
  moment.jitter = round.summary.jitter;
  moment.http_status = round.http_status;
  moment.certificate_expires = round.certificate_expires;
  moment.checked_address = round.address;
  return moment;
}

std::string_view text_at(const TextColumn& column, std::size_t row) {
  const std::uint32_t number = column.numbers[row];
  return number == Dictionary::kMissing ? std::string_view() : column.dictionary.texts()[number];
}

TestNames names_at(const SnapshotNames& names, std::size_t row) {
  return {.id = TestId{names.ids[row]},
          .monitor = text_at(names.monitor, row),
          .group = text_at(names.group, row),
          .source = text_at(names.source, row),
          .destination = text_at(names.destination, row),
          .configuration = text_at(names.configuration, row),
          .address = text_at(names.address, row),
          .agent = text_at(names.agent, row),
          .agent_address = names.agent_addresses[row],
          .protocol = text_at(names.protocol, row),
          .port = names.port[row],
          .frequency_s = names.frequency_s[row]};
}

TestNames names_of(const store::TestName& name) {
  return {.id = name.test,
          .monitor = name.monitor,
          .group = name.group,
          .source = name.source,
          .destination = name.destination,
          .configuration = name.configuration,
          .address = name.address,
          .agent = {},
          .agent_address = {},
          .protocol = name.protocol,
          .port = name.port,
          .frequency_s = name.frequency_s};
}

/// Puts together the rows of a past snapshot.
class Rows {
 public:
  Rows(const PastStates& states, const std::vector<store::PathIssueAt>& issues,
       const std::vector<store::AlertAt>& alerts, Snapshot& snapshot)
      : states_(states), snapshot_(snapshot) {
    for (const store::PathIssueAt& issue : issues) issues_[issue.test] = issue_of(issue.kind);
    for (const store::AlertAt& alert : alerts) {
      for (const TestId test : alert.tests) {
        AlertCode& code = alerts_[test];
        code = worse(code, alert_code(alert.severity));
      }
    }
  }
  void add(const TestNames& names) {
    const auto past = states_.find(names.id);
    if (past == states_.end()) return;
    names_->add(names);
    TestMoment moment = moment_of(past->second);
    if (const auto issue = issues_.find(names.id); issue != issues_.end()) {
      moment.path_issue = issue->second;
    }
    if (const auto alert = alerts_.find(names.id); alert != alerts_.end()) {
      moment.alert = alert->second;
    }
    snapshot_.add(moment);
  }
  void finish() { snapshot_.names = std::move(names_); }

 private:
  const PastStates& states_;
  Snapshot& snapshot_;
  std::unordered_map<TestId, std::optional<PathIssueKind>> issues_;
  std::unordered_map<TestId, AlertCode> alerts_;
  std::shared_ptr<SnapshotNames> names_ = std::make_shared<SnapshotNames>();
};

/// Those that had rounds and are not live any more.
Result<void> add_gone(store::Client& client, const SnapshotNames& live, const PastStates& states,
                      Timestamp at, Rows& rows) {
  std::unordered_map<TestId, bool> gone;
  for (const auto& [test, past] : states) {
    if (past.round) gone[test] = true;
  }
  for (const std::uint64_t id : live.ids) gone.erase(TestId{id});
  if (gone.empty()) return {};
  for (const store::TestName& name : TRY(store::test_names_at(client, at))) {
    if (gone.contains(name.test)) rows.add(names_of(name));
  }
  return {};
}

}  // namespace

PastStates merge_past(const std::vector<store::RoundAt>& rounds,
                      const std::vector<store::StateAt>& changes) {
  PastStates states;
  for (const store::StateAt& change : changes) {
    states[change.test] = {.verdict = change.verdict, .since = change.since, .round = {}};
  }
  for (const store::RoundAt& round : rounds) {
    const auto [known, is_new] = states.try_emplace(round.test);
    PastTest& past = known->second;
    const bool is_older = past.round && past.round->ts >= round.ts;
    if (is_older) continue;
    past.round = round;
    // A change after the last round (the agent was lost, the group disabled) has the last word.
    if (!is_new && past.since > round.ts) continue;
    if (is_new || past.verdict.state != round.verdict.state) past.since = round.ts;
    past.verdict = round.verdict;
  }
  return states;
}

Result<PastStates> past_states(store::Client& client, Timestamp at,
                               const std::vector<TestId>& tests, bool has_texts) {
  const auto changes = TRY(store::states_at(client, at - kChangesBack, at, tests));
  auto rounds = TRY(store::rounds_at(client, at - kRoundsNear, at, tests, has_texts));
  if (const auto missing = without_round(rounds, changes); !missing.empty()) {
    auto more =
        TRY(store::rounds_at(client, at - kRoundsFar, at - kRoundsNear, missing, has_texts));
    rounds.insert(rounds.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  }
  return merge_past(rounds, changes);
}

Result<Snapshot> past_snapshot(store::Client& client, const SnapshotNames& live, Timestamp at) {
  const PastStates states = TRY(past_states(client, at));
  const auto issues = TRY(store::path_issues_at(client, at - kReportsBack, at));
  const auto alerts = TRY(store::alerts_at(client, at));
  Snapshot snapshot;
  snapshot.at = at;
  snapshot.is_live = false;
  snapshot.reserve(states.size());
  Rows rows(states, issues, alerts, snapshot);
  for (std::size_t row = 0; row < live.ids.size(); ++row) rows.add(names_at(live, row));
  TRY(add_gone(client, live, states, at, rows));
  rows.finish();
  return snapshot;
}

Band make_band(std::unordered_map<TestId, TestState> states,
               const std::vector<store::StateStep>& changes, Timestamp from, Microseconds step,
               std::size_t steps) {
  Band band;
  band.counts.reserve(steps);
  band.changes.assign(steps, 0);
  Band::Counts counts{};
  for (const auto& [test, state] : states) ++counts.at(index_of(state));
  auto change = changes.begin();
  for (std::size_t i = 0; i < steps; ++i) {
    const Timestamp end = from + step * static_cast<std::int64_t>(i + 1);
    for (; change != changes.end() && change->ts < end; ++change) {
      const auto known = states.find(change->test);
      if (known != states.end()) --counts.at(index_of(known->second));
      states[change->test] = change->to;
      ++counts.at(index_of(change->to));
      ++band.changes[i];
    }
    band.counts.push_back(counts);
  }
  return band;
}

}  // namespace lw::server
