// SPDX-License-Identifier: Apache-2.0
#include "agent/trace_ring.h"

#include <algorithm>
#include <utility>

namespace lw::agent {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// Beyond so many, routers that no trace names any more are forgotten.
constexpr std::size_t kRoutersMax = 48;

/// Bits of the byte in front of each probe.
constexpr int kAnswerMask = 7;
constexpr int kHasRtt = 8;
constexpr int kRefusal = 16;
constexpr int kHasIcmp = 32;
constexpr int kNextTtl = 64;   ///< the TTL after that of the probe before, of the same flow
constexpr int kHasFrom = 128;  ///< an address

/// Seven bits a byte, the lowest first; the top bit says that more follow.
void put(Bytes& data, std::uint64_t number) {
  while (number >= 128) {
    data.push_back(static_cast<std::uint8_t>(number | 128));
    number >>= 7;
  }
  data.push_back(static_cast<std::uint8_t>(number));
}

std::uint64_t take(const Bytes& data, std::size_t& at) {
  std::uint64_t number = 0;
  for (unsigned shift = 0; at < data.size(); shift += 7) {
    const std::uint8_t byte = data[at++];
    number |= static_cast<std::uint64_t>(byte & 127) << shift;
    if (byte < 128) break;
  }
  return number;
}

std::uint64_t to_count(Microseconds time) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, time.count()));
}

/// At most so many bytes, for any but odd traces.
std::size_t bytes_of(const Trace& trace) { return 16 + 14 * trace.probes.size(); }

std::uint8_t flags_of(const TraceProbe& probe, std::uint16_t flow, int ttl) {
  const HopReply& reply = probe.reply;
  int flags = static_cast<int>(reply.answer) & kAnswerMask;
  if (reply.rtt) flags |= kHasRtt;
  if (reply.is_refusal) flags |= kRefusal;
  if (reply.icmp_type != 0 || reply.icmp_code != 0 || reply.mtu != 0) flags |= kHasIcmp;
  if (probe.flow == flow && probe.ttl == ttl + 1) flags |= kNextTtl;
  if (reply.from != IpAddress{}) flags |= kHasFrom;
  return static_cast<std::uint8_t>(flags);
}

}  // namespace

void TraceRing::add(const Trace& trace) {
  if (trace.probes.empty()) return;
  const Common common{trace.test, trace.protocol, trace.source, trace.destination, trace.port};
  if (common != common_) {
    // Another source, say: what was seen from there is of no use for comparison.
    data_.clear();
    starts_.clear();
    routers_.clear();
    held_ = 0;
    common_ = common;
  }
  const std::size_t most = bytes_of(trace);
  if (most + trace.probes.size() * sizeof(IpAddress) > bytes_max_) return;
  if (routers_.size() > kRoutersMax) forget_unused_routers();
  while (lacks_room_for(trace) && starts_.size() > held_) drop(held_);
  if (lacks_room_for(trace)) forget_unused_routers();
  // The held ones leave no room: better they go than that nothing new is known.
  if (lacks_room_for(trace)) release();
  while (lacks_room_for(trace)) {
    drop(0);
    forget_unused_routers();
  }
  encode(trace);
}

bool TraceRing::lacks_room_for(const Trace& trace) const {
  std::size_t fresh = 0;
  for (const TraceProbe& probe : trace.probes) {
    const IpAddress& from = probe.reply.from;
    if (from != IpAddress{} && std::ranges::find(routers_, from) == routers_.end()) ++fresh;
  }
  return bytes() + bytes_of(trace) + fresh * sizeof(IpAddress) > bytes_max_;
}

