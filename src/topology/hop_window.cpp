// SPDX-License-Identifier: Apache-2.0
#include "topology/hop_window.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace lw::topology {
namespace {

constexpr double kStepsPerOctave = 2'048;
constexpr std::uint32_t kRecentParts = 3;

std::uint16_t plus(std::uint16_t a, std::uint16_t b) {
  return static_cast<std::uint16_t>(std::min(a + b, 65'535));
}

std::uint16_t lower_of(std::uint16_t a, std::uint16_t b) {
  return a == 0 ? b : b == 0 ? a : std::min(a, b);
}

/// A number that depends on what was counted so far only, so that runs can be repeated.
std::uint32_t scatter(std::uint32_t value) {
  value ^= value >> 16U;
  value *= 0x7feb352dU;
  value ^= value >> 15U;
  value *= 0x846ca68bU;
  return value ^ (value >> 16U);
}

}  // namespace

std::uint16_t to_code(Microseconds rtt) {
  const double us = static_cast<double>(std::max<std::int64_t>(1, rtt.count()));
  return static_cast<std::uint16_t>(
      std::clamp(1 + std::round(std::log2(us) * kStepsPerOctave), 1.0, 65'535.0));
}

Microseconds from_code(std::uint16_t code) {
  return Microseconds(std::llround(std::exp2((code - 1) / kStepsPerOctave)));
}

void HopBucket::add_rtt(Microseconds rtt) {
  const std::uint16_t code = to_code(rtt);
  lowest = lower_of(lowest, code);
  highest = std::max(highest, code);
  const auto free = std::ranges::find(kept, 0);
  if (free != kept.end()) {
    *free = code;
    return;
  }
  // Vitter's algorithm R: each sample is among the kept ones with the same chance.
  const std::uint32_t place =
      scatter(answered * 65'537U + code) % std::max<std::uint32_t>(1, answered);
  if (place < kKept) kept[place] = code;
}

void HopBucket::add(const HopBucket& other) {
  // The larger sample is the better one; where there is room both are kept.
  if (other.answered > answered) {
    const auto mine = std::exchange(kept, other.kept);
    for (std::size_t i = 0; i < kKept; ++i) {
      if (kept[i] == 0) kept[i] = mine[i];
    }
  } else {
    std::size_t next = 0;
    for (std::uint16_t& code : kept) {
      if (code == 0 && next < kKept) code = other.kept[next++];
    }
  }
  sent = plus(sent, other.sent);
  answered = plus(answered, other.answered);
  witnessed = plus(witnessed, other.witnessed);
  missed = plus(missed, other.missed);
  lowest = lower_of(lowest, other.lowest);
  highest = std::max(highest, other.highest);
}

std::uint32_t HopWindow::part_of(Timestamp time, Seconds window) {
  const std::int64_t part_us = std::max<std::int64_t>(
      1, Microseconds(window).count() / static_cast<std::int64_t>(kParts - 1));
  return static_cast<std::uint32_t>(std::max<std::int64_t>(0, to_unix_us(time)) / part_us);
}

void HopWindow::resize(std::size_t hops) { buckets_.resize(hops * kParts); }

std::uint32_t HopWindow::clamp(std::uint32_t from) const {
  const std::uint32_t oldest =
      newest_ < kParts ? 0 : newest_ - static_cast<std::uint32_t>(kParts) + 1;
  return std::max(from, oldest);
}

void HopWindow::begin(std::uint32_t part) {
  if (!is_new(part)) return;
  const std::uint32_t stale = std::min<std::uint32_t>(part - newest_, kParts);
  for (std::uint32_t i = 0; i < stale; ++i) {
    for (std::size_t hop = 0; hop < hops(); ++hop) at(hop, part - i) = {};
  }
  newest_ = part;
}

HopBucket HopWindow::sum(std::size_t hop, std::uint32_t from, std::uint32_t to) const {
  HopBucket total;
  if (hop >= hops()) return total;
  for (std::uint32_t part = clamp(from); part <= std::min(to, newest_); ++part) {
    total.add(at(hop, part));
  }
  return total;
}

HopBucket HopWindow::part(std::size_t hop, std::uint32_t number) const {
  const bool is_held = hop < hops() && number <= newest_ && number >= clamp(number);
  return is_held ? at(hop, number) : HopBucket{};
}

RttSummary HopWindow::rtts(std::size_t hop, std::uint32_t from, std::uint32_t to) const {
  RttSummary summary;
  if (hop >= hops()) return summary;
  const HopBucket total = sum(hop, from, to);
  if (total.lowest == 0) return summary;
  std::vector<std::uint16_t> codes;
  for (std::uint32_t part = clamp(from); part <= std::min(to, newest_); ++part) {
    for (const std::uint16_t code : at(hop, part).kept) {
      if (code != 0) codes.push_back(code);
    }
  }
  std::ranges::sort(codes);
  summary.min = from_code(total.lowest);
  summary.max = from_code(total.highest);
  if (codes.empty()) return summary;
  summary.low = from_code(codes[(codes.size() - 1) / 10]);
  summary.median = from_code(codes[(codes.size() - 1) / 2]);
  return summary;
}

std::optional<Microseconds> HopWindow::recent_low(std::size_t hop, std::uint32_t to) const {
  if (hop >= hops()) return std::nullopt;
  std::vector<std::uint16_t> lows;
  for (std::uint32_t part = clamp(to - std::min(to, kRecentParts)); part <= std::min(to, newest_);
       ++part) {
    if (at(hop, part).lowest != 0) lows.push_back(at(hop, part).lowest);
  }
  if (lows.empty()) return std::nullopt;
  std::ranges::sort(lows);
  return from_code(lows[(lows.size() - 1) / 2]);
}

void HopWindow::merge(const HopWindow& other) {
  resize(std::max(hops(), other.hops()));
  begin(other.newest_);
  const std::uint32_t oldest = std::max(clamp(0), other.clamp(0));
  for (std::uint32_t part = oldest; part <= other.newest_; ++part) {
    for (std::size_t hop = 0; hop < other.hops(); ++hop) at(hop, part).add(other.at(hop, part));
  }
}

void HopWindow::clear() { std::vector<HopBucket>().swap(buckets_); }

}  // namespace lw::topology
