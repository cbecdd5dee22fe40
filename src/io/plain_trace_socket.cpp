// SPDX-License-Identifier: Apache-2.0
#include "io/plain_trace_socket.h"

#include <fmt/core.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <map>
#include <utility>
#include <vector>

#include "base/files.h"
#include "io/control_messages.h"
#include "io/error_queue.h"
#include "io/message_batch.h"
#include "io/own_packet.h"
#include "io/raw_trace_socket.h"
#include "io/receive_buffer.h"
#include "io/reserved_ports.h"
#include "io/socket_address.h"
#include "io/syn_attempts.h"
#include "io/timestamp.h"

namespace lw::io {
namespace {

constexpr std::size_t kBatch = 16;
constexpr std::size_t kAnswerBytes = 1536;
constexpr int kReceiveBuffer = 1 << 20;

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

int icmp_protocol(bool is_v6) { return is_v6 ? static_cast<int>(IPPROTO_ICMPV6) : IPPROTO_ICMP; }

/// For UDP and datagram ICMP alike.
void prepare(int fd, bool is_v6) {
  enable_icmp_reports(fd, is_v6);
  enable_icmp_extensions(fd, is_v6);
  set_option(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_RECVHOPLIMIT : IP_RECVTTL, 1);
  enlarge_receive_buffer(fd, kReceiveBuffer);
}

void choose_fragmenting(int fd, bool is_v6, bool dont_fragment) {
  static_assert(IPV6_PMTUDISC_PROBE == IP_PMTUDISC_PROBE && IPV6_PMTUDISC_DONT == IP_PMTUDISC_DONT);
  set_option(fd, is_v6 ? IPPROTO_IPV6 : IPPROTO_IP, is_v6 ? IPV6_MTU_DISCOVER : IP_MTU_DISCOVER,
             dont_fragment ? IP_PMTUDISC_PROBE : IP_PMTUDISC_DONT);
}

/// One datagram socket, of one port or echo id.
struct Channel {
  int fd = -1;
  FileDescriptor own;  ///< of ICMP; a UDP socket belongs to the reserved ports
  bool is_udp = false;
  std::uint16_t port = 0;
  bool dont_fragment = false;
  bool has_keys = false;  ///< Send stamps come by our keys.
  std::uint32_t drops = 0;
  Loop::Watch failed, readable;
};

class PlainTraceSocket final : public TraceSocket {
 public:
  PlainTraceSocket(Loop& loop, bool is_v6, Handlers handlers, ReservedPorts ports)
      : loop_(loop),
        is_v6_(is_v6),
        handlers_(std::move(handlers)),
        ports_(std::move(ports)),
        syns_(loop, is_v6, [this](const Arrival& arrival) { handlers_.arrived(arrival); }) {}

  void send(std::span<Packet> packets) override;
  void read_pending() override;
  [[nodiscard]] PortBlock ports() const override { return ports_.block(); }
  [[nodiscard]] std::uint32_t drops() const override;
  [[nodiscard]] std::string limitation() const override;

 private:
  int send_one(const Packet& packet);
  int send_datagram(Channel& channel, const OwnPacket& own, const Packet& packet);
  Channel* channel_of(bool is_udp, std::uint16_t port);
  int open_channel(Channel& channel);
  bool read_answers(Channel& channel);
  bool read_reports(Channel& channel);
  void hand_on_reply(Channel& channel, std::size_t index);
  void hand_on_error(const Channel& channel, std::size_t index, const IcmpReport& report);

