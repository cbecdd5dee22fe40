// SPDX-License-Identifier: Apache-2.0
#include "io/reset_watch.h"

#include <gtest/gtest.h>

#include "base/test_times.h"
#include "io/tcp_connector.h"
#include "io/test_listener.h"
#include "io/test_network.h"

namespace lw::io {
namespace {

/// One connection; its ends, with the local port if it was refused.
ConnectReport connect_once(Loop& loop, TcpConnector& connector, const TcpEnds& to) {
  ConnectReport report;
  connector.start(to.remote, to.remote_port, Seconds(5), {}, [&](const ConnectReport& ended) {
    report = ended;
    loop.stop();
  });
  loop.run_for(Seconds(10));
  return report;
}

/// Resets leave with another TTL than all else, as if another machine had sent them.
const std::vector<std::string> kForeignResets = {
    "nft 'add table inet t; add chain inet t out { type filter hook output priority mangle; }'",
    "nft 'add rule inet t out tcp flags & rst == rst ip ttl set 61'",
    "nft 'add rule inet t out tcp flags & rst == rst ip6 hoplimit set 61'"};

class EachFamily : public testing::TestWithParam<const char*> {};

TEST_P(EachFamily, sees_the_ttl_of_a_refusal) {
  ASSERT_TRUE(in_own_network(kForeignResets, [] {
    Loop loop;
    TcpConnector connector(loop, kClock);
    ResetWatch watch(loop, kClock);
    TcpEnds ends{*parse_ip_address(GetParam()), 9, 0};
    const bool is_v6 = ends.remote.is_v6;
    EXPECT_FALSE(watch.is_listening(is_v6));
    ends.local_port = connect_once(loop, connector, ends).local_port;
    ASSERT_NE(ends.local_port, 0);
    EXPECT_EQ(watch.seen(ends), ResetWatch::Seen{}) << "nobody asked yet";

    watch.listen(is_v6);
    EXPECT_TRUE(watch.is_listening(is_v6));
    EXPECT_FALSE(watch.is_listening(!is_v6));
    const ConnectReport refused = connect_once(loop, connector, ends);
    EXPECT_EQ(refused.status, ConnectStatus::Refused);
    ends.local_port = refused.local_port;
    EXPECT_EQ(watch.seen(ends), (ResetWatch::Seen{.handshake_ttl = 0, .reset_ttl = 61}));
    ends.local_port = static_cast<std::uint16_t>(ends.local_port + 1);
    EXPECT_EQ(watch.seen(ends), ResetWatch::Seen{}) << "another connection";
  }));
}

INSTANTIATE_TEST_SUITE_P(Families, EachFamily, testing::Values("127.0.0.1", "::1"));

TEST(ResetWatch, sees_nothing_and_does_no_harm_without_privilege) {
  ASSERT_TRUE(in_own_network({}, [] {
    ASSERT_TRUE(drop_thread_capabilities());
    Loop loop;
    ResetWatch watch(loop, kClock);
    watch.listen(false);
    EXPECT_FALSE(watch.is_listening(false));
    EXPECT_EQ(watch.seen({*parse_ip_address("127.0.0.1"), 9, 10}), ResetWatch::Seen{});
  }));
}

}  // namespace
}  // namespace lw::io
