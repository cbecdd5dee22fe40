// SPDX-License-Identifier: Apache-2.0
#include "agent/round_signs.h"

#include <gtest/gtest.h>

#include <vector>

namespace lw::agent {
namespace {

RoundSigns signs_of(ProtocolConfiguration protocol, std::optional<int> payload = {}) {
  auto configuration = std::make_shared<TestConfiguration>();
  configuration->protocol = std::move(protocol);
  configuration->packets.payload_bytes = payload;
  RoundSigns signs;
  signs.set_configuration(std::move(configuration));
  return signs;
}

Round round_of(const std::vector<CheckOutcome>& outcomes) {
  Round round;
  for (const CheckOutcome outcome : outcomes) {
    round.checks.push_back({.outcome = outcome, .rtt = {}});
    if (outcome == CheckOutcome::Success) round.checks.back().rtt = Milliseconds(1);
  }
  return round;
}

using enum CheckOutcome;

TEST(RoundSigns, nothing_is_said_of_a_test_that_passes) {
  RoundSigns signs = signs_of(HttpConfiguration{});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(signs.look_at(round_of({Success, Success})), RoundSigns::Found{});
  }
}

TEST(RoundSigns, a_state_changes_by_the_servers_rules_and_not_by_one_failed_check_of_many) {
  RoundSigns signs = signs_of(IcmpConfiguration{});
  std::vector<CheckOutcome> outcomes(20, Success);
  EXPECT_FALSE(signs.look_at(round_of(outcomes)).state_changed);
  outcomes[0] = TimedOut;  // 5 %; a warning begins above 10
  EXPECT_EQ(signs.look_at(round_of(outcomes)), (RoundSigns::Found{.failed = true}));
  outcomes[1] = outcomes[2] = TimedOut;
  EXPECT_EQ(signs.look_at(round_of(outcomes)),
            (RoundSigns::Found{.failed = true, .state_changed = true}));
  EXPECT_FALSE(signs.look_at(round_of(outcomes)).state_changed);
  EXPECT_TRUE(signs.look_at(round_of({TimedOut, TimedOut})).state_changed);
  // A round that says nothing stands between and is none.
  EXPECT_EQ(signs.look_at(round_of({LocalOverload})), RoundSigns::Found{});
  EXPECT_FALSE(signs.look_at(round_of({TimedOut, TimedOut})).state_changed);
  EXPECT_EQ(signs.look_at(round_of({Success, Success})),
            (RoundSigns::Found{.state_changed = true}));
}

TEST(RoundSigns, replies_by_another_way_back_are_a_sign) {
  RoundSigns signs = signs_of(IcmpConfiguration{});
  Round round = round_of({Success, Success});
  round.reply_ttls = ReplyTtls{58, 58};
  for (int i = 0; i < WayBack::kSteady; ++i) EXPECT_EQ(signs.look_at(round), RoundSigns::Found{});
  round.reply_ttls = ReplyTtls{57, 57};
  EXPECT_EQ(signs.look_at(round), (RoundSigns::Found{.way_changed = true}));
  EXPECT_EQ(signs.look_at(round), RoundSigns::Found{});
}

TEST(RoundSigns, large_packets_are_those_of_http_and_of_large_echoes) {
  const auto is_lost = [](RoundSigns signs, CheckOutcome outcome) {
    return signs.look_at(round_of({Success, outcome})).large_lost;
  };
  EXPECT_TRUE(is_lost(signs_of(HttpConfiguration{}), TimedOut));
  EXPECT_FALSE(is_lost(signs_of(HttpConfiguration{}), Refused));
  EXPECT_FALSE(is_lost(signs_of(TcpConfiguration{.port = 443}), TimedOut));
  EXPECT_FALSE(is_lost(signs_of(IcmpConfiguration{}), TimedOut));
  EXPECT_FALSE(is_lost(signs_of(IcmpConfiguration{}, 500), TimedOut));
  EXPECT_TRUE(is_lost(signs_of(IcmpConfiguration{}, 1'400), TimedOut));
  EXPECT_TRUE(is_lost(signs_of(IcmpConfiguration{}, 100), TooBig));
}

}  // namespace
}  // namespace lw::agent
