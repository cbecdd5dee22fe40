// SPDX-License-Identifier: Apache-2.0
#include "io/icmp_socket.h"

#include <fmt/core.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/files.h"
#include "io/counted_keys.h"
#include "io/error_queue.h"
#include "io/icmp_filter.h"
#include "io/message_batch.h"
#include "io/socket_address.h"
#include "io/timestamp.h"

namespace lw::io {
namespace {

/// What came in between the opening of the socket and its filter is nothing that we asked for.
void drain(int fd) {
  char byte = 0;
  while (::recv(fd, &byte, sizeof byte, MSG_DONTWAIT) >= 0) {
  }
}

constexpr std::size_t kBatch = 64;
// Our requests and what quotes them are far smaller; a longer reply is cut, which does no harm.
constexpr std::size_t kPacketBytes = 1024;
// Room for the replies of some 5,000 requests that arrive while the loop does something else.
constexpr int kReceiveBuffer = 4 << 20;
// Linux 6.13; older headers do not know it.
constexpr int kScmTsOptId = 81;

using Batch = MessageBatch<kBatch, kPacketBytes>;

/// The part of an IPv4 packet after its header; the kernel has checked it.
std::span<const std::uint8_t> without_ipv4_header(std::span<const std::uint8_t> packet) {
  if (packet.empty()) return {};
  const std::size_t length = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  return length <= packet.size() ? packet.subspan(length) : std::span<const std::uint8_t>{};
}

void enlarge_receive_buffer(int fd) {
  // FORCE needs CAP_NET_ADMIN and ignores the system's limit; the other gets as much as allowed.
  if (::setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer) != 0) {
    ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  }
}

FileDescriptor open_icmp(bool is_v6, int type) {
  return FileDescriptor(::socket(is_v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                 is_v6 ? static_cast<int>(IPPROTO_ICMPV6) : IPPROTO_ICMP));
}

void pass_only_wanted_types(int fd) {
  icmp6_filter filter{};
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  for (const int type :
       {ICMP6_DST_UNREACH, ICMP6_PACKET_TOO_BIG, ICMP6_TIME_EXCEEDED, ICMP6_PARAM_PROB}) {
    ICMP6_FILTER_SETPASS(type, &filter);
  }
  ::setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
}

void forbid_fragments(int fd, bool is_v6) {
  static_assert(IPV6_PMTUDISC_PROBE == IP_PMTUDISC_PROBE);
  const int probe = IP_PMTUDISC_PROBE;
  ::setsockopt(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
               &probe, sizeof probe);
}

/// The ancillary data of one packet.
class ControlMessages {
 public:
  template <class Value>
  void add(int level, int type, const Value& value) {
    cmsghdr item{};
    item.cmsg_level = level;
    item.cmsg_type = type;
    item.cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(&bytes_[used_], &item, sizeof item);
    std::memcpy(&bytes_[used_ + CMSG_LEN(0)], &value, sizeof value);
    used_ += CMSG_SPACE(sizeof value);
  }
  void attach(msghdr& header) {
    header.msg_control = used_ == 0 ? nullptr : bytes_.data();
    header.msg_controllen = used_;
  }

 private:
  // A key, a traffic class, a TTL and where it leaves.
  alignas(cmsghdr) std::array<std::uint8_t, 3 * CMSG_SPACE(sizeof(int)) +
                                                CMSG_SPACE(sizeof(in6_pktinfo))> bytes_{};
  std::size_t used_ = 0;
};

void add_sending(const IcmpSocket::Sending& how, bool is_v6, ControlMessages& control) {
  const int level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;
  if (how.traffic_class) control.add(level, is_v6 ? IPV6_TCLASS : IP_TOS, *how.traffic_class);
  if (how.ttl) control.add(level, is_v6 ? IPV6_HOPLIMIT : IP_TTL, *how.ttl);
  if (!how.source && !how.interface) return;
  if (is_v6) {
    in6_pktinfo leave{};
    leave.ipi6_ifindex = how.interface.value_or(0);
    if (how.source) std::memcpy(&leave.ipi6_addr, how.source->bytes.data(), sizeof(in6_addr));
    control.add(level, IPV6_PKTINFO, leave);
  } else {
    in_pktinfo leave{};
    leave.ipi_ifindex = static_cast<int>(how.interface.value_or(0));
    if (how.source) std::memcpy(&leave.ipi_spec_dst, how.source->bytes.data(), sizeof(in_addr));
    control.add(level, IP_PKTINFO, leave);
  }
}

}  // namespace

struct IcmpSocket::Impl {
  FileDescriptor fd;
  bool is_v6 = false;
  bool is_datagram = false;
  Handlers handlers;
  StampKeys keys = StampKeys::None;
  CountedKeys counted;  ///< Used with StampKeys::Counted only.
  std::uint32_t drops = 0;
  std::uint64_t stamps_missing = 0;  ///< Sends whose stamp has not come yet.
  Batch replies, reports;            ///< Two, since replies wait while the error queue is read.
  Loop::Watch failed, readable;

  std::size_t read_replies();
  void read_error_queue();
  void take_stamp(std::uint32_t kernel_key, std::int64_t stamp_ns);
  int send_message(const IpAddress& to, std::span<const std::uint8_t> message,
                   std::optional<std::uint32_t> key, const Sending& how) const;
  int send_counted(const IpAddress& to, std::span<const std::uint8_t> message, std::uint32_t key,
                   const Sending& how);
};

