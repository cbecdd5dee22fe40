// SPDX-License-Identifier: Apache-2.0
#include "trace/path_mtu.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace lw::trace {
namespace {

constexpr std::uint32_t kEthernet = 1'500;
/// What links and tunnels usually pass: jumbo frames, FDDI, Ethernet, PPPoE, GRE and IP in IP,
/// GRE with key, WireGuard over IPv4 and IPv6, IPsec, mobile networks, IPv6's least, dial-up.
constexpr std::array<std::uint32_t, 20> kUsual = {9'216, 9'000, 8'192, 4'470, 2'304, 1'500, 1'496,
                                                  1'492, 1'480, 1'476, 1'472, 1'450, 1'440, 1'420,
                                                  1'400, 1'380, 1'358, 1'280, 1'006, 576};

/// A way on which silence so often turns out to be chance says nothing about sizes.
constexpr int kRetractionsMax = 3;

/// What every link must pass: RFC 791 §3.2, RFC 8200 §5.
std::uint32_t family_min(bool is_v6) { return is_v6 ? 1'280 : 68; }

PathMtuConfig made_sane(PathMtuConfig config) {
  const std::uint32_t least = family_min(config.is_v6);
  if (config.bytes_min == 0) config.bytes_min = config.is_v6 ? least : 576;
  config.bytes_max = std::clamp<std::uint32_t>(config.bytes_max, least, 65'535);
  config.bytes_min = std::clamp(config.bytes_min, least, config.bytes_max);
  config.attempts = std::clamp(config.attempts, 1, 20);
  config.doubts = std::clamp(config.doubts, 0, 20);
  config.precision = std::max<std::uint32_t>(config.precision, 1);
  return config;
}

/// RFC 792 and RFC 1191 §4; RFC 4443 §3.2.
bool is_too_big(bool is_v6, const HopReply& reply) {
  if (reply.answer != HopAnswer::Unreachable) return false;
  return is_v6 ? reply.icmp_type == 2 : reply.icmp_type == 3 && reply.icmp_code == 4;
}

}  // namespace

PathMtu::PathMtu(const PathMtuConfig& config)
    : config_(made_sane(config)), high_(config_.bytes_max + 1) {
  result_.bytes_max = config_.bytes_max;
  next_ = PathMtuProbe{config_.bytes_min, {}};
}

void PathMtu::add(const HopReply& reply) {
  if (!next_) return;
  if (next_->ttl) {
    add_hop(reply);
  } else if (doubts_left_ > 0) {
    add_doubt(reply);
  } else if (reply.answer == HopAnswer::Destination) {
    low_ = next_->bytes;
    try_size();
  } else if (is_too_big(config_.is_v6, reply)) {
    too_big(reply);
  } else if (reply.answer == HopAnswer::LocalError && low_ > 0) {
    // Smaller ones went out: this one is too large for an interface or route of this host.
    limit(false);
  } else {
    // Nothing came, or it was refused for another reason than its size.
    lost();
  }
}

void PathMtu::limit(bool is_silent) {
  high_ = next_->bytes;
  is_silent_limit_ = is_silent;
  try_size();
}

void PathMtu::too_big(const HopReply& reply) {
  if (!result_.told_by || reply.mtu < result_.told_mtu) {
    result_.told_by = reply.from;
    result_.told_mtu = reply.mtu;
  }
  // Old routers tell 0 (RFC 1191 §5). No less than what was sent makes no sense either.
  if (low_ == 0) return begin_smaller(reply.mtu);
  hint_ = reply.mtu > low_ && reply.mtu < next_->bytes ? reply.mtu : 0;
  limit(false);
}

/// Even the first packet is too large: go on with what the router says, or the least there is.
void PathMtu::begin_smaller(std::uint32_t told) {
  const std::uint32_t least = family_min(config_.is_v6);
  if (next_->bytes <= least) return lost();
  config_.bytes_min = std::clamp(told, least, next_->bytes - 1);
  losses_ = 0;
  high_ = next_->bytes;
  next_ = PathMtuProbe{config_.bytes_min, {}};
}

void PathMtu::lost() {
  if (++losses_ < config_.attempts) return;
  if (low_ == 0) return conclude();
  limit(true);
}

void PathMtu::try_size() {
  losses_ = 0;
  // A router's word that holds needs no further proof (RFC 8899 §4.6.2).
  const bool is_as_told = result_.told_by && low_ == result_.told_mtu && !is_silent_limit_;
  if (is_as_told || low_ + config_.precision >= high_) return conclude();
  next_ = PathMtuProbe{next_size(), {}};
  hint_ = 0;
}

/// What a router told; the largest of all; then, between what passes and what does not, the usual
/// sizes from above, and just beyond a usual size that passed; at last the middle.
std::uint32_t PathMtu::next_size() const {
  if (hint_ > low_ && hint_ < high_) return hint_;
  if (high_ > config_.bytes_max) return config_.bytes_max;
  const bool is_usual = std::find(kUsual.begin(), kUsual.end(), low_) != kUsual.end();
  if (is_usual && low_ > config_.bytes_min) return low_ + 1;
  std::vector<std::uint32_t> between;
  for (const std::uint32_t size : kUsual) {
    if (size > low_ && size < high_) between.push_back(size);
  }
  // Above Ethernet's size that is the most likely one; below, halving what is left over.
  if (low_ < kEthernet && high_ > kEthernet) return kEthernet;
  if (!between.empty()) return between[between.size() / 2];
  return low_ + (high_ - low_) / 2;
}

void PathMtu::conclude() {
  if (low_ == 0) {
    return end_without_hop(result_.told_by ? PathMtuVerdict::Told : PathMtuVerdict::NoAnswer);
  }
  if (low_ >= config_.bytes_max) return end_without_hop(PathMtuVerdict::Full);
  if (!is_silent_limit_) return end_without_hop(PathMtuVerdict::Told);
  if (config_.doubts == 0) return begin_hops();
  doubts_left_ = config_.doubts;
  doubted_passes_ = 0;
  doubt();
}

void PathMtu::end_without_hop(PathMtuVerdict verdict) {
  next_.reset();
  result_.verdict = verdict;
  if (low_ > 0) result_.path_mtu = low_;
}

void PathMtu::doubt() { next_ = PathMtuProbe{high_, {}}; }

/// The larger one first, then the smaller one, and so on.
void PathMtu::add_doubt(const HopReply& reply) {
  const bool is_large = next_->bytes == high_;
  const bool is_there = reply.answer == HopAnswer::Destination;
  if (is_large && (is_there || is_too_big(config_.is_v6, reply))) {
    doubts_left_ = 0;
    if (++retractions_ > kRetractionsMax) return end_without_hop(PathMtuVerdict::Unclear);
    if (!is_there) return too_big(reply);
    // Nothing larger than this is known to be too large any more.
    low_ = high_;
    high_ = config_.bytes_max + 1;
    is_silent_limit_ = false;
    return try_size();
  }
  if (is_large) {
    next_ = PathMtuProbe{low_, {}};
    return;
  }
  doubted_passes_ += is_there ? 1 : 0;
  if (--doubts_left_ > 0) return doubt();
  if (doubted_passes_ + 1 < config_.doubts) return end_without_hop(PathMtuVerdict::Unclear);
  begin_hops();
}

/// Large packets are lost somewhere between this host and the destination.
void PathMtu::begin_hops() {
  end_without_hop(PathMtuVerdict::BlackHole);
  if (config_.destination_ttl.value_or(0) == 0) return;
  hop_low_ = 0;
  hop_high_ = *config_.destination_ttl;
  losses_ = 0;
  try_hop();
}

/// The untested TTL nearest to the middle. Those whose routers do not answer even small packets can
/// tell nothing.
std::optional<std::uint8_t> PathMtu::pick_hop() const {
  const int middle = (hop_low_ + hop_high_) / 2;
  std::optional<std::uint8_t> best;
  for (int ttl = hop_low_ + 1; ttl < hop_high_; ++ttl) {
    const auto test = hops_.find(static_cast<std::uint8_t>(ttl));
    if (test != hops_.end() && test->second.is_answering == false) continue;
    if (!best || std::abs(ttl - middle) < std::abs(*best - middle)) {
      best = static_cast<std::uint8_t>(ttl);
    }
  }
  return best;
}

void PathMtu::try_hop() {
  const auto ttl = pick_hop();
  if (!ttl) return finish();
  // First a packet that passes: whether this router answers at all.
  const bool is_small = !hops_[*ttl].is_answering.has_value();
  next_ = PathMtuProbe{is_small ? low_ : high_, ttl};
}

void PathMtu::add_hop(const HopReply& reply) {
  const std::uint8_t ttl = *next_->ttl;
  const bool is_small = next_->bytes == low_;
  const bool is_there =
      reply.answer == HopAnswer::TimeExceeded || reply.answer == HopAnswer::Destination;
  if (!is_there && ++losses_ < config_.attempts) return;
  losses_ = 0;
  HopTest& test = hops_[ttl];
  if (is_small) {
    test.is_answering = is_there;
  } else {
    is_there ? hop_low_ = ttl : hop_high_ = ttl;
  }
  if (is_there) test.router = reply.from;
  try_hop();
}

void PathMtu::finish() {
  next_.reset();
  result_.from_ttl = hop_low_;
  result_.to_ttl = hop_high_;
  if (hop_low_ > 0) result_.from = hops_[hop_low_].router;
}

}  // namespace lw::trace
