// SPDX-License-Identifier: Apache-2.0
#include "io/trace_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <map>
#include <vector>

#include "io/own_packet.h"
#include "io/reserved_ports.h"
#include "io/socket_address.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

constexpr std::uint32_t kTraceMark = 0xabcd1234;
using Bytes = std::vector<std::uint8_t>;

void add_sum(std::uint32_t& sum, const Bytes& bytes) {
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>((bytes[i] << 8) | (i + 1 < bytes.size() ? bytes[i + 1] : 0));
  }
}

void put_u16(Bytes& bytes, std::size_t at, std::uint32_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

/// A complete packet from loopback to loopback, with the checksum at `checksum_at` of the transport
/// computed the long way.
Bytes packet(bool is_v6, std::uint8_t protocol, Bytes transport, std::size_t checksum_at) {
  const auto self = *parse_ip_address(is_v6 ? "::1" : "127.0.0.1");
  std::uint32_t sum = 0;
  if (is_v6 || protocol != IPPROTO_ICMP) {
    const Bytes address(self.bytes.begin(), self.bytes.begin() + (is_v6 ? 16 : 4));
    add_sum(sum, address);
    add_sum(sum, address);
    sum += protocol + static_cast<std::uint32_t>(transport.size());
  }
  add_sum(sum, transport);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  put_u16(transport, checksum_at, ~sum & 0xffff);
  Bytes whole = build_quoted_packet(self, self, protocol, transport);
  if (!is_v6) put_u16(whole, 4, 4'242);
  return whole;
}

Bytes echo(bool is_v6, std::uint16_t id, std::uint32_t mark) {
  Bytes bytes = {static_cast<std::uint8_t>(is_v6 ? 128 : 8), 0, 0, 0, 0, 0, 0, 7};
  put_u16(bytes, 4, id);
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(mark >> shift));
  return packet(is_v6, is_v6 ? 58 : 1, bytes, 2);
}

Bytes datagram(bool is_v6, std::uint16_t from, std::uint16_t to, std::uint32_t mark = kTraceMark) {
  Bytes bytes = build_udp_header(from, to, 4);
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(mark >> shift));
  return packet(is_v6, IPPROTO_UDP, bytes, 6);
}

