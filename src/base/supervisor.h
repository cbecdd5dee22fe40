// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/process.h"
#include "base/result.h"
#include "base/time.h"

namespace lw {

/// How long to wait before a child is started again: 0.2 s, doubling up to 10 s, from the start
/// again after 30 s of good running. Pure.
class RestartDelay {
 public:
  /// The wait after a run that lasted `ran_for`.
  Milliseconds after_run(std::chrono::nanoseconds ran_for);

 private:
  Milliseconds next_{};
};

/// A started child, as the supervisor sees it. Tests have one of their own.
class SupervisedChild {
 public:
  virtual ~SupervisedChild() = default;
  /// How it ended, in words; nothing while it runs.
  virtual std::optional<std::string> exit() = 0;
  virtual void terminate(Milliseconds grace) = 0;
  [[nodiscard]] virtual pid_t pid() const = 0;
};

struct ChildSpecification {
  std::string name;  ///< for logs and look-ups: "store"
  std::vector<std::string> arguments;
  ChildProcess::Environment environment;
  ProcessOptions options;
  Milliseconds grace{10'000};  ///< between SIGTERM and SIGKILL
};

/// Keeps named children alive. Has no thread: the owner calls step() in its loop, some times per
/// second, from one thread that lives as long as the process (see ProcessOptions). Going stops all.
class Supervisor {
 public:
  using Spawn = std::function<Result<std::unique_ptr<SupervisedChild>>(const ChildSpecification&)>;
  /// Told of each exit and each failed start, from within step(): whose, and how in words.
  using OnExit = std::function<void(std::string_view name, std::string_view how)>;

  explicit Supervisor(OnExit on_exit = {}, Spawn spawn = spawn_process);
  ~Supervisor();
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;

  /// The next step() starts it.
  void add(ChildSpecification child);
  /// Notices exits and starts what is due.
  void step(Instant now);
  /// Terminates all children, the last added first, and forgets them.
  void stop();

  [[nodiscard]] bool is_running(std::string_view name) const;
  /// Its process id, or 0 if it does not run now.
  [[nodiscard]] pid_t pid(std::string_view name) const;
  /// How often it was started again.
  [[nodiscard]] std::uint64_t restarts(std::string_view name) const;

  static Result<std::unique_ptr<SupervisedChild>> spawn_process(const ChildSpecification& child);

 private:
  struct Entry {
    ChildSpecification specification;
    std::unique_ptr<SupervisedChild> child;
    RestartDelay delay;
    Instant due = Instant::min();
    Instant started{};
    std::uint64_t starts = 0;
  };
  [[nodiscard]] const Entry* find(std::string_view name) const;
  void start(Entry& entry, Instant now);
  void note_exit(Entry& entry, Instant now, const std::string& how);

  OnExit on_exit_;
  Spawn spawn_;
  std::vector<Entry> entries_;
};

}  // namespace lw
