// SPDX-License-Identifier: Apache-2.0
#include "store/round_writer.h"

#include <algorithm>
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
#include "store/native.h"
#include "store/reconcile.h"
#include "store/refusals.h"

namespace lw::store {

namespace {

using SpoolKey = std::pair<AgentId, SpoolId>;
using Highs = std::map<SpoolKey, std::uint64_t>;

std::size_t bytes_of_all(std::span<const StoredRound> rounds) {
  std::size_t bytes = 0;
  for (const StoredRound& round : rounds) bytes += bytes_of(round);
  return bytes;
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
  void forget(AgentId agent, std::span<const SpoolId> still_held);
  void run();

  bool fill();
  bool is_full() const;
  std::size_t batch_size() const;
  bool flush(std::vector<StoredRound> batch);
  bool keep_trying(std::string_view what, const std::function<Result<void>()>& action);
  bool deliver(const BatchJournal& journal, bool is_in_doubt);
  bool insert(const BatchJournal& journal, bool is_in_doubt);
  Result<void> insert_once(const BatchJournal& journal, bool is_in_doubt);
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
  std::vector<StoredRound> pending;             ///< the writer thread's, like:
  std::size_t pending_bytes = 0;
  std::size_t batch_bytes = 0;  ///< of the batch that is under way
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
    now.stats.waiting_bytes = batch_bytes = left_over->payload.size();
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
    const std::size_t bytes = bytes_of_all(item.rounds);
    const bool fits = now.stats.waiting_rows + taken <= config.queue_rows_max &&
                      now.stats.waiting_bytes + bytes <= config.queue_bytes_max;
    // What alone is more than the queue takes must come in all the same, or it never would.
    if (taken > 0 && now.stats.waiting_rows > 0 && !fits) return false;
    for (const SpoolKey& key : repeated) {
      item.repeat.push_back({key.first, key.second, high_of(now.durable, key)});
    }
    if ((taken > 0 || !item.repeat.empty()) && !queue.push(std::move(item))) return false;
    for (const auto& [key, sequence] : received) now.received[key] = sequence;
    now.stats.waiting_rows += taken;
    now.stats.waiting_bytes += bytes;
    now.stats.duplicates += rounds.size() - taken;
    return true;
  });
}

void RoundWriter::Impl::forget(AgentId agent, std::span<const SpoolId> still_held) {
  state.with([&](State& now) {
    std::erase_if(now.received, [&](const auto& entry) {
      const auto& [key, sequence] = entry;
      if (key.first != agent || std::ranges::find(still_held, key.second) != still_held.end() ||
          sequence != high_of(now.durable, key)) {
        return false;
      }
      now.durable.erase(key);
      return true;
    });
  });
}

void RoundWriter::Impl::run() {
  if (left_over && !deliver(*left_over, true)) return;
  while (fill()) {
    const auto count = static_cast<std::ptrdiff_t>(batch_size());
    std::vector<StoredRound> batch(std::make_move_iterator(pending.begin()),
                                   std::make_move_iterator(pending.begin() + count));
    pending.erase(pending.begin(), pending.begin() + count);
    batch_bytes = bytes_of_all(batch);
    pending_bytes -= batch_bytes;
    if (!flush(std::move(batch))) return;
  }
}

/// Waits until a batch is due. False once closed and nothing waits.
bool RoundWriter::Impl::fill() {
  Instant due = clock.now() + config.max_delay;
  while (!is_full()) {
    const auto patience = due - clock.now();
    if (!pending.empty() && patience <= Seconds(0)) return true;
    std::optional<Item> item = pending.empty() ? queue.pop() : queue.pop_for(patience);
    if (!item && queue.is_closed()) return !pending.empty();
    if (!item) continue;
    for (const SpoolHigh& high : item->repeat) on_durable(high.agent, high.spool, high.sequence);
    if (pending.empty()) due = clock.now() + config.max_delay;
    pending_bytes += bytes_of_all(item->rounds);
    pending.insert(pending.end(), std::make_move_iterator(item->rounds.begin()),
                   std::make_move_iterator(item->rounds.end()));
  }
  return true;
}

bool RoundWriter::Impl::is_full() const {
  return pending.size() >= config.max_rows || pending_bytes >= config.max_bytes;
}

/// How many of the pending rounds make one block that the store accepts. At least one.
std::size_t RoundWriter::Impl::batch_size() const {
  std::set<std::pair<std::uint16_t, std::int64_t>> partitions;
  const std::size_t most = std::min(pending.size(), config.max_rows);
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < most; ++i) {
    bytes += bytes_of(pending[i]);
    if (i > 0 && bytes > config.max_bytes) return i;
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
  return kept && deliver(journal, false);
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
/// In doubt: the store may have had it before, in whole or in part.
bool RoundWriter::Impl::deliver(const BatchJournal& journal, bool is_in_doubt) {
  return insert(journal, is_in_doubt) && settle(journal);
}

bool RoundWriter::Impl::insert(const BatchJournal& journal, bool is_in_doubt) {
  Milliseconds pause = config.retry_first;
  Refusals refusals(config.refused_longest);
  while (true) {
    const Instant begin = clock.now();
    const Result<void> inserted = insert_once(journal, is_in_doubt);
    if (inserted) {
      const auto took = std::chrono::duration_cast<Milliseconds>(clock.now() - begin);
      state.with([&](State& now) {
        now.stats.rows_inserted += journal.rows;
        ++now.stats.batches;
        now.stats.last_insert_ms = took.count();
      });
      return true;
    }
    is_in_doubt = true;
    if (stopping.is_closed()) return false;
    const Error& error = inserted.error();
    if (refusals.add(error, client.last_error_number(), clock.now())) {
      return set_aside(journal, error.message);
    }
    trouble((error.code == ErrorCode::NoSpace ? "the store's disk is full: "
                                              : "the store does not take rounds: ") +
                error.message,
            pause);
    pause = std::min(pause * 2, config.retry_longest);
  }
}

Result<void> RoundWriter::Impl::insert_once(const BatchJournal& journal, bool is_in_doubt) {
  static const std::string kSql = "INSERT INTO arrivals (" + round_columns() + ") FORMAT Native";
  // In doubt too: should an earlier insert still wait in the store, its token keeps it out.
  TRY(client.insert(kSql, journal.payload, journal.token));
  if (!is_in_doubt) return {};
  const Reconciled lacked = TRY(reconcile(client, journal.payload));
  if (lacked == Reconciled{}) return {};
  log::warning("store", "the store had lost a part of a batch in a crash; put back " +
                            counted(lacked.rounds, "round") + ", " +
                            counted(lacked.minutes, "minute") + " and " +
                            counted(lacked.hours, "hour"));
  state.with([&](State& now) {
    now.stats.rows_restored += lacked.rounds + lacked.minutes + lacked.hours;
  });
  return {};
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
  // A journal that stays is harmless: what the store has of it is not stored again.
  if (const auto removed = files.remove_journal(); !removed) {
    log::warning("store", removed.error().message);
  }
  state.with([&](State& now) {
    // Not all of `highs`: some may have been forgotten meanwhile.
    for (const SpoolHigh& high : journal.highs) raise(now.durable, high);
    now.stats.waiting_rows -= std::min<std::size_t>(now.stats.waiting_rows, journal.rows);
    now.stats.waiting_bytes -= std::min(now.stats.waiting_bytes, batch_bytes);
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

void RoundWriter::forget_spools(AgentId agent, std::span<const SpoolId> still_held) {
  impl_->forget(agent, still_held);
}

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
