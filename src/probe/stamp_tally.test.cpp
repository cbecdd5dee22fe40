// SPDX-License-Identifier: Apache-2.0
#include "probe/stamp_tally.h"

#include <gtest/gtest.h>

namespace lw {
namespace {

using packet::to_ntp_time;

/// A made-up network: one-way delays, and a reflector whose clock is an hour off.
class Session {
 public:
  explicit Session(bool is_stateful = true) : is_stateful_(is_stateful) {}

  /// Sends one a second after the one before.
  std::uint32_t send() {
    now_.instant += Seconds(1);
    now_.wall += Seconds(1);
    return tally.send(now_);
  }
  /// The reflector takes the request in and says what it would send back.
  packet::StampReply reflect(std::uint32_t sequence, Microseconds forward = Microseconds(100),
                             Microseconds residence = Microseconds(50)) {
    const std::int64_t t2 = left_ns(sequence) + kOffsetNs + forward.count() * 1000;
    const std::uint32_t own = is_stateful_ ? next_++ : sequence;
    return {.sequence = own,
            .reflected = to_ntp_time(t2 + residence.count() * 1000),
            .error = 0x8001,
            .session = 0,
            .received = to_ntp_time(t2),
            .request = {sequence, tally.sent_ntp(sequence), 0, 0},
            .ttl = 255};
  }
  bool receive(const packet::StampReply& reply, Microseconds backward = Microseconds(200)) {
    const std::int64_t t4 =
        packet::from_ntp_time(reply.reflected) - kOffsetNs + backward.count() * 1000;
    ClockReading at = now_;
    const auto passed = std::chrono::nanoseconds(t4 - to_unix_us(now_.wall) * 1000);
    at.instant += passed;
    at.wall += std::chrono::duration_cast<Microseconds>(passed);
    return tally.receive(reply, t4, at);
  }
  void exchange(Microseconds forward = Microseconds(100),
                Microseconds backward = Microseconds(200)) {
    const std::uint32_t sequence = send();
    tally.set_sent_stamp(sequence, left_ns(sequence));
    receive(reflect(sequence, forward), backward);
  }
  void step_clock(Seconds by) { now_.wall += by; }

  StampTally tally;

 private:
  static constexpr std::int64_t kOffsetNs = 3'600'000'000'000;

  std::int64_t left_ns(std::uint32_t sequence) const {
    return packet::from_ntp_time(tally.sent_ntp(sequence));
  }

