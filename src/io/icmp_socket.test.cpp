// SPDX-License-Identifier: Apache-2.0
#include "io/icmp_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "base/time.h"
#include "io/host.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

constexpr std::uint32_t kMark = 0xabcd1234;

/// An echo request with the mark as its payload; `type` 8 or 128. The checksum of ICMPv6 is the
/// kernel's work; that of ICMP is computed here the long way.
std::vector<std::uint8_t> request(bool is_v6, std::uint32_t mark) {
  std::vector<std::uint8_t> bytes = {
      static_cast<std::uint8_t>(is_v6 ? 128 : 8), 0, 0, 0, 0x12, 0x34, 0x00, 0x07};
  for (const int shift : {24, 16, 8, 0}) bytes.push_back(static_cast<std::uint8_t>(mark >> shift));
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<std::uint32_t>((bytes[i] << 8) | bytes[i + 1]);
  }
  sum = ~((sum & 0xffff) + (sum >> 16));
  bytes[2] = static_cast<std::uint8_t>(is_v6 ? 0 : sum >> 8);
  bytes[3] = static_cast<std::uint8_t>(is_v6 ? 0 : sum);
  return bytes;
}

struct Heard {
  std::vector<std::uint8_t> types;
  std::optional<std::int64_t> received_ns, sent_ns;
  std::optional<std::uint32_t> sent_key;
};

struct Case {
  bool is_v6;
  bool without_privilege;
};

class EachIcmpSocket : public testing::TestWithParam<Case> {};

IcmpSocket::Handlers listening(Loop& loop, Heard& heard) {
  return {[&](const IcmpSocket::Arrival& arrival) {
            heard.types.push_back(arrival.message[0]);
            heard.received_ns = arrival.stamp_ns;
            loop.stop();
          },
          [](const IcmpSocket::Refusal&) {},
          [&](std::uint32_t key, std::int64_t stamp_ns) {
            heard.sent_key = key;
            heard.sent_ns = stamp_ns;
          }};
}

