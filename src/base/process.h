// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "base/time.h"

namespace lw {

struct ProcessOptions {
  /// The kernel kills the child when the *thread* that spawned it ends, so spawn from one that
  /// lives as long as the process: main, or the supervisor's.
  bool die_with_parent = true;
  /// Its output is appended here; empty: ours.
  std::string log_file;
};

/// A program that runs as a child of ours: own process group (a Ctrl-C on the terminal reaches us
/// alone, and we decide what it means for children), empty signal mask, no descriptors of ours, no
/// standard input. Going kills it. For one thread.
class ChildProcess {
 public:
  using Environment = std::vector<std::pair<std::string, std::string>>;

  /// `arguments[0]` is the program: a path, or a name to look for in PATH. `additions` join our
  /// environment and win over it. An unknown program is an error here, not an exit later.
  static Result<ChildProcess> spawn(const std::vector<std::string>& arguments,
                                    const Environment& additions = {},
                                    const ProcessOptions& options = {});
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ~ChildProcess();

  /// Stays valid as a number after the exit, when it may be another process's.
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool running();
  /// Whether it has ended, waiting for that up to `timeout`.
  bool wait_for(Milliseconds timeout);
  /// SIGTERM; SIGKILL if that has not helped within `grace`. Returns once it has ended.
  void terminate(Milliseconds grace);
  /// "exit code 2" or "killed by signal 9"; "running" before.
  [[nodiscard]] std::string exit_status() const;
  /// The exit code; nothing while it runs or if a signal killed it.
  [[nodiscard]] std::optional<int> exit_code() const;

 private:
  ChildProcess(pid_t pid, FileDescriptor handle) : pid_(pid), handle_(std::move(handle)) {}
  void kill();

  pid_t pid_ = -1;
  FileDescriptor handle_;      ///< pidfd: readable once the child has ended
  std::optional<int> status_;  ///< of waitpid, once it has
};

}  // namespace lw
