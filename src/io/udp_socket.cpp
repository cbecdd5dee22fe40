// SPDX-License-Identifier: Apache-2.0
#include "io/udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/files.h"
#include "io/bind_failure.h"
#include "io/control_messages.h"
#include "io/counted_keys.h"
#include "io/message_batch.h"
#include "io/socket_address.h"
#include "io/socket_options.h"
#include "io/timestamp.h"

namespace lw::io {
namespace {

constexpr std::size_t kBatch = 32;
constexpr int kReceiveBuffer = 1 << 20;
/// Of a measuring packet (RFC 8762 §4.2.1), so that the other side sees how many hops it made.
constexpr int kHopLimit = 255;

void set_options(int fd, bool is_v6) {
  set_option(fd, SOL_SOCKET, SO_RCVBUF, kReceiveBuffer);
  if (is_v6) {
    set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    set_option(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, kHopLimit);
  } else {
    set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
    set_option(fd, IPPROTO_IP, IP_RECVTTL, 1);
    set_option(fd, IPPROTO_IP, IP_TTL, kHopLimit);
  }
}

/// Which of our addresses it was sent to.
IpAddress read_target(const msghdr& message) {
  IpAddress target;
  for_each_control(message, [&](const cmsghdr& header) {
    if (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_PKTINFO) {
      const auto info = data_of<in_pktinfo>(header);
      std::memcpy(target.bytes.data(), &info.ipi_addr, 4);
    } else if (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_PKTINFO) {
      const auto info = data_of<in6_pktinfo>(header);
      target.is_v6 = true;
      std::memcpy(target.bytes.data(), &info.ipi6_addr, 16);
    }
  });
  return target;
}

using Batch = MessageBatch<kBatch, UdpSocket::kDatagramMax>;

}  // namespace

struct UdpSocket::Impl {
  FileDescriptor fd;
  Handlers handlers;
  std::uint16_t port = 0;
  StampKeys keys = StampKeys::None;
  CountedKeys counted;  ///< Used with StampKeys::Counted only.
  std::uint32_t drops = 0;
  Batch batch;
  Loop::Watch failed, readable;

