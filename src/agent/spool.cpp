// SPDX-License-Identifier: Apache-2.0
#include "agent/spool.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <numeric>

#include "base/ids.h"
#include "base/log.h"

namespace lw::agent {
namespace {

constexpr std::string_view kSuffix = ".seg";

/// How many of a segment's records are not covered by `acknowledged`.
std::uint64_t unacknowledged(const Segment& segment, std::uint64_t acknowledged) {
  const std::uint64_t first = std::max(segment.first_sequence(), acknowledged + 1);
  return segment.next_sequence() > first ? segment.next_sequence() - first : 0;
}

}  // namespace

Result<Spool> Spool::open(SpoolConfig config, SpoolId fresh) {
  TRY(make_directories(config.directory));
  Spool spool(std::move(config), fresh);
  TRY(spool.recover());
  return spool;
}

Result<void> Spool::recover() {
  for (const std::string& name : TRY(list_directory(config_.directory))) {
    if (name.ends_with(kSuffix)) TRY(recover_segment(name));
  }
  return {};
}

Result<void> Spool::recover_segment(const std::string& name) {
  const std::string path = config_.directory + "/" + name;
  const auto number = parse_hex(std::string_view(name).substr(0, name.size() - kSuffix.size()));
  if (number) next_file_ = std::max(next_file_, *number + 1);
  auto segment = Segment::recover(path);
  if (!segment && segment.error().code == ErrorCode::InvalidInput) {
    // Most likely killed while creating it; whatever it is, it must not stop the agent.
    log::warning("spool", segment.error().message + "; set aside as " + name + ".bad");
    if (::rename(path.c_str(), (path + ".bad").c_str()) != 0) return fail_errno(path, errno);
    return {};
  }
  if (!segment) return std::unexpected(segment.error());
  if (segment->torn_bytes() > 0) {
    log::warning("spool", fmt::format("{}: the last {} bytes were not written whole; ignored", path,
                                      segment->torn_bytes()));
  }
  const bool is_empty = segment->next_sequence() == segment->first_sequence();
  if (is_empty) return remove_file(path);
  segments_.push_back(std::move(*segment));
  return {};
}

Result<void> Spool::begin_segment(std::uint64_t first_sequence) {
  const std::string path = fmt::format("{}/{}{}", config_.directory, to_hex(next_file_), kSuffix);
  Segment segment = TRY(Segment::create(path, fresh_, first_sequence));
  ++next_file_;
  segments_.push_back(std::move(segment));
  can_append_ = true;
  return sync_directory(config_.directory);
}

std::uint64_t Spool::disk_bytes() const {
  return std::accumulate(
      segments_.begin(), segments_.end(), std::uint64_t{0},
      [](std::uint64_t sum, const Segment& segment) { return sum + segment.bytes(); });
}

void Spool::drop_front_segment() {
  if (auto removed = remove_file(segments_.front().path()); !removed) {
    log::warning("spool", removed.error().message);
  }
  segments_.pop_front();
  if (segments_.empty()) can_append_ = false;
  if (read_segment_ > 0) {
    --read_segment_;
  } else {
    read_offset_ = 0;
  }
}

void Spool::drop_oldest_segment() {
  const Segment& oldest = segments_.front();
  const std::uint64_t lost = unacknowledged(oldest, oldest.spool() == fresh_ ? acknowledged_ : 0);
  dropped_ += lost;
  log::warning("spool", fmt::format("over its limit of {} bytes: dropped the oldest {} rounds",
                                    config_.bytes_max, lost));
  drop_front_segment();
}

void Spool::make_room(std::size_t bytes) {
  while (!segments_.empty() && disk_bytes() + bytes > config_.bytes_max) drop_oldest_segment();
}

Result<void> Spool::append_to_disk(const std::string& payload, std::uint64_t sequence) {
  make_room(payload.size() + kRecordHeaderBytes);
  const bool is_full = can_append_ && segments_.back().bytes() >= config_.segment_bytes;
  // After records were dropped from memory the sequence jumps, and a segment has no gaps.
  const bool has_gap = can_append_ && segments_.back().next_sequence() != sequence;
  if (is_full && is_dirty_) TRY(segments_.back().sync());
  if (!can_append_ || is_full || has_gap) TRY(begin_segment(sequence));
  TRY(segments_.back().append(payload));
  is_dirty_ = true;
  return {};
}

void Spool::flush_memory() {
  while (!memory_.empty()) {
    const std::uint64_t sequence = next_sequence_ - memory_.size();
    if (auto written = append_to_disk(memory_.front(), sequence); !written) {
      if (problem_.empty()) log::error("spool", written.error().message);
      problem_ = written.error().message;
      return;
    }
    memory_bytes_ -= memory_.front().size();
    memory_.pop_front();
  }
  if (!problem_.empty()) log::info("spool", "the disk takes records again");
  problem_.clear();
}

void Spool::append(std::string payload) {
  memory_bytes_ += payload.size();
  memory_.push_back(std::move(payload));
  ++next_sequence_;
  flush_memory();
  while (memory_bytes_ > config_.memory_bytes_max) {
    memory_bytes_ -= memory_.front().size();
    memory_.pop_front();
    ++dropped_;
  }
}

SpoolBatch Spool::read_segment(std::size_t records_max, std::size_t bytes_max) {
  Segment& segment = segments_[read_segment_];
  // After a rewind the segment begins with what the server has already.
  const std::uint64_t done = segment.spool() == fresh_ ? acknowledged_ : 0;
  SpoolBatch batch{.spool = segment.spool(), .first_sequence = 0, .payloads = {}};
  while (batch.payloads.empty()) {
    auto part = segment.read(read_offset_, records_max, bytes_max);
    if (!part) {
      log::error("spool", part.error().message);
      return {};
    }
    if (part->records.empty()) return batch;
    read_offset_ = part->end_offset;
    for (SpoolRecord& record : part->records) {
      if (record.sequence <= done) continue;
      if (batch.payloads.empty()) batch.first_sequence = record.sequence;
      batch.payloads.push_back(std::move(record.payload));
    }
  }
  if (segment.spool() == fresh_) read_sequence_ = batch.first_sequence + batch.payloads.size();
  return batch;
}

SpoolBatch Spool::read_memory(std::size_t records_max, std::size_t bytes_max) {
  const std::uint64_t oldest = next_sequence_ - memory_.size();
  SpoolBatch batch{
      .spool = fresh_, .first_sequence = std::max(oldest, read_sequence_), .payloads = {}};
  std::size_t bytes = 0;
  for (std::size_t i = batch.first_sequence - oldest; i < memory_.size(); ++i) {
    if (batch.payloads.size() >= records_max || bytes >= bytes_max) break;
    bytes += memory_[i].size();
    batch.payloads.push_back(memory_[i]);
  }
  read_sequence_ = batch.first_sequence + batch.payloads.size();
  return batch;
}

SpoolBatch Spool::read(std::size_t records_max, std::size_t bytes_max) {
  while (read_segment_ < segments_.size()) {
    SpoolBatch batch = read_segment(records_max, bytes_max);
    if (!batch.payloads.empty()) return batch;
    // The one being written stays the place to read on.
    if (read_segment_ + 1 == segments_.size()) break;
    ++read_segment_;
    read_offset_ = 0;
  }
  return read_memory(records_max, bytes_max);
}

void Spool::rewind() {
  read_segment_ = 0;
  read_offset_ = 0;
  read_sequence_ = acknowledged_ + 1;
}

void Spool::acknowledge(SpoolId spool, std::uint64_t sequence) {
  if (spool == fresh_) acknowledged_ = std::max(acknowledged_, sequence);
  // Rounds of older runs were sent before, so they are durable too: those that lie before the last
  // segment of `spool`. What lies behind it is newer and not meant.
  std::size_t covered = 0;
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    if (segments_[i].spool() == spool && segments_[i].next_sequence() <= sequence + 1) {
      covered = i + 1;
    } else if (segments_[i].spool() == spool) {
      covered = std::max(covered, i);
    }
  }
  if (spool == fresh_ && !can_append_) covered = segments_.size();
  for (; covered > 0; --covered) {
    const bool is_being_written = can_append_ && segments_.size() == 1;
    if (is_being_written) break;
    drop_front_segment();
  }
  while (!memory_.empty() && next_sequence_ - memory_.size() <= acknowledged_) {
    memory_bytes_ -= memory_.front().size();
    memory_.pop_front();
  }
}

std::vector<SpoolId> Spool::held() const {
  std::vector<SpoolId> ids;
  for (const Segment& segment : segments_) {
    if (ids.empty() || ids.back() != segment.spool()) ids.push_back(segment.spool());
  }
  if (ids.empty() || ids.back() != fresh_) ids.push_back(fresh_);
  return ids;
}

void Spool::sync() {
  if (!memory_.empty()) flush_memory();
  if (!is_dirty_ || segments_.empty()) return;
  if (auto synced = segments_.back().sync(); !synced) {
    log::error("spool", synced.error().message);
    problem_ = synced.error().message;
    return;
  }
  is_dirty_ = false;
}

SpoolStats Spool::stats() const {
  SpoolStats stats{
      .records = memory_.size(), .bytes = disk_bytes(), .dropped = dropped_, .problem = problem_};
  for (const Segment& segment : segments_) {
    stats.records += unacknowledged(segment, segment.spool() == fresh_ ? acknowledged_ : 0);
  }
  return stats;
}

}  // namespace lw::agent
