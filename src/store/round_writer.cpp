// SPDX-License-Identifier: Apache-2.0
#include "store/round_writer.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "base/thread.h"
#include "store/batch_journal.h"

namespace lw::store {

namespace {

using SpoolKey = std::pair<AgentId, SpoolId>;
using Highs = std::map<SpoolKey, std::uint64_t>;

// ClickHouse refuses a block that touches more than 100 partitions; here (keep_days, day).
constexpr std::size_t kPartitionsMax = 90;

// Numbers that tell of the store's state and not of the batch: no table or database (yet),
// read-only, dropped, no rights, file and library trouble.
constexpr std::array kNotTheBatch = {60,  74,  75,  76,  81,  164,  192, 193,
                                     194, 218, 242, 497, 516, 1000, 1001};

bool is_refusal(const Error& error, int number) {
  if (number == 0 || error.code == ErrorCode::Unavailable || error.code == ErrorCode::NoSpace) {
    return false;
  }
  return std::ranges::find(kNotTheBatch, number) == kNotTheBatch.end();
}

std::uint64_t high_of(const Highs& highs, const SpoolKey& key) {
  const auto found = highs.find(key);
  return found == highs.end() ? 0 : found->second;
}

void raise(Highs& highs, const SpoolHigh& high) {
  std::uint64_t& sequence = highs[{high.agent, high.spool}];
  sequence = std::max(sequence, high.sequence);
}

std::vector<SpoolHigh> listed(const Highs& highs) {
  std::vector<SpoolHigh> list;
  for (const auto& [key, sequence] : highs) list.push_back({key.first, key.second, sequence});
  return list;
}

}  // namespace

struct RoundWriter::Impl {
  struct Item {
    std::vector<StoredRound> rounds;
    std::vector<SpoolHigh> repeat;  ///< durable already: only say so again
  };
  struct State {
    Highs received, durable;
    WriterStats stats;
  };

  Impl(const RoundWriterConfig& config_in, const ClientConfig& client_in, const Clock& clock_in,
       OnDurable on_durable_in, WriterFiles files_in)
      : config(config_in),
        client(client_in),
        clock(clock_in),
        on_durable(std::move(on_durable_in)),
        files(std::move(files_in)) {}

  Result<void> recover();
  bool offer(std::vector<StoredRound> rounds);
  void run();

  bool fill();
  std::size_t batch_size() const;
  bool flush(std::vector<StoredRound> batch);
  bool keep_trying(std::string_view what, const std::function<Result<void>()>& action);
  bool deliver(const BatchJournal& journal);
  bool insert(const BatchJournal& journal);
  bool set_aside(const BatchJournal& journal, const std::string& reason);
  bool settle(const BatchJournal& journal);
  void fine();
  void trouble(const std::string& problem, Milliseconds pause);

