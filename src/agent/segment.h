// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "model/ids.h"

namespace lw::agent {

/// One record of the spool: a round's bytes and its place.
struct SpoolRecord {
  std::uint64_t sequence = 0;
  std::string payload;
  bool operator==(const SpoolRecord&) const = default;
};

inline constexpr std::size_t kSegmentHeaderBytes = 28;
inline constexpr std::size_t kRecordHeaderBytes = 16;
inline constexpr std::size_t kPayloadBytesMax = std::size_t{1} << 20;

/// What reading a segment from a byte offset gave.
struct SegmentPart {
  std::vector<SpoolRecord> records;
  std::uint64_t end_offset = 0;  ///< where the next read starts
  bool is_damaged = false;       ///< the bytes at end_offset are no whole, right record
};

/// One file of the spool (docs/formats/spool.md). Blocks on the disk; one thread at a time.
class Segment {
 public:
  /// Creates the file with its header. Nothing stays behind if that fails.
  static Result<Segment> create(const std::string& path, SpoolId spool,
                                std::uint64_t first_sequence);
  /// Opens an existing file and finds its last good record. Fails with InvalidInput if the header
  /// is bad.
  static Result<Segment> recover(const std::string& path);

  /// Writes one record. On failure the file is as it was before.
  Result<void> append(std::string_view payload);
  Result<void> sync();
  /// Reads whole records from `offset` (0: the first), as many as fit into the limits, at least one
  /// if there is one.
  Result<SegmentPart> read(std::uint64_t offset, std::size_t records_max, std::size_t bytes_max);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] SpoolId spool() const { return spool_; }
  [[nodiscard]] std::uint64_t first_sequence() const { return first_sequence_; }
  /// The sequence number that the next record gets.
  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }
  [[nodiscard]] std::uint64_t bytes() const { return size_; }
  /// Bytes after the last good record when the file was recovered.
  [[nodiscard]] std::uint64_t torn_bytes() const { return torn_bytes_; }

 private:
  Segment(std::string path, FileDescriptor file, SpoolId spool, std::uint64_t first_sequence)
      : path_(std::move(path)),
        file_(std::move(file)),
        spool_(spool),
        first_sequence_(first_sequence),
        next_sequence_(first_sequence),
        size_(kSegmentHeaderBytes),
        file_bytes_(kSegmentHeaderBytes) {}

  std::string path_;
  FileDescriptor file_;
  SpoolId spool_;
  std::uint64_t first_sequence_;
  std::uint64_t next_sequence_;
  std::uint64_t size_;        ///< up to the end of the last good record
  std::uint64_t file_bytes_;  ///< of the file, so that a read near the end asks for little
  std::uint64_t torn_bytes_ = 0;
};

}  // namespace lw::agent
