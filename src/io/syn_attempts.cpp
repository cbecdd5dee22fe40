// SPDX-License-Identifier: Apache-2.0
#include "io/syn_attempts.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "base/files.h"
#include "io/error_queue.h"
#include "io/socket_address.h"

namespace lw::io {
namespace {

/// The kernel sends a SYN again after one second (RFC 6298 §2); answers to that one would look
/// slow.
constexpr Milliseconds kBeforeSecondSyn{900};

void set_option(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

FileDescriptor open_socket(bool is_v6, const OwnPacket& packet) {
  FileDescriptor fd(
      ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int level = is_v6 ? IPPROTO_IPV6 : IPPROTO_IP;
  enable_icmp_reports(fd.get(), is_v6);
  set_option(fd.get(), level, is_v6 ? IPV6_UNICAST_HOPS : IP_TTL, packet.ttl);
  set_option(fd.get(), level, is_v6 ? IPV6_TCLASS : IP_TOS, packet.traffic_class);
  set_option(fd.get(), IPPROTO_TCP, TCP_SYNCNT, 1);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);  // The port is reserved by ourselves.
  const linger reset{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  return fd;
}

/// 0 or an errno; EINPROGRESS: under way.
int begin(int fd, const IpAddress& to, const OwnPacket& packet) {
  if (fd < 0) return errno;
  const SocketAddress local(packet.source, packet.source_port);
  if (::bind(fd, local.data(), local.size()) != 0) return errno;
  const SocketAddress remote(to, packet.destination_port);
  if (::connect(fd, remote.data(), remote.size()) == 0) return 0;
  return errno == EADDRNOTAVAIL || errno == EADDRINUSE ? EBUSY : errno;
}

/// Nothing: not decided. 0: connected. Else an errno.
std::optional<int> fate_of(int fd) {
  pollfd one{fd, POLLOUT, 0};
  if (::poll(&one, 1, 0) <= 0) return std::nullopt;
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

}  // namespace

struct SynAttempts::Attempt {
  FileDescriptor fd;
  std::uint32_t sequence = 0;
  std::vector<std::uint8_t> quoted;  ///< The caller's packet, for errors to quote.
  Loop::Watch failed, writable;
  Loop::Timer timer;
  std::optional<int> told;  ///< by connect() itself
};

SynAttempts::SynAttempts(Loop& loop, bool is_v6, Arrived arrived)
    : loop_(loop), is_v6_(is_v6), arrived_(std::move(arrived)) {}
SynAttempts::~SynAttempts() = default;

int SynAttempts::start(const IpAddress& to, const OwnPacket& packet) {
  const Name name{to, packet.destination_port, packet.source_port};
  if (attempts_.contains(name)) return EBUSY;
  auto attempt = std::make_unique<Attempt>();
  attempt->fd = open_socket(is_v6_, packet);
  const int error = begin(attempt->fd.get(), to, packet);
  if (error == ECONNREFUSED) {
    attempt->told = error;  // Nobody is told twice.
  } else if (error != 0 && error != EINPROGRESS) {
    return error;
  }
  attempt->sequence = packet.tcp_sequence;
  attempt->quoted = build_quoted_packet(packet.source, to, packet.protocol, packet.transport);
  const int fd = attempt->fd.get();
  attempt->failed = loop_.watch(fd, Loop::Interest::Error, [this, name] { look_at(name); });
  attempt->writable = loop_.watch(fd, Loop::Interest::Write, [this, name] { look_at(name); });
  const Milliseconds patience = attempt->told ? Milliseconds(0) : kBeforeSecondSyn;
  attempt->timer = loop_.after(patience, [this, name] { give_up(name); });
  attempts_.emplace(name, std::move(attempt));
  return 0;
}

void SynAttempts::read_pending() {
  std::vector<Name> names;
  names.reserve(attempts_.size());
  for (const auto& [name, attempt] : attempts_) names.push_back(name);
  for (const Name& name : names) look_at(name);
}

void SynAttempts::give_up(Name name) {
  look_at(name);
  attempts_.erase(name);
}

// The name by value: what calls goes with the attempt.
void SynAttempts::look_at(Name name) {
  const auto found = attempts_.find(name);
  if (found == attempts_.end()) return;
  Attempt& attempt = *found->second;
  // First: an error of the network looks like a refusal otherwise.
  if (const auto report = take_icmp_report(attempt.fd.get())) {
    const auto message =
        build_icmp_error(is_v6_, report->type, report->code, report->mtu, attempt.quoted, {});
    attempts_.erase(found);
    arrived_({.from = report->from, .bytes = message, .is_genuine = false, .stamp_ns = {}});
    return;
  }
  const auto fate = attempt.told ? attempt.told : fate_of(attempt.fd.get());
  if (!fate) return;
  const std::uint32_t sequence = attempt.sequence;
  attempts_.erase(found);
  if (*fate != 0 && *fate != ECONNREFUSED) return;
  const auto segment =
      build_tcp_answer(name.to_port, name.from_port, sequence, *fate == ECONNREFUSED);
  arrived_(
      {.from = name.to, .is_tcp = true, .bytes = segment, .is_genuine = false, .stamp_ns = {}});
}

}  // namespace lw::io
