// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/ip_address.h"
#include "base/result.h"
#include "io/loop.h"
#include "io/sent_at.h"

namespace lw::io {

/// One socket for all echo requests of an engine and family: raw with CAP_NET_RAW, else a datagram
/// ICMP socket. Kernel receive stamps always, send stamps where they are wanted and the kernel
/// gives them. A raw one carries a socket filter, so that only replies with our mark and errors
/// about echo requests wake us. Where many messages come, nobody is woken at all: they are fetched
/// on a beat of about 1 ms. Belongs to the loop's thread.
class IcmpSocket {
 public:
  struct Options {
    bool is_v6 = false;
    std::uint32_t mark = 0;  ///< First four bytes of every payload we send, as a big-endian number.
    bool without_privilege = false;  ///< Do not try a raw socket. For tests.
    bool dont_fragment = false;  ///< Never fragment and heed no cached path MTU (RFC 4821 probing).
    bool with_send_stamps = true;   ///< Each is a message of its own to fetch.
    bool has_driver_stamps = true;  ///< False: as with a device whose driver gives none. For tests.
    /// Bytes; room for the replies of some 5,000 requests that arrive while the loop does something
    /// else. Tests make it small.
    int receive_buffer = 4 << 20;
  };

  /// How one packet is to leave; what is not set is the system's choice.
  struct Sending {
    std::optional<int> traffic_class = {};   ///< The whole octet: DSCP in the upper six bits.
    std::optional<int> ttl = {};             ///< IPv6: hop limit
    std::optional<IpAddress> source = {};    ///< of the socket's family
    std::optional<unsigned> interface = {};  ///< index
    /// The send stamp of the device's queue is wanted as well, should the driver give none. One
    /// message more to fetch. Of sockets with send stamps only.
    bool with_queue_stamp = false;
    bool operator==(const Sending&) const = default;
  };

  /// A reply or error as it arrived. The span is good during the call only.
  struct Arrival {
    IpAddress from;
    std::span<const std::uint8_t> message;  ///< From the ICMP type on.
    std::optional<std::int64_t> stamp_ns;   ///< Kernel, CLOCK_REALTIME.
    std::uint8_t ttl = 0;                   ///< IPv6: hop limit; 0: not known
  };

  /// An ICMP error that a datagram socket reports about one of our requests.
  struct Refusal {
    IpAddress from;
    IpAddress destination;
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    std::span<const std::uint8_t> request;  ///< What we sent, from the ICMP type on.
  };

  struct Handlers {
    /// What was fetched together.
    std::function<void(std::span<const Arrival>)> arrived;
    std::function<void(const Refusal&)> refused;
    /// The kernel's send stamp of the request that was sent with this key. Comes before the reply;
    /// that of the driver after that of the queue, where there are both.
    std::function<void(std::uint32_t key, std::int64_t stamp_ns, SentAt at)> sent;
  };

  /// A message that this host refused to send: ENETUNREACH, EPERM, ENOBUFS …
  struct Unsent {
    std::uint32_t key = 0;
    int error_number = 0;
  };

  /// So many messages leave with one system call at most.
  static constexpr std::size_t kBatch = 64;

  /// Fails with what to do about it if the system allows neither kind.
  static Result<std::unique_ptr<IcmpSocket>> open(Loop& loop, const Options& options,
                                                  Handlers handlers);
  ~IcmpSocket();

  /// Takes a complete ICMP message into the batch, which must have room.
  void stage(const IpAddress& to, std::span<const std::uint8_t> message, std::uint32_t key,
             const Sending& how);
  /// Sends the batch. Calls no handler. What could not be sent, good until the next call.
  std::span<const Unsent> send_staged();

  /// Reads all that waits in the socket, beyond the one batch of a wake-up. Calls the handlers.
  void read_pending();

  /// A datagram socket replaces the ICMP id by its own, and the kernel demultiplexes by it.
  [[nodiscard]] bool is_datagram() const;
  /// Packets that the kernel dropped because this socket's buffer was full, as far as known.
  [[nodiscard]] std::uint32_t drops() const;

  struct Impl;
  explicit IcmpSocket(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
