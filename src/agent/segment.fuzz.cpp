// SPDX-License-Identifier: Apache-2.0
// A spool's file after a crash, a full disk or a bad one.
#include "agent/segment.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/assert.h"
#include "base/hash.h"
#include "tests/fuzz/input.h"

namespace lw::agent {
namespace {

void put(std::string& bytes, std::size_t at, std::uint32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

std::uint32_t get(const std::string& bytes, std::size_t at) {
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

/// Makes the checksums right as far as lengths allow, since no fuzzer guesses them.
std::string repaired(std::string bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return bytes;
  bytes.replace(0, 8, "LWSPOOL1");
  put(bytes, kSegmentHeaderBytes - 4,
      crc32(std::string_view(bytes).substr(0, kSegmentHeaderBytes - 4)));
  for (std::size_t at = kSegmentHeaderBytes; bytes.size() - at >= kRecordHeaderBytes;) {
    const std::size_t length = get(bytes, at);
    if (bytes.size() - at - kRecordHeaderBytes < length) break;
    const std::string head = bytes.substr(at, 4) + bytes.substr(at + 8, 8);
    const std::string_view payload =
        std::string_view(bytes).substr(at + kRecordHeaderBytes, length);
    put(bytes, at + 4, crc32(payload, crc32(head)));
    at += kRecordHeaderBytes + length;
  }
  return bytes;
}

std::vector<SpoolRecord> all_records(Segment& segment) {
  std::vector<SpoolRecord> records;
  std::uint64_t offset = 0;
  while (true) {
    // Few at a time, so that reading on from an offset is tried as well.
    auto part = segment.read(offset, 3, 200);
    LW_ASSERT(part);
    if (part->records.empty()) break;
    LW_ASSERT(part->end_offset > offset);
    offset = part->end_offset;
    records.insert(records.end(), part->records.begin(), part->records.end());
  }
  LW_ASSERT(offset <= segment.bytes());
  return records;
}

void check_records(const std::vector<SpoolRecord>& records, const Segment& segment) {
  std::uint64_t expected = records.empty() ? segment.first_sequence() : records[0].sequence;
  for (const SpoolRecord& record : records) {
    LW_ASSERT(record.sequence == expected);
    LW_ASSERT(record.payload.size() <= kPayloadBytesMax);
    ++expected;
  }
  LW_ASSERT(segment.next_sequence() == expected && expected >= segment.first_sequence());
}

/// What is appended after a recovery is found by the next one, behind what was there.
void check_append(Segment& segment, std::vector<SpoolRecord> records, const std::string& path) {
  const std::uint64_t sequence = segment.next_sequence();
  if (sequence == UINT64_MAX) return;  // The end of the numbers, which is never read.
  LW_ASSERT(segment.append("one more"));
  records.push_back({sequence, "one more"});
  auto again = Segment::recover(path);
  LW_ASSERT(again && again->spool() == segment.spool());
  // Bytes of a torn tail may follow that happen to be a record.
  auto found = all_records(*again);
  LW_ASSERT(found.size() >= records.size());
  found.resize(records.size());
  LW_ASSERT(found == records);
}

void check_file(const std::string& bytes) {
  const FileDescriptor memory(::memfd_create("segment", MFD_CLOEXEC));
  LW_ASSERT(memory.is_open() && write_all(memory.get(), bytes, "fuzz"));
  const std::string path = "/proc/self/fd/" + std::to_string(memory.get());
  auto segment = Segment::recover(path);
  if (!segment) return;
  LW_ASSERT(segment->bytes() + segment->torn_bytes() == bytes.size());
  const auto records = all_records(*segment);
  check_records(records, *segment);
  check_append(*segment, records, path);
}

}  // namespace
}  // namespace lw::agent

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(lw::fuzz::Input(data, size).text());
  lw::agent::check_file(bytes);
  lw::agent::check_file(lw::agent::repaired(bytes));
  return 0;
}
