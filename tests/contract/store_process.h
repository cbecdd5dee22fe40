// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "store/client.h"
#include "store/local.h"

namespace lw::store {

/// A child process of the test, killed with the object.
class Child {
 public:
  Child() = default;
  Child(const std::vector<std::string>& arguments,
        const std::vector<std::pair<std::string, std::string>>& environment);
  ~Child() { kill_hard(); }
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Child& operator=(Child&& other) noexcept;

  /// SIGKILL and wait.
  void kill_hard();
  /// SIGTERM and wait; the exit status, or -1 if it did not exit by itself.
  int terminate();
  [[nodiscard]] bool is_running();

 private:
  int wait();
  pid_t pid_ = -1;
};

/// The real linewatch-store in a folder of its own.
class StoreProcess {
 public:
  explicit StoreProcess(std::string data);
  /// Waits until it answers, on the same port in every life; aborts the test program if it does
  /// not.
  void start();
  void kill_hard() { child_.kill_hard(); }
  int terminate() { return child_.terminate(); }
  [[nodiscard]] ClientConfig config() const;
  [[nodiscard]] ClientConfig reader_config() const;

 private:
  LocalStore local_;
  Child child_;
};

/// A new folder under /tmp; the caller removes it.
std::string temporary_folder();

}  // namespace lw::store
