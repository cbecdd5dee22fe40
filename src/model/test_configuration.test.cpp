// SPDX-License-Identifier: Apache-2.0
#include "model/test_configuration.h"

#include <gtest/gtest.h>

#include "model/limits.h"

namespace lw {
namespace {

HttpConfiguration http(std::optional<std::uint16_t> port, bool prefer_https) {
  HttpConfiguration configuration;
  configuration.port = port;
  configuration.prefer_https = prefer_https;
  return configuration;
}

TEST(HttpConfiguration, TakesTheSchemeFromTheWellKnownPorts) {
  EXPECT_TRUE(http(443, false).uses_tls());
  EXPECT_FALSE(http(80, true).uses_tls());
}

TEST(HttpConfiguration, TakesTheSchemeFromThePreferenceOtherwise) {
  EXPECT_TRUE(http(8443, true).uses_tls());
  EXPECT_FALSE(http(8080, false).uses_tls());
  EXPECT_EQ(http(std::nullopt, true).effective_port(), 443);
  EXPECT_EQ(http(std::nullopt, false).effective_port(), 80);
  EXPECT_EQ(http(8443, true).effective_port(), 8443);
}

TEST(HttpConfiguration, TakesSuccessAndRedirectionAsValidByDefault) {
  const HttpConfiguration configuration;
  EXPECT_FALSE(configuration.is_valid_status(199));
  EXPECT_TRUE(configuration.is_valid_status(200));
  EXPECT_TRUE(configuration.is_valid_status(399));
  EXPECT_FALSE(configuration.is_valid_status(400));
}

TEST(HttpConfiguration, TakesOnlyTheGivenRangesAsValid) {
  HttpConfiguration configuration;
  configuration.valid_status_codes = {{301, 304}, {418, 418}};
  EXPECT_FALSE(configuration.is_valid_status(200));
  EXPECT_TRUE(configuration.is_valid_status(301));
  EXPECT_TRUE(configuration.is_valid_status(304));
  EXPECT_TRUE(configuration.is_valid_status(418));
  EXPECT_FALSE(configuration.is_valid_status(419));
}

TEST(TestConfiguration, NamesItsProtocolAndPort) {
  TestConfiguration configuration;
  EXPECT_EQ(configuration.protocol_name(), "ICMP");
  EXPECT_EQ(configuration.port(), std::nullopt);
  configuration.protocol = TcpConfiguration{.port = 53};
  EXPECT_EQ(configuration.protocol_name(), "TCP");
  EXPECT_EQ(configuration.port(), 53);
  configuration.protocol = http(std::nullopt, true);
  EXPECT_EQ(configuration.protocol_name(), "HTTP");
  EXPECT_EQ(configuration.port(), 443);
}

TEST(TestConfiguration, MakesFewerChecksOverHttp) {
  TestConfiguration configuration;
  EXPECT_EQ(configuration.effective_checks_per_round(), 10);
  configuration.protocol = HttpConfiguration{};
  EXPECT_EQ(configuration.effective_checks_per_round(), 3);
  configuration.checks_per_round = 7;
  EXPECT_EQ(configuration.effective_checks_per_round(), 7);
}

TEST(TestConfiguration, ShortensTheDefaultTimeOutToHalfTheInterval) {
  TestConfiguration configuration;
  EXPECT_EQ(configuration.effective_check_timeout(), Milliseconds(2'000));
  configuration.frequency = Seconds(1);
  EXPECT_EQ(configuration.effective_check_timeout(), Milliseconds(500));
  configuration.protocol = HttpConfiguration{};
  configuration.frequency = Seconds(10);
  EXPECT_EQ(configuration.effective_check_timeout(), Milliseconds(5'000));
}

TEST(TestConfiguration, EndsEveryRoundInsideItsInterval) {
  for (const int seconds : {1, 2, 10, 30, 60, 1800}) {
    for (const int checks : {1, 3, 10, limits::kChecksPerRoundMax}) {
      for (const int timeout : {0, 10, 500, 60'000}) {
        TestConfiguration configuration;
        configuration.frequency = Seconds(seconds);
        configuration.checks_per_round = checks;
        if (timeout > 0) configuration.check_timeout = Milliseconds(timeout);
        const Microseconds end =
            (checks - 1) * configuration.check_spacing() + configuration.effective_check_timeout();
        EXPECT_LE(end, configuration.frequency) << seconds << " " << checks << " " << timeout;
        EXPECT_GT(configuration.check_spacing(), Microseconds(0));
      }
    }
  }
}

}  // namespace
}  // namespace lw