void expect_reply_with_both_stamps(const Case& example) {
  Loop loop;
  Heard heard;
  auto socket = IcmpSocket::open(loop, {example.is_v6, kMark, example.without_privilege},
                                 listening(loop, heard));
  ASSERT_TRUE(socket) << socket.error().message;
  EXPECT_EQ((*socket)->is_datagram(), example.without_privilege);
  const auto self = parse_ip_address(example.is_v6 ? "::1" : "127.0.0.1");
  // The kernel begins to stamp received packets some time after it is asked to.
  for (int i = 0; i < 1000 && !heard.received_ns; ++i) {
    heard = {};
    ASSERT_EQ((*socket)->send(*self, request(example.is_v6, kMark), 77, {}), 0);
    loop.run_for(Seconds(5));
  }
  const auto reply = static_cast<std::uint8_t>(example.is_v6 ? 129 : 0);
  EXPECT_EQ(heard.types, std::vector<std::uint8_t>{reply});
  ASSERT_TRUE(heard.received_ns);
  ASSERT_TRUE(heard.sent_ns);
  EXPECT_EQ(heard.sent_key, 77U);
  EXPECT_GT(*heard.received_ns, *heard.sent_ns);
  EXPECT_LT(*heard.received_ns - *heard.sent_ns, 1'000'000'000);
}

TEST_P(EachIcmpSocket, hears_the_reply_with_kernel_stamps_of_both_ends) {
  // The kernel lets nobody open a datagram ICMP socket by default, but in our own network we
  // decide.
  ASSERT_TRUE(in_own_network({"echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range"},
                             [] { expect_reply_with_both_stamps(GetParam()); }));
}

INSTANTIATE_TEST_SUITE_P(Families, EachIcmpSocket,
                         testing::Values(Case{false, false}, Case{true, false}, Case{false, true},
                                         Case{true, true}));

TEST(IcmpSocket, does_not_hear_replies_to_requests_with_another_mark) {
  for (const bool is_v6 : {false, true}) {
    Loop loop;
    Heard heard;
    auto socket = IcmpSocket::open(loop, {is_v6, kMark}, listening(loop, heard));
    ASSERT_TRUE(socket) << socket.error().message;
    const auto self = parse_ip_address(is_v6 ? "::1" : "127.0.0.1");
    ASSERT_EQ((*socket)->send(*self, request(is_v6, kMark + 1), 1, {}), 0);
    // Loopback keeps the order: when this reply is here, the other would be too.
    ASSERT_EQ((*socket)->send(*self, request(is_v6, kMark), 2, {}), 0);
    loop.run_for(Seconds(5));
    loop.run_for(Milliseconds(1));
    EXPECT_EQ(heard.types.size(), 1U);
    EXPECT_EQ(heard.sent_key, 2U);
  }
}

/// The IPv4 packets that a raw socket of the test's own hears: every ICMP message, with its header.
std::vector<std::uint8_t> first_packet(int fd) {
  std::vector<std::uint8_t> packet(4096);
  const auto count = ::recv(fd, packet.data(), packet.size(), 0);
  packet.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return packet;
}

TEST(IcmpSocket, sends_a_packet_as_it_is_told) {
  ASSERT_TRUE(in_own_network({"ip address add 192.0.2.7/32 dev lo"}, [] {
    const FileDescriptor ear(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
    ASSERT_TRUE(ear.is_open());
    Loop loop;
    Heard heard;
    auto socket =
        IcmpSocket::open(loop, {.mark = kMark, .dont_fragment = true}, listening(loop, heard));
    ASSERT_TRUE(socket) << socket.error().message;
    IcmpSocket::Sending how{.traffic_class = 46 << 2, .ttl = 9, .source = {}, .interface = {}};
    how.source = parse_ip_address("192.0.2.7");
    how.interface = interface_index("lo");
    ASSERT_TRUE(how.interface);
    ASSERT_EQ((*socket)->send(*parse_ip_address("127.0.0.1"), request(false, kMark), 5, how), 0);
    const auto packet = first_packet(ear.get());
    ASSERT_GT(packet.size(), 28U);
    EXPECT_EQ(packet[1], 46 << 2) << "DSCP";
    EXPECT_EQ(packet[6] & 0x40, 0x40) << "do not fragment";
    EXPECT_EQ(packet[8], 9) << "TTL";
    EXPECT_EQ(std::vector(packet.begin() + 12, packet.begin() + 16),
              (std::vector<std::uint8_t>{192, 0, 2, 7}));
    EXPECT_EQ(packet[20], 8) << "the request, not the reply";
    // Larger than the link: refused here, and not cut into fragments.
    std::vector<std::uint8_t> large = request(false, kMark);
    large.resize(65'507);
    ASSERT_EQ(std::system("ip link set lo mtu 1500"), 0);
    EXPECT_EQ((*socket)->send(*parse_ip_address("127.0.0.1"), large, 6, {}), EMSGSIZE);
  }));
}

TEST(IcmpSocket, a_source_that_is_not_ours_is_refused) {
  Loop loop;
  Heard heard;
  auto socket = IcmpSocket::open(loop, {.mark = kMark}, listening(loop, heard));
  ASSERT_TRUE(socket) << socket.error().message;
  IcmpSocket::Sending how;
  how.source = parse_ip_address("192.0.2.200");
  EXPECT_NE((*socket)->send(*parse_ip_address("127.0.0.1"), request(false, kMark), 5, how), 0);
}

TEST(IcmpSocket, says_at_once_why_nothing_was_sent) {
  struct Example {
    const char* setup;
    int error;
  };
  for (const Example& example :
       {Example{"true", ENETUNREACH}, Example{"ip route add prohibit 192.0.2.1", EACCES},
        Example{"ip route add unreachable 192.0.2.1", EHOSTUNREACH},
        Example{"ip route add 192.0.2.1 dev lo && nft 'add table t; add chain t out { type filter "
                "hook output priority 0; }; add rule t out drop'",
                EPERM}}) {
    EXPECT_TRUE(in_own_network({example.setup}, [&] {
      Loop loop;
      Heard heard;
      auto socket = IcmpSocket::open(loop, {false, kMark}, listening(loop, heard));
      ASSERT_TRUE(socket) << socket.error().message;
      const int error =
          (*socket)->send(*parse_ip_address("192.0.2.1"), request(false, kMark), 1, {});
      EXPECT_EQ(error, example.error) << example.setup;
    }));
  }
}

}  // namespace
}  // namespace lw::io