  bool is_stateful_;
  std::uint32_t next_ = 0;
  ClockReading now_{Instant(Seconds(100)), from_unix_us(1'795'000'000'000'000)};
};

TEST(StampTally, a_round_trip_is_without_the_time_in_the_reflector) {
  Session session;
  session.receive(session.reflect(session.send(), Microseconds(100), Microseconds(5'000)));
  session.exchange(Microseconds(300), Microseconds(400));
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.rtt_min, Microseconds(300));
  EXPECT_EQ(outcome.rtt_max, Microseconds(700));
  EXPECT_EQ(outcome.rtt_avg, Microseconds(500));
  EXPECT_EQ(outcome.sent, 2);
  EXPECT_EQ(outcome.received, 2);
  EXPECT_EQ(outcome.lost_forward, 0);
  EXPECT_EQ(outcome.lost_backward, 0);
  EXPECT_TRUE(outcome.reflector_clock.is_synchronized);
  EXPECT_EQ(outcome.stamps, StampSource::KernelReceive) << "the worst: the first has no send stamp";
}

TEST(StampTally, variation_is_told_per_direction_though_the_clocks_are_an_hour_apart) {
  Session session;
  session.exchange(Microseconds(100), Microseconds(1'000));
  session.exchange(Microseconds(160), Microseconds(1'000));
  session.exchange(Microseconds(120), Microseconds(1'010));
  const StampOutcome outcome = session.tally.outcome();
  const DelayVariation forward = outcome.forward.value_or(DelayVariation{});
  EXPECT_EQ(forward.mean, Microseconds(50));
  EXPECT_EQ(forward.pairs, 2);
  EXPECT_EQ(outcome.backward.value_or(DelayVariation{}).mean, Microseconds(5));
}

TEST(StampTally, a_lost_packet_makes_no_pair_of_its_neighbours) {
  Session session;
  session.exchange(Microseconds(100));
  session.send();
  session.exchange(Microseconds(900));
  EXPECT_FALSE(session.tally.outcome().forward.has_value());
}

TEST(StampTally, losses_have_a_direction) {
  Session session;
  session.send();  // lost on the way there, before any reply
  session.exchange();
  session.reflect(session.send());  // reflected, and lost on the way back
  session.send();
  session.reflect(session.send());
  session.exchange();
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.lost_forward, 2);
  EXPECT_EQ(outcome.lost_backward, 2);
  EXPECT_EQ(outcome.lost_unknown, 0);
  EXPECT_EQ(outcome.is_stateful, true);
}

TEST(StampTally, of_what_was_lost_after_the_last_reply_the_direction_is_not_known) {
  Session session;
  session.exchange();
  session.send();
  session.reflect(session.send());
  StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.lost_forward, 0);
  EXPECT_EQ(outcome.lost_backward, 0);
  EXPECT_EQ(outcome.lost_unknown, 2);
  session.exchange();
  outcome = session.tally.outcome();
  EXPECT_EQ(outcome.lost_forward, 1);
  EXPECT_EQ(outcome.lost_backward, 1);
}

TEST(StampTally, a_reflector_that_copies_our_numbers_cannot_tell_the_direction) {
  Session session(false);
  session.exchange();
  session.send();
  session.exchange();
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.is_stateful, false);
  EXPECT_FALSE(outcome.lost_forward.has_value());
  EXPECT_FALSE(outcome.lost_backward.has_value());
  EXPECT_EQ(outcome.lost_unknown, 1);
}

TEST(StampTally, numbers_that_fit_no_direction_give_none) {
  Session session;
  packet::StampReply reply = session.reflect(session.send());
  reply.sequence = 900;  // It was counting before we came.
  session.receive(reply);
  session.send();
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.is_stateful, true);
  EXPECT_FALSE(outcome.lost_forward || outcome.lost_backward);
  EXPECT_EQ(outcome.lost_unknown, 1);
}

TEST(StampTally, without_any_reply_nothing_is_known_but_the_number) {
  Session session;
  session.send();
  session.send();
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.lost(), 2);
  EXPECT_EQ(outcome.lost_unknown, 2);
  EXPECT_FALSE(outcome.is_stateful || outcome.rtt_avg || outcome.forward);
}

TEST(StampTally, duplicates_of_either_direction_are_counted_and_harm_no_loss) {
  Session session;
  session.exchange();
  const std::uint32_t twice = session.send();
  const auto reply = session.reflect(twice);
  session.receive(reply);
  session.receive(reply);                   // doubled on the way back
  session.receive(session.reflect(twice));  // doubled on the way there
  session.send();
  session.exchange();
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.duplicates, 2);
  EXPECT_EQ(outcome.received, 3);
  EXPECT_EQ(outcome.lost_forward, 1);
  EXPECT_EQ(outcome.lost_backward, 0);
}

TEST(StampTally, replies_out_of_order_are_counted_and_are_no_losses) {
  Session session;
  const std::uint32_t first = session.send();
  const std::uint32_t second = session.send();
  const auto late = session.reflect(first);
  session.receive(session.reflect(second));
  session.receive(late);
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.reordered, 1);
  EXPECT_EQ(outcome.lost(), 0);
  EXPECT_EQ(outcome.lost_backward, 0);
}

TEST(StampTally, a_stranger_is_not_heard) {
  Session session;
  const std::uint32_t sequence = session.send();
  packet::StampReply forged = session.reflect(sequence);
  forged.request.sent += 1;
  EXPECT_FALSE(session.receive(forged));
  forged.request.sequence = 0;
  EXPECT_FALSE(session.receive(forged));
  forged.request.sequence = 2;
  EXPECT_FALSE(session.receive(forged));
  EXPECT_EQ(session.tally.answered(), 0);
}

TEST(StampTally, what_this_host_refused_was_not_sent) {
  Session session;
  session.exchange();
  session.send();
  session.tally.take_back();
  session.exchange();
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_EQ(outcome.sent, 2);
  EXPECT_EQ(outcome.unsent, 1);
  EXPECT_EQ(outcome.lost_forward, 0);
}

TEST(StampTally, after_a_step_of_our_clock_delays_have_no_variation) {
  Session session;
  session.exchange();
  session.step_clock(Seconds(2));
  session.exchange();
  const StampOutcome outcome = session.tally.outcome();
  EXPECT_TRUE(outcome.has_clock_stepped);
  EXPECT_FALSE(outcome.forward || outcome.backward);
  EXPECT_EQ(outcome.rtt_max, Microseconds(300)) << "each exchange was on one side of the step";
}

TEST(StampTally, an_impossible_residence_time_is_not_taken_off) {
  Session session;
  packet::StampReply reply = session.reflect(session.send());
  std::swap(reply.received, reply.reflected);
  session.receive(reply, Microseconds(200));
  EXPECT_GE(session.tally.outcome().rtt_min, Microseconds(0)) << "and not missing";
}

}  // namespace
}  // namespace lw
