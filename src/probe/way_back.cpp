// SPDX-License-Identifier: Apache-2.0
#include "probe/way_back.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

#include "base/hash.h"

namespace lw {
namespace {

std::string hops_text(int hops) { return fmt::format("{} hop{}", hops, hops == 1 ? "" : "s"); }

std::string text_of(const ReplyTtls& now, std::uint8_t before) {
  const bool are_all = now.lowest == now.highest;
  const std::string other = are_all ? fmt::format("TTL {}", now.lowest)
                                    : fmt::format("TTLs {} to {}", now.lowest, now.highest);
  const int more = hops_of_ttl(now.lowest) - hops_of_ttl(before);
  std::string length;
  if (are_all && more != 0) {
    length = fmt::format(", {} {}", hops_text(std::abs(more)), more > 0 ? "more" : "less");
  }
  return fmt::format("replies come with {} instead of {}: {} another way back{}", other, before,
                     are_all ? "they take" : "some take", length);
}

}  // namespace

int hops_of_ttl(std::uint8_t ttl) {
  for (const int first : {64, 128}) {
    if (ttl <= first) return first - ttl;
  }
  return 255 - ttl;
}

std::string WayBack::look_at(const Round& round) {
  if (!round.reply_ttls) return {};
  const ReplyTtls now = *round.reply_ttls;
  const bool are_all = now.lowest == now.highest;
  const auto address = static_cast<std::uint32_t>(stable_hash({round.address}));
  const bool is_same_host = address == address_;
  if (is_same_host && are_all && now.lowest == ttl_) {
    rounds_ = static_cast<std::uint8_t>(std::min(rounds_ + 1, kSteady));
    return {};
  }
  const bool is_news = is_same_host && ttl_ != 0 && rounds_ >= kSteady;
  std::string note = is_news ? text_of(now, ttl_) : std::string();
  address_ = address;
  ttl_ = are_all ? now.lowest : std::uint8_t{0};
  rounds_ = 1;
  return note;
}

}  // namespace lw
