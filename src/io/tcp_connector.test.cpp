// SPDX-License-Identifier: Apache-2.0
#include "io/tcp_connector.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "io/socket_address.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

/// A bound socket; listens if asked to. A port that is bound without listening refuses.
struct Server {
  Server(const char* host, bool listens) {
    const IpAddress address = *parse_ip_address(host);
    fd =
        FileDescriptor(::socket(address.is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    SocketAddress local(address, 0);
    EXPECT_EQ(::bind(fd.get(), local.data(), local.size()), 0);
    EXPECT_EQ(listens ? ::listen(fd.get(), 128) : 0, 0);
    socklen_t size = SocketAddress::capacity();
    EXPECT_EQ(::getsockname(fd.get(), local.data(), &size), 0);
    port = port_of(local.data());
  }
  FileDescriptor fd;
  std::uint16_t port = 0;
};

ConnectReport connect_once(const char* host, std::uint16_t port,
                           Milliseconds timeout = Milliseconds(5000)) {
  Loop loop;
  const SystemClock clock;
  TcpConnector connector(loop, clock);
  std::vector<ConnectReport> reports;
  connector.start(*parse_ip_address(host), port, timeout, {}, [&](const ConnectReport& report) {
    reports.push_back(report);
    loop.stop();
  });
  EXPECT_TRUE(reports.empty()) << "called back from inside start()";
  loop.run_for(Seconds(20));
  EXPECT_EQ(reports.size(), 1U);
  EXPECT_EQ(connector.in_flight(), 0U);
  return reports.empty() ? ConnectReport{} : reports.front();
}

TEST(TcpConnector, measures_a_handshake_by_the_kernel) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    const Server server(host, true);
    const ConnectReport report = connect_once(host, server.port);
    EXPECT_EQ(report.status, ConnectStatus::Connected) << host;
    ASSERT_TRUE(report.rtt);
    EXPECT_TRUE(report.is_kernel_rtt);
    EXPECT_GT(report.rtt->count(), 0);
    EXPECT_LT(*report.rtt, Seconds(1));
  }
}

TEST(TcpConnector, tells_a_refusal_by_reset) {
  for (const char* host : {"127.0.0.1", "::1"}) {
    const Server server(host, false);
    const ConnectReport report = connect_once(host, server.port);
    EXPECT_EQ(report.status, ConnectStatus::Refused) << host;
    EXPECT_FALSE(report.icmp);
    EXPECT_FALSE(report.rtt);
  }
}

TEST(TcpConnector, names_the_icmp_error_and_who_sent_it) {
  struct Example {
    const char* host;
    const char* verdict;
    int type, code;
  };
  for (const Example& example :
       {Example{"127.0.0.1", "reject with icmp type port-unreachable", 3, 3},
        Example{"127.0.0.1", "reject with icmp type host-unreachable", 3, 1},
        Example{"127.0.0.1", "reject with icmp type admin-prohibited", 3, 13},
        Example{"::1", "reject with icmpv6 type admin-prohibited", 1, 1},
        Example{"::1", "reject with icmpv6 type no-route", 1, 0}}) {
    EXPECT_TRUE(in_own_network({kChain, rule(std::string("tcp dport 9 ") + example.verdict)}, [&] {
      const ConnectReport report = connect_once(example.host, 9);
      EXPECT_EQ(report.status, ConnectStatus::IcmpError) << example.verdict;
      ASSERT_TRUE(report.icmp);
      EXPECT_EQ(report.icmp->type, example.type);
      EXPECT_EQ(report.icmp->code, example.code);
      EXPECT_EQ(to_string(report.icmp->from), example.host);
    })) << example.verdict;
  }
}

TEST(TcpConnector, gives_up_after_the_timeout) {
  EXPECT_TRUE(in_own_network({kChain, rule("tcp dport 9 drop")}, [] {
    const ConnectReport report = connect_once("127.0.0.1", 9, Milliseconds(30));
    EXPECT_EQ(report.status, ConnectStatus::TimedOut);
  }));
}

TEST(TcpConnector, takes_a_handshake_that_needed_a_second_syn_for_a_lost_packet) {
  // The first SYN is dropped; the kernel sends it again after a second.
  EXPECT_TRUE(in_own_network(
      {kChain, rule("tcp flags == syn limit rate over 1/day burst 1 packets accept"),
       rule("tcp flags == syn drop")},
      [] {
        const Server server("127.0.0.1", true);
        const ConnectReport report = connect_once("127.0.0.1", server.port, Milliseconds(9000));
        EXPECT_EQ(report.status, ConnectStatus::SynLost);
        EXPECT_EQ(report.retransmits, 1);
        EXPECT_FALSE(report.rtt);
      }));
}

TEST(TcpConnector, knows_that_this_host_has_no_route) {
  EXPECT_TRUE(in_own_network({}, [] {
    EXPECT_EQ(connect_once("192.0.2.1", 9).status, ConnectStatus::NoRoute);
    EXPECT_EQ(connect_once("2001:db8::1", 9).status, ConnectStatus::NoRoute);
  }));
}

TEST(TcpConnector, knows_that_this_host_has_no_free_port) {
  EXPECT_TRUE(in_own_network({"echo 40000 40000 > /proc/sys/net/ipv4/ip_local_port_range"}, [] {
    const Server silent("127.0.0.1", false);  // Takes the only port.
    EXPECT_EQ(connect_once("127.0.0.1", 9).status, ConnectStatus::LocalResources);
  }));
}

TEST(TcpConnector, leaves_no_port_behind) {
  // With two ports and TIME_WAIT for one of them, the third handshake would fail.
  EXPECT_TRUE(in_own_network({"echo 40000 40001 > /proc/sys/net/ipv4/ip_local_port_range"}, [] {
    const Server server("127.0.0.1", true);
    for (int i = 0; i < 50; ++i) {
      EXPECT_EQ(connect_once("127.0.0.1", server.port).status, ConnectStatus::Connected) << i;
    }
  }));
}

TEST(TcpConnector, forgets_what_is_under_way_when_it_goes) {
  EXPECT_TRUE(in_own_network({kChain, rule("tcp dport 9 drop")}, [] {
    Loop loop;
    const SystemClock clock;
    {
      TcpConnector connector(loop, clock);
      connector.start(*parse_ip_address("127.0.0.1"), 9, Milliseconds(1), {},
                      [](const ConnectReport&) { FAIL(); });
    }
    loop.run_for(Milliseconds(5));
  }));
}

TEST(TcpConnector, a_cancelled_attempt_is_over_and_calls_nobody) {
  Loop loop;
  const SystemClock clock;
  const Server server("127.0.0.1", true);
  TcpConnector connector(loop, clock);
  const auto cancelled = connector.start(*parse_ip_address("127.0.0.1"), server.port, Seconds(5),
                                         {}, [](const ConnectReport&) { FAIL(); });
  connector.cancel(cancelled);
  EXPECT_EQ(connector.in_flight(), 0U);
  connector.cancel(cancelled);
  // One that is refused at once ends later all the same, and may be cancelled until then.
  connector.cancel(connector.start(*parse_ip_address("255.255.255.255"), 9, Seconds(5), {},
                                   [](const ConnectReport&) { FAIL(); }));
  connector.start(*parse_ip_address("127.0.0.1"), server.port, Seconds(5), {},
                  [&](const ConnectReport&) { loop.stop(); });
  loop.run_for(Seconds(20));
  EXPECT_EQ(connector.in_flight(), 0U);
}

}  // namespace
}  // namespace lw::io
