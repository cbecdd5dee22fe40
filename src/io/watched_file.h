// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace lw::io {

/// Notices when a file has become another. Its time alone would miss a change within one tick of
/// the kernel's clock; tools replace such files, which changes the inode. Asks the disk when it is
/// called, so call it seldom.
class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Whether it is other than at the last call, gone and come back included; true the first time.
  bool has_changed();
  /// The text, if it is new. A missing file is an empty one.
  std::optional<std::string> read_if_changed();

 private:
  struct Version {
    ino_t inode = 0;
    off_t bytes = 0;
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    bool operator==(const Version&) const = default;
  };
  std::string path_;
  std::optional<Version> version_;
  bool was_seen_ = false;
};

}  // namespace lw::io
