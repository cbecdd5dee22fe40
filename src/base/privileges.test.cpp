// SPDX-License-Identifier: Apache-2.0
#include "base/privileges.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>
#include <vector>

#include "base/files.h"
#include "base/text.h"

namespace lw {
namespace {

/// The value after `key` in this process's status.
std::string value_of(const std::string& key) {
  const std::string status = read_file("/proc/self/status").value_or("");
  const auto at = status.find(key + ":");
  if (at == std::string::npos) return "";
  const auto end = status.find('\n', at);
  return std::string(
      trim(std::string_view(status).substr(at + key.size() + 1, end - at - key.size() - 1)));
}

/// The exit status of `body`, run in a child, since there is no way back.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Privileges : public testing::Test {
 protected:
  Privileges() {
    char name[] = "/tmp/lw-privileges-XXXXXX";
    folder_ = ::mkdtemp(name);
  }
  ~Privileges() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(Privileges, of_all_capabilities_only_raw_sockets_stay_and_none_comes_back) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to have something to give up";
  EXPECT_EQ(in_child([&] {
              const std::vector<std::string> folders = {folder_};
              if (keep_only_raw_sockets(folders) != "CAP_NET_RAW") return 1;
              constexpr const char* kRaw = "0000000000002000";
              for (const char* const set : {"CapPrm", "CapEff", "CapBnd"}) {
                if (value_of(set) != kRaw) return 2;
              }
              if (value_of("CapAmb") != "0000000000000000" || value_of("NoNewPrivs") != "1")
                return 3;
              if (::chown(folder_.c_str(), 65534, 65534) == 0) return 4;
              return file_exists(folder_) && write_file_atomically(folder_ + "/f", "x", 0600) ? 0
                                                                                              : 5;
            }),
            0);
}

TEST_F(Privileges, a_folder_of_somebody_else_stays_writable) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to have something to give up";
  ASSERT_EQ(::chown(folder_.c_str(), 65534, 65534), 0);
  ASSERT_EQ(::chmod(folder_.c_str(), 0700), 0);
  EXPECT_EQ(in_child([&] {
              const std::vector<std::string> folders = {folder_};
              if (keep_only_raw_sockets(folders) != "CAP_NET_RAW and CAP_DAC_OVERRIDE") return 1;
              return write_file_atomically(folder_ + "/f", "x", 0600) ? 0 : 2;
            }),
            0);
}

TEST_F(Privileges, without_any_nothing_is_left_and_nothing_breaks) {
  ASSERT_EQ(::chmod(folder_.c_str(), 0777), 0);
  EXPECT_EQ(in_child([&] {
              if (::geteuid() == 0 && ::setuid(65534) != 0) return 1;
              const std::vector<std::string> folders = {folder_};
              if (!keep_only_raw_sockets(folders).empty()) return 2;
              return write_file_atomically(folder_ + "/f", "x", 0600) ? 0 : 3;
            }),
            0);
}

}  // namespace
}  // namespace lw
