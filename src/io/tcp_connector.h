// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/ip_address.h"
#include "base/time.h"
#include "io/error_queue.h"
#include "io/loop.h"
#include "io/socket_options.h"

namespace lw::io {

enum class ConnectStatus {
  Connected,
  SynLost,  ///< Connected, but only after a SYN was sent again: a lost packet, not an RTT.
  TimedOut,
  Refused,          ///< RST to our SYN.
  Reset,            ///< RST later on.
  IcmpError,        ///< ConnectReport::icmp says which, and from whom.
  NoRoute,          ///< This host has no route there.
  LocalPermission,  ///< This host's rules refused.
  LocalResources,   ///< Ports, descriptors or buffers exhausted.
  Failed,           ///< Otherwise: ConnectReport::error_number.
};

struct ConnectReport {
  ConnectStatus status = ConnectStatus::Failed;
  std::optional<Microseconds> rtt;  ///< Connected only: the kernel's measure of the handshake.
  bool is_kernel_rtt = false;       ///< False: measured here, since the kernel had none.
  int retransmits = 0;
  std::optional<IcmpReport> icmp;
  int error_number = 0;
  std::uint16_t local_port = 0;  ///< Refused and Reset only; 0: not known
  std::string fault;             ///< What is wrong with the SocketOptions, in words; else empty.
};

/// TCP handshakes as checks: connects, reads the kernel's handshake time, and closes with RST, so
/// that no port stays in TIME_WAIT. The kernel's time is that of the SYN and its answer on the wire
/// side of this host, free of the loop's own delays. Belongs to the loop's thread.
class TcpConnector {
 public:
  using Done = std::function<void(const ConnectReport&)>;

  /// Both must outlive it.
  TcpConnector(Loop& loop, const Clock& clock);
  /// Gives up what is under way; nobody is called for it.
  ~TcpConnector();

  /// Calls `done` once, later, from the loop. The result is for cancel() and never 0.
  std::uint64_t start(const IpAddress& to, std::uint16_t port, std::chrono::nanoseconds timeout,
                      const SocketOptions& options, Done done);
  /// Gives up one attempt; nobody is called for it. What has ended already is ignored.
  void cancel(std::uint64_t attempt);
  [[nodiscard]] std::size_t in_flight() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
