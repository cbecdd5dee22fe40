// SPDX-License-Identifier: Apache-2.0
#include "agent/lane.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace lw::agent {

std::optional<SpoolBatch> Lane::take() {
  if (records_in_flight_ >= limits_.in_flight_max) return std::nullopt;
  SpoolBatch batch = spool_.read(limits_.batch_records_max, limits_.batch_bytes_max);
  if (batch.payloads.empty()) return std::nullopt;
  const std::size_t records = batch.payloads.size();
  in_flight_.push_back({batch.spool, batch.first_sequence + records - 1, records});
  records_in_flight_ += records;
  return batch;
}

void Lane::acknowledge(SpoolId spool, std::uint64_t sequence) {
  const std::vector<SpoolId> held = spool_.held();
  if (std::ranges::find(held, spool) == held.end()) return;
  spool_.acknowledge(spool, sequence);
  const auto is_covered = [&](const InFlight& batch) {
    return batch.spool == spool && batch.last_sequence <= sequence;
  };
  // What was sent before an acknowledged batch is durable too, whatever its spool.
  const auto last = std::find_if(in_flight_.rbegin(), in_flight_.rend(), is_covered);
  for (auto left = std::distance(last, in_flight_.rend()); left > 0; --left) {
    records_in_flight_ -= in_flight_.front().records;
    in_flight_.pop_front();
  }
}

void Lane::restart() {
  in_flight_.clear();
  records_in_flight_ = 0;
  spool_.rewind();
}

}  // namespace lw::agent
