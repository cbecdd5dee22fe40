// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "io/sent_at.h"

namespace lw::io {

/// Reads the kernel's socket timestamps (SO_TIMESTAMPING) out of control messages. Nanoseconds of
/// CLOCK_REALTIME, so a difference means nothing across a clock step: see probe/clock_guard.h.
struct KernelStamps {
  std::optional<std::int64_t> stamp_ns;
  std::optional<std::uint32_t> drops;  ///< SO_RXQ_OVFL: packets this socket lost so far.
};
KernelStamps read_stamps(const msghdr& message);

/// Which of our packets an error queue message with a send stamp is about
/// (SOF_TIMESTAMPING_OPT_ID), and where it was stamped.
struct StampReport {
  std::uint32_t key = 0;
  SentAt at = SentAt::Driver;
};
std::optional<StampReport> read_stamp_report(const msghdr& message);
/// The key alone, for sockets that ask for one stamp a packet.
std::optional<std::uint32_t> read_stamp_key(const msghdr& message);

/// How sends are told apart in the error queue.
enum class StampKeys {
  None,     ///< The kernel refuses send stamps.
  Counted,  ///< The kernel counts our sends (before Linux 6.13).
  Chosen,   ///< Each send names its key (SCM_TS_OPT_ID).
};

/// Asks for receive stamps, the driver's send stamps if they are wanted, and the drop counter as
/// far as the kernel gives them.
StampKeys enable_stamps(int fd, bool with_send_stamps = true);
/// Sets the kernel's count of sends back to 0, after a failed send made it uncertain.
void restart_counted_keys(int fd);

/// For one message of a socket with send stamps: both are wanted, that of the queue and that of the
/// driver. The value of a control message SO_TIMESTAMPING (Linux 4.6).
std::uint32_t both_send_stamps();

}  // namespace lw::io