Result<std::unique_ptr<IcmpSocket>> IcmpSocket::open(Loop& loop, const Options& options,
                                                     Handlers handlers) {
  auto impl = std::make_unique<Impl>();
  if (!options.without_privilege) impl->fd = open_icmp(options.is_v6, SOCK_RAW);
  if (!impl->fd.is_open()) {
    impl->fd = open_icmp(options.is_v6, SOCK_DGRAM);
    impl->is_datagram = true;
  }
  if (!impl->fd.is_open()) {
    if (errno != EPERM && errno != EACCES) return fail_errno("open an ICMP socket", errno);
    return fail(
        ErrorCode::PermissionDenied,
        "open an ICMP socket: not permitted; run `setcap cap_net_raw+ep linewatch` or allow "
        "this group in the sysctl net.ipv4.ping_group_range");
  }
  const int fd = impl->fd.get();
  impl->is_v6 = options.is_v6;
  impl->handlers = std::move(handlers);
  enlarge_receive_buffer(fd);
  if (impl->is_datagram) {
    enable_icmp_reports(fd, options.is_v6);
  } else {
    if (options.is_v6) pass_only_wanted_types(fd);
    if (const int error = attach_icmp_filter(fd, options.is_v6, options.mark); error != 0) {
      return fail_errno("attach the filter of the ICMP socket", error);
    }
    drain(fd);
  }
  if (options.dont_fragment) forbid_fragments(fd, options.is_v6);
  impl->keys = enable_stamps(fd);
  // One batch per wake-up: the watch is level-triggered, and timers want their turn.
  Impl* self = impl.get();
  impl->failed = loop.watch(fd, Loop::Interest::Error, [self] { self->read_error_queue(); });
  impl->readable = loop.watch(fd, Loop::Interest::Read, [self] { self->read_replies(); });
  return std::make_unique<IcmpSocket>(std::move(impl));
}

IcmpSocket::IcmpSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IcmpSocket::~IcmpSocket() = default;
bool IcmpSocket::is_datagram() const { return impl_->is_datagram; }
std::uint32_t IcmpSocket::drops() const { return impl_->drops; }

std::size_t IcmpSocket::Impl::read_replies() {
  const std::size_t count = replies.receive(fd.get(), 0);
  // The send stamp of a request is in the error queue before its reply arrives: read after the
  // replies have been taken and before they are handed on, it gives each reply its stamp. Read
  // before, it would miss what a busy host sent and answered in between.
  if (count > 0 && stamps_missing > 0) read_error_queue();
  for (std::size_t i = 0; i < count; ++i) {
    const KernelStamps stamps = read_stamps(replies.header(i));
    if (stamps.drops) drops = *stamps.drops;
    const bool has_ip_header = !is_v6 && !is_datagram;
    const auto bytes = replies.bytes(i);
    handlers.arrived({address_of(replies.from(i)),
                      has_ip_header ? without_ipv4_header(bytes) : bytes, stamps.stamp_ns});
  }
  return count;
}

void IcmpSocket::Impl::read_error_queue() {
  for (;;) {
    const std::size_t count = reports.receive(fd.get(), MSG_ERRQUEUE);
    for (std::size_t i = 0; i < count; ++i) {
      const msghdr& header = reports.header(i);
      if (const auto key = read_stamp_key(header)) {
        if (stamps_missing > 0) --stamps_missing;
        if (const auto stamps = read_stamps(header); stamps.stamp_ns) {
          take_stamp(*key, *stamps.stamp_ns);
        }
      } else if (const auto report = read_icmp_report(header)) {
        handlers.refused({report->from, address_of(reports.from(i)), report->type, report->code,
                          reports.bytes(i)});
      }
    }
    if (count < kBatch) return;
  }
}

void IcmpSocket::read_pending() {
  impl_->read_error_queue();
  while (impl_->read_replies() == kBatch) {
  }
}

void IcmpSocket::Impl::take_stamp(std::uint32_t kernel_key, std::int64_t stamp_ns) {
  if (keys == StampKeys::Chosen) {
    handlers.sent(kernel_key, stamp_ns);
    return;
  }
  if (const auto key = counted.take(kernel_key)) handlers.sent(*key, stamp_ns);
}

int IcmpSocket::Impl::send_message(const IpAddress& to, std::span<const std::uint8_t> message,
                                   std::optional<std::uint32_t> key, const Sending& how) const {
  SocketAddress address(to, 0);
  // The kernel does not write to the message.
  iovec vector{const_cast<std::uint8_t*>(message.data()), message.size()};
  msghdr header{};
  header.msg_name = address.data();
  header.msg_namelen = address.size();
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  ControlMessages control;
  if (key) control.add(SOL_SOCKET, kScmTsOptId, *key);
  if (how != Sending{}) add_sending(how, is_v6, control);
  control.attach(header);
  return ::sendmsg(fd.get(), &header, MSG_DONTWAIT) < 0 ? errno : 0;
}

int IcmpSocket::Impl::send_counted(const IpAddress& to, std::span<const std::uint8_t> message,
                                   std::uint32_t key, const Sending& how) {
  const int error = send_message(to, message, std::nullopt, how);
  if (error == 0) {
    counted.add(key);
    return 0;
  }
  // Whether the kernel counted a send that failed depends on where it failed: begin anew.
  restart_counted_keys(fd.get());
  counted.restart();
  return error;
}

int IcmpSocket::send(const IpAddress& to, std::span<const std::uint8_t> message, std::uint32_t key,
                     const Sending& how) {
  Impl& impl = *impl_;
  if (impl.keys == StampKeys::None) return impl.send_message(to, message, std::nullopt, how);
  const int error = impl.keys == StampKeys::Chosen ? impl.send_message(to, message, key, how)
                                                   : impl.send_counted(to, message, key, how);
  if (error == 0) ++impl.stamps_missing;
  return error;
}

}  // namespace lw::io
