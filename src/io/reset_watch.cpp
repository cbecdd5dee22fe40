// SPDX-License-Identifier: Apache-2.0
#include "io/reset_watch.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <map>

#include "base/files.h"
#include "io/bpf.h"
#include "io/control_messages.h"
#include "io/message_batch.h"
#include "io/receive_buffer.h"
#include "io/socket_address.h"
#include "io/socket_options.h"
#include "io/tcp_head.h"

namespace lw::io {
namespace {

// Both headers with all options that there can be, but those of TCP.
constexpr std::size_t kPacketBytes = 80;
constexpr std::uint32_t kTakeHeaders = kPacketBytes;
// Room for what arrives between two readings on a busy host.
constexpr int kReceiveBuffer = 1 << 20;
constexpr Milliseconds kReadEvery{100};
// A flood must not keep the loop from its other work.
constexpr std::size_t kBatchesMost = 64;
constexpr std::size_t kBatch = 32;

constexpr std::uint8_t kReset = 0x04;      // RFC 9293 §3.1
constexpr std::uint8_t kSynAndAck = 0x12;  // both
constexpr std::size_t kFlagsAt = 13;

/// Passes resets and answers to SYNs. Raw sockets of IPv4 see packets from the IP header on, those
/// of IPv6 from the TCP header on.
int attach_filter(int fd, bool is_v6) {
  using namespace bpf;
  const sock_filter load_flags = is_v6 ? load_byte(kFlagsAt) : load_byte_x(kFlagsAt);
  return attach(fd, std::array<sock_filter, 7>{{
                        ipv4_header_to_x(),          // 0: means nothing for IPv6
                        load_flags,                  // 1
                        if_any_bit(kReset, 2, 0),    // 2
                        mask(kSynAndAck),            // 3
                        if_equal(kSynAndAck, 0, 1),  // 4
                        finish(kTakeHeaders),        // 5
                        finish(kDrop),               // 6
                    }});
}

FileDescriptor open_socket(bool is_v6) {
  FileDescriptor fd(
      ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!fd.is_open()) return fd;
  if (attach_filter(fd.get(), is_v6) != 0) return {};
  drain(fd.get());
  enlarge_receive_buffer(fd.get(), kReceiveBuffer);
  if (is_v6) set_option(fd.get(), IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
  return fd;
}

}  // namespace

struct ResetWatch::Impl {
  struct Family {
    FileDescriptor fd;
    Instant until{};
  };

  Loop& loop;
  const Clock& clock;
  std::array<Family, 2> families{};
  std::map<TcpEnds, Seen> connections{};
  MessageBatch<kBatch, kPacketBytes> batch{};
  Loop::Timer next{};

  void read(bool is_v6);
  void take(bool is_v6, std::size_t which);
  void note(const TcpEnds& connection, bool is_reset, std::uint8_t ttl);
  void beat();
};

ResetWatch::ResetWatch(Loop& loop, const Clock& clock)
    : impl_(std::make_unique<Impl>(Impl{loop, clock})) {}
ResetWatch::~ResetWatch() = default;

void ResetWatch::listen(bool is_v6) {
  Impl::Family& family = impl_->families.at(is_v6 ? 1 : 0);
  const Instant now = impl_->clock.now();
  // Without the privilege it is not tried for each failed check anew.
  if (!family.fd.is_open() && now >= family.until) family.fd = open_socket(is_v6);
  family.until = now + kListenFor;
  impl_->beat();
}

bool ResetWatch::is_listening(bool is_v6) const {
  return impl_->families.at(is_v6 ? 1 : 0).fd.is_open();
}

ResetWatch::Seen ResetWatch::seen(const TcpEnds& connection) {
  impl_->read(connection.remote.is_v6);
  const auto found = impl_->connections.find(connection);
  return found == impl_->connections.end() ? Seen{} : found->second;
}

void ResetWatch::Impl::beat() {
  next = loop.after(kReadEvery, [this] {
    bool is_open = false;
    for (const bool is_v6 : {false, true}) {
      Family& family = families.at(is_v6 ? 1 : 0);
      if (clock.now() >= family.until) family.fd.reset();
      read(is_v6);
      is_open = is_open || family.fd.is_open();
    }
    if (is_open) return beat();
    connections.clear();
  });
}

void ResetWatch::Impl::read(bool is_v6) {
  const Family& family = families.at(is_v6 ? 1 : 0);
  if (!family.fd.is_open()) return;
  for (std::size_t batches = 0; batches < kBatchesMost; ++batches) {
    const std::size_t count = batch.receive(family.fd.get(), 0);
    for (std::size_t i = 0; i < count; ++i) take(is_v6, i);
    if (count < kBatch) return;
  }
}

void ResetWatch::Impl::take(bool is_v6, std::size_t which) {
  const auto head = is_v6 ? read_tcp_head(batch.bytes(which), read_hop_limit(batch.header(which)))
                          : read_tcp_head_of_ipv4(batch.bytes(which));
  if (!head || head->ttl == 0) return;
  note({address_of(batch.from(which)), head->from_port, head->to_port}, head->is_reset, head->ttl);
}

void ResetWatch::Impl::note(const TcpEnds& connection, bool is_reset, std::uint8_t ttl) {
  if (connections.size() >= kConnectionsMax) connections.clear();
  Seen& seen = connections[connection];
  if (!is_reset) {
    seen = {.handshake_ttl = ttl};  // A new connection, perhaps of the same port as one before.
  } else if (seen.reset_ttl == 0) {
    seen.reset_ttl = ttl;
  }
}

}  // namespace lw::io
