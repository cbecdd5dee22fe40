// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/ip_address.h"
#include "model/trace.h"

namespace lw::agent {

/// The raw traces of the last minutes to one target, so that the moment before a failure can be
/// looked at when it has come: of each probe its flow, TTL, time and answer, with what a refusing
/// router said; not what few hops tell besides (labels, interfaces, quotes). Takes no more than
/// `bytes_max` (at most 64 KiB), whatever traces look like: in 2 KiB some 24 traces of ten hops,
/// which are 48 s of regular ones, and longer the more targets share the agent's rate; 20 MB for
/// 10,000 targets. Pure.
class TraceRing {
 public:
  explicit TraceRing(std::size_t bytes_max = 2'048) : bytes_max_(bytes_max) {}

  /// The oldest go for it, but for those that are held. One that is too large by itself is left
  /// out, and so is one without probes.
  void add(const Trace& trace);
  /// Something went wrong at that time: the last `count` traces that began before it stay until
  /// release(). If some are held already, nothing happens: their trouble is not over.
  void hold(Timestamp trouble, std::size_t count);
  void release();
  [[nodiscard]] bool is_holding() const { return held_ > 0; }

  /// Those that are held, oldest first.
  [[nodiscard]] std::vector<Trace> held() const;
  /// The last `count` traces, oldest first.
  [[nodiscard]] std::vector<Trace> newest(std::size_t count) const;
  /// The last `count` traces before the newest, oldest first.
  [[nodiscard]] std::vector<Trace> before_newest(std::size_t count) const;
  [[nodiscard]] std::size_t size() const { return starts_.size(); }
  [[nodiscard]] std::size_t bytes() const;

 private:
  /// What all traces of a target share; only those with the same are kept together.
  struct Common {
    TestId test;
    TraceProtocol protocol = TraceProtocol::Icmp;
    IpAddress source;
    IpAddress destination;
    std::uint16_t port = 0;
    bool operator==(const Common&) const = default;
  };

  void drop(std::size_t index);
  [[nodiscard]] bool lacks_room_for(const Trace& trace) const;
  void forget_unused_routers();
  [[nodiscard]] std::size_t end_of(std::size_t index) const;
  [[nodiscard]] Trace decode(std::size_t index) const;
  [[nodiscard]] std::vector<Trace> decode_range(std::size_t first, std::size_t end) const;
  void encode(const Trace& trace);

  std::size_t bytes_max_;
  Common common_;
  std::vector<std::uint8_t> data_;     ///< the traces one behind the other; see encode()
  std::vector<std::uint16_t> starts_;  ///< of each in data_
  std::vector<IpAddress> routers_;     ///< by the numbers that data_ has for them
  std::size_t held_ = 0;               ///< So many from the oldest on are held.
};

}  // namespace lw::agent
