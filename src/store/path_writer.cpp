// SPDX-License-Identifier: Apache-2.0
#include "store/path_writer.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/channel.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "store/native.h"
#include "store/refusals.h"

namespace lw::store {

struct PathWriter::Impl {
  Impl(const PathWriterConfig& config_in, const ClientConfig& client_in, const Clock& clock_in,
       OnDurable on_durable_in)
      : config(config_in),
        client(client_in),
        clock(clock_in),
        on_durable(std::move(on_durable_in)),
        thread("path-writer", [this] { run(); }) {}

  void run();
  bool fill();
  std::vector<StoredPathReport> next_batch();
  bool insert(const PathBlock& block, std::size_t reports);
  void settle(const std::vector<StoredPathReport>& batch);
  void trouble(const std::string& problem, Milliseconds pause);

  const PathWriterConfig config;
  Client client;  ///< the writer thread's
  const Clock& clock;
  const OnDurable on_durable;
  Guarded<PathWriterStats> state;
  // control → path writer; bounded by queue_max reports, see offer()
  Channel<std::vector<StoredPathReport>> queue{100'000, WhenFull::Refuse};
  Channel<bool> stopping{1, WhenFull::Refuse};  ///< closed to end; waiting on it is a pause
  std::vector<StoredPathReport> pending;        ///< the writer thread's
  Thread thread;
};

void PathWriter::Impl::run() {
  while (fill()) {
    const std::vector<StoredPathReport> batch = next_batch();
    if (!insert(encode_paths(batch), batch.size())) return;
    settle(batch);
  }
}

/// Waits until a batch is due. False once closed and nothing waits.
bool PathWriter::Impl::fill() {
  Instant due = clock.now() + config.max_delay;
  while (pending.size() < config.max_reports) {
    const auto patience = due - clock.now();
    if (!pending.empty() && patience <= Seconds(0)) return true;
    auto item = pending.empty() ? queue.pop() : queue.pop_for(patience);
    if (!item && queue.is_closed()) return !pending.empty();
    if (!item) continue;
    if (pending.empty()) due = clock.now() + config.max_delay;
    std::ranges::move(*item, std::back_inserter(pending));
  }
  return true;
}

/// As many of the pending reports as make one block that the store accepts.
std::vector<StoredPathReport> PathWriter::Impl::next_batch() {
  std::set<std::pair<std::uint16_t, std::int64_t>> partitions;
  std::size_t count = 0;
  for (; count < std::min(pending.size(), config.max_reports); ++count) {
    const auto day = std::chrono::floor<std::chrono::days>(pending[count].report.to);
    partitions.emplace(pending[count].keep_days, day.time_since_epoch().count());
    if (partitions.size() > kPartitionsMax) break;
  }
  const auto end = pending.begin() + static_cast<std::ptrdiff_t>(count);
  std::vector<StoredPathReport> batch(std::make_move_iterator(pending.begin()),
                                      std::make_move_iterator(end));
  pending.erase(pending.begin(), end);
  return batch;
}

/// Until the store has it, or has refused it for too long. False if the writer is to end first.
bool PathWriter::Impl::insert(const PathBlock& block, std::size_t reports) {
  Milliseconds pause = config.retry_first;
  Refusals refusals(config.refused_longest);
  while (true) {
    const Result<void> inserted = client.insert(block.sql, block.bytes);
    if (inserted) {
      state.with([&](PathWriterStats& now) {
        now.reports_inserted += reports;
        now.rows_inserted += block.rows;
        now.problem.clear();
      });
      return true;
    }
    if (stopping.is_closed()) return false;
    const std::string problem = "the store does not take paths: " + inserted.error().message;
    if (refusals.add(inserted.error(), client.last_error_number(), clock.now())) {
      log::error("store", "given up on " + counted(reports, "path report") + ": " + problem);
      state.with([&](PathWriterStats& now) { now.reports_rejected += reports; });
      return true;
    }
    trouble(problem, pause);
    pause = std::min(pause * 2, config.retry_longest);
  }
}

void PathWriter::Impl::settle(const std::vector<StoredPathReport>& batch) {
  std::map<std::pair<AgentId, SpoolId>, std::uint64_t> highs;
  for (const StoredPathReport& report : batch) {
    std::uint64_t& high = highs[{report.origin.agent, report.origin.spool}];
    high = std::max(high, report.origin.sequence);
  }
  state.with([&](PathWriterStats& now) { now.waiting -= std::min(now.waiting, batch.size()); });
  for (const auto& [key, sequence] : highs) on_durable(key.first, key.second, sequence);
}

void PathWriter::Impl::trouble(const std::string& problem, Milliseconds pause) {
  // Once per trouble: the text can differ with each attempt.
  const bool is_new = state.with([&](PathWriterStats& now) {
    return ++now.retries, std::exchange(now.problem, problem).empty();
  });
  if (is_new) log::warning("store", problem);
  stopping.pop_for(pause);
}

PathWriter::PathWriter(const PathWriterConfig& config, const ClientConfig& client,
                       const Clock& clock, OnDurable on_durable)
    : impl_(std::make_unique<Impl>(config, client, clock, std::move(on_durable))) {}

PathWriter::~PathWriter() {
  impl_->stopping.close();
  impl_->queue.close();
  impl_->thread.join();
}

bool PathWriter::offer(std::vector<StoredPathReport> reports) {
  const std::size_t count = reports.size();
  if (count == 0) return true;
  return impl_->state.with([&](PathWriterStats& now) {
    // What alone is more than the queue takes must come in all the same, or it never would.
    if (now.waiting > 0 && now.waiting + count > impl_->config.queue_max) return false;
    if (!impl_->queue.push(std::move(reports))) return false;
    now.waiting += count;
    return true;
  });
}

PathWriterStats PathWriter::stats() const {
  return impl_->state.with([](const PathWriterStats& now) { return now; });
}

}  // namespace lw::store
