// SPDX-License-Identifier: Apache-2.0
#include "io/timestamp.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <sys/utsname.h>

#include <cstdio>

#include "io/control_messages.h"

namespace lw::io {
namespace {

constexpr int kReceiveFlags = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;
constexpr int kSendFlags = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
                           SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_OPT_CMSG;

bool set_stamping(int fd, int flags) {
  return ::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags) == 0;
}

bool kernel_is_at_least(int major, int minor) {
  utsname name{};
  int has_major = 0;
  int has_minor = 0;
  if (::uname(&name) != 0) return false;
  if (std::sscanf(name.release, "%d.%d", &has_major, &has_minor) != 2) return false;
  return has_major != major ? has_major > major : has_minor >= minor;
}

std::optional<std::int64_t> nanoseconds_of(const timespec& stamp) {
  if (stamp.tv_sec == 0 && stamp.tv_nsec == 0) return std::nullopt;
  return std::int64_t{stamp.tv_sec} * 1'000'000'000 + stamp.tv_nsec;
}

}  // namespace

KernelStamps read_stamps(const msghdr& message) {
  KernelStamps stamps;
  for_each_control(message, [&](const cmsghdr& header) {
    if (header.cmsg_level != SOL_SOCKET) return;
    if (header.cmsg_type == SCM_TIMESTAMPING) {
      // Hardware stamps (the third) count on the card's own clock; without a clock service that
      // ties it to ours, only software stamps compare with each other.
      stamps.stamp_ns = nanoseconds_of(data_of<scm_timestamping>(header).ts[0]);
    } else if (header.cmsg_type == SO_RXQ_OVFL) {
      stamps.drops = data_of<std::uint32_t>(header);
    }
  });
  return stamps;
}

std::optional<StampReport> read_stamp_report(const msghdr& message) {
  std::optional<StampReport> report;
  for_each_control(message, [&](const cmsghdr& header) {
    const bool is_v4 = header.cmsg_level == SOL_IP && header.cmsg_type == IP_RECVERR;
    const bool is_v6 = header.cmsg_level == SOL_IPV6 && header.cmsg_type == IPV6_RECVERR;
    if (!is_v4 && !is_v6) return;
    const auto error = data_of<sock_extended_err>(header);
    if (error.ee_origin != SO_EE_ORIGIN_TIMESTAMPING) return;
    const bool is_queue = error.ee_info == SCM_TSTAMP_SCHED;
    report = {error.ee_data, is_queue ? SentAt::Queue : SentAt::Driver};
  });
  return report;
}

std::optional<std::uint32_t> read_stamp_key(const msghdr& message) {
  const auto report = read_stamp_report(message);
  return report ? std::optional(report->key) : std::nullopt;
}

StampKeys enable_stamps(int fd, bool with_send_stamps) {
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  if (with_send_stamps && set_stamping(fd, kReceiveFlags | kSendFlags)) {
    return kernel_is_at_least(6, 13) ? StampKeys::Chosen : StampKeys::Counted;
  }
  set_stamping(fd, kReceiveFlags);
  return StampKeys::None;
}

std::uint32_t both_send_stamps() {
  return SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE;
}

void restart_counted_keys(int fd) {
  set_stamping(fd, kReceiveFlags);
  set_stamping(fd, kReceiveFlags | kSendFlags);
}

}  // namespace lw::io