Bytes syn(bool is_v6, std::uint16_t from, std::uint16_t to) {
  Bytes bytes(20);
  put_u16(bytes, 0, from);
  put_u16(bytes, 2, to);
  put_u16(bytes, 4, 0x1234);
  put_u16(bytes, 6, 0x5678);
  bytes[12] = 5 << 4;
  bytes[13] = 2;
  put_u16(bytes, 14, 1'000);
  return packet(is_v6, IPPROTO_TCP, bytes, 16);
}

struct HeardPackets {
  std::vector<int> kinds;  ///< ICMP types; of TCP segments 1000 and their flags
  std::vector<bool> genuine;
  std::uint8_t ttl = 0;
  std::optional<std::int64_t> received_ns;
  std::map<std::uint32_t, std::int64_t> sent;
};

struct Setting {
  bool is_v6;
  bool without_privilege;
};

struct Bench {
  explicit Bench(const Setting& setting) : is_v6(setting.is_v6) {
    if (setting.without_privilege) drop_thread_capabilities();
    auto opened = TraceSocket::open(
        loop, {is_v6, kTraceMark, setting.without_privilege},
        {[this](const TraceSocket::Arrival& arrival) {
           heard.kinds.push_back(arrival.is_tcp ? 1000 + arrival.bytes[13] : arrival.bytes[0]);
           heard.genuine.push_back(arrival.is_genuine);
           heard.ttl = arrival.ttl;
           heard.received_ns = arrival.stamp_ns;
           EXPECT_EQ(arrival.from, self);
           loop.stop();
         },
         [this](std::uint32_t key, std::int64_t stamp_ns) { heard.sent[key] = stamp_ns; }});
    EXPECT_TRUE(opened) << opened.error().message;
    socket = std::move(*opened);
  }
  int send(const Bytes& bytes, std::uint32_t key) {
    std::array<TraceSocket::Packet, 1> one = {{{self, bytes, key, std::nullopt}}};
    socket->send(one);
    return one[0].error;
  }
  std::uint16_t port(int index = 0) const {
    return static_cast<std::uint16_t>(socket->ports().first + index);
  }

  bool is_v6;
  IpAddress self = *parse_ip_address(is_v6 ? "::1" : "127.0.0.1");
  Loop loop;
  HeardPackets heard;
  std::unique_ptr<TraceSocket> socket;
};

class EachTraceSocket : public testing::TestWithParam<Setting> {
 protected:
  static void in_network(const std::function<void(Bench&)>& body) {
    ASSERT_TRUE(in_own_network({"echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range"}, [&] {
      Bench bench(GetParam());
      body(bench);
    }));
  }
};

TEST_P(EachTraceSocket, hears_echo_replies_with_our_mark_and_both_stamps) {
  in_network([](Bench& bench) {
    // The kernel begins to stamp received packets some time after it is asked to.
    for (std::uint32_t i = 0; i < 1000 && !bench.heard.received_ns; ++i) {
      bench.heard = {};
      ASSERT_EQ(bench.send(echo(bench.is_v6, bench.port(), kTraceMark), 70 + i), 0);
      bench.loop.run_for(Seconds(5));
      if (bench.heard.received_ns) {
        EXPECT_EQ(bench.heard.sent.count(70 + i), 1U);
      }
    }
    EXPECT_EQ(bench.heard.kinds, std::vector<int>{bench.is_v6 ? 129 : 0});
    ASSERT_EQ(bench.heard.sent.size(), 1U);
    EXPECT_GT(*bench.heard.received_ns, bench.heard.sent.begin()->second);
    EXPECT_EQ(bench.heard.ttl, 64);
  });
}

TEST(RawTraceSocket, wakes_nobody_while_it_is_polled) {
  for (const bool is_v6 : {false, true}) {
    ASSERT_TRUE(in_own_network({}, [is_v6] {
      Bench bench({is_v6, false});
      // On loopback the answer is there when the packet has left.
      bench.socket->set_polled(true);
      ASSERT_EQ(bench.send(echo(is_v6, bench.port(), kTraceMark), 1), 0);
      bench.loop.run_for(Milliseconds(20));
      EXPECT_TRUE(bench.heard.kinds.empty());
      bench.socket->read_pending();
      EXPECT_EQ(bench.heard.kinds.size(), 1U);
      bench.loop.run_for(Milliseconds(1));  // Ends at once: the answer has stopped the loop.
      ASSERT_EQ(bench.send(echo(is_v6, bench.port(), kTraceMark), 2), 0);
      bench.socket->set_polled(false);
      bench.loop.run_for(Seconds(5));
      EXPECT_EQ(bench.heard.kinds.size(), 2U) << "what waited already wakes as well";
    }));
  }
}

TEST_P(EachTraceSocket, hears_that_a_udp_port_is_closed) {
  in_network([](Bench& bench) {
    ASSERT_EQ(bench.send(datagram(bench.is_v6, bench.port(3), 9), 1), 0);
    bench.loop.run_for(Seconds(5));
    EXPECT_EQ(bench.heard.kinds, std::vector<int>{bench.is_v6 ? 1 : 3});
    EXPECT_EQ(bench.heard.genuine, std::vector<bool>{!GetParam().without_privilege});
    EXPECT_EQ(bench.heard.ttl, 64);
  });
}

TEST_P(EachTraceSocket, hears_resets_and_syn_acks) {
  in_network([](Bench& bench) {
    ASSERT_EQ(bench.send(syn(bench.is_v6, bench.port(5), 9), 1), 0);
    bench.loop.run_for(Seconds(5));
    EXPECT_EQ(bench.heard.kinds, std::vector<int>{1000 + 0x14});
    bench.heard = {};
    const FileDescriptor listener(::socket(bench.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0));
    const SocketAddress local(bench.self, 7'000);
    ASSERT_EQ(::bind(listener.get(), local.data(), local.size()), 0);
    ASSERT_EQ(::listen(listener.get(), 8), 0);
    // Again and again: the kernel ends what is left half open, so that each is answered.
    for (std::uint32_t i = 0; i < 3; ++i) {
      int error = EBUSY;
      for (int tries = 0; tries < 1000 && error == EBUSY; ++tries) {
        error = bench.send(syn(bench.is_v6, bench.port(5), 7'000), 2 + i);
        if (error == EBUSY) bench.loop.run_for(Milliseconds(1));
      }
      ASSERT_EQ(error, 0);
      bench.loop.run_for(Seconds(5));
    }
    EXPECT_EQ(bench.heard.kinds, std::vector<int>(3, 1000 + 0x12));
  });
}

TEST_P(EachTraceSocket, says_why_a_packet_did_not_leave) {
  ASSERT_TRUE(in_own_network(
      {"nft add table inet t", "nft add chain inet t o '{ type filter hook output priority 0; }'",
       "nft add rule inet t o udp dport 9 drop"},
      [] {
        Bench bench(GetParam());
        EXPECT_EQ(bench.send(datagram(bench.is_v6, bench.port(), 9), 1), EPERM);
        EXPECT_EQ(bench.send(datagram(bench.is_v6, bench.port(), 10), 2), 0);
      }));
}

INSTANTIATE_TEST_SUITE_P(Settings, EachTraceSocket,
                         testing::Values(Setting{false, false}, Setting{true, false},
                                         Setting{false, true}, Setting{true, true}));

TEST(TraceSocket, is_not_woken_by_what_others_asked_for) {
  ASSERT_TRUE(in_own_network({}, [] {
    for (const bool is_v6 : {false, true}) {
      Bench bench({is_v6, false});
      // Another's ping, and another's UDP and TCP packets, by ports and marks that are not ours.
      ASSERT_EQ(bench.send(echo(is_v6, 17, kTraceMark + 1), 1), 0);
      ASSERT_EQ(bench.send(datagram(is_v6, 5'000, 9, kTraceMark + 1), 2), 0);
      ASSERT_EQ(bench.send(syn(is_v6, 5'001, 9), 3), 0);
      // Loopback keeps the order: when this answer is here, the others would be too.
      ASSERT_EQ(bench.send(datagram(is_v6, bench.port(), 9), 4), 0);
      bench.loop.run_for(Seconds(5));
      bench.loop.run_for(Milliseconds(1));
      EXPECT_EQ(bench.heard.kinds, std::vector<int>{is_v6 ? 1 : 3});
    }
  }));
}

TEST(ReservedPorts, are_nobody_elses) {
  ASSERT_TRUE(in_own_network({}, [] {
    const auto first = ReservedPorts::reserve(false, 16, false);
    ASSERT_TRUE(first);
    EXPECT_EQ(first->block().last(), 65'535);
    const auto second = ReservedPorts::reserve(false, 16, false);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->block().last(), first->block().first - 1);
    for (const int type : {SOCK_STREAM, SOCK_DGRAM}) {
      const FileDescriptor other(::socket(AF_INET, type, 0));
      const SocketAddress local(*parse_ip_address("127.0.0.1"), first->block().first);
      EXPECT_NE(::bind(other.get(), local.data(), local.size()), 0);
      EXPECT_EQ(errno, EADDRINUSE);
    }
    EXPECT_FALSE(ReservedPorts::reserve(false, 4'600, false));
  }));
}

}  // namespace
}  // namespace lw::io
