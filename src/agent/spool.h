// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "agent/segment.h"

namespace lw::agent {

struct SpoolConfig {
  std::string directory;
  std::uint64_t bytes_max = std::uint64_t{1} << 30;          ///< of all segments
  std::uint64_t segment_bytes = std::uint64_t{8} << 20;      ///< a segment ends when it is larger
  std::uint64_t memory_bytes_max = std::uint64_t{32} << 20;  ///< while the disk takes nothing
};

/// Consecutive records of one spool id.
struct SpoolBatch {
  SpoolId spool;
  std::uint64_t first_sequence = 0;
  std::vector<std::string> payloads;
};

struct SpoolStats {
  std::uint64_t records = 0;  ///< not yet acknowledged, on disk and in memory
  std::uint64_t bytes = 0;    ///< on disk
  std::uint64_t dropped = 0;  ///< records lost to the limits, since the spool was opened
  std::string problem;        ///< why the disk takes nothing now; empty when it does
};

/// Rounds between the probe and the server's acknowledgement, on disk (docs/formats/spool.md).
/// Belongs to the uplink's thread and blocks on the disk. A full or broken disk is no error here:
/// records wait in memory, stats().problem says so, and each append tries the disk again.
class Spool {
 public:
  /// Recovers what is there. `fresh` is the spool id of this run's records.
  static Result<Spool> open(SpoolConfig config, SpoolId fresh);

  void append(std::string payload);
  /// The next records that were not read since rewind(), in order; empty if there are none.
  SpoolBatch read(std::size_t records_max, std::size_t bytes_max);
  /// Reading starts again with the oldest unacknowledged record: after a new connection.
  void rewind();
  /// The server has everything of `spool` up to `sequence`; spool ids older than it are done too.
  void acknowledge(SpoolId spool, std::uint64_t sequence);
  /// The spool ids whose records may still be sent, oldest first, this run's last.
  [[nodiscard]] std::vector<SpoolId> held() const;
  /// Brings what was appended to the disk; call about once a second.
  void sync();

  [[nodiscard]] SpoolStats stats() const;
  [[nodiscard]] SpoolId current() const { return fresh_; }

 private:
  Spool(SpoolConfig config, SpoolId fresh) : config_(std::move(config)), fresh_(fresh) {}

  Result<void> recover();
  Result<void> recover_segment(const std::string& name);
  Result<void> begin_segment(std::uint64_t first_sequence);
  Result<void> append_to_disk(const std::string& payload, std::uint64_t sequence);
  void flush_memory();
  void drop_oldest_segment();
  void drop_front_segment();
  void make_room(std::size_t bytes);
  [[nodiscard]] std::uint64_t disk_bytes() const;
  SpoolBatch read_segment(std::size_t records_max, std::size_t bytes_max);
  SpoolBatch read_memory(std::size_t records_max, std::size_t bytes_max);

  SpoolConfig config_;
  SpoolId fresh_;
  std::deque<Segment> segments_;  ///< oldest first; the last may be open for appending
  bool can_append_ = false;       ///< the last segment is of this run
  std::uint64_t next_file_ = 0;
  std::uint64_t next_sequence_ = 1;  ///< of the next record of this run
  std::deque<std::string> memory_;   ///< the newest records, while the disk takes nothing
  std::uint64_t memory_bytes_ = 0;
  std::uint64_t acknowledged_ = 0;  ///< of this run
  // Cursor: the next record to read lies in segments_[read_segment_] at read_offset_, or, past the
  // last segment, in memory_ with sequence read_sequence_ or higher.
  std::size_t read_segment_ = 0;
  std::uint64_t read_offset_ = 0;
  std::uint64_t read_sequence_ = 1;
  std::uint64_t dropped_ = 0;
  bool is_dirty_ = false;
  std::string problem_;
};

}  // namespace lw::agent
