// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/environment.h"
#include "base/text.h"

namespace lw {
namespace {

Result<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  for (const std::string& folder :
       split(environment_variable("PATH").value_or("/usr/bin:/bin"), ':')) {
    std::string path = fmt::format("{}/{}", folder, name);
    if (!name.empty() && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return fail(ErrorCode::NotFound, fmt::format("no program \"{}\" in PATH; install it", name));
}

std::vector<std::string> merged_environment(const ChildProcess::Environment& additions) {
  std::vector<std::string> merged;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    const bool is_replaced = std::ranges::any_of(
        additions, [&](const auto& addition) { return addition.first == name; });
    if (!is_replaced) merged.emplace_back(text);
  }
  for (const auto& [name, value] : additions) {
    merged.push_back(fmt::format("{}={}", name, value));
  }
  return merged;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// All that the child needs between fork and exec. Made before, because other threads' locks are in
/// an unknown state there: only system calls are safe, no allocation.
struct Launch {
  std::string program;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  int input = -1;
  int output = -1;  ///< -1: ours
  int report = -1;  ///< where errno of a failed exec goes
  bool die_with_parent = true;
  pid_t parent = 0;
};

void reset_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP, SIGCHLD}) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Launch& launch) {
  ::setpgid(0, 0);
  if (launch.die_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // The parent may have ended before the line above took effect.
    if (::getppid() != launch.parent) ::_exit(127);
  }
  ::dup2(launch.input, STDIN_FILENO);
  if (launch.output >= 0) {
    ::dup2(launch.output, STDOUT_FILENO);
    ::dup2(launch.output, STDERR_FILENO);
  }
  // Closed by exec, so that `report` works until then.
  ::syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
  reset_signals();
  ::execve(launch.program.c_str(), launch.arguments.data(), launch.environment.data());
  const int error = errno;
  (void)!::write(launch.report, &error, sizeof error);
  ::_exit(127);
}

/// Forks with all signals held back: a handler of ours must not run in the child.
pid_t fork_into(const Launch& launch) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) become(launch);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

/// errno of the exec, 0 if it succeeded: then the pipe just closes.
int read_report(int fd) {
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(fd, &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  return got == sizeof error ? error : 0;
}

}  // namespace

Result<ChildProcess> ChildProcess::spawn(const std::vector<std::string>& arguments,
                                         const Environment& additions,
                                         const ProcessOptions& options) {
  if (arguments.empty()) return fail(ErrorCode::InvalidInput, "start a program: none given");
  const std::string what = "start " + arguments[0];
  std::vector<std::string> argument_texts = arguments;
  std::vector<std::string> environment_texts = merged_environment(additions);
  Launch launch;
  launch.program = TRY(find_program(arguments[0]));
  launch.arguments = pointers_to(argument_texts);
  launch.environment = pointers_to(environment_texts);
  launch.die_with_parent = options.die_with_parent;
  launch.parent = ::getpid();

  const FileDescriptor input(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  launch.input = input.get();
  FileDescriptor output;
  if (!options.log_file.empty()) {
    constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
    output = FileDescriptor(::open(options.log_file.c_str(), kFlags, 0600));
    if (!output.is_open()) return fail_errno("open log " + options.log_file, errno);
    launch.output = output.get();
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(what, errno);
  const FileDescriptor report(ends[0]);
  FileDescriptor report_writer(ends[1]);
  launch.report = report_writer.get();

  const pid_t pid = fork_into(launch);
  if (pid < 0) return fail_errno(what, errno);
  report_writer.reset();
  if (const int error = read_report(report.get()); error != 0) {
    ::waitpid(pid, nullptr, 0);
    return fail_errno(what, error);
  }
  return ChildProcess(pid, FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U))));
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      handle_(std::move(other.handle_)),
      status_(std::exchange(other.status_, std::nullopt)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = std::exchange(other.pid_, -1);
    handle_ = std::move(other.handle_);
    status_ = std::exchange(other.status_, std::nullopt);
  }
  return *this;
}

ChildProcess::~ChildProcess() { kill(); }

void ChildProcess::kill() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  wait_for(Milliseconds::max());
}

bool ChildProcess::running() {
  if (pid_ < 0 || status_) return false;
  int status = 0;
  const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
  if (ended == 0) return true;
  // Somebody else reaped it: gone, how is unknown.
  status_ = ended == pid_ ? status : 0;
  return false;
}

bool ChildProcess::wait_for(Milliseconds timeout) {
  const SystemClock clock;
  const Instant begin = clock.now();
  while (running()) {
    const auto waited = std::chrono::floor<Milliseconds>(clock.now() - begin);
    if (waited >= timeout) return false;
    // Kernels before 5.3 have no pidfd, and some sandboxes forbid it: look again and again there.
    const Milliseconds longest(handle_.is_open() ? 60'000 : 10);
    pollfd ended{handle_.get(), POLLIN, 0};
    ::poll(&ended, 1, static_cast<int>(std::min(timeout - waited, longest).count()));
  }
  return true;
}

void ChildProcess::terminate(Milliseconds grace) {
  if (!running()) return;
  ::kill(pid_, SIGTERM);
  if (!wait_for(grace)) kill();
}

std::string ChildProcess::exit_status() const {
  if (!status_) return "running";
  if (WIFSIGNALED(*status_)) return fmt::format("killed by signal {}", WTERMSIG(*status_));
  return fmt::format("exit code {}", WEXITSTATUS(*status_));
}

std::optional<int> ChildProcess::exit_code() const {
  if (!status_ || !WIFEXITED(*status_)) return std::nullopt;
  return WEXITSTATUS(*status_);
}

}  // namespace lw
