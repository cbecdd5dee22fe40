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
#include "io/trace_filter.h"

namespace lw::io {

/// Sends the probes of all traces of a family and hears what comes back: ICMP errors about them,
/// echo replies with our mark, SYN-ACKs and RSTs to our ports. Those ports are bound, so that no
/// connection of this host gets one of them, and nothing listens there, so that the kernel itself
/// resets the connections that a SYN of ours leaves half open. With CAP_NET_RAW, packets leave byte
/// for byte as they are; without, what the kernel lets everybody send and hear is made to look the
/// same (limitation() says what is missing). Belongs to the loop's thread, but may be opened before
/// the loop runs, while there is still the right to large buffers.
class TraceSocket {
 public:
  struct Options {
    bool is_v6 = false;
    std::uint32_t mark = 0;          ///< With which the payload of each probe begins, big-endian.
    bool without_privilege = false;  ///< Do not try raw sockets. For tests.
  };

  /// A complete IP packet: an IPv4 header without options or an IPv6 header without extensions,
  /// then an ICMP echo request, a UDP or a TCP header with its payload, checksums in place. Its
  /// source port or echo id is of ports().
  struct Packet {
    IpAddress to;
    std::span<const std::uint8_t> bytes;
    std::uint32_t key = 0;  ///< what `sent` will call it
    /// Choose the route as for this source; its header has it too.
    std::optional<IpAddress> source;
    /// Out: 0, or the errno of the refusal (ENETUNREACH, EPERM …). ENOBUFS and EAGAIN: the way out
    /// is full, try again in some milliseconds. EBUSY: as those, since another probe with the same
    /// addresses and ports is under way and this socket can tell no two apart.
    int error = 0;
  };

  /// What came back. The span is good during the call only.
  struct Arrival {
    IpAddress from;
    std::uint8_t ttl = 0;  ///< of its IP header; 0 if the kernel does not say
    bool is_tcp = false;   ///< a TCP segment; else an ICMP message from its type on
    std::span<const std::uint8_t> bytes;
    /// The bytes are those of the network. Otherwise they are put together from what the kernel
    /// tells: addresses, ports and payload are right, other fields of a quoted header are made up.
    bool is_genuine = true;
    std::optional<std::int64_t> stamp_ns;  ///< Kernel, CLOCK_REALTIME.
  };

  struct Handlers {
    std::function<void(const Arrival&)> arrived;
    /// The kernel's send stamp of the packet with this key. Comes before its answer.
    std::function<void(std::uint32_t key, std::int64_t stamp_ns)> sent;
  };

  /// Falls back to what needs no privilege. Fails if the host does not speak that family or no
  /// block of ports is free.
  static Result<std::unique_ptr<TraceSocket>> open(Loop& loop, const Options& options,
                                                   Handlers handlers);
  virtual ~TraceSocket() = default;

  /// Sends each and sets its `error`. May call the handlers' `sent`.
  virtual void send(std::span<Packet> packets) = 0;
  /// Reads all that waits, beyond the one batch of a wake-up. Calls the handlers.
  virtual void read_pending() = 0;
  /// Who sends much asks for what came every few milliseconds by read_pending(), which costs less
  /// than being woken for each answer. Stamps are the kernel's all the same. A socket that can do
  /// without wake-ups leaves them out until this is taken back.
  virtual void set_polled(bool /*is_polled*/) {}
  /// The ports and ids that are ours.
  [[nodiscard]] virtual PortBlock ports() const = 0;
  /// Packets that the kernel dropped because a buffer was full, as far as known.
  [[nodiscard]] virtual std::uint32_t drops() const = 0;
  /// What cannot be done, and the command that grants it; empty if all can.
  [[nodiscard]] virtual std::string limitation() const = 0;
};

}  // namespace lw::io
