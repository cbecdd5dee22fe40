// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/channel.h"
#include "base/thread.h"
#include "base/time.h"
#include "store/host/engine.h"

namespace lw::store::host {

/// One worker's connections, kept from job to job: a statement that changes a session's settings
/// must not reach the next user, so settings get a connection of their own; only a reader's, who
/// can change none, is used again for the same.
class Session {
 public:
  explicit Session(const Engine& engine) : engine_(engine) {}
  /// Valid until the next call.
  Result<Connection*> connection(Role role, const NamedValues& settings);

 private:
  const Engine& engine_;
  std::unique_ptr<Connection> writer_, reader_, once_;
  Role once_role_ = Role::Writer;
  NamedValues once_settings_;
};

using Job = std::function<void(Session&)>;

/// Inserts have workers of their own, so that slow queries cannot hold them up.
enum class Lane { Insert, Query };

/// Runs jobs on a fixed number of threads, at most twice the cores: more only lengthens every
/// answer. Jobs beyond those wait in a bounded queue.
class Pool {
 public:
  Pool(const Engine& engine, std::size_t workers, std::size_t queue_max);
  /// False if the queue is full or the pool is stopping: the caller answers "too many".
  bool submit(Lane lane, Job job);
  /// Takes no more jobs and waits until those taken have ended; false if they have not in time.
  bool stop(Milliseconds patience);
  [[nodiscard]] std::uint64_t finished() const { return finished_.value(); }

 private:
  void work(Channel<Job>& jobs);

  const Engine& engine_;
  Channel<Job> inserts_;
  Channel<Job> queries_;
  Channel<bool> ended_;  ///< one item per worker that has closed its connections
  Counter finished_;
  std::vector<Thread> threads_;
};

}  // namespace lw::store::host
