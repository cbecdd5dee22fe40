// SPDX-License-Identifier: Apache-2.0
#include "io/raw_trace_socket.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

#include "base/files.h"
#include "io/control_messages.h"
#include "io/counted_keys.h"
#include "io/error_queue.h"
#include "io/icmp_filter.h"
#include "io/message_batch.h"
#include "io/receive_buffer.h"
#include "io/reserved_ports.h"
#include "io/socket_address.h"
#include "io/timestamp.h"

namespace lw::io {
namespace {

constexpr std::size_t kBatch = 64;
// An error quotes 576 bytes, IPv6 up to 1280, and extensions stand behind.
constexpr std::size_t kAnswerBytes = 1536;
// Stamps come without the packet's bytes.
constexpr std::size_t kReportBytes = 64;
// Room for some 10,000 answers.
constexpr int kReceiveBuffer = 8 << 20;
// So many stamps may wait for somebody to need them.
constexpr std::size_t kStampsWaitingMax = 256;

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

FileDescriptor open_raw(bool is_v6, int protocol) {
  return FileDescriptor(
      ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
}

/// Where a raw socket hears nothing: the kernel looks at the address before it copies a packet for
/// the socket and its filter.
IpAddress nowhere(bool is_v6) {
  IpAddress address;
  address.is_v6 = is_v6;
  address.bytes = is_v6
                      ? std::array<std::uint8_t, 16>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
                      : std::array<std::uint8_t, 16>{127, 255, 255, 254};
  return address;
}

void bind_to(int fd, const IpAddress& address) {
  const SocketAddress local(address, 0);
  // If it may not, it hears more than it need.
  static_cast<void>(::bind(fd, local.data(), local.size()));
}

/// What sendmmsg(2) wants for a batch of packets.
class SendBatch {
 public:
  void clear() { used_ = 0; }
  void add(const TraceSocket::Packet& packet, bool with_key) {
    Slot& slot = slots_[used_];
    slot.to = SocketAddress(packet.to, 0);
    // The kernel does not write to the packet.
    slot.vector = {const_cast<std::uint8_t*>(packet.bytes.data()), packet.bytes.size()};
    slot.control.clear();
    if (with_key) slot.control.add_stamp_key(packet.key);
    if (packet.source) slot.control.add_leaving(packet.to.is_v6, packet.source, std::nullopt);
    msghdr& header = messages_.at(used_).msg_hdr;
    header = {};
    header.msg_name = slot.to.data();
    header.msg_namelen = slot.to.size();
    header.msg_iov = &slot.vector;
    header.msg_iovlen = 1;
    slot.control.attach(header);
    ++used_;
  }
  /// How many of those from `first` on left; 0 with errno if that one did not.
  std::size_t send(int fd, std::size_t first) {
    const int count =
        ::sendmmsg(fd, &messages_.at(first), static_cast<unsigned>(used_ - first), MSG_DONTWAIT);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

 private:
  struct Slot {
    SocketAddress to;
    iovec vector{};
    ControlMessages control;
  };
  std::vector<Slot> slots_ = std::vector<Slot>(kBatch);
  std::array<mmsghdr, kBatch> messages_{};
  std::size_t used_ = 0;
};

class RawTraceSocket final : public TraceSocket {
 public:
  RawTraceSocket(Loop& loop, bool is_v6, Handlers handlers, ReservedPorts ports)
      : loop_(loop), is_v6_(is_v6), handlers_(std::move(handlers)), ports_(std::move(ports)) {}

  Result<void> start(std::uint32_t mark);

  void send(std::span<Packet> packets) override;
  void read_pending() override;
  void set_polled(bool is_polled) override;
  [[nodiscard]] PortBlock ports() const override { return ports_.block(); }
  [[nodiscard]] std::uint32_t drops() const override { return icmp_.drops + tcp_.drops; }
  [[nodiscard]] std::string limitation() const override { return ""; }

 private:
  struct Listener {
    FileDescriptor fd;
    bool is_tcp = false;
    std::uint32_t drops = 0;
    Loop::Watch watch;
  };

  Result<void> prepare(Listener& listener, int filter_error);
  void watch(Listener& listener);
  void send_batch(std::span<Packet> packets);
  void wake_tcp(std::span<const Packet> packets);
  void note_sent(std::span<const Packet> packets);
  void note_refused();
  std::size_t read_answers(Listener& listener);
  void hand_on(Listener& listener, std::size_t index);
  void read_stamps_sent();

  Loop& loop_;
  const bool is_v6_;
  Handlers handlers_;
  ReservedPorts ports_;
  FileDescriptor out_;
  StampKeys keys_ = StampKeys::None;
  CountedKeys counted_;  ///< Used with StampKeys::Counted only.
  std::size_t stamps_missing_ = 0;
  bool hears_tcp_ = false;
  bool is_polled_ = false;
  SendBatch batch_;
  MessageBatch<kBatch, kAnswerBytes> answers_;
  MessageBatch<kBatch, kReportBytes> reports_;
  Listener icmp_, tcp_;
};

Result<void> RawTraceSocket::start(std::uint32_t mark) {
  out_ = open_raw(is_v6_, IPPROTO_RAW);  // Implies that packets bring their headers.
  if (!out_.is_open()) return fail_errno("open a raw socket", errno);
  // Without it, the kernel keeps silent about packets that its queue has no room for.
  enable_icmp_reports(out_.get(), is_v6_);
  // Packets of paths whose MTU is looked for heed the interface's MTU only.
  set_option(out_.get(), is_v6_ ? IPPROTO_IPV6 : IPPROTO_IP,
             is_v6_ ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
  keys_ = enable_stamps(out_.get());
  icmp_.fd = open_raw(is_v6_, is_v6_ ? static_cast<int>(IPPROTO_ICMPV6) : IPPROTO_ICMP);
  tcp_.fd = open_raw(is_v6_, IPPROTO_TCP);
  tcp_.is_tcp = true;
  if (!icmp_.fd.is_open() || !tcp_.fd.is_open()) return fail_errno("open a raw socket", errno);
  pass_replies_and_errors(icmp_.fd.get(), is_v6_);
  bind_to(tcp_.fd.get(), nowhere(is_v6_));
  TRY(prepare(icmp_, attach_trace_icmp_filter(icmp_.fd.get(), is_v6_, mark, ports())));
  TRY(prepare(tcp_, attach_trace_tcp_filter(tcp_.fd.get(), is_v6_, ports())));
  watch(icmp_);
  watch(tcp_);
  return {};
}

Result<void> RawTraceSocket::prepare(Listener& listener, int filter_error) {
  if (filter_error != 0) return fail_errno("attach the filter of a raw socket", filter_error);
  const int fd = listener.fd.get();
  enlarge_receive_buffer(fd, kReceiveBuffer);
  if (is_v6_) set_option(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  enable_stamps(fd);
  drain(fd);
  return {};
}

/// One batch per wake-up: the watch is level-triggered, and timers want their turn.
void RawTraceSocket::watch(Listener& listener) {
  listener.watch = loop_.watch(listener.fd.get(), Loop::Interest::Read,
                               [this, &listener] { read_answers(listener); });
}

void RawTraceSocket::set_polled(bool is_polled) {
  if (is_polled == is_polled_) return;
  is_polled_ = is_polled;
  for (Listener* const listener : {&icmp_, &tcp_}) {
    if (is_polled) {
      listener->watch.cancel();
    } else {
      watch(*listener);
    }
  }
}

void RawTraceSocket::send(std::span<Packet> packets) {
  wake_tcp(packets);
  for (std::size_t i = 0; i < packets.size(); i += kBatch) {
    send_batch(packets.subspan(i, std::min(kBatch, packets.size() - i)));
  }
  if (stamps_missing_ <= kStampsWaitingMax) return;
  read_stamps_sent();
  // Those of packets that a queue dropped never come.
  if (stamps_missing_ > kStampsWaitingMax) stamps_missing_ = 0;
}

/// The first SYN makes us hear what TCP answers.
void RawTraceSocket::wake_tcp(std::span<const Packet> packets) {
  if (hears_tcp_) return;
  const std::size_t at = is_v6_ ? 6 : 9;
  hears_tcp_ = std::ranges::any_of(packets, [&](const Packet& packet) {
    return packet.bytes.size() > at && packet.bytes[at] == IPPROTO_TCP;
  });
  IpAddress any;
  any.is_v6 = is_v6_;
  if (hears_tcp_) bind_to(tcp_.fd.get(), any);
}

void RawTraceSocket::send_batch(std::span<Packet> packets) {
  batch_.clear();
  for (Packet& packet : packets) {
    batch_.add(packet, keys_ == StampKeys::Chosen);
    packet.error = 0;
  }
  for (std::size_t i = 0; i < packets.size();) {
    const std::size_t count = batch_.send(out_.get(), i);
    if (count == 0) {
      packets[i].error = errno;
      note_refused();
      ++i;
      continue;
    }
    note_sent(packets.subspan(i, count));
    i += count;
  }
}

void RawTraceSocket::note_sent(std::span<const Packet> packets) {
  if (keys_ == StampKeys::None) return;
  stamps_missing_ += packets.size();
  if (keys_ != StampKeys::Counted) return;
  for (const Packet& packet : packets) counted_.add(packet.key);
}

void RawTraceSocket::note_refused() {
  if (keys_ != StampKeys::Counted) return;
  // Whether the kernel counted a send that failed depends on where it failed: begin anew.
  restart_counted_keys(out_.get());
  counted_.restart();
}

void RawTraceSocket::read_pending() {
  while (read_answers(icmp_) == kBatch) {
  }
  while (hears_tcp_ && read_answers(tcp_) == kBatch) {
  }
}

std::size_t RawTraceSocket::read_answers(Listener& listener) {
  const std::size_t count = answers_.receive(listener.fd.get(), 0);
  // The send stamp of a probe is in the error queue before its answer arrives: read after the
  // answers have been taken and before they are handed on, it gives each its stamp.
  if (count > 0 && stamps_missing_ > 0) read_stamps_sent();
  for (std::size_t i = 0; i < count; ++i) hand_on(listener, i);
  return count;
}

void RawTraceSocket::hand_on(Listener& listener, std::size_t index) {
  const msghdr& header = answers_.header(index);
  std::span<const std::uint8_t> bytes = answers_.bytes(index);
  const KernelStamps stamps = read_stamps(header);
  if (stamps.drops) listener.drops = *stamps.drops;
  Arrival arrival;
  arrival.from = address_of(answers_.from(index));
  arrival.is_tcp = listener.is_tcp;
  arrival.stamp_ns = stamps.stamp_ns;
  if (is_v6_) {
    arrival.ttl = read_hop_limit(header);
  } else {
    // The kernel has checked the header.
    const std::size_t length = bytes.empty() ? 1 : static_cast<std::size_t>(bytes[0] & 0x0f) * 4;
    if (length > bytes.size() || length < sizeof(std::uint64_t) + 1) return;
    arrival.ttl = bytes[8];
    bytes = bytes.subspan(length);
  }
  arrival.bytes = bytes;
  handlers_.arrived(arrival);
}

void RawTraceSocket::read_stamps_sent() {
  for (;;) {
    const std::size_t count = reports_.receive(out_.get(), MSG_ERRQUEUE);
    for (std::size_t i = 0; i < count; ++i) {
      const msghdr& header = reports_.header(i);
      const auto kernel_key = read_stamp_key(header);
      if (!kernel_key) continue;
      if (stamps_missing_ > 0) --stamps_missing_;
      const auto key = keys_ == StampKeys::Chosen ? kernel_key : counted_.take(*kernel_key);
      const KernelStamps stamps = read_stamps(header);
      if (key && stamps.stamp_ns) handlers_.sent(*key, *stamps.stamp_ns);
    }
    if (count < kBatch) return;
  }
}

}  // namespace

Result<std::unique_ptr<TraceSocket>> open_raw_trace_socket(Loop& loop,
                                                           const TraceSocket::Options& options,
                                                           TraceSocket::Handlers handlers) {
  // First, so that who may not have raw sockets reserves no ports.
  if (!open_raw(options.is_v6, IPPROTO_RAW).is_open()) {
    return fail_errno("open a raw socket", errno);
  }
  ReservedPorts ports = TRY(ReservedPorts::reserve(options.is_v6, kTracePorts, false));
  for (std::uint32_t port = ports.block().first; port <= ports.block().last(); ++port) {
    // What a UDP service answers is of no use without its probe's number.
    attach_closed_filter(ports.udp(static_cast<std::uint16_t>(port)));
  }
  auto socket =
      std::make_unique<RawTraceSocket>(loop, options.is_v6, std::move(handlers), std::move(ports));
  TRY(socket->start(options.mark));
  return socket;
}

}  // namespace lw::io
