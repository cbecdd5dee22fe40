// SPDX-License-Identifier: Apache-2.0
#include "io/icmp_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "base/files.h"
#include "base/time.h"
#include "io/host.h"
#include "io/icmp_filter.h"
#include "io/socket_address.h"
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
  std::vector<SentAt> sent_at;
  std::uint8_t ttl = 0;
};

struct Case {
  bool is_v6;
  bool without_privilege;
};

class EachIcmpSocket : public testing::TestWithParam<Case> {};

IcmpSocket::Handlers listening(Loop& loop, Heard& heard) {
  return {[&](std::span<const IcmpSocket::Arrival> arrivals) {
            for (const IcmpSocket::Arrival& arrival : arrivals) {
              heard.types.push_back(arrival.message[0]);
              heard.received_ns = arrival.stamp_ns;
              heard.ttl = arrival.ttl;
            }
            loop.stop();
          },
          [](const IcmpSocket::Refusal&) {},
          [&](std::uint32_t key, std::int64_t stamp_ns, SentAt at) {
            heard.sent_key = key;
            if (heard.sent_ns) {
              EXPECT_LE(*heard.sent_ns, stamp_ns) << "first the queue, then the driver";
            }
            heard.sent_ns = stamp_ns;
            heard.sent_at.push_back(at);
          }};
}

/// Sends one message: 0, or the errno of its refusal.
int send_one(IcmpSocket& socket, const IpAddress& to, const std::vector<std::uint8_t>& message,
             std::uint32_t key, const IcmpSocket::Sending& how = {}) {
  socket.stage(to, message, key, how);
  const auto unsent = socket.send_staged();
  if (unsent.empty()) return 0;
  EXPECT_EQ(unsent.size(), 1U);
  EXPECT_EQ(unsent.front().key, key);
  return unsent.front().error_number;
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
    ASSERT_EQ(send_one(**socket, *self, request(example.is_v6, kMark), 77), 0);
    loop.run_for(Seconds(5));
  }
  const auto reply = static_cast<std::uint8_t>(example.is_v6 ? 129 : 0);
  EXPECT_EQ(heard.types, std::vector<std::uint8_t>{reply});
  ASSERT_TRUE(heard.received_ns);
  ASSERT_TRUE(heard.sent_ns);
  EXPECT_EQ(heard.sent_key, 77U);
  EXPECT_GT(*heard.received_ns, *heard.sent_ns);
  EXPECT_LT(*heard.received_ns - *heard.sent_ns, 1'000'000'000);
  EXPECT_EQ(heard.sent_at, std::vector<SentAt>{SentAt::Driver});
  EXPECT_EQ(heard.ttl, 77) << "what the system begins with, see the test";

  heard = {};
  ASSERT_EQ(
      send_one(**socket, *self, request(example.is_v6, kMark), 78, {.with_queue_stamp = true}), 0);
  loop.run_for(Seconds(5));
  EXPECT_EQ(heard.sent_at, (std::vector<SentAt>{SentAt::Queue, SentAt::Driver}));
  EXPECT_EQ(heard.sent_key, 78U);
}

TEST_P(EachIcmpSocket, hears_the_reply_with_kernel_stamps_of_both_ends) {
  // The kernel lets nobody open a datagram ICMP socket by default, but in our own network we
  // decide.
  ASSERT_TRUE(in_own_network(
      {"echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range",
       "sysctl -q -w net.ipv4.ip_default_ttl=77", "sysctl -q -w net.ipv6.conf.all.hop_limit=77",
       "sysctl -q -w net.ipv6.conf.lo.hop_limit=77"},
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
    ASSERT_EQ(send_one(**socket, *self, request(is_v6, kMark + 1), 1), 0);
    // Loopback keeps the order: when this reply is here, the other would be too.
    ASSERT_EQ(send_one(**socket, *self, request(is_v6, kMark), 2), 0);
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
    ASSERT_EQ(send_one(**socket, *parse_ip_address("127.0.0.1"), request(false, kMark), 5, how), 0);
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
    EXPECT_EQ(send_one(**socket, *parse_ip_address("127.0.0.1"), large, 6), EMSGSIZE);
  }));
}

TEST(IcmpSocket, a_source_that_is_not_ours_is_refused) {
  Loop loop;
  Heard heard;
  auto socket = IcmpSocket::open(loop, {.mark = kMark}, listening(loop, heard));
  ASSERT_TRUE(socket) << socket.error().message;
  IcmpSocket::Sending how;
  how.source = parse_ip_address("192.0.2.200");
  EXPECT_NE(send_one(**socket, *parse_ip_address("127.0.0.1"), request(false, kMark), 5, how), 0);
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
          send_one(**socket, *parse_ip_address("192.0.2.1"), request(false, kMark), 1);
      EXPECT_EQ(error, example.error) << example.setup;
    }));
  }
}

