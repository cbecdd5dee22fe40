// SPDX-License-Identifier: Apache-2.0
#include "io/icmp_socket.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/files.h"
#include "base/timer_wheel.h"
#include "io/control_messages.h"
#include "io/counted_keys.h"
#include "io/error_queue.h"
#include "io/icmp_filter.h"
#include "io/message_batch.h"
#include "io/receive_buffer.h"
#include "io/send_batch.h"
#include "io/socket_address.h"
#include "io/socket_options.h"
#include "io/timestamp.h"

namespace lw::io {
namespace {

constexpr std::size_t kBatch = IcmpSocket::kBatch;
static_assert(kBatch == SendBatch::kMost);
// Our requests and what quotes them are far smaller; a longer reply is cut, which does no harm.
constexpr std::size_t kPacketBytes = 1024;
// What a slow link has not sent yet waits here; the system's usual 200 kB are some 250 echoes.
constexpr int kSendBuffer = 2 << 20;
// That of the schedule's timer wheel, so that both wake up together.
constexpr std::chrono::nanoseconds kBeat = TimerWheel<int>::kTick;
// More than the receive buffer holds; a flood must not keep the loop from its other work.
constexpr std::size_t kBatchesMost = 128;
// Messages in a beat from which on it is cheaper to look than to be woken.
constexpr std::size_t kBusy = 8;

using Batch = MessageBatch<kBatch, kPacketBytes>;

/// The part of an IPv4 packet after its header; the kernel has checked it.
std::span<const std::uint8_t> without_ipv4_header(std::span<const std::uint8_t> packet) {
  if (packet.empty()) return {};
  const std::size_t length = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  return length <= packet.size() ? packet.subspan(length) : std::span<const std::uint8_t>{};
}

std::uint8_t ttl_of_ipv4(std::span<const std::uint8_t> packet) {
  constexpr std::size_t kAt = 8;  // RFC 791 §3.1
  return packet.size() > kAt ? packet[kAt] : std::uint8_t{0};
}

FileDescriptor open_icmp(bool is_v6, int type) {
  return FileDescriptor(::socket(is_v6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
                                 is_v6 ? static_cast<int>(IPPROTO_ICMPV6) : IPPROTO_ICMP));
}

void forbid_fragments(int fd, bool is_v6) {
  static_assert(IPV6_PMTUDISC_PROBE == IP_PMTUDISC_PROBE);
  set_option(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
             IP_PMTUDISC_PROBE);
}

void enlarge_send_buffer(int fd) {
  if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSendBuffer)) return;
  set_option(fd, SOL_SOCKET, SO_SNDBUF, kSendBuffer);
}

void tell_hop_limits(int fd, bool is_v6) {
  set_option(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL, 1);
}

/// The error that a socket keeps for its next call, though that may be about another packet.
void forget_pending_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
}

void add_sending(const IcmpSocket::Sending& how, bool is_v6, ControlMessages& control) {
  if (how.traffic_class) control.add_traffic_class(is_v6, *how.traffic_class);
  if (how.ttl) control.add_ttl(is_v6, *how.ttl);
  if (how.with_queue_stamp) control.add(SOL_SOCKET, SO_TIMESTAMPING, both_send_stamps());
  if (how.source || how.interface) control.add_leaving(is_v6, how.source, how.interface);
}

}  // namespace

struct IcmpSocket::Impl {
  explicit Impl(Loop& on) : loop(on) {}

  Loop& loop;
  FileDescriptor fd;
  bool is_v6 = false;
  bool is_datagram = false;
  Handlers handlers;
  StampKeys keys = StampKeys::None;
  bool has_driver_stamps = true;
  CountedKeys counted;  ///< Used with StampKeys::Counted only.
  std::uint32_t drops = 0;
  std::uint64_t stamps_missing = 0;  ///< Sends whose stamp has not come yet.
  bool has_receive_stamps = false;   ///< The latest message had one.
  SendBatch outgoing;
  std::vector<Unsent> unsent;
  Batch replies, reports;  ///< Two, since replies wait while the error queue is read.
  std::vector<Arrival> arrivals;
  std::size_t received = 0;  ///< messages, since:
  Instant counting_since{};
  Loop::Watch failed, readable;
  Loop::Timer next_beat;

