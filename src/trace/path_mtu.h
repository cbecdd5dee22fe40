// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/ip_address.h"
#include "model/path.h"
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
  /// So often silence is doubted: each time a packet of the size that gets lost and one of the size
  /// that passes. Of the latter all but one must be answered.
  int doubts = 4;
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

using lw::PathMtuResult;
using lw::PathMtuVerdict;

/// Looks for the largest packet that passes to a destination, by what gets an answer and not by
/// what routers say alone (RFC 8899 "Packetization Layer Path MTU Discovery for Datagram
/// Transports", and RFC 4821): first a small one must pass, then the largest, then likely sizes,
/// then halves. One "too big" counts at once and names the next size to try; silence counts after
/// several losses. If silence was the limit, both sizes are asked again in turn, since on a lossy
/// way some size always seems to be one too many: a large one that comes through after all counts,
/// and small ones must come through. Then, if the destination's TTL is known, the hop where large
/// packets end follows by halves of TTLs. Some 3 packets where all is well, 25 to 45 else.
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
  /// Without `at`, `protocol` and `text`.
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
  void doubt();
  void add_doubt(const HopReply& reply);
  void end_without_hop(PathMtuVerdict verdict);
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
  int doubts_left_ = 0;           ///< > 0: silence is being doubted
  int doubted_passes_ = 0;        ///< packets of low_ bytes that passed meanwhile
  int retractions_ = 0;           ///< So often a doubt was right.
  bool is_silent_limit_ = false;  ///< high_ comes from losses, not from what a router told
  std::uint8_t hop_low_ = 0;      ///< Large packets get there.
  std::uint8_t hop_high_ = 0;     ///< and not there
  std::map<std::uint8_t, HopTest> hops_;
  std::optional<PathMtuProbe> next_;
  PathMtuResult result_;
};

}  // namespace lw::trace
