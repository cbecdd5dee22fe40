// SPDX-License-Identifier: Apache-2.0
#include "link/impairment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace lw::lab {
namespace {

constexpr Instant kStart{Seconds(1000)};

/// A packet that says its number, of a given size.
Packet numbered(std::size_t number, std::size_t size = 100) {
  Packet packet(size, 0);
  packet[0] = static_cast<std::uint8_t>(number & 0xff);
  packet[1] = static_cast<std::uint8_t>(number >> 8U);
  return packet;
}

std::size_t number_of(const Packet& packet) { return packet[0] + std::size_t{packet[1]} * 256; }

struct Departure {
  std::size_t number;
  Microseconds after;  ///< since kStart
  bool operator==(const Departure&) const = default;
};

/// Sends `count` packets, one each `gap`, and lists what leaves and when.
std::vector<Departure> pass(const LinkSettings& settings, std::size_t count, Microseconds gap,
                            std::uint64_t seed = 7, std::size_t size = 100) {
  Impairment link(seed);
  link.set(settings);
  std::vector<Departure> departures;
  for (std::size_t i = 0; i < count; ++i) {
    link.push(numbered(i, size), kStart + gap * static_cast<int>(i));
  }
  while (const auto next = link.next_departure()) {
    for (const Packet& packet : link.take_departed(*next)) {
      departures.push_back(
          {number_of(packet), std::chrono::duration_cast<Microseconds>(*next - kStart)});
    }
  }
  return departures;
}

std::vector<std::size_t> order_of(const std::vector<Departure>& departures) {
  std::vector<std::size_t> numbers;
  for (const Departure& departure : departures) numbers.push_back(departure.number);
  return numbers;
}

LinkSettings settings(const std::string& line) {
  const auto parsed = parse_settings(line, {});
  EXPECT_TRUE(parsed.has_value()) << line;
  return parsed ? parsed->a_to_b : LinkSettings{};
}

TEST(Impairment, a_perfect_line_passes_each_packet_at_once_and_in_order) {
  const std::vector<Departure> expected{
      {0, Microseconds(0)}, {1, Microseconds(5)}, {2, Microseconds(10)}};
  EXPECT_EQ(pass({}, 3, Microseconds(5)), expected);
}

TEST(Impairment, delay_holds_every_packet_exactly_that_long) {
  const std::vector<Departure> expected{{0, Milliseconds(100)}, {1, Milliseconds(101)}};
  EXPECT_EQ(pass(settings("delay_ms=100"), 2, Milliseconds(1)), expected);
}

TEST(Impairment, a_packet_stays_inside_until_its_departure) {
  Impairment link(1);
  link.set(settings("delay_ms=10"));
  link.push(numbered(0), kStart);
  EXPECT_TRUE(link.take_departed(kStart + Milliseconds(10) - std::chrono::nanoseconds(1)).empty());
  EXPECT_EQ(link.take_departed(kStart + Milliseconds(10)).size(), 1U);
  EXPECT_FALSE(link.next_departure().has_value());
}

TEST(Impairment, jitter_adds_at_most_its_size_varies_and_keeps_the_order) {
  const auto departures = pass(settings("delay_ms=50 jitter_ms=20"), 500, Milliseconds(1));
  ASSERT_EQ(departures.size(), 500U);
  std::vector<Microseconds> extra;
  for (const auto& [number, after] : departures) {
    extra.push_back(after - Milliseconds(50) - Milliseconds(1) * static_cast<int>(number));
  }
  EXPECT_GE(std::ranges::min(extra), Milliseconds(0));
  EXPECT_LE(std::ranges::max(extra), Milliseconds(20));
  EXPECT_GT(std::ranges::max(extra) - std::ranges::min(extra), Milliseconds(10));
  EXPECT_TRUE(std::ranges::is_sorted(order_of(departures)));
}

TEST(Impairment, no_loss_loses_nothing_and_full_loss_everything) {
  EXPECT_EQ(pass(settings("loss=0"), 1000, Microseconds(1)).size(), 1000U);
  EXPECT_TRUE(pass(settings("loss=100"), 1000, Microseconds(1)).empty());
}

TEST(Impairment, loss_in_between_comes_near_its_share) {
  const std::size_t arrived = pass(settings("loss=20"), 20'000, Microseconds(1)).size();
  EXPECT_NEAR(static_cast<double>(arrived), 16'000, 400);
}

TEST(Impairment, the_same_seed_gives_the_same_output_and_another_seed_another_one) {
  const LinkSettings wild = settings("delay_ms=9 jitter_ms=3 loss=10 reorder=10 duplicate=10");
  EXPECT_EQ(pass(wild, 500, Milliseconds(1), 3), pass(wild, 500, Milliseconds(1), 3));
  EXPECT_NE(pass(wild, 500, Milliseconds(1), 3), pass(wild, 500, Milliseconds(1), 4));
}

TEST(Impairment, adding_jitter_does_not_change_which_packets_are_lost) {
  auto lossy = order_of(pass(settings("loss=30"), 300, Milliseconds(1)));
  auto both = order_of(pass(settings("loss=30 jitter_ms=5"), 300, Milliseconds(1)));
  EXPECT_EQ(lossy, both);
}

TEST(Impairment, reordered_packets_are_overtaken_and_none_is_lost) {
  const auto departures = pass(settings("reorder=10 reorder_ms=5"), 1000, Milliseconds(1));
  auto numbers = order_of(departures);
  EXPECT_FALSE(std::ranges::is_sorted(numbers));
  std::ranges::sort(numbers);
  ASSERT_EQ(numbers.size(), 1000U);
  EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end());
}

TEST(Impairment, full_duplication_sends_each_packet_twice) {
  EXPECT_EQ(order_of(pass(settings("duplicate=100"), 3, Milliseconds(1))),
            (std::vector<std::size_t>{0, 0, 1, 1, 2, 2}));
}

TEST(Impairment, a_rate_spaces_packets_by_their_transmission_time) {
  // 1000 bytes at 8 Mbit/s take 1 ms.
  const std::vector<Departure> expected{
      {0, Milliseconds(1)}, {1, Milliseconds(2)}, {2, Milliseconds(3)}};
  EXPECT_EQ(pass(settings("rate_kbit=8000"), 3, Microseconds(0), 7, 1000), expected);
}

TEST(Impairment, a_full_queue_drops_and_counts) {
  Impairment link(1);
  link.set(settings("rate_kbit=8000 queue_ms=5"));
  for (std::size_t i = 0; i < 100; ++i) link.push(numbered(i, 1000), kStart);
  // 1 ms each: a packet is let in while not more than 5 ms wait before it.
  EXPECT_EQ(link.counters().overflowed, 94U);
  EXPECT_EQ(link.take_departed(kStart + Seconds(1)).size(), 6U);
}

TEST(Impairment, packets_above_the_mtu_vanish) {
  EXPECT_EQ(pass(settings("mtu=1400"), 1, Milliseconds(1), 7, 1400).size(), 1U);
  EXPECT_TRUE(pass(settings("mtu=1400"), 1, Milliseconds(1), 7, 1401).empty());
}

TEST(Impairment, new_settings_do_not_make_packets_wait_for_older_ones) {
  Impairment link(1);
  link.set(settings("delay_ms=60000"));
  link.push(numbered(1), kStart);
  link.set({});
  link.push(numbered(2), kStart + Milliseconds(1));
  const auto departed = link.take_departed(kStart + Milliseconds(1));
  ASSERT_EQ(departed.size(), 1U);
  EXPECT_EQ(number_of(departed[0]), 2U);
}

TEST(Impairment, every_packet_is_counted_exactly_once) {
  Impairment link(11);
  link.set(settings("loss=30 duplicate=20 reorder=10 mtu=120"));
  for (std::size_t i = 0; i < 2000; ++i) {
    link.push(numbered(i, i % 2 == 0 ? 100 : 130), kStart + Milliseconds(i));
  }
  link.take_departed(kStart + Seconds(10));
  const LinkCounters& counted = link.counters();
  EXPECT_EQ(counted.received, 2000U);
  EXPECT_EQ(counted.too_big, 1000U);
  EXPECT_EQ(counted.sent, counted.received - counted.too_big - counted.lost + counted.duplicated);
}

TEST(Impairment, it_never_holds_more_packets_than_its_bound) {
  Impairment link(1);
  link.set(settings("delay_ms=1000"));
  for (std::size_t i = 0; i < kHeldMax + 10; ++i) link.push(Packet(2, 0), kStart);
  EXPECT_EQ(link.counters().overflowed, 10U);
  EXPECT_EQ(link.take_departed(kStart + Seconds(2)).size(), kHeldMax);
}

}  // namespace
}  // namespace lw::lab
