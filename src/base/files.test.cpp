// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/process.h"

namespace lw {
namespace {

class Files : public ::testing::Test {
 protected:
  Files() {
    char name[] = "/tmp/lw-files-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~Files() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string in_folder(const std::string& name) const {
    return folder_ + "/" + name;
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_mode & 07777;
  }
  std::string folder_;
};

TEST_F(Files, AreReadBackAsWritten) {
  std::string content(200'000, 'x');
  content[7] = '\0';
  ASSERT_TRUE(write_file_atomically(in_folder("a"), content, 0600));
  EXPECT_EQ(read_file(in_folder("a")).value(), content);
  ASSERT_TRUE(write_file_atomically(in_folder("a"), "", 0600));
  EXPECT_EQ(read_file(in_folder("a")).value(), "");
}

TEST_F(Files, HaveTheModeThatWasAskedForWhateverTheUmask) {
  const mode_t before = ::umask(0777);
  EXPECT_TRUE(write_file_atomically(in_folder("open"), "a", 0644));
  EXPECT_TRUE(write_file_atomically(in_folder("secret"), "a", 0600));
  ::umask(0);
  EXPECT_TRUE(write_file_atomically(in_folder("secret2"), "a", 0600));
  ::umask(before);
  EXPECT_EQ(mode_of(in_folder("open")), 0644U);
  EXPECT_EQ(mode_of(in_folder("secret")), 0600U);
  EXPECT_EQ(mode_of(in_folder("secret2")), 0600U);
}

TEST_F(Files, LeaveNothingBehindWhenTheyCannotBeReplaced) {
  // A folder cannot be renamed over: the write fails at its last step.
  ASSERT_TRUE(make_directories(in_folder("target")));
  EXPECT_FALSE(write_file_atomically(in_folder("target"), "a", 0600));
  EXPECT_EQ(list_directory(folder_).value(), std::vector<std::string>{"target"});
}

TEST_F(Files, ThatDoNotExistAreNotFoundByName) {
  const auto missing = read_file(in_folder("missing"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_NE(missing.error().message.find(in_folder("missing")), std::string::npos);
  EXPECT_FALSE(write_file_atomically(in_folder("no/such/folder"), "a", 0600));
  EXPECT_FALSE(remove_file(in_folder("missing")));
  EXPECT_FALSE(file_exists(in_folder("missing")));
}

TEST_F(Files, AFolderIsNoFile) { EXPECT_FALSE(read_file(folder_)); }

TEST_F(Files, FoldersAreMadeWithTheirParentsAndForTheOwnerOnly) {
  ASSERT_TRUE(make_directories(in_folder("a/b//c/")));
  ASSERT_TRUE(make_directories(in_folder("a/b/c")));
  EXPECT_EQ(mode_of(in_folder("a")), 0700U);
  EXPECT_EQ(mode_of(in_folder("a/b/c")), 0700U);
  ASSERT_TRUE(write_file_atomically(in_folder("file"), "a", 0600));
  EXPECT_FALSE(make_directories(in_folder("file")));
  EXPECT_FALSE(make_directories(in_folder("file/below")));
}

TEST_F(Files, AreListedInOrder) {
  for (const char* name : {"b", "a", ".c"}) {
    ASSERT_TRUE(write_file_atomically(in_folder(name), "", 0600));
  }
  EXPECT_EQ(list_directory(folder_).value(), (std::vector<std::string>{".c", "a", "b"}));
  EXPECT_FALSE(list_directory(in_folder("missing")));
}

TEST(FileDescriptor, BelongsToOneOwner) {
  FileDescriptor first(::dup(0));
  const int number = first.get();
  FileDescriptor second(std::move(first));
  EXPECT_EQ(second.get(), number);
  first = std::move(second);
  EXPECT_EQ(first.get(), number);
  first.reset();
  EXPECT_FALSE(first.is_open());
  EXPECT_EQ(::dup(number), -1) << "it is closed";
}

TEST_F(Files, ALockedFolderIsRefusedWithThePidOfItsHolder) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto lock = DirectoryLock::acquire(folder_);
    if (::write(ready[1], lock ? "y" : "n", 1) == 1) ::pause();
    ::_exit(0);
  }
  char locked = 0;
  ASSERT_EQ(::read(ready[0], &locked, 1), 1);
  ASSERT_EQ(locked, 'y');
  const auto refused = DirectoryLock::acquire(folder_);
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Conflict);
  EXPECT_NE(refused.error().message.find(" " + std::to_string(holder) + ";"), std::string::npos)
      << refused.error().message;
  EXPECT_TRUE(DirectoryLock::acquire(folder_)) << "the kernel freed it";
}

TEST_F(Files, ALockIsNotInheritedByChildren) {
  auto lock = DirectoryLock::acquire(folder_);
  ASSERT_TRUE(lock);
  auto child = ChildProcess::spawn({"sleep", "1000"});
  ASSERT_TRUE(child) << child.error().message;
  lock = fail(ErrorCode::Internal, "given back");
  EXPECT_TRUE(DirectoryLock::acquire(folder_));
}

}  // namespace
}  // namespace lw
