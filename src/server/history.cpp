// SPDX-License-Identifier: Apache-2.0
#include "server/history.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "base/text.h"
#include "store/descriptions.h"
#include "store/reader.h"
#include "store/recorder.h"
#include "store/schema.h"

namespace lw::server {
namespace {

constexpr int kQueryThreads = 2;
constexpr Milliseconds kMigrationTimeout = std::chrono::hours(12);
constexpr int kSilentAttempts = 15;  // of 0.2 s each
constexpr Milliseconds kRetryAfter{1'000};
constexpr Seconds kStopPatience{3};
/// Rows of one insert: large enough to catch up, small enough for every store's limits.
constexpr std::size_t kBlockRowsMax = 20'000;
/// Some 100 MB. Reached when every test changes its state several times while the store is away.
constexpr std::size_t kWaitingMax = 300'000;
constexpr auto kRestoreWindow = std::chrono::hours(24);
constexpr auto kChangesWindow = std::chrono::days(31);

/// Anything but an absent or full store would fail in the same way for ever.
bool may_heal(const Error& error) {
  return error.code == ErrorCode::Unavailable || error.code == ErrorCode::NoSpace;
}

/// Puts `rows` behind those that wait; the oldest go if there are too many. Returns how many.
template <class Row>
std::size_t queue(std::deque<Row>& waiting, std::vector<Row> rows) {
  waiting.insert(waiting.end(), std::make_move_iterator(rows.begin()),
                 std::make_move_iterator(rows.end()));
  if (waiting.size() <= kWaitingMax) return 0;
  const std::size_t excess = waiting.size() - kWaitingMax;
  waiting.erase(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(excess));
  return excess;
}

template <class Row>
auto end_of_block(std::deque<Row>& waiting) {
  return waiting.begin() + static_cast<std::ptrdiff_t>(std::min(waiting.size(), kBlockRowsMax));
}

}  // namespace

History::History(store::ClientConfig config, const Clock& clock, std::uint16_t keep_days)
    : config_(std::move(config)),
      clock_(clock),
      keep_days_(keep_days),
      client_(config_until(gave_up_)) {}

History::~History() { stop(); }

void History::stop() {
  stopping_.raise();
  queries_.close();
  // Whoever waits for these is answered by what they destroy.
  while (queries_.try_pop()) {
  }
  jobs_.close();
  pause_.close();
  if (started_) finished_.pop_for(kStopPatience);
  gave_up_.raise();
  thread_.join();
  for (Thread& thread : query_threads_) thread.join();
}

store::ClientConfig History::config_until(const Flag& end) const {
  store::ClientConfig config = config_;
  config.give_up = [&end] { return end.is_raised(); };
  return config;
}

Result<void> History::prepare(const std::function<bool()>& give_up) {
  store::ClientConfig config = config_;
  config.give_up = give_up;
  // A new schema may go through all rounds of a year. Begun again beside itself, it would count
  // some twice.
  config.timeout = kMigrationTimeout;
  store::Client client(config);
  std::string last_failure;
  int attempts = 0;
  while (!give_up()) {
    auto migrated =
        store::migrate(client, clock_, [](std::string_view step) { log::info("store", step); });
    if (migrated) {
      auto known = store::known_descriptions(client);
      if (known) {
        described_ = std::move(*known);
        return {};
      }
      migrated = std::unexpected(known.error());
    }
    // Only an absent store is waited for; a newer schema, say, never heals.
    if (migrated.error().code != ErrorCode::Unavailable) return migrated;
    // Our own store needs a second or so; that is no news.
    if (++attempts > kSilentAttempts && migrated.error().message != last_failure) {
      log::info("store", "waiting for the store: " + migrated.error().message);
    }
    if (attempts > kSilentAttempts) last_failure = migrated.error().message;
    pause_.pop_for(Milliseconds(200));
  }
  return fail(ErrorCode::Unavailable, "stopped while waiting for the store");
}

void History::start() {
  started_ = true;
  thread_ = Thread("history", [this] { run(); });
  for (int i = 0; i < kQueryThreads; ++i) {
    query_threads_.emplace_back("query", [this] {
      store::Client client(config_until(stopping_));
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
  std::unordered_map<TestId, RestoredState> states;
  for (const store::StateChange& change : *changes) {
    states[change.test] = {.test = change.test,
                           .verdict = {change.to, change.reason},
                           .since = change.ts,
                           .last_round = std::nullopt};
  }
  for (store::LatestRound& round : *rounds) {
    const auto [known, is_new] = states.try_emplace(round.test);
    RestoredState& state = known->second;
    state.test = round.test;
    state.last_round = round.ts;
    // A change after the last round (the agent was lost, the group disabled) has the last word.
    if (!is_new && state.since > round.ts) continue;
    if (is_new || state.verdict.state != round.verdict.state) state.since = round.ts;
    state.verdict = std::move(round.verdict);
  }
  std::vector<RestoredState> list;
  list.reserve(states.size());
  for (auto& [test, state] : states) list.push_back(std::move(state));
  return list;
}

std::vector<store::AgentBeat> History::last_beats() {
  auto beats = store::last_agent_beats(client_, clock_.wall_now() - kRestoreWindow);
  if (beats) return std::move(*beats);
  log::warning("history",
               "what agents said before the restart is not known: " + beats.error().message);
  return {};
}

void History::record(std::vector<StateChange> changes) { jobs_.push(std::move(changes)); }
void History::record(std::vector<AgentEvent> events) { jobs_.push(std::move(events)); }
void History::describe_tests(std::vector<Test> tests) { jobs_.push(std::move(tests)); }
bool History::query(std::function<void(store::Client&)> work) {
  return queries_.push(std::move(work));
}

void History::run() {
  while (auto job = jobs_.pop()) {
    std::visit([this](auto& rows) { take_in(std::move(rows)); }, *job);
    while (has_waiting()) {
      // All that came meanwhile goes in the same block: a change at a time would never catch up.
      take_in_all();
      const auto written = write_blocks();
      if (written) continue;
      if (stopping_.is_raised()) {
        drop_waiting(written.error());
        break;
      }
      if (may_heal(written.error())) {
        log::debug("history", written.error().message);
        pause_.pop_for(kRetryAfter);
      } else {
        log::error("history", "not written: " + written.error().message);
      }
    }
  }
  finished_.close();
}

void History::take_in(std::vector<StateChange> changes) {
  dropped_.add(queue(changes_, std::move(changes)));
}

void History::take_in(std::vector<AgentEvent> events) {
  dropped_.add(queue(events_, std::move(events)));
}

void History::take_in(std::vector<Test> tests) {
  for (Test& test : tests) {
    const auto known = described_.find(test.id);
    if (known != described_.end() && known->second == store::description_hash(test)) {
      // Back to what the store has: a description that still waits would be wrong.
      tests_.erase(test.id);
    } else {
      tests_.insert_or_assign(test.id, std::move(test));
    }
  }
}

void History::take_in_all() {
  while (auto job = jobs_.try_pop()) {
    std::visit([this](auto& rows) { take_in(std::move(rows)); }, *job);
  }
}

Result<void> History::write_blocks() {
  // All each time, so that none keeps the others waiting however fast it comes.
  if (!changes_.empty()) TRY(write_changes());
  if (!events_.empty()) TRY(write_events());
  if (!tests_.empty()) TRY(write_tests());
  return {};
}

Result<void> History::write_changes() {
  const auto end = end_of_block(changes_);
  std::vector<store::StateChange> rows;
  for (auto change = changes_.begin(); change != end; ++change) {
    rows.push_back({.test = change->test,
                    .ts = change->at,
                    .from = change->from,
                    .to = change->to.state,
                    .reason = change->to.reason});
  }
  const auto written = store::record_state_changes(client_, rows, keep_days_);
  if (written || !may_heal(written.error())) changes_.erase(changes_.begin(), end);
  return written;
}

Result<void> History::write_events() {
  const auto end = end_of_block(events_);
  const std::vector<AgentEvent> rows(events_.begin(), end);
  const auto written = store::record_agent_events(client_, rows, keep_days_);
  if (written || !may_heal(written.error())) events_.erase(events_.begin(), end);
  return written;
}

Result<void> History::write_tests() {
  std::vector<Test> rows;
  for (const auto& [id, test] : tests_) {
    if (rows.size() == kBlockRowsMax) break;
    rows.push_back(test);
  }
  const auto written = store::record_tests(client_, rows, clock_.wall_now());
  if (!written && may_heal(written.error())) return written;
  for (const Test& test : rows) {
    if (written) described_[test.id] = store::description_hash(test);
    tests_.erase(test.id);
  }
  return written;
}

void History::drop_waiting(const Error& reason) {
  take_in_all();
  // Descriptions are made again at the next start; changes and events are lost.
  log::warning(
      "history",
      fmt::format("{}, {} and {} were not written: {}", counted(changes_.size(), "state change"),
                  counted(events_.size(), "event of agents", "events of agents"),
                  counted(tests_.size(), "test description"), reason.message));
  dropped_.add(changes_.size() + events_.size());
  changes_.clear();
  events_.clear();
  tests_.clear();
}

}  // namespace lw::server