/// Start, trigger, number of probes; of each: flags, flow and TTL unless they follow from the one
/// before, time after the start in milliseconds, router, round-trip time, type, code, MTU.
void TraceRing::encode(const Trace& trace) {
  // No more than is needed: a vector by itself would take twice that.
  if (data_.capacity() < data_.size() + bytes_of(trace)) {
    data_.reserve(data_.size() + bytes_of(trace));
  }
  starts_.push_back(static_cast<std::uint16_t>(data_.size()));
  put(data_, static_cast<std::uint64_t>(to_unix_us(trace.started)));
  data_.push_back(static_cast<std::uint8_t>(trace.trigger));
  put(data_, trace.probes.size());
  std::uint16_t flow = 0;
  int ttl = -1;
  for (const TraceProbe& probe : trace.probes) {
    const HopReply& reply = probe.reply;
    const std::uint8_t flags = flags_of(probe, flow, ttl);
    data_.push_back(flags);
    if ((flags & kNextTtl) == 0) {
      put(data_, probe.flow);
      data_.push_back(probe.ttl);
    }
    flow = probe.flow;
    ttl = probe.ttl;
    put(data_, to_count(probe.offset) / 1'000);
    if ((flags & kHasFrom) != 0) {
      const auto known = std::ranges::find(routers_, reply.from);
      put(data_, static_cast<std::uint64_t>(known - routers_.begin()));
      if (known == routers_.end()) routers_.push_back(reply.from);
    }
    if ((flags & kHasRtt) != 0) put(data_, to_count(*reply.rtt));
    if ((flags & kHasIcmp) == 0) continue;
    data_.push_back(reply.icmp_type);
    data_.push_back(reply.icmp_code);
    put(data_, reply.mtu);
  }
}

Trace TraceRing::decode(std::size_t index) const {
  Trace trace{.test = common_.test,
              .protocol = common_.protocol,
              .source = common_.source,
              .destination = common_.destination,
              .port = common_.port};
  std::size_t at = starts_[index];
  trace.started = from_unix_us(static_cast<std::int64_t>(take(data_, at)));
  trace.trigger = static_cast<TraceTrigger>(data_[at++]);
  trace.probes.resize(take(data_, at));
  std::uint16_t flow = 0;
  std::uint8_t ttl = 0;
  for (TraceProbe& probe : trace.probes) {
    const std::uint8_t flags = data_[at++];
    const bool is_next = (flags & kNextTtl) != 0;
    if (!is_next) flow = static_cast<std::uint16_t>(take(data_, at));
    ttl = is_next ? static_cast<std::uint8_t>(ttl + 1) : data_[at++];
    probe.flow = flow;
    probe.ttl = ttl;
    probe.offset = Milliseconds(static_cast<std::int64_t>(take(data_, at)));
    HopReply& reply = probe.reply;
    reply.answer = static_cast<HopAnswer>(flags & kAnswerMask);
    reply.is_refusal = (flags & kRefusal) != 0;
    if ((flags & kHasFrom) != 0) reply.from = routers_[take(data_, at)];
    if ((flags & kHasRtt) != 0) {
      reply.rtt = Microseconds(static_cast<std::int64_t>(take(data_, at)));
    }
    if ((flags & kHasIcmp) == 0) continue;
    reply.icmp_type = data_[at++];
    reply.icmp_code = data_[at++];
    reply.mtu = static_cast<std::uint32_t>(take(data_, at));
  }
  return trace;
}

std::size_t TraceRing::end_of(std::size_t index) const {
  return index + 1 < starts_.size() ? starts_[index + 1] : data_.size();
}

void TraceRing::drop(std::size_t index) {
  const std::size_t begin = starts_[index];
  const std::size_t length = end_of(index) - begin;
  const auto first = data_.begin() + static_cast<std::ptrdiff_t>(begin);
  data_.erase(first, first + static_cast<std::ptrdiff_t>(length));
  starts_.erase(starts_.begin() + static_cast<std::ptrdiff_t>(index));
  for (std::size_t i = index; i < starts_.size(); ++i) {
    starts_[i] = static_cast<std::uint16_t>(starts_[i] - length);
  }
  if (index < held_) --held_;
}

void TraceRing::forget_unused_routers() {
  const std::vector<Trace> traces = decode_range(0, size());
  const std::size_t held = held_;
  data_.clear();
  starts_.clear();
  routers_.clear();
  for (const Trace& trace : traces) encode(trace);
  held_ = held;
}

void TraceRing::hold(Timestamp trouble, std::size_t count) {
  if (is_holding()) return;
  std::size_t end = 0;
  while (end < size()) {
    std::size_t at = starts_[end];
    if (from_unix_us(static_cast<std::int64_t>(take(data_, at))) >= trouble) break;
    ++end;
  }
  // What is older than those that are wanted is not needed any more.
  for (std::size_t extra = end - std::min(end, count); extra > 0; --extra) drop(0);
  held_ = std::min(end, count);
}

void TraceRing::release() { held_ = 0; }

std::vector<Trace> TraceRing::decode_range(std::size_t first, std::size_t end) const {
  std::vector<Trace> traces;
  for (std::size_t i = first; i < end; ++i) traces.push_back(decode(i));
  return traces;
}

std::vector<Trace> TraceRing::held() const { return decode_range(0, held_); }

std::vector<Trace> TraceRing::newest(std::size_t count) const {
  return decode_range(size() - std::min(count, size()), size());
}

std::vector<Trace> TraceRing::before_newest(std::size_t count) const {
  if (starts_.empty()) return {};
  const std::size_t end = size() - 1;
  return decode_range(end - std::min(count, end), end);
}

std::size_t TraceRing::bytes() const {
  return data_.size() + starts_.size() * sizeof(std::uint16_t) +
         routers_.size() * sizeof(IpAddress);
}

}  // namespace lw::agent
