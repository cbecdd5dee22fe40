// SPDX-License-Identifier: Apache-2.0
#include "probe/echo_tracker.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/test_times.h"

namespace lw {
namespace {

using std::chrono::nanoseconds;

constexpr packet::EchoSecret kSecret{0xfeed1234, 11, 22};
const Timestamp kWall = from_unix_us(1'700'000'000'000'000);
constexpr std::size_t kEchoHeader = 8;

std::int64_t wall_ns(nanoseconds after) {
  return nanoseconds(kWall.time_since_epoch()).count() + after.count();
}

EchoRequest request_of(std::uint64_t round, const char* to = "192.0.2.1") {
  EchoRequest request;
  request.ticket = {round, 0};
  request.to = *parse_ip_address(to);
  request.sent = {kStart, kWall};
  request.timeout = Seconds(2);
  return request;
}

/// A request that was sent, with its message kept.
struct Outgoing {
  Outgoing(const EchoTracker::Outgoing& from)  // NOLINT(google-explicit-constructor)
      : token(from.token), message(from.message.begin(), from.message.end()) {}
  std::uint32_t token;
  std::vector<std::uint8_t> message;
};

/// The next request that is over without an answer.
std::optional<EchoRequest> take_expired(EchoTracker& tracker, Instant now) {
  for (const std::uint32_t token : tracker.expired(now)) {
    if (auto request = tracker.give_up(token)) return request;
  }
  return std::nullopt;
}

packet::EchoReply reply_to(const Outgoing& outgoing) {
  return {0, 0, packet::Bytes(outgoing.message).subspan(kEchoHeader)};
}

packet::QuotedEcho quote_of(const Outgoing& outgoing, const char* to, bool with_payload) {
  auto quote = *packet::parse_echo_request(false, *parse_ip_address(to), outgoing.message);
  if (!with_payload) quote.payload = {};
  return quote;
}

TEST(EchoTracker, gives_each_reply_to_its_own_request_even_of_one_address) {
  EchoTracker tracker(kSecret);
  const Outgoing first = tracker.open(request_of(1));
  const Outgoing second = tracker.open(request_of(2));
  EXPECT_EQ(tracker.take_reply(reply_to(second))->ticket.round, 2U);
  EXPECT_EQ(tracker.take_reply(reply_to(first))->ticket.round, 1U);
}

TEST(EchoTracker, counts_a_second_reply_as_a_duplicate) {
  EchoTracker tracker(kSecret);
  const Outgoing outgoing = tracker.open(request_of(1));
  EXPECT_TRUE(tracker.take_reply(reply_to(outgoing)));
  EXPECT_FALSE(tracker.take_reply(reply_to(outgoing)));
  EXPECT_EQ(tracker.counters().duplicates, 1U);
}

TEST(EchoTracker, counts_a_reply_after_the_timeout_as_late_and_gives_it_to_nobody) {
  EchoTracker tracker(kSecret);
  const Outgoing outgoing = tracker.open(request_of(1));
  EXPECT_FALSE(take_expired(tracker, kStart + Seconds(2) - nanoseconds(1)));
  EXPECT_EQ(take_expired(tracker, kStart + Seconds(2) + Milliseconds(2))->ticket.round, 1U);
  tracker.open(request_of(2));
  EXPECT_FALSE(tracker.take_reply(reply_to(outgoing)));
  EXPECT_EQ(tracker.counters().late, 1U);
}

TEST(EchoTracker, does_not_expire_what_was_answered) {
  EchoTracker tracker(kSecret);
  const Outgoing outgoing = tracker.open(request_of(1));
  EXPECT_TRUE(tracker.take_reply(reply_to(outgoing)));
  EXPECT_FALSE(take_expired(tracker, kStart + Seconds(10)));
  EXPECT_EQ(tracker.in_flight(), 0U);
}

TEST(EchoTracker, a_reply_at_the_last_look_saves_an_expired_request) {
  EchoTracker tracker(kSecret);
  const Outgoing outgoing = tracker.open(request_of(1));
  const auto silent = tracker.expired(kStart + Seconds(3));
  ASSERT_EQ(silent.size(), 1U);
  EXPECT_TRUE(tracker.take_reply(reply_to(outgoing)));
  EXPECT_FALSE(tracker.give_up(silent[0]));
  EXPECT_EQ(tracker.in_flight(), 0U);
}

TEST(EchoTracker, ignores_a_reply_made_with_another_key) {
  EchoTracker tracker(kSecret);
  EchoTracker stranger({kSecret.mark, 33, 44});
  tracker.open(request_of(1));
  EXPECT_FALSE(tracker.take_reply(reply_to(stranger.open(request_of(1)))));
  EXPECT_EQ(tracker.counters().foreign, 1U);
}

TEST(EchoTracker, finds_the_request_that_an_error_is_about_with_and_without_its_payload) {
  for (const bool is_datagram : {false, true}) {
    for (const bool with_payload : {false, true}) {
      EchoTracker tracker(kSecret);
      tracker.open(request_of(1));
      const Outgoing outgoing = tracker.open(request_of(2));
      const auto found =
          tracker.take_error(quote_of(outgoing, "192.0.2.1", with_payload), is_datagram);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->ticket.round, 2U);
      EXPECT_FALSE(take_expired(tracker, kStart + Seconds(10)) &&
                   take_expired(tracker, kStart + Seconds(10)));
    }
  }
}

TEST(EchoTracker, ignores_an_error_that_quotes_a_request_to_somewhere_else) {
  EchoTracker tracker(kSecret);
  const Outgoing outgoing = tracker.open(request_of(1));
  EXPECT_FALSE(tracker.take_error(quote_of(outgoing, "192.0.2.2", false), false));
  EXPECT_EQ(tracker.counters().foreign, 1U);
  EXPECT_TRUE(tracker.take_reply(reply_to(outgoing)));
}

TEST(EchoTracker, fills_a_request_up_to_the_wanted_size_and_still_knows_its_reply) {
  EchoTracker tracker(kSecret);
  EchoRequest large = request_of(1);
  large.payload_bytes = 1400;
  const Outgoing outgoing = tracker.open(large);
  EXPECT_EQ(outgoing.message.size(), kEchoHeader + 1400);
  EXPECT_EQ(packet::internet_checksum(outgoing.message), 0);
  EXPECT_TRUE(tracker.take_reply(reply_to(outgoing)));
}

TEST(EchoTracker, gives_every_request_another_id_and_sequence) {
  EchoTracker tracker(kSecret);
  std::uint32_t last = 0;
  for (int i = 0; i < 70'000; ++i) {
    const Outgoing outgoing = tracker.open(request_of(1));
    last = outgoing.token;
    tracker.close(outgoing.token);
  }
  const Outgoing next = tracker.open(request_of(1));
  EXPECT_EQ(next.token, last + 1);
  EXPECT_GT(next.token, 0xffffU);
  const auto found = tracker.take_error(quote_of(next, "192.0.2.1", false), false);
  EXPECT_TRUE(found);
}

struct Measured {
  EchoRequest request = request_of(1);
  ClockReading now{kStart + Milliseconds(10), kWall + Milliseconds(10)};
};

void expect_time(const EchoTime& time, int rtt_us, StampSource stamps) {
  EXPECT_EQ(time.rtt, Microseconds(rtt_us));
  EXPECT_EQ(time.stamps, stamps);
}

TEST(MeasureEcho, takes_the_best_stamps_that_there_are) {
  Measured one;
  expect_time(measure_echo(one.request, std::nullopt, one.now), 10'000, StampSource::User);
  const std::int64_t received = wall_ns(Microseconds(700));
  expect_time(measure_echo(one.request, received, one.now), 700, StampSource::KernelReceive);
  one.request.sent_stamp_ns = wall_ns(Microseconds(200));
  expect_time(measure_echo(one.request, received, one.now), 500, StampSource::Kernel);
}

TEST(MeasureEcho, a_stamp_of_the_queue_is_used_and_not_called_exact) {
  Measured one;
  one.request.sent_stamp_ns = wall_ns(Microseconds(200));
  one.request.stamped_at = io::SentAt::Queue;
  expect_time(measure_echo(one.request, wall_ns(Microseconds(700)), one.now), 500,
              StampSource::KernelReceive);
}

TEST(EchoTracker, the_drivers_stamp_is_better_than_that_of_the_queue_whichever_comes_first) {
  EchoTracker tracker(kSecret);
  const Outgoing first = tracker.open(request_of(1));
  const Outgoing second = tracker.open(request_of(2));
  tracker.set_sent_stamp(first.token, 100, io::SentAt::Queue);
  tracker.set_sent_stamp(first.token, 200, io::SentAt::Driver);
  tracker.set_sent_stamp(second.token, 200, io::SentAt::Driver);
  tracker.set_sent_stamp(second.token, 100, io::SentAt::Queue);
  for (const Outgoing* outgoing : {&first, &second}) {
    const auto request = tracker.take_reply(reply_to(*outgoing));
    EXPECT_EQ(request->sent_stamp_ns, 200);
    EXPECT_EQ(request->stamped_at, io::SentAt::Driver);
  }
}

TEST(MeasureEcho, falls_back_to_the_monotonic_clock_when_the_wall_clock_stepped) {
  for (const auto step : {Milliseconds(5), Milliseconds(-5), Milliseconds(3'600'000)}) {
    Measured one;
    one.request.sent_stamp_ns = wall_ns(Microseconds(200));
    one.now.wall += step;
    const std::int64_t received = wall_ns(Microseconds(700) + step);
    expect_time(measure_echo(one.request, received, one.now), 10'000, StampSource::User);
  }
}

TEST(MeasureEcho, bears_the_slewing_of_a_clock_that_is_being_set_right) {
  Measured one;
  one.request.sent_stamp_ns = wall_ns(Microseconds(200));
  one.now = {kStart + Seconds(2), kWall + Seconds(2) + Milliseconds(1)};
  expect_time(measure_echo(one.request, wall_ns(Microseconds(700)), one.now), 500,
              StampSource::Kernel);
}

TEST(MeasureEcho, takes_the_likely_send_time_unless_the_reply_was_there_before) {
  Measured one;
  one.request.likely_after = Microseconds(100);
  expect_time(measure_echo(one.request, wall_ns(Microseconds(700)), one.now), 600,
              StampSource::KernelReceive);
  expect_time(measure_echo(one.request, wall_ns(Microseconds(95)), one.now), 1,
              StampSource::KernelReceive);
  expect_time(measure_echo(one.request, wall_ns(Microseconds(30)), one.now), 30,
              StampSource::KernelReceive);
  one.request.sent_stamp_ns = wall_ns(Microseconds(200));
  expect_time(measure_echo(one.request, wall_ns(Microseconds(700)), one.now), 500,
              StampSource::Kernel);
}

TEST(EchoTracker, a_better_send_time_is_used) {
  EchoTracker tracker(kSecret);
  const Outgoing outgoing = tracker.open(request_of(1));
  tracker.set_sent_time(outgoing.token, kWall + Microseconds(40), Microseconds(7));
  const auto request = tracker.take_reply(reply_to(outgoing));
  EXPECT_EQ(request->sent.wall, kWall + Microseconds(40));
  EXPECT_EQ(request->likely_after, Microseconds(7));
}

TEST(EchoTracker, tells_the_end_of_each_request_whatever_the_timeouts) {
  EchoTracker tracker(kSecret);
  // Long and short ones by turns, then a row of equal ones, in one tick and beyond.
  std::vector<std::uint32_t> tokens;
  for (int i = 0; i < 100; ++i) {
    EchoRequest request = request_of(static_cast<std::uint64_t>(i));
    request.sent.instant = kStart + Microseconds(100) * i;
    request.timeout = i < 20 && i % 2 == 0 ? Milliseconds(900) : Milliseconds(300);
    tokens.push_back(tracker.open(request).token);
  }
  const auto count = [&](Instant now) { return tracker.expired(now).size(); };
  EXPECT_EQ(tracker.next_deadline().has_value(), true);
  EXPECT_LE(*tracker.next_deadline(), kStart + Milliseconds(303));
  EXPECT_EQ(count(kStart + Milliseconds(299)), 0U);
  EXPECT_EQ(count(kStart + Milliseconds(320)), 90U);
  EXPECT_EQ(count(kStart + Milliseconds(899)), 0U);
  EXPECT_EQ(count(kStart + Milliseconds(910)), 10U);
  EXPECT_FALSE(tracker.next_deadline());
}

TEST(MeasureEcho, never_gives_zero_or_less) {
  Measured one;
  one.request.sent_stamp_ns = wall_ns(Microseconds(700));
  expect_time(measure_echo(one.request, wall_ns(Microseconds(700)), one.now), 1,
              StampSource::Kernel);
  expect_time(measure_echo(one.request, wall_ns(Microseconds(600)), one.now), 10'000,
              StampSource::User);
}

}  // namespace
}  // namespace lw
