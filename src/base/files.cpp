// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/random.h"
#include "base/text.h"

namespace lw {

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

int FileDescriptor::release() { return std::exchange(fd_, -1); }

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Result<std::string> read_file(const std::string& path) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return fail_errno("read " + path, errno);
  std::string content;
  char buffer[65536];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path, errno);
    if (got == 0) return content;
    content.append(buffer, static_cast<std::size_t>(got));
  }
}

Result<void> write_all(int fd, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(fd, bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return fail_errno(what, errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  return {};
}

namespace {

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Result<void> write_synced(const std::string& path, std::string_view content, mode_t mode) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
  if (!file.is_open()) return fail_errno("write " + path, errno);
  if (::fchmod(file.get(), mode) != 0) return fail_errno("write " + path, errno);
  TRY(write_all(file.get(), content, "write " + path));
  if (::fsync(file.get()) != 0) return fail_errno("sync " + path, errno);
  return {};
}

}  // namespace

Result<void> write_file_atomically(const std::string& path, std::string_view content, mode_t mode) {
  const std::string temporary = path + "." + hex_of(random_bytes(4)) + ".new";
  if (auto written = write_synced(temporary, content, mode); !written) {
    ::unlink(temporary.c_str());
    return written;
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary.c_str());
    return fail_errno("write " + path, reason);
  }
  return sync_directory(parent_of(path));
}

Result<void> make_directories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      return fail_errno("create folder " + part, errno);
    }
    if (end == std::string::npos) break;
  }
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return fail_errno("create folder " + path, errno);
  if (!S_ISDIR(info.st_mode)) return fail_errno("create folder " + path, ENOTDIR);
  return {};
}

Result<void> sync_directory(const std::string& path) {
  const FileDescriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.is_open()) return fail_errno("sync " + path, errno);
  if (::fsync(folder.get()) != 0) return fail_errno("sync " + path, errno);
  return {};
}

Result<void> restrict_to_owner(const std::string& path) {
  if (::chmod(path.c_str(), 0600) != 0) return fail_errno("restrict " + path, errno);
  return {};
}

bool file_exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Result<void> remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return fail_errno("remove " + path, errno);
  return {};
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  DIR* const folder = ::opendir(path.c_str());
  if (folder == nullptr) return fail_errno("list " + path, errno);
  std::vector<std::string> names;
  while (const dirent* const entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  ::closedir(folder);
  std::ranges::sort(names);
  return names;
}

Result<DirectoryLock> DirectoryLock::acquire(const std::string& directory) {
  const std::string path = directory + "/lock";
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.is_open()) return fail_errno("lock " + path, errno);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    const std::string holder(trim(read_file(path).value_or("unknown")));
    return fail(ErrorCode::Conflict, directory + " is in use by process " + holder +
                                         "; stop it, or name another folder with --data");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file.get(), 0) != 0) return fail_errno("lock " + path, errno);
  // The number is a courtesy to the next; on a full disk the lock holds without it.
  const auto written = write_all(file.get(), pid, "lock " + path);
  if (!written && written.error().code != ErrorCode::NoSpace)
    return std::unexpected(written.error());
  return DirectoryLock(std::move(file));
}

}  // namespace lw
