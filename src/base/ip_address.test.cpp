// SPDX-License-Identifier: Apache-2.0
#include "base/ip_address.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

TEST(IpAddress, is_shown_as_it_was_read) {
  for (const char* text :
       {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1", "fe80::1%7"}) {
    const auto address = parse_ip_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), text);
  }
}

TEST(IpAddress, refuses_what_is_no_address) {
  for (const char* text : {"", "1.2.3", "1.2.3.4.5", "256.1.1.1", "example.com", ":::", "1.2.3.4%1",
                           "[1.2.3.4]", "fe80::1%no-such-link", "01.2.3.4 "}) {
    EXPECT_FALSE(parse_ip_address(text)) << text;
  }
}

TEST(IpAddress, takes_brackets_off_and_puts_them_on_for_urls) {
  const auto address = parse_ip_address("[2001:db8::1]");
  ASSERT_TRUE(address);
  EXPECT_EQ(to_url_host(*address), "[2001:db8::1]");
  EXPECT_EQ(to_url_host(*parse_ip_address("192.0.2.1")), "192.0.2.1");
}

TEST(IpAddress, refuses_a_zero_byte_and_what_follows_it) {
  EXPECT_FALSE(parse_ip_address(std::string_view("1.2.3.4\0x", 9)));
  EXPECT_FALSE(parse_ip_address(std::string_view("::1\0", 4)));
}

}  // namespace
}  // namespace lw