/// What each of some destinations, sent to together, was refused with; 0 if it was sent.
std::vector<int> errors_of_batch(IcmpSocket& socket, const std::vector<const char*>& to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    socket.stage(*parse_ip_address(to[i]), request(false, kMark), static_cast<std::uint32_t>(i),
                 {});
  }
  std::vector<int> errors(to.size());
  for (const IcmpSocket::Unsent& unsent : socket.send_staged()) {
    errors.at(unsent.key) = unsent.error_number;
  }
  return errors;
}

TEST(IcmpSocket, in_a_batch_each_message_has_its_own_error) {
  for (const bool without_privilege : {false, true}) {
    ASSERT_TRUE(in_own_network(
        {"echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range",
         "ip route add prohibit 192.0.2.1", "ip route add unreachable 192.0.2.2"},
        [&] {
          Loop loop;
          Heard heard;
          auto socket =
              IcmpSocket::open(loop, {.mark = kMark, .without_privilege = without_privilege},
                               listening(loop, heard));
          ASSERT_TRUE(socket) << socket.error().message;
          EXPECT_EQ(errors_of_batch(**socket, {"127.0.0.1", "192.0.2.1", "127.0.0.2", "192.0.2.2",
                                               "192.0.2.2", "127.0.0.3", "192.0.2.1"}),
                    (std::vector<int>{0, EACCES, 0, EHOSTUNREACH, EHOSTUNREACH, 0, EACCES}));
          EXPECT_EQ(errors_of_batch(**socket, {"192.0.2.2", "127.0.0.1"}),
                    (std::vector<int>{EHOSTUNREACH, 0}));
          while (heard.types.size() < 4 && !testing::Test::HasFailure()) loop.run_for(Seconds(5));
          EXPECT_EQ(heard.types, std::vector<std::uint8_t>(4, 0));
        }));
  }
}

TEST(IcmpSocket, an_error_that_came_in_is_not_blamed_on_the_next_message) {
  // On loopback, the rejection of one message is there before the next one leaves.
  ASSERT_TRUE(in_own_network(
      {"echo 0 2147483647 > /proc/sys/net/ipv4/ping_group_range",
       "nft 'add table t; add chain t in { type filter hook input priority 0; }; add rule t in ip "
       "daddr 127.0.0.9 icmp type echo-request reject with icmp type host-unreachable'"},
      [] {
        Loop loop;
        Heard heard;
        IcmpSocket::Handlers handlers = listening(loop, heard);
        int refusals = 0;
        handlers.refused = [&](const IcmpSocket::Refusal&) { ++refusals; };
        auto socket =
            IcmpSocket::open(loop, {.mark = kMark, .without_privilege = true}, std::move(handlers));
        ASSERT_TRUE(socket) << socket.error().message;
        EXPECT_EQ(errors_of_batch(**socket, {"127.0.0.9", "127.0.0.1", "127.0.0.9", "127.0.0.2"}),
                  (std::vector<int>{0, 0, 0, 0}));
        (*socket)->read_pending();
        EXPECT_EQ(refusals, 2);
        EXPECT_EQ(heard.types.size(), 2U);
      }));
}

TEST(IcmpSocket, without_send_stamps_there_is_the_receive_stamp_alone) {
  Loop loop;
  Heard heard;
  auto socket =
      IcmpSocket::open(loop, {.mark = kMark, .with_send_stamps = false}, listening(loop, heard));
  ASSERT_TRUE(socket) << socket.error().message;
  for (int i = 0; i < 1000 && !heard.received_ns; ++i) {
    ASSERT_EQ(send_one(**socket, *parse_ip_address("127.0.0.1"), request(false, kMark), 3), 0);
    loop.run_for(Seconds(5));
  }
  EXPECT_TRUE(heard.received_ns);
  EXPECT_FALSE(heard.sent_ns);
}

TEST(IcmpSocket, fetches_many_replies_on_a_beat_and_is_woken_again_by_few) {
  Loop loop;
  Heard heard;
  auto socket = IcmpSocket::open(loop, {.mark = kMark}, listening(loop, heard));
  ASSERT_TRUE(socket) << socket.error().message;
  const IpAddress self = *parse_ip_address("127.0.0.1");
  std::size_t sent = 0;
  // Some thousand a second, then one at a time.
  for (int turn = 0; turn < 100; ++turn) {
    for (std::uint32_t i = 0; i < 32; ++i, ++sent) {
      (*socket)->stage(self, request(false, kMark), i, {});
    }
    ASSERT_TRUE((*socket)->send_staged().empty());
    loop.run_for(Milliseconds(1));
  }
  while (heard.types.size() < sent && !HasFailure()) loop.run_for(Seconds(5));
  EXPECT_EQ(heard.types.size(), sent);
  for (int turn = 0; turn < 5; ++turn, ++sent) {
    ASSERT_EQ(send_one(**socket, self, request(false, kMark), 7), 0);
    loop.run_for(Milliseconds(20));
  }
  while (heard.types.size() < sent && !HasFailure()) loop.run_for(Seconds(5));
  EXPECT_EQ(heard.types.size(), sent);
}

