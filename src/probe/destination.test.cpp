// SPDX-License-Identifier: Apache-2.0
#include "probe/destination.h"

#include <gtest/gtest.h>

#include "probe/connect_race.h"

namespace lw {
namespace {

lw::Test make_test(std::uint64_t id) {
  lw::Test test;
  test.id = TestId{id};
  test.destination_address = "web.example";
  test.configuration = std::make_shared<const TestConfiguration>();
  return test;
}

TEST(Destination, browsers_take_ipv6_first_and_then_the_families_in_turns) {
  const auto a = *parse_ip_address("192.0.2.1"), b = *parse_ip_address("192.0.2.2"),
             c = *parse_ip_address("192.0.2.3"), six = *parse_ip_address("2001:db8::1");
  EXPECT_EQ(happy_eyeballs_order({a, b, c, six}), (std::vector<IpAddress>{six, a, b, c}));
  EXPECT_EQ(happy_eyeballs_order({a, b}), (std::vector<IpAddress>{a, b}));
  EXPECT_EQ(in_order_of_use({a, six}, AddressUse::All), (std::vector<IpAddress>{a, six}));
}

TEST(Destination, keeps_addresses_of_tests_that_run_and_forgets_the_others_after_a_day) {
  LastGoodAddresses last;
  ManualClock clock;
  const std::vector<IpAddress> addresses = {*parse_ip_address("192.0.2.1")};
  last.remember(make_test(1), addresses, clock.now());
  last.remember(make_test(2), addresses, clock.now());
  const Instant then = clock.now();
  clock.advance(std::chrono::hours(23));
  ASSERT_NE(last.find(make_test(1), clock.now()), nullptr) << "its name fails, but it runs";
  clock.advance(std::chrono::hours(2));
  for (std::uint64_t id = 3; id <= 1024; ++id) {
    last.remember(make_test(id), addresses, clock.now());
  }
  ASSERT_NE(last.find(make_test(1), clock.now()), nullptr);
  EXPECT_EQ(last.find(make_test(1), clock.now())->at, then);
  EXPECT_EQ(last.find(make_test(2), clock.now()), nullptr);
  EXPECT_EQ(last.size(), 1023U);
}

}  // namespace
}  // namespace lw
