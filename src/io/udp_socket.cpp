// SPDX-License-Identifier: Apache-2.0
#include "io/udp_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/files.h"
#include "io/bind_failure.h"
#include "io/counted_keys.h"
#include "io/message_batch.h"
#include "io/socket_address.h"
#include "io/timestamp.h"

namespace lw::io {
namespace {

constexpr std::size_t kBatch = 32;
constexpr int kReceiveBuffer = 1 << 20;
/// Of a measuring packet (RFC 8762 §4.2.1), so that the other side sees how many hops it made.
constexpr int kHopLimit = 255;
// Linux 6.13; older headers do not know it.
constexpr int kScmTsOptId = 81;

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

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

template <class T>
T data_of(const cmsghdr& header) {
  T value{};
  std::memcpy(&value, CMSG_DATA(&header), sizeof value);
  return value;
}

/// Hop limit and destination out of the control messages.
void read_path(const msghdr& message, UdpSocket::Arrival& arrival) {
  msghdr copy = message;  // CMSG_NXTHDR wants it mutable.
  for (cmsghdr* header = CMSG_FIRSTHDR(&copy); header != nullptr;
       header = CMSG_NXTHDR(&copy, header)) {
    const bool is_v4_ttl = header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TTL;
    const bool is_v6_ttl = header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_HOPLIMIT;
    if (is_v4_ttl || is_v6_ttl) {
      arrival.ttl = static_cast<std::uint8_t>(data_of<int>(*header));
    } else if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
      const auto info = data_of<in_pktinfo>(*header);
      std::memcpy(arrival.to.bytes.data(), &info.ipi_addr, 4);
    } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
      const auto info = data_of<in6_pktinfo>(*header);
      arrival.to.is_v6 = true;
      std::memcpy(arrival.to.bytes.data(), &info.ipi6_addr, 16);
    }
  }
}

using Batch = MessageBatch<kBatch, UdpSocket::kDatagramMax>;

/// What a send says besides its bytes: its key, and the address that it leaves from.
class SendControl {
 public:
  void add(int level, int type, const void* data, std::size_t size) {
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(size);
    std::memcpy(bytes_.data() + used_, &header, sizeof header);
    std::memcpy(bytes_.data() + used_ + CMSG_LEN(0), data, size);
    used_ += CMSG_SPACE(size);
  }
  void add_source(const IpAddress& source) {
    if (source.is_v6) {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, source.bytes.data(), 16);
      add(IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    } else {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, source.bytes.data(), 4);
      add(IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
  }
  void attach_to(msghdr& header) {
    if (used_ == 0) return;
    header.msg_control = bytes_.data();
    header.msg_controllen = used_;
  }

 private:
  alignas(cmsghdr) std::array<std::uint8_t, 128> bytes_{};
  std::size_t used_ = 0;
};

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
    read_path(header, arrival);
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
  SendControl control;
  if (keys == StampKeys::Chosen) control.add(SOL_SOCKET, kScmTsOptId, &key, sizeof key);
  if (from != nullptr) control.add_source(*from);
  control.attach_to(header);
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