  void watch();
  void on_ready(std::size_t count);
  void beat();
  std::size_t read_replies();
  std::size_t read_error_queue();
  std::size_t read_pending();
  void take_stamp(const StampReport& report, std::int64_t stamp_ns);
  void note_sent(std::size_t first, std::size_t count);
  void note_unsent(std::size_t which, int error_number);
};

Result<std::unique_ptr<IcmpSocket>> IcmpSocket::open(Loop& loop, const Options& options,
                                                     Handlers handlers) {
  auto impl = std::make_unique<Impl>(loop);
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
  enlarge_receive_buffer(fd, options.receive_buffer);
  enlarge_send_buffer(fd);
  if (impl->is_datagram) {
    enable_icmp_reports(fd, options.is_v6);
  } else {
    pass_replies_and_errors(fd, options.is_v6);
    if (const int error = attach_icmp_filter(fd, options.is_v6, options.mark); error != 0) {
      return fail_errno("attach the filter of the ICMP socket", error);
    }
    drain(fd);
  }
  if (options.dont_fragment) forbid_fragments(fd, options.is_v6);
  // A raw one of IPv4 gives the whole header.
  if (options.is_v6 || impl->is_datagram) tell_hop_limits(fd, options.is_v6);
  impl->keys = enable_stamps(fd, options.with_send_stamps);
  impl->has_driver_stamps = options.has_driver_stamps;
  impl->watch();
  return std::make_unique<IcmpSocket>(std::move(impl));
}

IcmpSocket::IcmpSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IcmpSocket::~IcmpSocket() = default;
bool IcmpSocket::is_datagram() const { return impl_->is_datagram; }
std::uint32_t IcmpSocket::drops() const { return impl_->drops; }

void IcmpSocket::Impl::watch() {
  // One batch per wake-up: the watch is level-triggered, and timers want their turn.
  failed = loop.watch(fd.get(), Loop::Interest::Error, [this] { on_ready(read_error_queue()); });
  readable = loop.watch(fd.get(), Loop::Interest::Read, [this] { on_ready(read_replies()); });
}

/// Goes over to the beat if many messages come: each that enters a socket which somebody waits on
/// costs the waking of two event queues. Without kernel stamps, waiting would be measured.
void IcmpSocket::Impl::on_ready(std::size_t count) {
  received += count;
  const Instant now = SystemClock().now();
  if (now - counting_since < kBeat) return;
  const bool is_busy = received >= kBusy && now - counting_since < 2 * kBeat;
  received = 0;
  counting_since = now;
  if (!is_busy || !has_receive_stamps) return;
  failed.cancel();
  readable.cancel();
  beat();
}

void IcmpSocket::Impl::beat() {
  const auto since_epoch = SystemClock().now().time_since_epoch();
  next_beat = loop.at(Instant((since_epoch / kBeat + 1) * kBeat), [this] {
    if (read_pending() >= kBusy) {
      beat();
    } else {
      watch();
    }
  });
}

std::size_t IcmpSocket::Impl::read_replies() {
  const std::size_t count = replies.receive(fd.get(), 0);
  // The send stamp of a request is in the error queue before its reply arrives: read after the
  // replies have been taken and before they are handed on, it gives each reply its stamp. Read
  // before, it would miss what a busy host sent and answered in between.
  if (count > 0 && stamps_missing > 0) read_error_queue();
  const bool has_ip_header = !is_v6 && !is_datagram;
  arrivals.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const KernelStamps stamps = read_stamps(replies.header(i));
    if (stamps.drops) drops = *stamps.drops;
    has_receive_stamps = stamps.stamp_ns.has_value();
    const auto bytes = replies.bytes(i);
    arrivals.push_back({address_of(replies.from(i)),
                        has_ip_header ? without_ipv4_header(bytes) : bytes, stamps.stamp_ns,
                        has_ip_header ? ttl_of_ipv4(bytes) : read_hop_limit(replies.header(i))});
  }
  if (count > 0) handlers.arrived(arrivals);
  return count;
}

