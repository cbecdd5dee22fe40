// SPDX-License-Identifier: Apache-2.0
#include "io/loopback.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include "base/files.h"
#include "io/timestamp.h"

namespace lw::io {
namespace {

constexpr const char* kLoopback = "lo";
/// Some 20,000 packets that arrive while the loop does something else.
constexpr int kReceiveBuffer = 8 << 20;
/// The longest IPv4 header, and the type of what follows.
constexpr std::size_t kPacketBytes = 64;
constexpr int kPacketsPerTurn = 256;

bool bring_loopback_up() {
  const FileDescriptor any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, kLoopback, sizeof request.ifr_name - 1);
  if (::ioctl(any.get(), SIOCGIFFLAGS, &request) != 0) return false;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
  return ::ioctl(any.get(), SIOCSIFFLAGS, &request) == 0;
}

IpAddress v4_at(std::span<const std::uint8_t> packet, std::size_t at) {
  IpAddress address;
  std::memcpy(address.bytes.data(), packet.data() + at, 4);
  return address;
}

/// An echo at the moment that counts: a request going out, or a reply coming in. Loopback shows
/// each packet both ways.
std::optional<EchoCapture::Seen> read_echo(std::span<const std::uint8_t> packet, bool is_outgoing) {
  constexpr std::size_t kHeaderMin = 20;
  constexpr std::size_t kProtocolAt = 9;
  constexpr std::size_t kSourceAt = 12;
  constexpr std::size_t kDestinationAt = 16;
  if (packet.size() < kHeaderMin || packet[kProtocolAt] != IPPROTO_ICMP) return std::nullopt;
  const std::size_t header = static_cast<std::size_t>(packet[0] & 0x0f) * 4;
  if (header < kHeaderMin || header >= packet.size()) return std::nullopt;
  const std::uint8_t type = packet[header];
  if (type == ICMP_ECHO && is_outgoing)
    return EchoCapture::Seen{false, v4_at(packet, kDestinationAt), 0};
  if (type == ICMP_ECHOREPLY && !is_outgoing)
    return EchoCapture::Seen{true, v4_at(packet, kSourceAt), 0};
  return std::nullopt;
}

}  // namespace

bool enter_own_network() { return ::unshare(CLONE_NEWNET) == 0 && bring_loopback_up(); }

bool are_raw_sockets_allowed() {
  return FileDescriptor(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP)).is_open();
}

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "";
}

struct EchoCapture::Impl {
  FileDescriptor fd;
  std::function<void(const Seen&)> seen;
  Loop::Watch readable;

  void read_all();
  bool read_one();
};

Result<std::unique_ptr<EchoCapture>> EchoCapture::open(Loop& loop,
                                                       std::function<void(const Seen&)> seen) {
  auto impl = std::make_unique<Impl>();
  impl->seen = std::move(seen);
  impl->fd = FileDescriptor(::socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int fd = impl->fd.get();
  if (fd < 0) return fail_errno("capture packets", errno);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  enable_stamps(fd);
  sockaddr_ll local{};
  local.sll_family = AF_PACKET;
  // All protocols: a socket for one of them does not see what leaves.
  local.sll_protocol = htons(ETH_P_ALL);
  local.sll_ifindex = static_cast<int>(::if_nametoindex(kLoopback));
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    return fail_errno("capture packets on loopback", errno);
  }
  Impl* const self = impl.get();
  impl->readable = loop.watch(fd, Loop::Interest::Read, [self] { self->read_all(); });
  return std::make_unique<EchoCapture>(std::move(impl));
}

EchoCapture::EchoCapture(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EchoCapture::~EchoCapture() = default;

void EchoCapture::Impl::read_all() {
  for (int i = 0; i < kPacketsPerTurn && read_one(); ++i) {
  }
}

bool EchoCapture::Impl::read_one() {
  std::array<std::uint8_t, kPacketBytes> data{};
  alignas(cmsghdr) std::array<std::uint8_t, 128> control{};
  sockaddr_ll from{};
  iovec vector{data.data(), data.size()};
  msghdr message{};
  message.msg_name = &from;
  message.msg_namelen = sizeof from;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t length = ::recvmsg(fd.get(), &message, MSG_DONTWAIT);
  if (length < 0) return false;
  if (from.sll_protocol != htons(ETH_P_IP)) return true;
  auto echo = read_echo(std::span(data).first(static_cast<std::size_t>(length)),
                        from.sll_pkttype == PACKET_OUTGOING);
  const KernelStamps stamps = read_stamps(message);
  if (!echo || !stamps.stamp_ns) return true;
  echo->stamp_ns = *stamps.stamp_ns;
  seen(*echo);
  return true;
}

}  // namespace lw::io
