// SPDX-License-Identifier: Apache-2.0
#include "store/host/pool.h"

#include <algorithm>

namespace lw::store::host {

Result<Connection*> Session::connection(Role role, const NamedValues& settings) {
  if (!settings.empty()) {
    // A reader cannot change what its connection was opened with, so the next one that asks for the
    // same may have it.
    const bool is_same =
        once_ && role == Role::Reader && once_role_ == role && once_settings_ == settings;
    if (is_same) return once_.get();
    once_.reset();
    once_ = TRY(engine_.connect(role, settings));
    once_role_ = role;
    once_settings_ = settings;
    return once_.get();
  }
  std::unique_ptr<Connection>& kept = role == Role::Writer ? writer_ : reader_;
  if (!kept) kept = TRY(engine_.connect(role, {}));
  return kept.get();
}

Pool::Pool(const Engine& engine, std::size_t workers, std::size_t queue_max)
    : engine_(engine),
      inserts_(queue_max, WhenFull::Refuse),
      queries_(queue_max, WhenFull::Refuse),
      ended_(workers + 2, WhenFull::Refuse) {
  const std::size_t for_inserts = std::max<std::size_t>(1, workers / 4);
  const std::size_t for_queries = std::max<std::size_t>(1, workers - for_inserts);
  for (std::size_t i = 0; i < for_inserts; ++i) {
    threads_.emplace_back("insert", [this] { work(inserts_); });
  }
  for (std::size_t i = 0; i < for_queries; ++i) {
    threads_.emplace_back("query", [this] { work(queries_); });
  }
}

bool Pool::submit(Lane lane, Job job) {
  return (lane == Lane::Insert ? inserts_ : queries_).push(std::move(job));
}

void Pool::work(Channel<Job>& jobs) {
  {
    Session session(engine_);
    while (std::optional<Job> job = jobs.pop()) {
      (*job)(session);
      finished_.add();
    }
  }
  ended_.push(true);
}

bool Pool::stop(Milliseconds patience) {
  inserts_.close();
  queries_.close();
  // A few long waits rather than one per worker: the first that is not in time ends the wait.
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    if (!ended_.pop_for(patience)) return false;
  }
  return true;
}

}  // namespace lw::store::host
