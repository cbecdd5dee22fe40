// SPDX-License-Identifier: Apache-2.0
#include "notify/deliveries.h"

#include <gtest/gtest.h>

namespace lw::notify {
namespace {

class DeliveriesTest : public testing::Test {
 protected:
  void add(std::int64_t number, const std::string& uri = "a") {
    deliveries_.add({.number = number, .uri = uri, .body = "{}", .created = clock_.wall_now()});
  }
  /// The number of the next message, 0 if there is none now.
  std::int64_t next() {
    const auto message = deliveries_.next(clock_.now());
    return message ? message->number : 0;
  }
  /// The number of the message that is settled by this, 0 if none is.
  std::int64_t ends(Attempted::Outcome outcome, const std::string& uri = "a") {
    const auto settled =
        deliveries_.attempted(uri, {outcome, 503, "answered 503"}, clock_.now(), clock_.wall_now());
    return settled ? settled->number : 0;
  }
  /// Whole seconds until there is a message.
  std::int64_t seconds_until_next() {
    for (std::int64_t waited = 0; waited < 100'000; ++waited) {
      if (next() != 0) return waited;
      clock_.advance(Seconds(1));
    }
    return -1;
  }
  Deliveries deliveries_;
  ManualClock clock_;
};

TEST_F(DeliveriesTest, GoInOrderAndOneAtATimeForEachAddress) {
  add(1);
  add(2);
  add(3, "b");
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(next(), 3);
  EXPECT_EQ(next(), 0);
  EXPECT_EQ(ends(Attempted::Outcome::Delivered), 1);
  EXPECT_EQ(next(), 2);
}

TEST_F(DeliveriesTest, AreTriedAgainAsAzureDocumentsAndThenRest) {
  add(1);
  EXPECT_EQ(next(), 1);
  for (const std::int64_t wait : {5, 20, 5, 40, 5, 900, 5}) {
    EXPECT_EQ(ends(Attempted::Outcome::TryAgain), 0);
    EXPECT_EQ(deliveries_.status().at(0).rests_until.has_value(), wait == 900);
    EXPECT_EQ(seconds_until_next(), wait);
  }
  EXPECT_EQ(ends(Attempted::Outcome::Delivered), 1);
  EXPECT_EQ(deliveries_.status().at(0).problem, "");
}

TEST_F(DeliveriesTest, KeepOthersOfARestingAddressWaiting) {
  add(1);
  EXPECT_EQ(next(), 1);
  ends(Attempted::Outcome::TryAgain);
  add(2);
  EXPECT_EQ(next(), 0);
  EXPECT_EQ(seconds_until_next(), 5);
  EXPECT_EQ(deliveries_.status().at(0).waiting, 2U);
}

TEST_F(DeliveriesTest, AreGivenUpWhenRefusedAndTheNextGoesAtOnce) {
  add(1);
  add(2);
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(ends(Attempted::Outcome::Refused), 1);
  EXPECT_EQ(deliveries_.status().at(0).problem, "answered 503");
  EXPECT_EQ(next(), 2);
}

TEST_F(DeliveriesTest, AreGivenUpAfterADay) {
  add(1);
  Seconds passed{0};
  std::int64_t settled = 0;
  while (settled == 0 && passed < std::chrono::hours(30)) {
    passed += Seconds(seconds_until_next());
    settled = ends(Attempted::Outcome::TryAgain);
  }
  EXPECT_EQ(settled, 1);
  EXPECT_GE(passed, std::chrono::hours(24));
  EXPECT_LT(passed, std::chrono::hours(25));
}

TEST_F(DeliveriesTest, SayWhenTheNextIsDue) {
  EXPECT_EQ(deliveries_.due(), std::nullopt);
  add(1);
  EXPECT_LE(deliveries_.due().value(), clock_.now());
  EXPECT_EQ(next(), 1);
  EXPECT_EQ(deliveries_.due(), std::nullopt);
  ends(Attempted::Outcome::TryAgain);
  EXPECT_EQ(deliveries_.due(), clock_.now() + Seconds(5));
}

TEST(AttemptOutcome, IsTriedAgainWhereAzureDoes) {
  for (const int status : {408, 429, 503, 504}) {
    EXPECT_EQ(outcome_of(status), Attempted::Outcome::TryAgain) << status;
  }
  for (const int status : {301, 400, 401, 404, 410, 500, 502}) {
    EXPECT_EQ(outcome_of(status), Attempted::Outcome::Refused) << status;
  }
  for (const int status : {200, 202, 204}) {
    EXPECT_EQ(outcome_of(status), Attempted::Outcome::Delivered) << status;
  }
}

}  // namespace
}  // namespace lw::notify
