// SPDX-License-Identifier: Apache-2.0
#include "server/history.h"

#include <fmt/core.h>

#include "base/log.h"
#include "store/descriptions.h"
#include "store/reader.h"
#include "store/recorder.h"
#include "store/schema.h"

namespace lw::server {
namespace {

constexpr int kQueryThreads = 2;
constexpr Milliseconds kRetryAfter{1'000};
constexpr auto kRestoreWindow = std::chrono::hours(24);
constexpr auto kChangesWindow = std::chrono::days(31);

}  // namespace

History::History(store::ClientConfig config, const Clock& clock, std::uint16_t keep_days)
    : config_(std::move(config)), clock_(clock), keep_days_(keep_days), client_(config_) {}

History::~History() { stop(); }

void History::stop() {
  stopping_.raise();
  jobs_.close();
  pause_.close();
  queries_.close();
  thread_.join();
  for (Thread& thread : query_threads_) thread.join();
  // Callers that still waited are answered by what their work destroys.
  while (queries_.try_pop()) {
  }
}

Result<void> History::prepare(const std::function<bool()>& give_up) {
  std::string last_failure;
  while (!give_up()) {
    auto migrated =
        store::migrate(client_, clock_, [](std::string_view step) { log::info("store", step); });
    if (migrated) {
      auto known = store::known_descriptions(client_);
      if (known) {
        described_ = std::move(*known);
        return {};
      }
      migrated = std::unexpected(known.error());
    }
    // Only an absent store is waited for; a newer schema, say, never heals.
    if (migrated.error().code != ErrorCode::Unavailable) return migrated;
    if (migrated.error().message != last_failure) {
      log::info("store", "waiting for the store: " + migrated.error().message);
    }
    last_failure = migrated.error().message;
    pause_.pop_for(Milliseconds(200));
  }
  return fail(ErrorCode::Unavailable, "stopped while waiting for the store");
}

void History::start() {
  thread_ = Thread("history", [this] { run(); });
  for (int i = 0; i < kQueryThreads; ++i) {
    query_threads_.emplace_back("query", [this] {
      store::Client client(config_);
      while (auto work = queries_.pop()) (*work)(client);
    });
  }
}

std::vector<RestoredState> History::last_states() {
  const Timestamp now = clock_.wall_now();
  auto rounds = store::latest_rounds(client_, now - kRestoreWindow);
  auto changes = store::state_changes(client_, std::nullopt, now - kChangesWindow, now, 100'000);
  if (!rounds || !changes) {
    log::warning("history", "states from before the restart are not known: " +
                                (rounds ? changes.error() : rounds.error()).message);
    return {};
  }
  std::unordered_map<TestId, const store::StateChange*> last_change;
  for (const store::StateChange& change : *changes) last_change[change.test] = &change;
  std::vector<RestoredState> states;
  for (store::LatestRound& round : *rounds) {
    const auto change = last_change.find(round.test);
    const bool is_since_then =
        change != last_change.end() && change->second->to == round.verdict.state;
    states.push_back({.test = round.test,
                      .verdict = std::move(round.verdict),
                      .since = is_since_then ? change->second->ts : round.ts,
                      .last_round = round.ts});
  }
  return states;
}

void History::record(std::vector<StateChange> changes) { jobs_.push(std::move(changes)); }
void History::describe_tests(std::vector<Test> tests) { jobs_.push(std::move(tests)); }
bool History::query(std::function<void(store::Client&)> work) {
  return queries_.push(std::move(work));
}

void History::run() {
  while (auto job = jobs_.pop()) {
    while (true) {
      const auto written = std::visit([&](const auto& rows) { return write(rows); }, *job);
      if (written) break;
      log::debug("history", written.error().message);
      if (stopping_.is_raised()) {
        log::warning("history", "state changes were not written: " + written.error().message);
        break;
      }
      // Anything but an absent or full store would fail in the same way for ever.
      const bool may_heal = written.error().code == ErrorCode::Unavailable ||
                            written.error().code == ErrorCode::NoSpace;
      if (!may_heal) {
        log::error("history", "not written: " + written.error().message);
        break;
      }
      pause_.pop_for(kRetryAfter);
    }
  }
}

Result<void> History::write(const std::vector<StateChange>& changes) {
  std::vector<store::StateChange> rows;
  for (const StateChange& change : changes) {
    rows.push_back({.test = change.test,
                    .ts = change.at,
                    .from = change.from,
                    .to = change.to.state,
                    .reason = change.to.reason});
  }
  return store::record_state_changes(client_, rows, keep_days_);
}

Result<void> History::write(const std::vector<Test>& tests) {
  std::vector<Test> changed;
  for (const Test& test : tests) {
    const auto known = described_.find(test.id);
    const bool is_known =
        known != described_.end() && known->second == store::description_hash(test);
    if (!is_known) changed.push_back(test);
  }
  TRY(store::record_tests(client_, changed, clock_.wall_now()));
  for (const Test& test : changed) described_[test.id] = store::description_hash(test);
  return {};
}

}  // namespace lw::server