  void read_arrivals();
  void read_error_queue();
  int send(SocketAddress* to, const IpAddress* from, std::span<const std::uint8_t> bytes,
           std::uint32_t key);
  void start(Loop& loop);
};

void UdpSocket::Impl::start(Loop& loop) {
  keys = enable_stamps(fd.get());
  // The send stamp of a question is in the error queue before its answer arrives.
  failed = loop.watch(fd.get(), Loop::Interest::Error, [this] { read_error_queue(); });
  readable = loop.watch(fd.get(), Loop::Interest::Read, [this] {
    read_error_queue();
    read_arrivals();
  });
}

void UdpSocket::Impl::read_arrivals() {
  const std::size_t count = batch.receive(fd.get(), 0);
  for (std::size_t i = 0; i < count; ++i) {
    const msghdr& header = batch.header(i);
    const auto* const from = batch.from(i);
    const KernelStamps stamps = read_stamps(header);
    if (stamps.drops) drops = *stamps.drops;
    Arrival arrival;
    arrival.from = address_of(from);
    arrival.from_port = port_of(from);
    arrival.to = read_target(header);
    arrival.ttl = read_hop_limit(header);
    arrival.bytes = batch.bytes(i);
    arrival.is_cut = (header.msg_flags & MSG_TRUNC) != 0;
    arrival.stamp_ns = stamps.stamp_ns;
    handlers.arrived(arrival);
  }
}

void UdpSocket::Impl::read_error_queue() {
  while (const std::size_t count = batch.receive(fd.get(), MSG_ERRQUEUE)) {
    for (std::size_t i = 0; i < count; ++i) {
      const msghdr& header = batch.header(i);
      const auto kernel_key = read_stamp_key(header);
      if (!kernel_key) {
        const auto report = read_icmp_report(header);
        if (report && handlers.refused) handlers.refused(*report);
        continue;
      }
      const auto key = keys == StampKeys::Chosen ? kernel_key : counted.take(*kernel_key);
      const KernelStamps stamps = read_stamps(header);
      if (key && stamps.stamp_ns && handlers.sent) handlers.sent(*key, *stamps.stamp_ns);
    }
  }
}

int UdpSocket::Impl::send(SocketAddress* to, const IpAddress* from,
                          std::span<const std::uint8_t> bytes, std::uint32_t key) {
  // The kernel does not write to the message.
  iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  if (to != nullptr) {
    header.msg_name = to->data();
    header.msg_namelen = to->size();
  }
  ControlMessages control;
  if (keys == StampKeys::Chosen) control.add_stamp_key(key);
  if (from != nullptr) control.add_leaving(from->is_v6, *from, std::nullopt);
  control.attach(header);
  ssize_t sent = ::sendmsg(fd.get(), &header, MSG_DONTWAIT);
  // An ICMP error about an earlier packet is told to the next send, which then did not happen.
  if (sent < 0 && to == nullptr) sent = ::sendmsg(fd.get(), &header, MSG_DONTWAIT);
  const int error = sent < 0 ? errno : 0;
  if (keys != StampKeys::Counted) return error;
  if (error == 0) {
    counted.add(key);
  } else {
    // Whether the kernel counted a send that failed depends on where it failed: begin anew.
    restart_counted_keys(fd.get());
    counted.restart();
  }
  return error;
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::listen(Loop& loop, const IpAddress& address,
                                                     std::uint16_t port, Handlers handlers) {
  auto impl = std::make_unique<Impl>();
  impl->handlers = std::move(handlers);
  impl->fd = FileDescriptor(
      ::socket(address.is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = impl->fd.get();
  if (fd < 0) return std::unexpected(bind_failure("UDP", address, port, errno));
  set_options(fd, address.is_v6);
  SocketAddress local(address, port);
  socklen_t size = SocketAddress::capacity();
  if (::bind(fd, local.data(), local.size()) != 0 || ::getsockname(fd, local.data(), &size) != 0) {
    return std::unexpected(bind_failure("UDP", address, port, errno));
  }
  impl->port = port_of(local.data());
  impl->start(loop);
  return std::make_unique<UdpSocket>(std::move(impl));
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::connect(Loop& loop, const IpAddress& peer,
                                                      std::uint16_t port, Handlers handlers) {
  auto impl = std::make_unique<Impl>();
  impl->handlers = std::move(handlers);
  impl->fd = FileDescriptor(
      ::socket(peer.is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = impl->fd.get();
  SocketAddress remote(peer, port);
  SocketAddress local;
  socklen_t size = SocketAddress::capacity();
  if (fd < 0) return fail_errno("open a UDP socket", errno);
  set_options(fd, peer.is_v6);
  enable_icmp_reports(fd, peer.is_v6);
  if (::connect(fd, remote.data(), remote.size()) != 0 ||
      ::getsockname(fd, local.data(), &size) != 0) {
    return fail_errno("reach " + to_string(peer), errno);
  }
  impl->port = port_of(local.data());
  impl->start(loop);
  return std::make_unique<UdpSocket>(std::move(impl));
}

UdpSocket::UdpSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
UdpSocket::~UdpSocket() = default;
std::uint16_t UdpSocket::port() const { return impl_->port; }
std::uint32_t UdpSocket::drops() const { return impl_->drops; }

int UdpSocket::send(std::span<const std::uint8_t> bytes, std::uint32_t key) {
  return impl_->send(nullptr, nullptr, bytes, key);
}

int UdpSocket::answer(const Arrival& asked, std::span<const std::uint8_t> bytes,
                      std::uint32_t key) {
  SocketAddress to(asked.from, asked.from_port);
  return impl_->send(&to, &asked.to, bytes, key);
}

}  // namespace lw::io
