// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace lw {

/// A file descriptor that is closed when the object goes. Movable, not copyable.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { reset(); }

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  int release();
  void reset();

 private:
  int fd_ = -1;
};

// All of these block on the disk; none is for a probe loop.
Result<std::string> read_file(const std::string& path);
/// Writes a new file beside `path`, syncs it, renames it over `path` and syncs the folder: after a
/// crash there is the old content or the new, never a part. `mode` is exact, whatever the umask.
Result<void> write_file_atomically(const std::string& path, std::string_view content, mode_t mode);
/// Creates the folder and its parents with mode 0700; fine if it is there.
Result<void> make_directories(const std::string& path);
Result<void> sync_directory(const std::string& path);
/// Writes all of `bytes` at the descriptor's position.
Result<void> write_all(int fd, std::string_view bytes, std::string_view what);
/// Takes all rights to the file from everybody but its owner (mode 0600).
Result<void> restrict_to_owner(const std::string& path);
bool file_exists(const std::string& path);
Result<void> remove_file(const std::string& path);
/// Names of the entries, sorted, without "." and "..".
Result<std::vector<std::string>> list_directory(const std::string& path);

/// Holds an exclusive lock on DIR/lock as long as it lives; a second process is refused with the
/// pid of the first. The kernel frees it when the process ends, however it ends.
class DirectoryLock {
 public:
  static Result<DirectoryLock> acquire(const std::string& directory);

 private:
  explicit DirectoryLock(FileDescriptor fd) : fd_(std::move(fd)) {}
  FileDescriptor fd_;
};

}  // namespace lw
