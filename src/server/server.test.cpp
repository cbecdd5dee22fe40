// SPDX-License-Identifier: Apache-2.0
#include "server/server.h"

#include <gtest/gtest.h>

namespace lw::server {
namespace {

/// "host port" of what was read, or "" if it is refused.
std::string read(const std::string& text) {
  const auto listen = parse_listen(text);
  return listen ? listen->host + " " + std::to_string(listen->port) : "";
}

TEST(ParseListen, reads_names_addresses_and_any) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"127.0.0.1:8443", "127.0.0.1 8443"},
      {"localhost:0", "localhost 0"},
      {"[::1]:8443", "::1 8443"},
      {"[::]:65535", ":: 65535"},
      {":8443", "0.0.0.0 8443"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(read(text), expected) << text;
}

TEST(ParseListen, refuses_what_has_no_clear_port) {
  for (const std::string text :
       {"", ":", "host", "host:", "host:x", "host:80x", "host:65536", "host:-1", "8443", "::1:8443",
        "::1", "[::1]", "[::1", "[::1:8443", "host:80:90", "http://host:80", "[]:80"}) {
    const auto refused = parse_listen(text);
    ASSERT_FALSE(refused.has_value()) << text << " gave " << refused->host;
    EXPECT_NE(refused.error().message.find("HOST:PORT"), std::string::npos);
    EXPECT_EQ(refused.error().code, ErrorCode::InvalidInput);
  }
}

}  // namespace
}  // namespace lw::server
