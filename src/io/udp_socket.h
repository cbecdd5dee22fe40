// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "base/ip_address.h"
#include "base/result.h"
#include "io/error_queue.h"
#include "io/loop.h"

namespace lw::io {

/// A UDP socket for measuring: kernel stamps of what it receives and sends as far as the kernel
/// gives them, the hop limit of what arrives, and answers that leave from the address that was
/// asked. Sends with hop limit 255. Belongs to the loop's thread, but may be opened before the loop
/// runs.
class UdpSocket {
 public:
  /// What is longer arrives cut.
  static constexpr std::size_t kDatagramMax = 2048;

  /// The span is good during the call only.
  struct Arrival {
    IpAddress from;
    std::uint16_t from_port = 0;
    IpAddress to;          ///< Which of our addresses it was sent to.
    std::uint8_t ttl = 0;  ///< Hop limit with which it arrived; 0 if the kernel did not say.
    std::span<const std::uint8_t> bytes;
    bool is_cut = false;
    std::optional<std::int64_t> stamp_ns;  ///< Kernel, CLOCK_REALTIME.
  };

  struct Handlers {
    std::function<void(const Arrival&)> arrived;
    /// The kernel's send stamp of what was sent with this key; may be empty. Comes before the
    /// answer to it, if that is read in the same turn.
    std::function<void(std::uint32_t key, std::int64_t stamp_ns)> sent;
    /// An ICMP error about something that we sent; connected sockets only. May be empty.
    std::function<void(const IcmpReport&)> refused;
  };

  /// Takes what anybody sends to the port (0: a free one). Errors as io/bind_failure.h says.
  static Result<std::unique_ptr<UdpSocket>> listen(Loop& loop, const IpAddress& address,
                                                   std::uint16_t port, Handlers handlers);
  /// A socket that hears this one peer only.
  static Result<std::unique_ptr<UdpSocket>> connect(Loop& loop, const IpAddress& peer,
                                                    std::uint16_t port, Handlers handlers);
  ~UdpSocket();

  /// To the peer of a connected socket. 0, or the errno of the refusal.
  int send(std::span<const std::uint8_t> bytes, std::uint32_t key);
  /// To where `asked` came from, from where it was sent to. 0, or the errno of the refusal.
  int answer(const Arrival& asked, std::span<const std::uint8_t> bytes, std::uint32_t key);

  [[nodiscard]] std::uint16_t port() const;
  /// Packets that the kernel dropped because this socket's buffer was full, as far as known.
  [[nodiscard]] std::uint32_t drops() const;

  struct Impl;
  explicit UdpSocket(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace lw::io