  const RoundWriterConfig config;
  Client client;  ///< the writer thread's
  const Clock& clock;
  const OnDurable on_durable;
  const WriterFiles files;
  Guarded<State> state;
  Channel<Item> queue{std::size_t{1} << 20, WhenFull::Refuse};
  Channel<bool> stopping{1, WhenFull::Refuse};  ///< closed to end; waiting on it is a pause
  std::optional<BatchJournal> left_over;        ///< of an earlier run
  std::vector<StoredRound> pending;             ///< the writer thread's
  std::string last_rejection;
  Thread thread;
};

Result<void> RoundWriter::Impl::recover() {
  const std::vector<SpoolHigh> highs = TRY(files.read_highs());
  left_over = TRY(files.read_journal());
  state.with([&](State& now) {
    for (const SpoolHigh& high : highs) raise(now.durable, high);
    now.received = now.durable;
    now.stats.rejected_batches = files.rejected_count();
    if (!left_over) return;
    for (const SpoolHigh& high : left_over->highs) raise(now.received, high);
    now.stats.waiting_rows = left_over->rows;
  });
  return {};
}

bool RoundWriter::Impl::offer(std::vector<StoredRound> rounds) {
  // Under one lock, so that batches of one spool enter the queue in the order of their sequences: a
  // later one that is durable before an earlier one would make a crash lose the earlier.
  return state.with([&](State& now) {
    Item item;
    Highs received;
    std::set<SpoolKey> repeated;
    for (StoredRound& round : rounds) {
      const SpoolKey key{round.origin.agent, round.origin.spool};
      const std::uint64_t high = std::max(high_of(now.received, key), high_of(received, key));
      if (round.origin.sequence > high) {
        received[key] = round.origin.sequence;
        item.rounds.push_back(std::move(round));
      } else if (round.origin.sequence <= high_of(now.durable, key)) {
        repeated.insert(key);
      }
    }
    const std::size_t taken = item.rounds.size();
    if (taken > 0 && now.stats.waiting_rows + taken > config.queue_rows_max) return false;
    for (const SpoolKey& key : repeated) {
      item.repeat.push_back({key.first, key.second, high_of(now.durable, key)});
    }
    if ((taken > 0 || !item.repeat.empty()) && !queue.push(std::move(item))) return false;
    for (const auto& [key, sequence] : received) now.received[key] = sequence;
    now.stats.waiting_rows += taken;
    now.stats.duplicates += rounds.size() - taken;
    return true;
  });
}

void RoundWriter::Impl::run() {
  if (left_over && !deliver(*left_over)) return;
  while (fill()) {
    const auto count = static_cast<std::ptrdiff_t>(batch_size());
    std::vector<StoredRound> batch(std::make_move_iterator(pending.begin()),
                                   std::make_move_iterator(pending.begin() + count));
    pending.erase(pending.begin(), pending.begin() + count);
    if (!flush(std::move(batch))) return;
  }
}

/// Waits until a batch is due. False once closed and nothing waits.
bool RoundWriter::Impl::fill() {
  Instant due = clock.now() + config.max_delay;
  while (pending.size() < config.max_rows) {
    const auto patience = due - clock.now();
    if (!pending.empty() && patience <= Seconds(0)) return true;
    std::optional<Item> item = pending.empty() ? queue.pop() : queue.pop_for(patience);
    if (!item && queue.is_closed()) return !pending.empty();
    if (!item) continue;
    for (const SpoolHigh& high : item->repeat) on_durable(high.agent, high.spool, high.sequence);
    if (pending.empty()) due = clock.now() + config.max_delay;
    pending.insert(pending.end(), std::make_move_iterator(item->rounds.begin()),
                   std::make_move_iterator(item->rounds.end()));
  }
  return true;
}

/// How many of the pending rounds make one block that the store accepts.
std::size_t RoundWriter::Impl::batch_size() const {
  std::set<std::pair<std::uint16_t, std::int64_t>> partitions;
  const std::size_t most = std::min(pending.size(), config.max_rows);
  for (std::size_t i = 0; i < most; ++i) {
    const auto day = std::chrono::floor<std::chrono::days>(pending[i].round.started);
    partitions.emplace(pending[i].keep_days, day.time_since_epoch().count());
    if (partitions.size() > kPartitionsMax) return i;
  }
  return most;
}

bool RoundWriter::Impl::flush(std::vector<StoredRound> batch) {
  BatchJournal journal;
  journal.token = random_uuid();
  journal.rows = batch.size();
  Highs highs;
  for (const StoredRound& round : batch) {
    raise(highs, {round.origin.agent, round.origin.spool, round.origin.sequence});
  }
  journal.highs = listed(highs);
  journal.payload = encode_native(batch);
  const bool kept = keep_trying("keep a batch", [&] { return files.write_journal(journal); });
  return kept && deliver(journal);
}

/// Runs `action` until it works. False if the writer is to end first.
bool RoundWriter::Impl::keep_trying(std::string_view what,
                                    const std::function<Result<void>()>& action) {
  Milliseconds pause = config.retry_first;
  while (true) {
    const Result<void> done = action();
    if (done) return true;
    if (stopping.is_closed()) return false;
    trouble(done.error().during(what).message, pause);
    pause = std::min(pause * 2, config.retry_longest);
  }
}

/// Into the store, then settled. False if the writer is to end first; the journal then stays.
bool RoundWriter::Impl::deliver(const BatchJournal& journal) {
  return insert(journal) && settle(journal);
}

bool RoundWriter::Impl::insert(const BatchJournal& journal) {
  static const std::string kSql = "INSERT INTO rounds (" + round_columns() + ") FORMAT Native";
  Milliseconds pause = config.retry_first;
  int refusals = 0;
  while (true) {
    const Instant begin = clock.now();
    const Result<void> inserted = client.insert(kSql, journal.payload, journal.token);
    if (inserted) {
      const auto took = std::chrono::duration_cast<Milliseconds>(clock.now() - begin);
      state.with([&](State& now) {
        now.stats.rows_inserted += journal.rows;
        ++now.stats.batches;
        now.stats.last_insert_ms = took.count();
      });
      return true;
    }
    if (stopping.is_closed()) return false;
    const Error& error = inserted.error();
    refusals += is_refusal(error, client.last_error_number()) ? 1 : 0;
    if (refusals >= config.refusals_max) return set_aside(journal, error.message);
    trouble((error.code == ErrorCode::NoSpace ? "the store's disk is full: "
                                              : "the store does not take rounds: ") +
                error.message,
            pause);
    pause = std::min(pause * 2, config.retry_longest);
  }
}

bool RoundWriter::Impl::set_aside(const BatchJournal& journal, const std::string& reason) {
  const bool kept = keep_trying("set a batch aside", [&] { return files.reject(journal, reason); });
  if (!kept) return false;
  last_rejection = reason;
  log::error("store", "the store refuses a batch of " + counted(journal.rows, "round") +
                          "; it is kept in " + files.rejected_directory() + ": " + reason);
  state.with([](State& now) { ++now.stats.rejected_batches; });
  return true;
}

bool RoundWriter::Impl::settle(const BatchJournal& journal) {
  const Highs highs = state.with([&](State& now) {
    Highs next = now.durable;
    for (const SpoolHigh& high : journal.highs) raise(next, high);
    return next;
  });
  // Before the journal goes: else a crash in between would let an agent send the batch again.
  const bool kept =
      keep_trying("note what the store has", [&] { return files.write_highs(listed(highs)); });
  if (!kept) return false;
  // A journal that stays is harmless: its token makes sending it again no change.
  if (const auto removed = files.remove_journal(); !removed) {
    log::warning("store", removed.error().message);
  }
  state.with([&](State& now) {
    now.durable = highs;
    now.stats.waiting_rows -= std::min<std::size_t>(now.stats.waiting_rows, journal.rows);
  });
  fine();
  for (const SpoolHigh& high : journal.highs) {
    on_durable(high.agent, high.spool, high_of(highs, {high.agent, high.spool}));
  }
  return true;
}

void RoundWriter::Impl::fine() {
  state.with([&](State& now) {
    const std::uint64_t rejected = now.stats.rejected_batches;
    now.stats.problem = rejected == 0
                            ? ""
                            : "the store refused " + counted(rejected, "batch", "batches") +
                                  " of rounds, kept in " + files.rejected_directory() +
                                  (last_rejection.empty() ? "" : ": " + last_rejection);
  });
}

void RoundWriter::Impl::trouble(const std::string& problem, Milliseconds pause) {
  // Once per trouble: the text can differ with each attempt.
  const bool is_new = state.with([&](State& now) {
    return ++now.stats.retries, std::exchange(now.stats.problem, problem).empty();
  });
  if (is_new) log::warning("store", problem);
  stopping.pop_for(pause);
}

RoundWriter::RoundWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RoundWriter::~RoundWriter() {
  impl_->stopping.close();
  impl_->queue.close();
  impl_->thread.join();
}

Result<std::unique_ptr<RoundWriter>> RoundWriter::open(const RoundWriterConfig& config,
                                                       const ClientConfig& client,
                                                       const Clock& clock, OnDurable on_durable) {
  WriterFiles files = TRY(WriterFiles::open(config.directory));
  auto impl =
      std::make_unique<Impl>(config, client, clock, std::move(on_durable), std::move(files));
  TRY(impl->recover());
  impl->fine();
  Impl& running = *impl;
  running.thread = Thread("round-writer", [&running] { running.run(); });
  return std::make_unique<RoundWriter>(std::move(impl));
}

bool RoundWriter::offer(std::vector<StoredRound> rounds) { return impl_->offer(std::move(rounds)); }

std::uint64_t RoundWriter::received_high(AgentId agent, SpoolId spool) const {
  return impl_->state.with([&](const auto& now) { return high_of(now.received, {agent, spool}); });
}

std::uint64_t RoundWriter::durable_high(AgentId agent, SpoolId spool) const {
  return impl_->state.with([&](const auto& now) { return high_of(now.durable, {agent, spool}); });
}

WriterStats RoundWriter::stats() const {
  return impl_->state.with([](const auto& now) { return now.stats; });
}

}  // namespace lw::store