  Loop& loop_;
  const bool is_v6_;
  Handlers handlers_;
  ReservedPorts ports_;
  std::map<std::pair<bool, std::uint16_t>, Channel> channels_;  ///< by "is UDP" and port
  int channel_error_ = 0;  ///< of the last channel that could not be opened
  SynAttempts syns_;
  MessageBatch<kBatch, kAnswerBytes> batch_;
};

void PlainTraceSocket::send(std::span<Packet> packets) {
  for (Packet& packet : packets) packet.error = send_one(packet);
}

int PlainTraceSocket::send_one(const Packet& packet) {
  const auto own = take_apart(is_v6_, packet.bytes);
  if (!own) return EINVAL;
  if (own->protocol == IPPROTO_TCP) return syns_.start(packet.to, *own);
  Channel* const channel = channel_of(own->protocol == IPPROTO_UDP, own->source_port);
  return channel != nullptr ? send_datagram(*channel, *own, packet) : channel_error_;
}

/// Null if it cannot be opened; channel_error_ says why.
Channel* PlainTraceSocket::channel_of(bool is_udp, std::uint16_t port) {
  const auto found = channels_.find({is_udp, port});
  if (found != channels_.end()) return &found->second;
  Channel& channel = channels_[{is_udp, port}];
  channel.is_udp = is_udp;
  channel.port = port;
  channel_error_ = open_channel(channel);
  if (channel_error_ == 0) return &channel;
  channels_.erase({is_udp, port});
  return nullptr;
}

int PlainTraceSocket::open_channel(Channel& channel) {
  if (channel.is_udp) {
    channel.fd = ports_.udp(channel.port);
  } else {
    channel.own =
        FileDescriptor(::socket(is_v6_ ? AF_INET6 : AF_INET,
                                SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, icmp_protocol(is_v6_)));
    channel.fd = channel.own.get();
    if (channel.fd < 0) return errno;
    IpAddress any;
    any.is_v6 = is_v6_;
    const SocketAddress local(any, channel.port);  // The kernel takes it as the echo id.
    if (::bind(channel.fd, local.data(), local.size()) != 0) return errno;
  }
  prepare(channel.fd, is_v6_);
  choose_fragmenting(channel.fd, is_v6_, false);
  channel.has_keys = enable_stamps(channel.fd) == StampKeys::Chosen;
  Channel* const self = &channel;  // Nodes of a map do not move.
  channel.failed =
      loop_.watch(channel.fd, Loop::Interest::Error, [this, self] { read_reports(*self); });
  channel.readable =
      loop_.watch(channel.fd, Loop::Interest::Read, [this, self] { read_answers(*self); });
  return 0;
}

int PlainTraceSocket::send_datagram(Channel& channel, const OwnPacket& own, const Packet& packet) {
  if (channel.dont_fragment != own.dont_fragment) {
    choose_fragmenting(channel.fd, is_v6_, own.dont_fragment);
    channel.dont_fragment = own.dont_fragment;
  }
  SocketAddress to(packet.to, own.destination_port);
  const auto bytes = channel.is_udp ? own.payload : own.transport;
  // The kernel does not write to the packet.
  iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  ControlMessages control;
  control.add_ttl(is_v6_, own.ttl);
  control.add_traffic_class(is_v6_, own.traffic_class);
  control.add_leaving(is_v6_, own.source, std::nullopt);
  if (channel.has_keys) control.add_stamp_key(packet.key);
  msghdr header{};
  header.msg_name = to.data();
  header.msg_namelen = to.size();
  header.msg_iov = &vector;
  header.msg_iovlen = 1;
  control.attach(header);
  if (::sendmsg(channel.fd, &header, MSG_DONTWAIT) >= 0) return 0;
  // An ICMP error about an earlier packet is told to the next send, which then did not happen.
  return ::sendmsg(channel.fd, &header, MSG_DONTWAIT) >= 0 ? 0 : errno;
}

void PlainTraceSocket::read_pending() {
  for (auto& [name, channel] : channels_) {
    while (read_reports(channel)) {
    }
    while (read_answers(channel)) {
    }
  }
  syns_.read_pending();
}

/// Whether there may be more.
bool PlainTraceSocket::read_answers(Channel& channel) {
  // Stamps come before what they are wanted for.
  while (read_reports(channel)) {
  }
  const std::size_t count = batch_.receive(channel.fd, 0);
  for (std::size_t i = 0; i < count; ++i) hand_on_reply(channel, i);
  return count == kBatch;
}

void PlainTraceSocket::hand_on_reply(Channel& channel, std::size_t index) {
  const msghdr& header = batch_.header(index);
  const KernelStamps stamps = read_stamps(header);
  if (stamps.drops) channel.drops = *stamps.drops;
  // What a UDP service answers is of no use without its probe's number.
  if (channel.is_udp) return;
  Arrival arrival;
  arrival.from = address_of(batch_.from(index));
  arrival.ttl = read_hop_limit(header);
  arrival.bytes = batch_.bytes(index);
  arrival.stamp_ns = stamps.stamp_ns;
  handlers_.arrived(arrival);
}

/// Whether there may be more.
bool PlainTraceSocket::read_reports(Channel& channel) {
  const std::size_t count = batch_.receive(channel.fd, MSG_ERRQUEUE);
  for (std::size_t i = 0; i < count; ++i) {
    const msghdr& header = batch_.header(i);
    if (const auto key = read_stamp_key(header)) {
      const KernelStamps stamps = read_stamps(header);
      if (channel.has_keys && stamps.stamp_ns) handlers_.sent(*key, *stamps.stamp_ns);
    } else if (const auto report = read_icmp_report(header)) {
      hand_on_error(channel, i, *report);
    }
  }
  return count == kBatch;
}

/// The kernel gives what was quoted behind the UDP header, or from the ICMP header on.
void PlainTraceSocket::hand_on_error(const Channel& channel, std::size_t index,
                                     const IcmpReport& report) {
  std::span<const std::uint8_t> bytes = batch_.bytes(index);
  std::span<const std::uint8_t> extensions;
  if (report.extensions_at != 0 && report.extensions_at < bytes.size()) {
    extensions = bytes.subspan(report.extensions_at);
    bytes = bytes.first(report.extensions_at);
  }
  std::vector<std::uint8_t> transport;
  if (channel.is_udp) {
    const std::uint16_t to_port = port_of(batch_.from(index));
    transport = build_udp_header(channel.port, to_port, bytes.size());
  }
  transport.insert(transport.end(), bytes.begin(), bytes.end());
  IpAddress nobody;
  nobody.is_v6 = is_v6_;
  const int protocol = channel.is_udp ? IPPROTO_UDP : icmp_protocol(is_v6_);
  const auto quoted = build_quoted_packet(nobody, address_of(batch_.from(index)),
                                          static_cast<std::uint8_t>(protocol), transport);
  const auto message =
      build_icmp_error(is_v6_, report.type, report.code, report.mtu, quoted, extensions);
  Arrival arrival;
  arrival.from = report.from;
  arrival.ttl = read_hop_limit(batch_.header(index));
  arrival.bytes = message;
  arrival.is_genuine = false;
  arrival.stamp_ns = read_stamps(batch_.header(index)).stamp_ns;
  handlers_.arrived(arrival);
}

std::uint32_t PlainTraceSocket::drops() const {
  std::uint32_t drops = 0;
  for (const auto& [name, channel] : channels_) drops += channel.drops;
  return drops;
}

std::string PlainTraceSocket::limitation() const {
  const FileDescriptor icmp(
      ::socket(is_v6_ ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, icmp_protocol(is_v6_)));
  std::string text =
      "without CAP_NET_RAW, traces cannot tell what routers change in packets (translation, DSCP, "
      "hidden tunnels), miss UDP hops that quote less than the whole probe, and make TCP probes as "
      "connections, one after the other";
  if (!icmp.is_open()) {
    text +=
        "; ICMP traces are not possible, since the sysctl net.ipv4.ping_group_range leaves this "
        "group out";
  }
  return text + "; grant it with `sudo setcap cap_net_raw+ep` on the executable, or run as root";
}

}  // namespace

Result<std::unique_ptr<TraceSocket>> open_plain_trace_socket(Loop& loop,
                                                             const TraceSocket::Options& options,
                                                             TraceSocket::Handlers handlers) {
  ReservedPorts ports = TRY(ReservedPorts::reserve(options.is_v6, kTracePorts, true));
  return std::make_unique<PlainTraceSocket>(loop, options.is_v6, std::move(handlers),
                                            std::move(ports));
}

}  // namespace lw::io
