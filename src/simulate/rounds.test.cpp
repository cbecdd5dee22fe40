// SPDX-License-Identifier: Apache-2.0
#include "simulate/rounds.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "simulate/dice.h"
#include "simulate/simulate_fixture.h"

namespace lw::simulate {
namespace {

constexpr std::chrono::hours kDay{24};

SimulatedTest test_to(std::size_t destination, const Weather& weather,
                      ProtocolConfiguration protocol = IcmpConfiguration{}) {
  const bool is_web = std::holds_alternative<HttpConfiguration>(protocol);
  return simulated(
      make_test(is_web ? destination_name("web", destination) : destination_address(destination),
                std::move(protocol)),
      0, kAgents, weather);
}

TEST(Dice, DrawsWhatItsDistributionsSay) {
  Dice dice{1, 2};
  double sum = 0, squares = 0, waits = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double draw = dice.normal();
    sum += draw;
    squares += draw * draw;
    waits += dice.exponential(3);
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.02);
  EXPECT_NEAR(waits / kDraws, 3, 0.06);
  EXPECT_EQ(mix({1, 2}), mix({1, 2}));
  EXPECT_NE(mix({1, 2}), mix({2, 1}));
}

TEST(SimulatedRounds, AreTheSameForTheSameSeedWheneverTheyAreAskedFor) {
  const Weather weather(7, kStory);
  const SimulatedTest test = test_to(3, weather);
  const Round late = simulate_round(test, weather, kStory);
  const Round early = simulate_round(test, weather, kStory - kDay);
  EXPECT_EQ(simulate_round(test, weather, kStory - kDay), early);
  EXPECT_EQ(simulate_round(test, weather, kStory), late);
  EXPECT_NE(simulate_round(test, Weather(8, kStory), kStory), late);
}

TEST(SimulatedRounds, HaveTimesThatFollowTheDistance) {
  const Weather weather(7, kStory);
  // Agent 0 is in Berlin; destinations take turns over Frankfurt, Dublin, Virginia, …
  std::map<std::string, double> medians;
  for (std::size_t dc = 0; dc < data_centre_count(); ++dc) {
    std::size_t index = dc;
    while (weather.temper_of(place_of(destination_address(index))) != Temper::Healthy) {
      index += data_centre_count();
    }
    std::vector<double> times;
    const SimulatedTest test = test_to(index, weather);
    for (int i = 0; i < 200; ++i) {
      const Round round = simulate_round(test, weather, kStory - std::chrono::minutes(7 * i));
      for (const Check& check : round.checks) {
        if (check.rtt) times.push_back(static_cast<double>(check.rtt->count()) / 1000);
      }
    }
    std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
    medians[data_centre_name(dc)] = times[times.size() / 2];
  }
  EXPECT_GT(medians["frankfurt"], 5);
  EXPECT_LT(medians["frankfurt"], 60);
  EXPECT_GT(medians["virginia"], 2 * medians["frankfurt"]);
  EXPECT_GT(medians["singapore"], medians["virginia"]);
  EXPECT_LT(medians["singapore"], 400);
}

TEST(SimulatedRounds, EachTemperShowsAsWhatItIs) {
  const Weather weather(7, kStory);
  const auto dominant = [&](Temper temper, ProtocolConfiguration protocol) {
    return dominant_failure(simulate_round(
        test_to(destination_with(temper, weather), weather, std::move(protocol)), weather, kStory));
  };
  HttpConfiguration https;
  https.prefer_https = true;
  EXPECT_EQ(dominant(Temper::Down, IcmpConfiguration{}), CheckOutcome::TimedOut);
  EXPECT_EQ(dominant(Temper::Faulty, TcpConfiguration{.port = 5432}), CheckOutcome::Refused);
  EXPECT_EQ(dominant(Temper::Faulty, IcmpConfiguration{}), CheckOutcome::Unreachable);
  const auto certificate = dominant(Temper::Faulty, https);
  ASSERT_TRUE(certificate.has_value());
  EXPECT_GE(*certificate, CheckOutcome::CertificateExpired);
  EXPECT_LE(*certificate, CheckOutcome::CertificateUnknownRoot);
  // Before its time a destination that is down now was well.
  const SimulatedTest down = test_to(destination_with(Temper::Down, weather), weather);
  EXPECT_LT(failed_of(simulate_round(down, weather, kStory - std::chrono::hours(3))), 10U);
}

TEST(SimulatedRounds, FlappingAndSickDestinationsComeAndGo) {
  const Weather weather(7, kStory);
  for (const Temper temper : {Temper::Flapping, Temper::Sick, Temper::Nameless}) {
    const Place place = place_of(destination_address(destination_with(temper, weather)));
    int changes = 0, bad = 0;
    bool before = false;
    for (int minute = 0; minute < 24 * 60; ++minute) {
      const bool shows = weather.shows(temper, place, kStory - std::chrono::minutes(minute));
      changes += shows != before ? 1 : 0;
      bad += shows ? 1 : 0;
      before = shows;
    }
    EXPECT_GE(changes, 2) << static_cast<int>(temper);
    EXPECT_GT(bad, 10) << static_cast<int>(temper);
    EXPECT_LT(bad, 12 * 60) << static_cast<int>(temper);
    if (temper == Temper::Flapping) {
      EXPECT_GT(changes, 20);
    }
  }
}

TEST(SimulatedRounds, AWebCheckHasPhasesThatAddUpAndACertificate) {
  const Weather weather(7, kStory);
  HttpConfiguration https;
  https.prefer_https = true;
  const Round round = simulate_round(
      test_to(destination_with(Temper::Healthy, weather), weather, https), weather, kStory);
  ASSERT_TRUE(round.http && round.tls && round.name && round.http_status);
  EXPECT_EQ(*round.http_status, 200);
  EXPECT_TRUE(round.tls->is_verified);
  EXPECT_EQ(round.name->addresses, std::vector<std::string>{round.address});
  const Check& last = round.checks.back();
  ASSERT_TRUE(last.rtt.has_value());
  EXPECT_EQ(*last.rtt, *round.http->dns + *round.http->connect + *round.http->tls +
                           *round.http->request + *round.http->first_byte + *round.http->transfer);
}

TEST(SimulatedRounds, LossOfTheTroubledLinkIsMetByAllTestsOverIt) {
  const Weather weather(7, kStory);
  std::map<bool, std::pair<double, double>> failed_and_all;
  for (const PlannedTest& planned : plan(kAgents, 400)) {
    const SimulatedTest test = simulated(planned.test, planned.agent, kAgents, weather);
    if (test.temper != Temper::Healthy) continue;
    const bool is_over = std::ranges::any_of(
        test.way.links, [&](const Link& link) { return link.key == weather.troubled_link().key; });
    for (int i = 0; i < 5; ++i) {
      const Round round = simulate_round(test, weather, kStory + std::chrono::minutes(i));
      failed_and_all[is_over].first += static_cast<double>(failed_of(round));
      failed_and_all[is_over].second += static_cast<double>(round.checks.size());
    }
  }
  ASSERT_GT(failed_and_all[true].second, 1'000);
  EXPECT_GT(failed_and_all[true].first / failed_and_all[true].second, 0.05);
  EXPECT_LT(failed_and_all[false].first / failed_and_all[false].second, 0.04);
}

TEST(SimulatedRounds, BeginAtAPhaseOfTheTest) {
  const lw::Test test = make_test("198.18.0.1");
  const Timestamp first = first_round(test, kStory);
  EXPECT_GE(first, kStory);
  EXPECT_LT(first, kStory + Seconds(60));
  EXPECT_EQ(first_round(test, first), first);
  EXPECT_EQ(first_round(test, first + Microseconds(1)), first + Seconds(60));
}

}  // namespace
}  // namespace lw::simulate
