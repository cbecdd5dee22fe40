// SPDX-License-Identifier: Apache-2.0
#include "model/ip_range.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

bool is_in(std::string_view range, std::string_view address) {
  return parse_ip_range(range)->contains(*parse_ip_address(address));
}

TEST(IpRange, ContainsWhatSharesItsPrefix) {
  EXPECT_TRUE(is_in("10.0.0.0/20", "10.0.15.255"));
  EXPECT_FALSE(is_in("10.0.0.0/20", "10.0.16.0"));
  EXPECT_TRUE(is_in("10.0.0.7/8", "10.9.9.9"));
  EXPECT_TRUE(is_in("0.0.0.0/0", "192.0.2.1"));
  EXPECT_TRUE(is_in("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(is_in("2001:db8::/33", "2001:db8:8000::1"));
}

TEST(IpRange, OfOneAddressContainsItAlone) {
  EXPECT_TRUE(is_in("10.0.0.1", "10.0.0.1"));
  EXPECT_FALSE(is_in("10.0.0.1", "10.0.0.2"));
}

TEST(IpRange, KeepsTheFamiliesApart) { EXPECT_FALSE(is_in("0.0.0.0/0", "::1")); }

TEST(IpRange, RefusesWhatIsNoRange) {
  for (const char* text : {"", "/24", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/2x",
                           "::/129", "web1", "10.0.0/24"}) {
    EXPECT_FALSE(parse_ip_range(text)) << text;
  }
}

}  // namespace
}  // namespace lw
