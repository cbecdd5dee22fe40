// SPDX-License-Identifier: Apache-2.0
#include "agent/segment.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>

#include "base/hash.h"

namespace lw::agent {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::string_view kMagic = "LWSPOOL1";

template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T get(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

std::string header_bytes(SpoolId spool, std::uint64_t first_sequence) {
  std::string bytes(kMagic);
  put(bytes, spool.value);
  put(bytes, first_sequence);
  put(bytes, crc32(bytes));
  return bytes;
}

/// CRC over length, sequence and payload, in file order but for the CRC itself.
std::uint32_t record_crc(std::uint32_t length, std::uint64_t sequence, std::string_view payload) {
  std::string head;
  put(head, length);
  put(head, sequence);
  return crc32(payload, crc32(head));
}

std::string record_bytes(std::uint64_t sequence, std::string_view payload) {
  const auto length = static_cast<std::uint32_t>(payload.size());
  std::string bytes;
  bytes.reserve(kRecordHeaderBytes + payload.size());
  put(bytes, length);
  put(bytes, record_crc(length, sequence, payload));
  put(bytes, sequence);
  bytes += payload;
  return bytes;
}

/// The record at the front of `bytes`, if it is whole and right.
std::optional<SpoolRecord> parse_record(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  const auto length = get<std::uint32_t>(bytes, 0);
  if (length > kPayloadBytesMax || bytes.size() - kRecordHeaderBytes < length) return std::nullopt;
  const auto sequence = get<std::uint64_t>(bytes, 8);
  const std::string_view payload = bytes.substr(kRecordHeaderBytes, length);
  if (record_crc(length, sequence, payload) != get<std::uint32_t>(bytes, 4)) return std::nullopt;
  return SpoolRecord{sequence, std::string(payload)};
}

Result<std::string> read_at(int fd, std::uint64_t offset, std::size_t count,
                            const std::string& path) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got =
        ::pread(fd, bytes.data() + filled, count - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("read " + path, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

Result<Segment> Segment::create(const std::string& path, SpoolId spool,
                                std::uint64_t first_sequence) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file.is_open()) return fail_errno("create " + path, errno);
  const std::string header = header_bytes(spool, first_sequence);
  if (auto written = write_all(file.get(), header, "write " + path); !written) {
    ::unlink(path.c_str());
    return std::unexpected(written.error());
  }
  return Segment(path, std::move(file), spool, first_sequence);
}

Result<Segment> Segment::recover(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!file.is_open()) return fail_errno("open " + path, errno);
  const std::string header = TRY(read_at(file.get(), 0, kSegmentHeaderBytes, path));
  const bool is_good = header.size() == kSegmentHeaderBytes && header.starts_with(kMagic) &&
                       get<std::uint32_t>(header, 24) ==
                           crc32(std::string_view(header).substr(0, kSegmentHeaderBytes - 4));
  if (!is_good) return fail(ErrorCode::InvalidInput, path + " has no spool header");
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail_errno("open " + path, errno);

  Segment segment(path, std::move(file), SpoolId{get<std::uint64_t>(header, 8)},
                  get<std::uint64_t>(header, 16));
  segment.file_bytes_ = static_cast<std::uint64_t>(info.st_size);
  while (true) {
    const SegmentPart part = TRY(segment.read(segment.size_, 4096, std::size_t{4} << 20));
    if (!part.records.empty()) segment.next_sequence_ = part.records.back().sequence + 1;
    segment.size_ = part.end_offset;
    if (part.is_damaged || part.records.empty()) break;
  }
  segment.torn_bytes_ = segment.file_bytes_ - segment.size_;
  // What follows a gap or a torn record is not read, even where it looks whole.
  segment.file_bytes_ = segment.size_;
  return segment;
}

Result<void> Segment::append(std::string_view payload) {
  if (payload.size() > kPayloadBytesMax) {
    return fail(ErrorCode::LimitExceeded, "a record is larger than the spool takes");
  }
  const std::string bytes = record_bytes(next_sequence_, payload);
  if (::lseek(file_.get(), static_cast<off_t>(size_), SEEK_SET) < 0) {
    return fail_errno("write " + path_, errno);
  }
  if (auto written = write_all(file_.get(), bytes, "write " + path_); !written) {
    // A part may have gone out before the disk was full. Left there it would be a torn tail in the
    // middle of the file; if even this fails, the next append overwrites it.
    [[maybe_unused]] const int ignored = ::ftruncate(file_.get(), static_cast<off_t>(size_));
    return written;
  }
  size_ += bytes.size();
  file_bytes_ = size_;
  ++next_sequence_;
  return {};
}

Result<void> Segment::sync() {
  if (::fdatasync(file_.get()) != 0) return fail_errno("sync " + path_, errno);
  return {};
}

Result<SegmentPart> Segment::read(std::uint64_t offset, std::size_t records_max,
                                  std::size_t bytes_max) {
  SegmentPart part;
  part.end_offset = std::max<std::uint64_t>(offset, kSegmentHeaderBytes);
  if (part.end_offset >= file_bytes_) return part;
  // One record more than the limit, so that a record which crosses it is whole in the buffer.
  const std::size_t wanted = std::min<std::size_t>(
      bytes_max + kRecordHeaderBytes + kPayloadBytesMax, file_bytes_ - part.end_offset);
  const std::string buffer = TRY(read_at(file_.get(), part.end_offset, wanted, path_));
  std::string_view rest = buffer;
  std::optional<std::uint64_t> expected;
  while (!rest.empty() && part.records.size() < records_max &&
         buffer.size() - rest.size() < bytes_max) {
    auto record = parse_record(rest);
    const bool is_expected =
        record && record->sequence != std::numeric_limits<std::uint64_t>::max() &&
        (expected ? record->sequence == *expected : record->sequence >= first_sequence_);
    if (!is_expected) {
      part.is_damaged = true;
      break;
    }
    expected = record->sequence + 1;
    const std::size_t length = kRecordHeaderBytes + record->payload.size();
    part.end_offset += length;
    rest.remove_prefix(length);
    part.records.push_back(std::move(*record));
  }
  return part;
}

}  // namespace lw::agent
