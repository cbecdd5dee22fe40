// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/signals.h"
#include "base/test_times.h"
#include "base/text.h"
#include "base/thread.h"

namespace lw {
namespace {

class Process : public ::testing::Test {
 protected:
  Process() {
    char name[] = "/tmp/lw-process-XXXXXX";
    folder_ = ::mkdtemp(name);
    options_.log_file = folder_ + "/log";
  }
  ~Process() override { std::filesystem::remove_all(folder_); }
  /// Runs a shell script to its end and returns what it printed.
  std::string output_of(const std::string& script, const ChildProcess::Environment& more = {}) {
    auto child = ChildProcess::spawn({"sh", "-c", script}, more, options_);
    EXPECT_TRUE(child) << child.error().message;
    if (!child) return {};
    EXPECT_TRUE(child->wait_for(kPatience));
    return read_file(options_.log_file).value();
  }
  /// Waits until the child has written to its log.
  std::string first_output() {
    const SystemClock clock;
    for (const Instant end = clock.now() + kPatience; clock.now() < end;) {
      const auto text = read_file(options_.log_file).value();
      if (text.ends_with('\n')) return text;
      ::usleep(1000);
    }
    return {};
  }
  std::string folder_;
  ProcessOptions options_;
};

TEST_F(Process, TellsItsExitCode) {
  auto child = ChildProcess::spawn({"sh", "-c", "exit 3"}).value();
  ASSERT_TRUE(child.wait_for(kPatience));
  EXPECT_FALSE(child.running());
  EXPECT_EQ(child.exit_status(), "exit code 3");
  EXPECT_EQ(child.exit_code(), 3);
}

TEST_F(Process, TellsTheSignalThatKilledIt) {
  auto child = ChildProcess::spawn({"sh", "-c", "kill -9 $$"}).value();
  ASSERT_TRUE(child.wait_for(kPatience));
  EXPECT_EQ(child.exit_status(), "killed by signal 9");
  EXPECT_EQ(child.exit_code(), std::nullopt);
}

TEST_F(Process, RunsUntilItsEnd) {
  auto child = ChildProcess::spawn({"sleep", "1000"}).value();
  EXPECT_TRUE(child.running());
  EXPECT_FALSE(child.wait_for(Milliseconds(20)));
  EXPECT_EQ(child.exit_status(), "running");
  child.terminate(kPatience);
  EXPECT_EQ(child.exit_status(), "killed by signal 15");
}

TEST_F(Process, IsKilledIfItDoesNotListen) {
  auto child =
      ChildProcess::spawn({"sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"}, {},
                          options_)
          .value();
  EXPECT_EQ(first_output(), "ready\n");
  child.terminate(Milliseconds(50));
  EXPECT_EQ(child.exit_status(), "killed by signal 9");
}

TEST_F(Process, GoesWithItsObject) {
  pid_t pid = 0;
  {
    auto child = ChildProcess::spawn({"sleep", "1000"}).value();
    ChildProcess moved(std::move(child));
    pid = moved.pid();
    EXPECT_EQ(::kill(pid, 0), 0);
  }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST_F(Process, GetsOurEnvironmentWithTheAdditions) {
  ::setenv("LW_TEST_OLD", "old", 1);
  EXPECT_EQ(output_of("echo $LW_TEST_OLD $LW_TEST_NEW", {{"LW_TEST_NEW", "new"}}), "old new\n");
  EXPECT_EQ(output_of("echo $LW_TEST_OLD", {{"LW_TEST_OLD", "replaced"}}), "old new\nreplaced\n");
}

TEST_F(Process, HasNoDescriptorsOfOurs) {
  // Without O_CLOEXEC, as a library might have opened it.
  const FileDescriptor leak(::open("/dev/zero", O_RDONLY));
  const std::string open = output_of("ls -l /proc/self/fd");
  EXPECT_EQ(open.find("/dev/zero"), std::string::npos) << open;
  EXPECT_NE(open.find("0 -> /dev/null"), std::string::npos) << open;
}

TEST_F(Process, HasAnEmptySignalMaskAndNothingIgnored) {
  std::string status;
  Thread spawner("spawner", [&] {
    block_termination_signals();
    status = output_of("grep -E 'Sig(Blk|Ign)' /proc/self/status");
  });
  spawner.join();
  ::signal(SIGPIPE, SIG_DFL);
  EXPECT_EQ(status, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_F(Process, StandsInAGroupOfItsOwn) {
  auto child = ChildProcess::spawn({"sleep", "1000"}).value();
  EXPECT_EQ(::getpgid(child.pid()), child.pid());
}

TEST_F(Process, SaysWhatIsWrongWithTheProgram) {
  const auto unknown = ChildProcess::spawn({"no-such-program-at-all"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::NotFound);
  const auto missing = ChildProcess::spawn({"/no/such/program"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_NE(missing.error().message.find("/no/such/program"), std::string::npos);
  const auto folder = ChildProcess::spawn({"/tmp"});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::PermissionDenied);
  EXPECT_FALSE(ChildProcess::spawn({}));
  options_.log_file = "/no/such/folder/log";
  EXPECT_FALSE(ChildProcess::spawn({"true"}, {}, options_));
}

/// Whether the spawned child goes when its parent is killed.
bool dies_with_parent(bool option) {
  int pids[2];
  EXPECT_EQ(::pipe(pids), 0);
  const pid_t parent = ::fork();
  if (parent == 0) {
    ProcessOptions options;
    options.die_with_parent = option;
    auto child = ChildProcess::spawn({"sleep", "1000"}, {}, options);
    const pid_t pid = child ? child->pid() : 0;
    if (::write(pids[1], &pid, sizeof pid) == sizeof pid) ::pause();
    ::_exit(0);
  }
  pid_t grandchild = 0;
  EXPECT_EQ(::read(pids[0], &grandchild, sizeof grandchild), ssize_t{sizeof grandchild});
  ::kill(parent, SIGKILL);
  ::waitpid(parent, nullptr, 0);
  ::close(pids[0]);
  ::close(pids[1]);
  // An orphan that has ended may stay as a zombie where nobody reaps: its state tells.
  const auto is_gone = [&] {
    const auto stat = read_file("/proc/" + std::to_string(grandchild) + "/stat");
    return !stat || stat->find(") Z ") != std::string::npos;
  };
  bool gone = is_gone();
  for (int i = 0; i < (option ? 20'000 : 100) && !gone; ++i) {
    ::usleep(1000);
    gone = is_gone();
  }
  if (!gone) ::kill(grandchild, SIGKILL);
  return gone;
}

TEST(ProcessOptions, DecideWhetherAChildOutlivesItsParent) {
  EXPECT_TRUE(dies_with_parent(true));
  EXPECT_FALSE(dies_with_parent(false));
}

TEST(TerminationSignals, AreWaitedFor) {
  // In a child of the test, so that no signal can hit the test itself.
  const pid_t child = ::fork();
  if (child == 0) {
    block_termination_signals();
    bool ok = wait_for_termination(Milliseconds(0)) == 0;
    ::kill(::getpid(), SIGTERM);
    ok = ok && wait_for_termination() == SIGTERM;
    ::kill(::getpid(), SIGINT);
    ok = ok && wait_for_termination(Milliseconds(10'000)) == SIGINT;
    ::kill(::getpid(), SIGPIPE);
    ok = ok && wait_for_termination(Milliseconds(20)) == 0;
    ::_exit(ok ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace lw
