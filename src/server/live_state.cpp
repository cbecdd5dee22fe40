// SPDX-License-Identifier: Apache-2.0
#include "server/live_state.h"

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace lw::server {

std::optional<StateChange> LiveState::adopt(LiveTest& live, Verdict verdict, Timestamp at) {
  const TestState before = live.verdict.state;
  live.verdict = std::move(verdict);
  if (live.verdict.state == before) return std::nullopt;
  // Changes of a test are kept by their time: one after the other, never two at once.
  live.since = std::max(at, live.since + Microseconds(1));
  return StateChange{live.test.id, live.since, before, live.verdict};
}

namespace {

/// The test in place of what it was, with its state and history, unless another agent runs it now.
LiveTest take_over(LiveTest live, Test test) {
  const bool has_moved = live.test.agent != test.agent || live.test.disabled != test.disabled;
  if (has_moved) {
    live.assigned.reset();
    live.last_round.reset();
  }
  live.test = std::move(test);
  return live;
}

}  // namespace

/// Whoever saw the old set begins anew, so what changed before is of no use.
void LiveState::begin_anew() {
  plan_revision_ = ++revision_;
  changes_.clear();
  for (auto& [id, live] : tests_) live.revision = plan_revision_;
}

void LiveState::replace_tests(std::vector<Test> tests, Timestamp now) {
  std::unordered_map<TestId, LiveTest> kept;
  order_.clear();
  sections_.clear();
  for (Test& test : tests) {
    const TestId id = test.id;
    // Two monitors cannot hold the same names, but a member may be listed twice; it is one test.
    if (kept.contains(id)) continue;
    const auto section =
        sections_.try_emplace(test.connection_monitor, Section{order_.size(), order_.size()});
    order_.push_back(id);
    section.first->second.end = order_.size();
    const auto known = tests_.find(id);
    LiveTest live = known != tests_.end() ? std::move(known->second) : LiveTest{};
    if (known == tests_.end()) live.since = now;
    kept.emplace(id, take_over(std::move(live), std::move(test)));
  }
  tests_ = std::move(kept);
  begin_anew();
}

void LiveState::put(Test test, Timestamp now) {
  const auto [entry, is_new] = tests_.try_emplace(test.id);
  LiveTest& live = entry->second;
  if (is_new) live.since = now;
  live = take_over(std::move(live), std::move(test));
}

std::vector<TestId> LiveState::replace_tests_of(std::vector<MonitorTests> changed,
                                                const std::vector<std::string>& monitors,
                                                Timestamp now) {
  std::unordered_map<std::string, std::vector<TestId>> own;
  std::unordered_set<TestId> gone;
  for (MonitorTests& each : changed) {
    std::vector<TestId>& ids = own[each.monitor];
    std::unordered_set<TestId> seen;
    const auto had = tests_of(each.monitor);
    gone.insert(had.begin(), had.end());
    for (Test& test : each.tests) {
      if (!seen.insert(test.id).second) continue;
      gone.erase(test.id);
      ids.push_back(test.id);
      put(std::move(test), now);
    }
  }
  for (const TestId id : gone) tests_.erase(id);
  std::vector<TestId> order;
  order.reserve(order_.size());
  std::unordered_map<std::string, Section> sections;
  for (const std::string& name : monitors) {
    const auto changed_now = own.find(name);
    const auto ids =
        changed_now == own.end() ? tests_of(name) : std::span<const TestId>(changed_now->second);
    sections[name] = {order.size(), order.size() + ids.size()};
    order.insert(order.end(), ids.begin(), ids.end());
  }
  order_ = std::move(order);
  sections_ = std::move(sections);
  begin_anew();
  return {gone.begin(), gone.end()};
}

std::span<const TestId> LiveState::tests_of(const std::string& monitor) const {
  const auto found = sections_.find(monitor);
  if (found == sections_.end()) return {};
  return std::span(order_).subspan(found->second.begin, found->second.end - found->second.begin);
}

void LiveState::restore(TestId test, const Verdict& verdict, Timestamp since,
                        std::optional<Timestamp> last_round) {
  const auto found = tests_.find(test);
  if (found == tests_.end() || found->second.last_round) return;
  LiveTest& live = found->second;
  live.verdict = verdict;
  live.since = since;
  live.last_round = last_round;
  touch(live);
}

std::optional<StateChange> LiveState::on_round(const Round& round, const Verdict& verdict,
                                               Timestamp happened, Timestamp now) {
  const auto found = tests_.find(round.test);
  if (found == tests_.end()) return std::nullopt;
  LiveTest& live = found->second;
  const TestConfiguration& configuration = *live.test.configuration;
  const bool is_old = now - happened > absence_tolerance(configuration);
  // `happened` wavers by the time on the way, so only a clear distance is an order.
  const bool is_late =
      live.last_round && happened + Microseconds(configuration.frequency) / 2 < *live.last_round;
  if (is_old || is_late || live.test.disabled) return std::nullopt;
  live.last_round = happened;
  live.summary = summarize(round);
  live.address = round.address;
  live.http_status = round.http_status;
  if (round.tls) live.certificate_expires = round.tls->not_after;
  touch(live);
  return adopt(live, verdict, happened);
}

namespace {

/// Nothing can be absent: most tests, most of the time, which spares them the facts.
bool has_recent_round(const LiveTest& live, Timestamp now) {
  return live.last_round && !live.test.disabled && live.test.missing.empty() &&
         now - *live.last_round <= absence_tolerance(*live.test.configuration);
}

}  // namespace

std::vector<StateChange> LiveState::tick(Timestamp now, const AgentFacts& facts) {
  std::vector<StateChange> changes;
  for (auto& [id, live] : tests_) {
    if (has_recent_round(live, now)) continue;
    auto verdict = evaluate_absence(live.test, facts(live), now);
    if (!verdict) continue;
    // Its sentence tells how long ago something was, each time anew.
    const bool is_news =
        verdict->state != live.verdict.state || verdict->reason.code != live.verdict.reason.code;
    if (is_news) touch(live);
    if (auto change = adopt(live, std::move(*verdict), now)) changes.push_back(std::move(*change));
  }
  return changes;
}

const LiveTest* LiveState::find(TestId test) const {
  const auto found = tests_.find(test);
  return found == tests_.end() ? nullptr : &found->second;
}

void LiveState::mark_assigned(TestId test, Timestamp at) {
  const auto found = tests_.find(test);
  if (found != tests_.end() && !found->second.assigned) found->second.assigned = at;
}

void LiveState::continue_revisions_from(std::uint64_t revision) {
  revision_ = std::max(revision_, revision);
}

void LiveState::set_alert(TestId test, AlertCode alert) {
  const auto found = tests_.find(test);
  if (found == tests_.end() || found->second.alert == alert) return;
  found->second.alert = alert;
  touch(found->second);
}

void LiveState::touch(TestId test) {
  const auto found = tests_.find(test);
  if (found != tests_.end()) touch(found->second);
}

void LiveState::touch(LiveTest& live) {
  constexpr std::size_t kSmall = 1'000;
  live.revision = ++revision_;
  changes_.emplace_back(revision_, live.test.id);
  if (changes_.size() < 4 * tests_.size() + kSmall) return;
  std::erase_if(changes_, [this](const auto& change) {
    const LiveTest* const changed = find(change.second);
    return changed == nullptr || changed->revision != change.first;
  });
}

std::vector<const LiveTest*> LiveState::changed_since(std::uint64_t revision,
                                                      std::size_t most) const {
  std::vector<const LiveTest*> changed;
  auto change = std::ranges::upper_bound(changes_, revision, {},
                                         [](const auto& entry) { return entry.first; });
  for (; change != changes_.end() && changed.size() < most; ++change) {
    const LiveTest* const live = find(change->second);
    if (live != nullptr && live->revision == change->first) changed.push_back(live);
  }
  return changed;
}

std::size_t LiveState::count(TestState state) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      tests_, [&](const auto& entry) { return entry.second.verdict.state == state; }));
}

}  // namespace lw::server
