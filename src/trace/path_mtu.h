// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "model/trace.h"

namespace lw::trace {

struct PathMtuConfig {
  bool is_v6 = false;
  /// The smallest packet to begin with, and what every way must pass: 68 bytes by IPv4 (RFC 791
  /// §3.2), 1,280 by IPv6 (RFC 8200 §5). 0: 576 or 1,280.
  std::uint32_t bytes_min = 0;
  /// The largest that is worth a try: the MTU of the interface that packets leave by.
  std::uint32_t bytes_max = 1'500;
  /// So many packets of one size must get lost before the size is held to be too large
  /// (RFC 8899 §5.1.2 MAX_PROBES).
  int attempts = 3;
  /// What lies between the largest that passed and the smallest that did not, at the end.
  std::uint32_t precision = 1;
  /// The destination's TTL, if known: then the hop where large packets end is looked for.
  std::optional<std::uint8_t> destination_ttl{};
};

/// One packet to send: DF set, that many bytes with its IP header. `ttl` missing: far enough.
struct PathMtuProbe {
  std::uint32_t bytes = 0;
  std::optional<std::uint8_t> ttl;
  bool operator==(const PathMtuProbe&) const = default;
};

enum class PathMtuVerdict : std::uint8_t {
  Unknown,    ///< Not complete yet.
  Full,       ///< The largest that was to be tried passes.
  Told,       ///< Less passes, and a router says so: hosts will adapt.
  BlackHole,  ///< Less passes and nobody says so: large packets just get lost.
  NoAnswer,   ///< Not even small packets are answered; nothing can be said.
};

struct PathMtuResult {
  PathMtuVerdict verdict = PathMtuVerdict::Unknown;
  std::optional<std::uint32_t> path_mtu;  ///< The largest packet that was answered.
  /// Who told of a limit, and which; the lowest. It may be wrong: path_mtu is measured.
  std::optional<IpAddress> told_by;
  std::uint32_t told_mtu = 0;
  /// Large packets reach the hop with from_ttl (0: only this host) and not that with to_ttl.
  std::optional<std::uint8_t> from_ttl;
  std::optional<std::uint8_t> to_ttl;
  std::optional<IpAddress> from;  ///< who answered at from_ttl
  bool operator==(const PathMtuResult&) const = default;
};

/// Looks for the largest packet that passes to a destination, by what gets an answer and not by
/// what routers say alone (RFC 8899 "Packetization Layer Path MTU Discovery for Datagram
/// Transports", and RFC 4821): first a small one must pass, then the largest, then likely sizes,
/// then halves. One "too big" counts at once and names the next size to try; silence counts after
/// several losses. If silence was the limit and the destination's TTL is known, the hop where large
/// packets end follows by halves of TTLs. Some 3 packets where all is well, 15 to 30 else.
///
/// No socket, clock or thread: the caller sends what next() wants, waits for its answer or
/// time-out, tells add(), and so on. The destination's answer must not depend on size (echo: it is
/// as large as the question, so that the way back counts as well).
class PathMtu {
 public:
  explicit PathMtu(const PathMtuConfig& config);

  /// What to send next; nothing once complete.
  [[nodiscard]] std::optional<PathMtuProbe> next() const { return next_; }
  /// What came of the latest next().
  void add(const HopReply& reply);
  [[nodiscard]] bool is_complete() const { return !next_.has_value(); }
  [[nodiscard]] const PathMtuResult& result() const { return result_; }

 private:
  /// A TTL, asked with packets of a size that passes.
  struct HopTest {
    std::optional<bool> is_answering;
    IpAddress router{};
  };

  void too_big(const HopReply& reply);
  void begin_smaller(std::uint32_t told);
  void limit(bool is_silent);
  void lost();
  void try_size();
  std::uint32_t next_size() const;
  void conclude();
  void begin_hops();
  void add_hop(const HopReply& reply);
  void try_hop();
  std::optional<std::uint8_t> pick_hop() const;
  void finish();

  PathMtuConfig config_;
  std::uint32_t low_ = 0;         ///< the largest that passed; 0: none yet
  std::uint32_t high_;            ///< The smallest that did not; one beyond the largest until then.
  std::uint32_t hint_ = 0;        ///< what a router told; 0: nothing that was not tried
  int losses_ = 0;                ///< of the present probe
  bool is_silent_limit_ = false;  ///< high_ comes from losses, not from what a router told
  std::uint8_t hop_low_ = 0;      ///< Large packets get there.
  std::uint8_t hop_high_ = 0;     ///< and not there
  std::map<std::uint8_t, HopTest> hops_;
  std::optional<PathMtuProbe> next_;
  PathMtuResult result_;
};

}  // namespace lw::trace
