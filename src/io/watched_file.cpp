// SPDX-License-Identifier: Apache-2.0
#include "io/watched_file.h"

#include <sys/stat.h>

#include "base/files.h"

namespace lw::io {

bool WatchedFile::has_changed() {
  struct stat info {};
  std::optional<Version> now;
  if (::stat(path_.c_str(), &info) == 0) {
    now = Version{info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  }
  if (was_seen_ && now == version_) return false;
  was_seen_ = true;
  version_ = now;
  return true;
}

std::optional<std::string> WatchedFile::read_if_changed() {
  if (!has_changed()) return std::nullopt;
  return read_file(path_).value_or("");
}

}  // namespace lw::io
