// SPDX-License-Identifier: Apache-2.0
#include "io/route.h"

#include <gtest/gtest.h>

#include "io/host.h"

namespace lw::io {
namespace {

std::optional<Route> route_to(const char* address) {
  return find_route(parse_ip_address(address).value());
}

TEST(Route, ToLoopbackIsThisHostItself) {
  const auto route = route_to("127.0.0.1");
  ASSERT_TRUE(route.has_value());
  EXPECT_TRUE(route->is_reachable);
  EXPECT_FALSE(route->router.has_value());
  EXPECT_EQ(route->interface, "lo");
  // Without rules of its own a kernel keeps the local table inside main.
  EXPECT_TRUE(route->table == 254 || route->table == 255) << route->table;
  ASSERT_TRUE(route->source.has_value());
  EXPECT_EQ(to_string(*route->source), "127.0.0.1");
}

TEST(Route, ToEverywhereElseIsByTheDefaultRouterIfThereIsOne) {
  // RFC 5737: hardly anybody has a route of its own for it.
  const auto route = route_to("203.0.113.77");
  ASSERT_TRUE(route.has_value());
  const auto gateway = default_gateway();
  const bool is_v4 = gateway && gateway->find(':') == std::string::npos;
  EXPECT_EQ(route->router.has_value(), is_v4);
  if (is_v4) {
    EXPECT_TRUE(route->is_reachable);
    EXPECT_EQ(to_string(*route->router), *gateway);
  }
}

TEST(Route, AnAddressThatNothingLeadsToIsNotReachable) {
  // RFC 1112: the last of the reserved ones.
  const auto route = route_to("240.0.0.1");
  ASSERT_TRUE(route.has_value());
  if (!default_gateway()) {
    EXPECT_FALSE(route->is_reachable);
  }
}

}  // namespace
}  // namespace lw::io
