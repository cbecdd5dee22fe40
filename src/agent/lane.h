// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "agent/spool.h"

namespace lw::agent {

/// One kind of records on their way to the server: what waits on disk, and what was sent and is not
/// acknowledged yet. Belongs to the uplink's thread.
class Lane {
 public:
  struct Limits {
    std::size_t in_flight_max;  ///< records sent but not acknowledged
    std::size_t batch_records_max;
    std::size_t batch_bytes_max;
  };

  Lane(Spool spool, Limits limits) : spool_(std::move(spool)), limits_(limits) {}

  /// The next records to send, which then count as on their way. Nothing if there are none, or
  /// enough are on their way.
  std::optional<SpoolBatch> take();
  /// All of `spool` up to `sequence` is the server's. Not ours: nothing happens.
  void acknowledge(SpoolId spool, std::uint64_t sequence);
  /// What was on its way is lost: it is sent again.
  void restart();

  [[nodiscard]] Spool& spool() { return spool_; }
  [[nodiscard]] const Spool& spool() const { return spool_; }

 private:
  /// Batches on their way: acknowledged from the front.
  struct InFlight {
    SpoolId spool;
    std::uint64_t last_sequence;
    std::size_t records;
  };

  Spool spool_;
  Limits limits_;
  std::deque<InFlight> in_flight_;
  std::size_t records_in_flight_ = 0;
};

}  // namespace lw::agent