/// How many packets a raw ICMP socket was given since it was asked last. Waits for the first: on a
/// busy machine the kernel delivers even over loopback when it has time.
int take_all(int fd) {
  pollfd waiting{.fd = fd, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, 5'000) != 1) return 0;
  int count = 0;
  std::array<std::uint8_t, 2048> packet{};
  while (::recv(fd, packet.data(), packet.size(), MSG_DONTWAIT) > 0) ++count;
  return count;
}

/// Sends to a UDP port that nobody listens on, over loopback: the answer is an ICMP error, at once.
void provoke_port_unreachable(bool is_v6) {
  const FileDescriptor udp(::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const SocketAddress to(*parse_ip_address(is_v6 ? "::1" : "127.0.0.1"), 9);
  ASSERT_EQ(::sendto(udp.get(), "x", 1, 0, to.data(), to.size()), 1);
}

/// An echo request to an address that rejects it.
void provoke_rejected_echo(bool is_v6, std::uint32_t mark) {
  Loop loop;
  Heard heard;
  auto socket = IcmpSocket::open(loop, {.is_v6 = is_v6, .mark = mark}, listening(loop, heard));
  ASSERT_TRUE(socket) << socket.error().message;
  const IpAddress to = *parse_ip_address(is_v6 ? "2001:db8::9" : "192.0.2.9");
  ASSERT_EQ(send_one(**socket, to, request(is_v6, mark), 1), 0);
}

/// An error that quotes no more of an echo request than its eight bytes of header.
void send_short_error(bool is_v6) {
  const std::size_t ip_header = is_v6 ? 40 : 20;
  std::vector<std::uint8_t> message(8 + ip_header + 8);
  message[0] = is_v6 ? 1 : 3;
  message[8] = is_v6 ? 0x60 : 0x45;
  message[8 + (is_v6 ? 6 : 9)] = is_v6 ? 58 : 1;
  message[8 + ip_header] = is_v6 ? 128 : 8;
  const FileDescriptor mouth(
      ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC,
               is_v6 ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP)));
  const SocketAddress to(*parse_ip_address(is_v6 ? "::1" : "127.0.0.1"), 0);
  ASSERT_GT(::sendto(mouth.get(), message.data(), message.size(), 0, to.data(), to.size()), 0);
}

TEST(IcmpFilter, of_errors_those_about_our_echoes_pass_and_no_others) {
  ASSERT_TRUE(in_own_network(
      {"ip address add 192.0.2.9/32 dev lo", "ip -6 address add 2001:db8::9/128 dev lo nodad",
       "nft 'add table inet t; add chain inet t in { type filter hook input priority 0; }; add "
       "rule "
       "inet t in ip daddr 192.0.2.9 icmp type echo-request reject with icmp type "
       "admin-prohibited; add rule inet t in ip6 daddr 2001:db8::9 icmpv6 type echo-request reject "
       "with icmpv6 type admin-prohibited'"},
      [] {
        for (const bool is_v6 : {false, true}) {
          const FileDescriptor ear(
              ::socket(is_v6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC,
                       is_v6 ? static_cast<int>(IPPROTO_ICMPV6) : static_cast<int>(IPPROTO_ICMP)));
          ASSERT_TRUE(ear.is_open());
          // What any raw socket hears: the error, so that silence below is the filter's doing.
          provoke_port_unreachable(is_v6);
          EXPECT_EQ(take_all(ear.get()), 1) << is_v6;
          ASSERT_EQ(attach_icmp_filter(ear.get(), is_v6, kMark), 0);
          // Each that is to be kept away comes before one that passes, which is waited for.
          provoke_port_unreachable(is_v6);
          provoke_rejected_echo(is_v6, kMark);
          EXPECT_EQ(take_all(ear.get()), 1) << "an echo of ours, none about UDP; IPv6: " << is_v6;
          provoke_rejected_echo(is_v6, kMark + 1);
          send_short_error(is_v6);
          EXPECT_EQ(take_all(ear.get()), 1)
              << "one that quotes too little, none about somebody else's; IPv6: " << is_v6;
        }
      }));
}

}  // namespace
}  // namespace lw::io
