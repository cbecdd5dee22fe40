// SPDX-License-Identifier: Apache-2.0
#include "base/privileges.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/files.h"

namespace lw {

namespace {

constexpr std::uint64_t bit(int capability) { return std::uint64_t{1} << capability; }

struct Sets {
  std::uint64_t effective = 0, permitted = 0;
};

Sets read_sets() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  if (::syscall(SYS_capget, &header, data.data()) != 0) return {};
  const auto join = [](std::uint32_t low, std::uint32_t high) {
    return std::uint64_t{high} << 32 | low;
  };
  return {join(data[0].effective, data[1].effective), join(data[0].permitted, data[1].permitted)};
}

void write_sets(const Sets& sets) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> data{};
  for (unsigned half = 0; half < 2; ++half) {
    data.at(half).effective = static_cast<std::uint32_t>(sets.effective >> (32 * half));
    data.at(half).permitted = static_cast<std::uint32_t>(sets.permitted >> (32 * half));
  }
  // Less than before is always allowed.
  ::syscall(SYS_capset, &header, data.data());
}

bool can_write(const std::string& folder) {
  const FileDescriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  // A file system without such files, or a full one, says nothing about rights.
  return file.is_open() || (errno != EACCES && errno != EPERM);
}

}  // namespace

std::string keep_only_raw_sockets(std::span<const std::string> folders) {
  const Sets before = read_sets();
  std::uint64_t kept = before.permitted & bit(CAP_NET_RAW);
  write_sets({kept, before.permitted});
  if (!std::ranges::all_of(folders, can_write)) kept |= before.permitted & bit(CAP_DAC_OVERRIDE);
  write_sets(before);
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    // Fails without CAP_SETPCAP; then there is no way back to it either, for no_new_privs is on.
    if ((kept & bit(capability)) == 0) ::prctl(PR_CAPBSET_DROP, capability);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  write_sets({kept, kept});
  const std::uint64_t left = read_sets().permitted;
  std::string names = (left & bit(CAP_NET_RAW)) != 0 ? "CAP_NET_RAW" : "";
  if ((left & bit(CAP_DAC_OVERRIDE)) != 0)
    names += names.empty() ? "CAP_DAC_OVERRIDE" : " and CAP_DAC_OVERRIDE";
  return names;
}

}  // namespace lw
