// SPDX-License-Identifier: Apache-2.0
#include "io/host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/ip_address.h"
#include "io/http_server.h"

namespace lw::io {
namespace {

TEST(Host, its_addresses_are_sorted_and_of_use_to_others) {
  const std::vector<std::string> addresses = local_addresses();
  EXPECT_TRUE(std::ranges::is_sorted(addresses));
  for (const std::string& text : addresses) {
    EXPECT_TRUE(parse_ip_address(text).has_value()) << text;
    EXPECT_FALSE(text.starts_with("127.")) << text;
    EXPECT_NE(text, "::1");
    EXPECT_FALSE(text.starts_with("fe80:")) << text;
  }
}

TEST(Host, its_gateway_and_name_servers_are_addresses) {
  if (const auto gateway = default_gateway()) {
    EXPECT_TRUE(parse_ip_address(*gateway).has_value()) << *gateway;
    EXPECT_NE(*gateway, "0.0.0.0");
    EXPECT_NE(*gateway, "::");
  }
  for (const std::string& server : configured_name_servers()) {
    EXPECT_TRUE(parse_ip_address(server).has_value()) << server;
  }
}

TEST(Host, a_free_port_can_be_listened_on_at_once) {
  for (int i = 0; i < 10; ++i) {
    const auto port = free_loopback_port();
    ASSERT_TRUE(port.has_value());
    HttpServerConfig config;
    config.port = *port;
    const auto server = HttpServer::start(config, [](HttpRequest, HttpResponder) {});
    ASSERT_TRUE(server.has_value()) << server.error().message;
    EXPECT_NE(free_loopback_port().value(), *port) << "it is taken now";
  }
}

}  // namespace
}  // namespace lw::io
