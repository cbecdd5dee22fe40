// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "model/round.h"
#include "model/state.h"

namespace lw::store {

/// A round as it is kept: what was measured, where it came from, what it meant, how long it stays.
struct StoredRound {
  Round round;
  RoundOrigin origin;
  Verdict verdict;
  std::uint16_t keep_days = 30;  ///< one of kKeepDays (schema.h)
  bool operator==(const StoredRound&) const = default;
};

/// What a round takes in memory, about; never less than what it adds to encode_native's block.
std::size_t bytes_of(const StoredRound& round);

/// The columns of `arrivals` that encode_native writes, for the INSERT, in its order.
std::string round_columns();
/// Those of them that `rounds` keeps; it makes the jitter out of the RTTs.
std::string kept_round_columns();

/// One block of ClickHouse's Native format: column by column, little-endian. Pure.
///
/// How numbers are kept, so that every outcome and RTT is exactly recoverable:
/// - `outcomes` and `offsets` have one element per check; `unmeasured` lists the positions of the
///   checks that have no RTT; `drtt` has the others' RTTs in order, less `rbase`, their minimum.
/// - `offsets` are rounded to 10 ms, or to 1 ms where checks are closer than 100 ms: how late a
///   timer was would cost as much room as all RTTs.
/// - `reason` is packed (reason_text.h).
/// - `measured` says what the round has: bit 0 RTTs of successful checks (dmin, davg and dmax count
///   from `rbase`, like drtt), bit 1 jitter. Where a bit is 0 the numbers are 0 and mean nothing.
/// - `http_mask` bits 0 to 5 say which of dns, connect, tls, first_byte, transfer and request
/// happened;
///   `http_phases` has those; bit 7: phases were looked at; bit 6: there are http_version,
///   http_redirects, http_url and http_body_bytes. http_status 0, `has_tls` 0: there was none.
/// - `name_flags` bit 0: the destination is a name; bit 1: the checks went to addresses of an
///   earlier answer; bit 2: name_ttl is known. `confirmation_made` 0: there was none.
/// - `reply_ttl` is the lowest TTL that replies came with, 0 if none is known; the highest is
///   `reply_ttl_spread` above it.
/// - `observed` and `limit` are NaN where the reason has none.
/// An RTT is kept up to 71 minutes (2^32 - 1 µs), a round up to its 255th check.
std::string encode_native(std::span<const StoredRound> rounds);

}  // namespace lw::store