std::size_t IcmpSocket::Impl::read_error_queue() {
  std::size_t all = 0;
  for (;;) {
    const std::size_t count = reports.receive(fd.get(), MSG_ERRQUEUE);
    all += count;
    for (std::size_t i = 0; i < count; ++i) {
      const msghdr& header = reports.header(i);
      if (const auto stamped = read_stamp_report(header)) {
        const bool is_awaited = stamped->at == SentAt::Queue || has_driver_stamps;
        if (const auto stamp = read_stamps(header).stamp_ns; stamp && is_awaited) {
          take_stamp(*stamped, *stamp);
        }
      } else if (const auto report = read_icmp_report(header)) {
        handlers.refused({report->from, address_of(reports.from(i)), report->type, report->code,
                          reports.bytes(i)});
      }
    }
    if (count < kBatch) return all;
  }
}

std::size_t IcmpSocket::Impl::read_pending() {
  std::size_t all = read_error_queue();
  for (std::size_t batches = 0; batches < kBatchesMost; ++batches) {
    const std::size_t count = read_replies();
    all += count;
    if (count < kBatch) break;
  }
  return all;
}

void IcmpSocket::read_pending() { impl_->read_pending(); }

void IcmpSocket::Impl::take_stamp(const StampReport& report, std::int64_t stamp_ns) {
  const bool is_last = report.at == SentAt::Driver;
  if (is_last && stamps_missing > 0) --stamps_missing;
  if (keys == StampKeys::Chosen) {
    handlers.sent(report.key, stamp_ns, report.at);
    return;
  }
  // The driver's stamp of the same request is still to come.
  const auto key = is_last ? counted.take(report.key) : counted.find(report.key);
  if (key) handlers.sent(*key, stamp_ns, report.at);
}

void IcmpSocket::stage(const IpAddress& to, std::span<const std::uint8_t> message,
                       std::uint32_t key, const Sending& how) {
  ControlMessages& control = impl_->outgoing.add(to, message, key);
  if (impl_->keys == StampKeys::Chosen) control.add_stamp_key(key);
  if (how != Sending{}) add_sending(how, impl_->is_v6, control);
}

std::span<const IcmpSocket::Unsent> IcmpSocket::send_staged() {
  Impl& impl = *impl_;
  impl.unsent.clear();
  bool is_second_try = false;
  for (std::size_t at = 0; at < impl.outgoing.size();) {
    const int sent = impl.outgoing.send(impl.fd.get(), at);
    const int error_number = sent < 0 ? errno : 0;
    const auto taken = static_cast<std::size_t>(std::max(sent, 0));
    impl.note_sent(at, taken);
    at += taken;
    if (at == impl.outgoing.size()) break;
    // Where it stops, the kernel keeps the reason for whatever comes next; and a datagram socket
    // keeps errors that came in meanwhile. A message is to be told what it is itself to blame for.
    forget_pending_error(impl.fd.get());
    is_second_try = taken == 0 && impl.is_datagram && !is_second_try;
    if (taken == 0 && !is_second_try) impl.note_unsent(at++, error_number);
  }
  impl.outgoing.clear();
  return impl.unsent;
}

void IcmpSocket::Impl::note_sent(std::size_t first, std::size_t count) {
  if (keys == StampKeys::None) return;
  stamps_missing += count;
  if (keys != StampKeys::Counted) return;
  for (std::size_t i = first; i < first + count; ++i) counted.add(outgoing.key(i));
}

void IcmpSocket::Impl::note_unsent(std::size_t which, int error_number) {
  unsent.push_back({outgoing.key(which), error_number});
  if (keys != StampKeys::Counted) return;
  // Whether the kernel counted a send that failed depends on where it failed: begin anew.
  restart_counted_keys(fd.get());
  counted.restart();
}

}  // namespace lw::io
